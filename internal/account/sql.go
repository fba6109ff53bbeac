package account

import (
	"context"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/db"
)

const userColumns = `id, email, name, roles, time_zone, person_id, created_at, disabled_at, version`

func insertUser(ctx context.Context, tx *db.Tx, userID ID, n New, hash *string) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO users (id, email, name, password_hash, roles, time_zone, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		userID, n.Email, n.Name, hash, n.Roles, n.TimeZone, tx.Now)
	if db.Violates(err) == "users_email" {
		return apperr.Invalid("email", "Somebody already uses this address.")
	}
	return err
}

func lockUser(ctx context.Context, tx *db.Tx, userID ID, version int) (User, error) {
	rows, _ := tx.Query(ctx, `SELECT `+userColumns+` FROM users WHERE id = $1 FOR UPDATE`, userID)
	u, err := db.One[User](rows, "user")
	if err == nil && u.Version != version {
		err = apperr.Conflict("%s was changed meanwhile. Look at the current values and try again.", u.Name)
	}
	return u, err
}

// keepAnAdministrator is a Conflict where nobody else is an administrator who can sign in. Two who would leave none together come
// one after the other.
func keepAnAdministrator(ctx context.Context, tx *db.Tx, except ID) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('the last administrator'))`); err != nil {
		return err
	}
	var others bool
	err := tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM users
		               WHERE  'administrator' = ANY (roles) AND disabled_at IS NULL AND id <> $1)`, except).Scan(&others)
	if err == nil && !others {
		err = apperr.Conflict("This is the last administrator. Name another one first.")
	}
	return err
}

// KeepBreakGlass is a Conflict for the account that opens the house when the sign-in provider does not, while nobody else may use
// a password: it stays an administrator, enabled, with a second factor.
func KeepBreakGlass(ctx context.Context, tx *db.Tx, userID ID) error {
	var needed bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM sso_rules WHERE break_glass = $1 AND NOT passwords)`, userID).Scan(&needed)
	if err == nil && needed {
		err = apperr.Conflict("This is the break-glass account, and passwords are switched off for everybody else. Name another one under Sign-in first.")
	}
	return err
}

func userByID(ctx context.Context, q db.Querier, userID ID) (User, error) {
	rows, _ := q.Query(ctx, `SELECT `+userColumns+` FROM users WHERE id = $1`, userID)
	return db.One[User](rows, "user")
}

func userByEmail(ctx context.Context, q db.Querier, email string) (User, string, error) {
	type found struct {
		User
		PasswordHash string
	}
	rows, _ := q.Query(ctx, `SELECT `+userColumns+`, coalesce(password_hash, '') AS password_hash FROM users WHERE lower(email) = lower($1)`, email)
	f, err := db.One[found](rows, "user")
	return f.User, f.PasswordHash, err
}

func allUsers(ctx context.Context, q db.Querier) ([]User, error) {
	rows, _ := q.Query(ctx, `SELECT `+userColumns+` FROM users ORDER BY lower(name), id`)
	return db.Many[User](rows)
}

func enabledUsers(ctx context.Context, q db.Querier) ([]User, error) {
	rows, _ := q.Query(ctx, `SELECT `+userColumns+` FROM users WHERE disabled_at IS NULL ORDER BY lower(name), id`)
	return db.Many[User](rows)
}

func usersWithRole(ctx context.Context, q db.Querier, role string) ([]User, error) {
	rows, _ := q.Query(ctx, `
		SELECT `+userColumns+`
		FROM   users
		WHERE  $1 = ANY (roles) AND disabled_at IS NULL
		ORDER  BY lower(name), id`, role)
	return db.Many[User](rows)
}

func userNames(ctx context.Context, q db.Querier, ids []string) (map[string]string, error) {
	rows, _ := q.Query(ctx, `SELECT id, name FROM users WHERE id = ANY ($1)`, ids)
	names := make(map[string]string, len(ids))
	var userID, name string
	_, err := pgx.ForEachRow(rows, []any{&userID, &name}, func() error {
		names[userID] = name
		return nil
	})
	return names, err
}

const tokenColumns = `id, name, scopes, created_at, expires_at, last_used_at, revoked_at`

func tokenByHash(ctx context.Context, q db.Querier, hash []byte) (Token, error) {
	rows, _ := q.Query(ctx, `SELECT `+tokenColumns+` FROM api_tokens WHERE token_hash = $1`, hash)
	return db.One[Token](rows, "token")
}

func allTokens(ctx context.Context, q db.Querier) ([]Token, error) {
	rows, _ := q.Query(ctx, `SELECT `+tokenColumns+` FROM api_tokens ORDER BY created_at DESC, id DESC`)
	return db.Many[Token](rows)
}
