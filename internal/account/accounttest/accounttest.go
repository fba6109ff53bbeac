// Package accounttest makes users for tests. It owns nothing.
package accounttest

import (
	"context"
	"strings"
	"testing"

	"github.com/alexedwards/argon2id"

	"gatehouse/internal/account"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// Actor adds a user who holds the roles and returns them as an actor. Nobody can sign in as this user: hashing a
// password would cost each test more than the rest of it.
func Actor(t testing.TB, d *db.DB, roles ...authz.Role) authz.Actor {
	t.Helper()
	userID := id.New()
	return add(t, d, userID, "User "+userID, roles).Actor()
}

// Named adds a user as Actor does, with a name; the address is name@example.com.
func Named(t testing.TB, d *db.DB, name string, roles ...authz.Role) account.User {
	t.Helper()
	return add(t, d, id.New(), name, roles)
}

// GivePassword lets a user sign in, by a hash that costs next to nothing to make and to compare: hundreds of tests sign people in,
// and what a real one costs is the business of those of account.
func GivePassword(t testing.TB, d *db.DB, userID account.ID, password string) {
	t.Helper()
	hash, err := argon2id.CreateHash(password, &argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err == nil {
		_, err = d.Pool().Exec(context.Background(), `UPDATE users SET password_hash = $2 WHERE id = $1`, userID, hash)
	}
	if err != nil {
		t.Fatalf("give %s a password: %v", userID, err)
	}
}

func add(t testing.TB, d *db.DB, userID, name string, roles []authz.Role) account.User {
	t.Helper()
	_, err := d.Pool().Exec(t.Context(), `
		INSERT INTO users (id, email, name, password_hash, roles, created_at)
		VALUES ($1, $2, $3, 'none', $4, $5)`,
		userID, strings.ToLower(strings.ReplaceAll(name, " ", "-"))+"@example.com", name, roles, d.Now())
	if err != nil {
		t.Fatalf("add a user: %v", err)
	}
	u, err := account.NewService(d).ByID(t.Context(), account.ID(userID))
	if err != nil {
		t.Fatalf("read the user: %v", err)
	}
	return u
}
