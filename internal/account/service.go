package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// Service adds and changes users and tokens.
type Service struct {
	db    *db.DB
	names nameCache
}

// NewService returns the service on d.
func NewService(d *db.DB) *Service { return &Service{db: d} }

// Add creates a user. Fields that do not fit, and an address already in use, are InvalidInput.
func (s *Service) Add(ctx context.Context, actor authz.Actor, n New) (ID, error) {
	if err := n.tidy(); err != nil {
		return "", err
	}
	var hash *string
	if n.Password != "" {
		made, err := argon2id.CreateHash(prepared(n.Password), hashing)
		if err != nil {
			return "", fmt.Errorf("hash password: %w", err)
		}
		hash = &made
	}
	var userID ID
	err := s.db.Write(ctx, actor, func(tx *db.Tx) (err error) {
		userID, err = add(ctx, tx, n, hash)
		return err
	})
	return userID, err
}

// AddKnown is Add in another feature's transaction, for somebody whom a provider vouches for. They have no password.
func (s *Service) AddKnown(ctx context.Context, tx *db.Tx, n New) (ID, error) {
	n.Password = ""
	if err := n.tidy(); err != nil {
		return "", err
	}
	userID, err := add(ctx, tx, n, nil)
	if err == nil && slices.Contains(n.Roles, authz.Administrator) {
		recordMade(tx, userID)
	}
	return userID, err
}

func add(ctx context.Context, tx *db.Tx, n New, hash *string) (ID, error) {
	userID := ID(id.New())
	if err := insertUser(ctx, tx, userID, n, hash); err != nil {
		return "", err
	}
	tx.Record(db.Entry{Action: "user.added", SubjectKind: "user", SubjectID: string(userID),
		Detail:  map[string]any{"roles": n.Roles},
		Changes: []db.Change{db.Changed("name", "", n.Name), db.Changed("email", "", n.Email)}})
	return userID, nil
}

// SetRoles replaces a user's roles. The last administrator cannot be taken away.
func (s *Service) SetRoles(ctx context.Context, actor authz.Actor, userID ID, version int, roles []authz.Role) error {
	var p apperr.Problems
	checkRoles(&p, roles)
	if err := p.Err(); err != nil {
		return err
	}
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		u, err := lockUser(ctx, tx, userID, version)
		if err != nil {
			return err
		}
		if u.DisabledAt == nil && slices.Contains(u.Roles, authz.Administrator) && !slices.Contains(roles, authz.Administrator) {
			if err := mayLose(ctx, tx, userID); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE users SET roles = $2, version = version + 1 WHERE id = $1`, userID, roles); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "user.roles_set", SubjectKind: "user", SubjectID: string(userID),
			Detail: map[string]any{"from": u.Roles, "to": roles}})
		return nil
	})
}

// Follow gives a user the roles that their groups at a provider stand for, in another feature's transaction, and returns them.
// Whoever must stay an administrator does, whatever the groups say. It reports whether the roles changed.
func (s *Service) Follow(ctx context.Context, tx *db.Tx, u User, roles []authz.Role) (User, bool, error) {
	if _, err := lockUser(ctx, tx, u.ID, u.Version); err != nil {
		return u, false, err
	}
	loses := slices.Contains(u.Roles, authz.Administrator) && !slices.Contains(roles, authz.Administrator)
	if loses {
		if err := mayLose(ctx, tx, u.ID); apperr.KindOf(err) == apperr.Stale && err != nil {
			roles = append(slices.Clone(roles), authz.Administrator)
			tx.Record(db.Entry{Action: "user.administrator_kept", SubjectKind: "user", SubjectID: string(u.ID)})
		} else if err != nil {
			return u, false, err
		}
	}
	if sameRoles(u.Roles, roles) {
		return u, false, nil
	}
	if _, err := tx.Exec(ctx, `UPDATE users SET roles = $2, version = version + 1 WHERE id = $1`, u.ID, roles); err != nil {
		return u, false, err
	}
	tx.Record(db.Entry{Action: "user.roles_followed", SubjectKind: "user", SubjectID: string(u.ID),
		Detail: map[string]any{"from": u.Roles, "to": roles}})
	if slices.Contains(roles, authz.Administrator) && !slices.Contains(u.Roles, authz.Administrator) {
		recordMade(tx, u.ID)
	}
	u.Roles, u.Version = roles, u.Version+1
	return u, true, nil
}

// recordMade notes by itself that a provider's group made somebody an administrator, for whoever watches for that.
func recordMade(tx *db.Tx, userID ID) {
	tx.Record(db.Entry{Action: "user.administrator_by_group", SubjectKind: "user", SubjectID: string(userID)})
}

func sameRoles(a, b []authz.Role) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// mayLose is a Conflict for somebody who has to stay an administrator who can sign in.
func mayLose(ctx context.Context, tx *db.Tx, userID ID) error {
	if err := KeepBreakGlass(ctx, tx, userID); err != nil {
		return err
	}
	return keepAnAdministrator(ctx, tx, userID)
}

// Disable ends a user's access; Enable gives it back. The last administrator cannot be disabled.
func (s *Service) Disable(ctx context.Context, actor authz.Actor, userID ID, version int) error {
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		u, err := lockUser(ctx, tx, userID, version)
		if err != nil {
			return err
		}
		if u.DisabledAt != nil {
			return apperr.Conflict("%s is already disabled.", u.Name)
		}
		if slices.Contains(u.Roles, authz.Administrator) {
			if err := mayLose(ctx, tx, userID); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE users SET disabled_at = $2, version = version + 1 WHERE id = $1`, userID, tx.Now); err != nil {
			return err
		}
		if err := deleteLinks(ctx, tx, userID); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "user.disabled", SubjectKind: "user", SubjectID: string(userID)})
		return nil
	})
}

// Enable gives a disabled user access again.
func (s *Service) Enable(ctx context.Context, actor authz.Actor, userID ID, version int) error {
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		if _, err := lockUser(ctx, tx, userID, version); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE users SET disabled_at = NULL, version = version + 1 WHERE id = $1`, userID); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "user.enabled", SubjectKind: "user", SubjectID: string(userID)})
		return nil
	})
}

// CheckPassword returns the user with this address and password. Every failure — unknown address, wrong password,
// disabled account — is the same InvalidInput error and takes the same time.
func (s *Service) CheckPassword(ctx context.Context, email, password string) (User, error) {
	u, hash, err := userByEmail(ctx, s.db.Pool(), strings.TrimSpace(email))
	if err != nil && apperr.KindOf(err) != apperr.NotFound {
		return User{}, err
	}
	if err != nil || u.DisabledAt != nil || hash == "" {
		hash = absent
	}
	match, cmpErr := argon2id.ComparePasswordAndHash(prepared(password), hash)
	if cmpErr != nil {
		return User{}, fmt.Errorf("compare password: %w", cmpErr)
	}
	if !match || hash == absent {
		return User{}, WrongPassword()
	}
	return u, nil
}

// WrongPassword is the error of CheckPassword.
func WrongPassword() error {
	return apperr.Invalid("email", "The e-mail address or the password is not right.")
}

// SetPassword replaces a user's password.
func (s *Service) SetPassword(ctx context.Context, actor authz.Actor, userID ID, password string) error {
	u, err := userByID(ctx, s.db.Pool(), userID)
	if err != nil {
		return err
	}
	if err := u.FitsPassword(password); err != nil {
		return err
	}
	hash, err := argon2id.CreateHash(prepared(password), hashing)
	if err != nil {
		return fmt.Errorf("hash password: %w", err)
	}
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE users SET password_hash = $2, version = version + 1 WHERE id = $1`, userID, hash)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return apperr.Missing("user")
		}
		if err := deleteLinks(ctx, tx, userID); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "user.password_set", SubjectKind: "user", SubjectID: string(userID)})
		return nil
	})
}

// tokenPrefix makes a leaked token recognisable to secret scanners.
const tokenPrefix = "gh8_"

// NewToken creates an API token and returns its secret, which is not kept and cannot be shown again.
func (s *Service) NewToken(ctx context.Context, actor authz.Actor, name string, scopes []authz.Permission, expires *time.Time) (TokenID, string, error) {
	name = strings.TrimSpace(name)
	var p apperr.Problems
	p.Check(name != "" && len(name) <= 100, "name", "Name the system that will use the token, in at most 100 characters.")
	p.Check(len(scopes) > 0, "scopes", "Choose at least one scope.")
	for _, sc := range scopes {
		p.Check(slices.Contains(TokenScopes, sc), "scopes", "There is no scope %q.", sc)
	}
	p.Check(expires == nil || expires.After(s.db.Now()) && expires.Before(s.db.Now().AddDate(10, 0, 1)), "expires", "Choose a day within the next ten years.")
	if err := p.Err(); err != nil {
		return "", "", err
	}
	raw := make([]byte, 32)
	rand.Read(raw)
	secret := tokenPrefix + base64.RawURLEncoding.EncodeToString(raw)
	tokenID := TokenID(id.New())
	err := s.db.Write(ctx, actor, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `
			INSERT INTO api_tokens (id, name, token_hash, scopes, created_by, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			tokenID, name, hashToken(secret), scopes, tx.ActorID(), tx.Now, expires); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "token.created", SubjectKind: "token", SubjectID: string(tokenID),
			Detail: map[string]any{"name": name, "scopes": scopes, "expires": expires}})
		return nil
	})
	return tokenID, secret, err
}

// RevokeToken ends a token at once.
func (s *Service) RevokeToken(ctx context.Context, actor authz.Actor, tokenID TokenID) error {
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE api_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL`, tokenID, tx.Now)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return apperr.Missing("token")
		}
		tx.Record(db.Entry{Action: "token.revoked", SubjectKind: "token", SubjectID: string(tokenID)})
		return nil
	})
}

// TokenBySecret returns the live token with this secret, or an Unauthenticated error.
func (s *Service) TokenBySecret(ctx context.Context, secret string) (Token, error) {
	t, err := tokenByHash(ctx, s.db.Pool(), hashToken(secret))
	if apperr.KindOf(err) == apperr.NotFound && err != nil {
		return Token{}, &apperr.Error{Kind: apperr.Unauthenticated, Message: "The token is unknown, expired or revoked."}
	}
	if err != nil {
		return Token{}, err
	}
	if t.RevokedAt != nil || t.ExpiresAt != nil && !t.ExpiresAt.After(s.db.Now()) {
		return Token{}, &apperr.Error{Kind: apperr.Unauthenticated, Message: "The token is unknown, expired or revoked."}
	}
	// Once a minute is enough to see which tokens are in use, and keeps the row quiet under load.
	if t.LastUsedAt == nil || s.db.Now().Sub(*t.LastUsedAt) > time.Minute {
		err = s.db.WriteUnaudited(ctx, "token last-use time", func(q db.Querier) error {
			_, err := q.Exec(ctx, `UPDATE api_tokens SET last_used_at = $2 WHERE id = $1`, t.ID, s.db.Now())
			return err
		})
	}
	return t, err
}

func hashToken(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
