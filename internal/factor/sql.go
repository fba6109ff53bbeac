package factor

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/account"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// authenticator is a row of authenticators.
type authenticator struct {
	Secret      []byte
	ConfirmedAt *time.Time
	LastStep    int64
}

func stateOf(ctx context.Context, q db.Querier, userID account.ID) (State, error) {
	var st State
	err := q.QueryRow(ctx, `
		SELECT (SELECT confirmed_at FROM authenticators WHERE user_id = $1),
		       (SELECT count(*)     FROM recovery_codes WHERE user_id = $1)`, userID).Scan(&st.Authenticator, &st.RecoveryLeft)
	return st, err
}

// beginAuthenticator keeps a secret that waits for its first code, and reports false where a confirmed one is there.
func beginAuthenticator(ctx context.Context, tx *db.Tx, userID account.ID, secret []byte) (begun bool, err error) {
	tag, err := tx.Exec(ctx, `
		INSERT INTO authenticators (user_id, secret, created_at) VALUES ($1, $2, $3)
		ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at, last_step = 0
		WHERE authenticators.confirmed_at IS NULL`, userID, secret, tx.Now)
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
func useRecoveryCode(ctx context.Context, tx *db.Tx, userID account.ID, code string) (bool, error) {
	tag, err := tx.Exec(ctx, `DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = $2`, userID, hashOf(code))
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

// deleteFactors reports whether there was anything.
func deleteFactors(ctx context.Context, tx *db.Tx, userID account.ID) (bool, error) {
	codes, err := tx.Exec(ctx, `DELETE FROM recovery_codes WHERE user_id = $1`, userID)
	if err != nil {
		return false, err
	}
	found, err := tx.Exec(ctx, `DELETE FROM authenticators WHERE user_id = $1`, userID)
	return codes.RowsAffected()+found.RowsAffected() > 0, err
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
		AND    NOT EXISTS (SELECT FROM authenticators a WHERE a.user_id = u.id AND a.confirmed_at IS NOT NULL)
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
