package factor

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/account"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// authenticator is a row of authenticators.
type authenticator struct {
	Secret      []byte
	ConfirmedAt *time.Time
	LastStep    int64
}

// HasOne is the SQL condition that the user with that id, an expression, has a second factor: what State.Any says of one.
func HasOne(userID string) string {
	return `(EXISTS (SELECT FROM authenticators a WHERE a.user_id = ` + userID + ` AND a.confirmed_at IS NOT NULL)
		 OR EXISTS (SELECT FROM passkeys p WHERE p.user_id = ` + userID + `))`
}

func stateOf(ctx context.Context, q db.Querier, userID account.ID) (State, error) {
	var st State
	err := q.QueryRow(ctx, `
		SELECT (SELECT confirmed_at FROM authenticators WHERE user_id = $1),
		       (SELECT count(*)     FROM passkeys       WHERE user_id = $1),
		       (SELECT count(*)     FROM recovery_codes WHERE user_id = $1)`, userID).Scan(&st.Authenticator, &st.Passkeys, &st.RecoveryLeft)
	return st, err
}

// lockState is stateOf, and makes whoever changes the same user's factors at the same moment wait.
func lockState(ctx context.Context, tx *db.Tx, userID account.ID) (State, error) {
	if _, err := tx.Exec(ctx, `SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE`, userID); err != nil {
		return State{}, err
	}
	return stateOf(ctx, tx, userID)
}

// beginAuthenticator keeps a secret that waits for its first code, unless one has waited for less than an hour: a second window
// shows the same. It reports false where a confirmed one is there.
func beginAuthenticator(ctx context.Context, tx *db.Tx, userID account.ID, secret []byte) (begun bool, err error) {
	tag, err := tx.Exec(ctx, `
		INSERT INTO authenticators (user_id, secret, created_at) VALUES ($1, $2, $3)
		ON CONFLICT (user_id) DO UPDATE
		SET    secret     = CASE WHEN authenticators.created_at > $4 THEN authenticators.secret ELSE excluded.secret END,
		       created_at = CASE WHEN authenticators.created_at > $4 THEN authenticators.created_at ELSE excluded.created_at END
		WHERE  authenticators.confirmed_at IS NULL`, userID, secret, tx.Now, tx.Now.Add(-time.Hour))
	return tag.RowsAffected() == 1, err
}

const authenticatorSQL = `SELECT secret, confirmed_at, last_step FROM authenticators WHERE user_id = $1`

func authenticatorOf(ctx context.Context, q db.Querier, userID account.ID) (authenticator, error) {
	rows, _ := q.Query(ctx, authenticatorSQL, userID)
	return db.One[authenticator](rows, "authenticator to set up")
}

// lockAuthenticator makes whoever tries a code at the same moment wait.
func lockAuthenticator(ctx context.Context, tx *db.Tx, userID account.ID) (authenticator, error) {
	rows, _ := tx.Query(ctx, authenticatorSQL+` FOR UPDATE`, userID)
	return db.One[authenticator](rows, "authenticator to set up")
}

func confirmAuthenticator(ctx context.Context, tx *db.Tx, userID account.ID) error {
	_, err := tx.Exec(ctx, `UPDATE authenticators SET confirmed_at = $2 WHERE user_id = $1`, userID, tx.Now)
	return err
}

func setStep(ctx context.Context, tx *db.Tx, userID account.ID, counted int64) error {
	_, err := tx.Exec(ctx, `UPDATE authenticators SET last_step = $2 WHERE user_id = $1`, userID, counted)
	return err
}

func replaceRecoveryCodes(ctx context.Context, tx *db.Tx, userID account.ID, hashes [][]byte) error {
	if _, err := tx.Exec(ctx, `DELETE FROM recovery_codes WHERE user_id = $1`, userID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, unnest($2::bytea[])`, userID, hashes)
	return err
}

// useRecoveryCode deletes the code and leaves its entry, if it is one of the user's.
func useRecoveryCode(ctx context.Context, tx *db.Tx, userID account.ID, hash []byte) (bool, error) {
	tag, err := tx.Exec(ctx, `DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = $2`, userID, hash)
	if err != nil || tag.RowsAffected() == 0 {
		return false, err
	}
	state, err := stateOf(ctx, tx, userID)
	if err != nil {
		return false, err
	}
	tx.Record(db.Entry{Action: "recovery_code.used", SubjectKind: "user", SubjectID: string(userID),
		Detail: map[string]any{"left": state.RecoveryLeft}})
	return true, nil
}

func deleteFactors(ctx context.Context, tx *db.Tx, userID account.ID) error {
	if _, err := deleteAuthenticator(ctx, tx, userID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM passkeys WHERE user_id = $1`, userID); err != nil {
		return err
	}
	return deleteRecoveryCodes(ctx, tx, userID)
}

func deleteAuthenticator(ctx context.Context, tx *db.Tx, userID account.ID) (there bool, err error) {
	tag, err := tx.Exec(ctx, `DELETE FROM authenticators WHERE user_id = $1`, userID)
	return tag.RowsAffected() > 0, err
}

func deleteRecoveryCodes(ctx context.Context, tx *db.Tx, userID account.ID) error {
	_, err := tx.Exec(ctx, `DELETE FROM recovery_codes WHERE user_id = $1`, userID)
	return err
}

// passkey is a row of passkeys.
type passkey struct {
	ID           PasskeyID
	Name         string
	CredentialID []byte
	Credential   []byte
	CreatedAt    time.Time
	LastUsedAt   *time.Time
}

const passkeysSQL = `
	SELECT id, name, credential_id, credential, created_at, last_used_at
	FROM   passkeys
	WHERE  user_id = $1
	ORDER  BY created_at, id`

func passkeysOf(ctx context.Context, q db.Querier, userID account.ID) ([]passkey, error) {
	rows, _ := q.Query(ctx, passkeysSQL, userID)
	return db.Many[passkey](rows)
}

// lockPasskeys makes whoever proves with one at the same moment wait: its counter only rises.
func lockPasskeys(ctx context.Context, tx *db.Tx, userID account.ID) ([]passkey, error) {
	rows, _ := tx.Query(ctx, passkeysSQL+` FOR UPDATE`, userID)
	return db.Many[passkey](rows)
}

func insertPasskey(ctx context.Context, tx *db.Tx, passkeyID PasskeyID, userID account.ID, name string, credentialID, credential []byte) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO passkeys (id, user_id, name, credential_id, credential, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		passkeyID, userID, name, credentialID, credential, tx.Now)
	if db.Violates(err) == "passkeys_credential" {
		return apperr.Conflict("This passkey is kept already.")
	}
	return err
}

func usePasskey(ctx context.Context, tx *db.Tx, passkeyID PasskeyID, credential []byte, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE passkeys SET credential = $2, last_used_at = $3 WHERE id = $1`, passkeyID, credential, at)
	return err
}

func deletePasskey(ctx context.Context, tx *db.Tx, userID account.ID, passkeyID PasskeyID) (there bool, err error) {
	tag, err := tx.Exec(ctx, `DELETE FROM passkeys WHERE id = $1 AND user_id = $2`, passkeyID, userID)
	return tag.RowsAffected() > 0, err
}

func rolesThatRequire(ctx context.Context, q db.Querier) ([]authz.Role, error) {
	rows, _ := q.Query(ctx, `SELECT role FROM factor_roles ORDER BY role`)
	return pgx.CollectRows(rows, pgx.RowTo[authz.Role])
}

func setRolesThatRequire(ctx context.Context, tx *db.Tx, roles []authz.Role) error {
	if _, err := tx.Exec(ctx, `DELETE FROM factor_roles`); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO factor_roles (role) SELECT DISTINCT unnest($1::text[])`, roles)
	return err
}

func usersWithout(ctx context.Context, q db.Querier) (map[authz.Role]int, error) {
	rows, _ := q.Query(ctx, `
		SELECT role, count(*)
		FROM   users u, unnest(u.roles) AS role
		WHERE  u.disabled_at IS NULL
		AND    NOT `+HasOne("u.id")+`
		GROUP  BY role`)
	counts := map[authz.Role]int{}
	var role authz.Role
	var n int
	_, err := pgx.ForEachRow(rows, []any{&role, &n}, func() error {
		counts[role] = n
		return nil
	})
	return counts, err
}
