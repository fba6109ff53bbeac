package account

import (
	"context"
	"strings"
)

// ByID returns a user, or a NotFound error.
func (s *Service) ByID(ctx context.Context, userID ID) (User, error) {
	return userByID(ctx, s.db.Pool(), userID)
}

// All lists every user by name; companies have few enough to show on one page.
func (s *Service) All(ctx context.Context) ([]User, error) { return allUsers(ctx, s.db.Pool()) }

// WithRole lists the enabled users who hold the role, by name.
func (s *Service) WithRole(ctx context.Context, role string) ([]User, error) {
	return usersWithRole(ctx, s.db.Pool(), role)
}

// Enabled lists the users who may sign in, by name.
func (s *Service) Enabled(ctx context.Context) ([]User, error) { return enabledUsers(ctx, s.db.Pool()) }

// Tokens lists all API tokens, the newest first.
func (s *Service) Tokens(ctx context.Context) ([]Token, error) { return allTokens(ctx, s.db.Pool()) }

// ByEmail returns the user with that address, however its letters are written; NotFound when there is none.
func (s *Service) ByEmail(ctx context.Context, email string) (User, error) {
	u, _, err := userByEmail(ctx, s.db.Pool(), strings.TrimSpace(email))
	return u, err
}
