// Package accounttest makes users for tests. It owns nothing.
package accounttest

import (
	"testing"

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
	_, err := d.Pool().Exec(t.Context(), `
		INSERT INTO users (id, email, name, password_hash, roles, created_at)
		VALUES ($1, $2, $3, 'none', $4, $5)`,
		userID, "user-"+userID+"@example.com", "User "+userID[len(userID)-4:], roles, d.Now())
	if err != nil {
		t.Fatalf("add a user: %v", err)
	}
	u, err := account.NewService(d).ByID(t.Context(), account.ID(userID))
	if err != nil {
		t.Fatalf("read the user: %v", err)
	}
	return u.Actor()
}
