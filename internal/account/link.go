package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// LinkFor is how long a link to choose a password lives.
const LinkFor = 3 * 24 * time.Hour

// NewLink makes a link by which the user chooses a password, once, and returns its secret, which is not kept. Links made before
// no longer count. Conflict for a disabled user.
func (s *Service) NewLink(ctx context.Context, actor authz.Actor, userID ID) (secret string, err error) {
	raw := make([]byte, 32)
	rand.Read(raw)
	secret = base64.RawURLEncoding.EncodeToString(raw)
	err = s.db.Write(ctx, actor, func(tx *db.Tx) error {
		if err := holdUser(ctx, tx, userID); err != nil {
			return err
		}
		u, err := userByID(ctx, tx, userID)
		if err != nil {
			return err
		}
		if u.DisabledAt != nil {
			return apperr.Conflict("%s is disabled. Enable the account first.", u.Name)
		}
		if err := replaceLinks(ctx, tx, userID, hashLink(secret), tx.Now.Add(LinkFor)); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "user.link_made", SubjectKind: "user", SubjectID: string(userID)})
		return nil
	})
	return secret, err
}

func hashLink(secret string) []byte {
	sum := sha256.Sum256([]byte("gatehouse link\x00" + secret))
	return sum[:]
}

// ByLink returns the user whom a live link is for; NotFound for one that was used, is too old or never was.
func (s *Service) ByLink(ctx context.Context, secret string) (User, error) {
	return userByLink(ctx, s.db.Pool(), hashLink(secret), s.db.Now())
}

// UseLink gives the user of the link the password and uses the link up. InvalidInput at "password" leaves it usable; NotFound as
// with ByLink. The caller ends the user's sessions.
func (s *Service) UseLink(ctx context.Context, secret, password string) (User, error) {
	found, err := s.ByLink(ctx, secret) // before the costly hash
	if err != nil {
		return User{}, err
	}
	if err := found.FitsPassword(password); err != nil {
		return User{}, err
	}
	hash, err := argon2id.CreateHash(prepared(password), hashing)
	if err != nil {
		return User{}, fmt.Errorf("hash password: %w", err)
	}
	err = s.db.Write(ctx, found.Actor(), func(tx *db.Tx) error {
		if err := takeLink(ctx, tx, hashLink(secret), found.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE users SET password_hash = $2, version = version + 1 WHERE id = $1`, found.ID, hash); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "user.password_chosen", SubjectKind: "user", SubjectID: string(found.ID)})
		return nil
	})
	return found, err
}

func missingLink() error {
	return &apperr.Error{Kind: apperr.NotFound, Message: "This link was used already, or is too old. Ask an administrator for a new one."}
}

func replaceLinks(ctx context.Context, tx *db.Tx, userID ID, hash []byte, until time.Time) error {
	if err := deleteLinks(ctx, tx, userID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO user_links (secret_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)`, hash, userID, tx.Now, until)
	return err
}

func userByLink(ctx context.Context, q db.Querier, hash []byte, now time.Time) (User, error) {
	rows, _ := q.Query(ctx, `
		SELECT `+userColumns+`
		FROM   users
		WHERE  id = (SELECT user_id FROM user_links WHERE secret_hash = $1 AND expires_at > $2) AND disabled_at IS NULL`, hash, now)
	u, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[User])
	if errors.Is(err, pgx.ErrNoRows) {
		err = missingLink()
	}
	return u, err
}

// takeLink uses a link up, and every other of the user with it; of two at the same moment one gets it.
func takeLink(ctx context.Context, tx *db.Tx, hash []byte, userID ID) error {
	tag, err := tx.Exec(ctx, `DELETE FROM user_links WHERE secret_hash = $1 AND expires_at > $2`, hash, tx.Now)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return missingLink()
	}
	return deleteLinks(ctx, tx, userID)
}

// holdUser makes whoever changes the same user at the same moment wait: of several links the last one counts, and none outlives
// a disabled account.
func holdUser(ctx context.Context, tx *db.Tx, userID ID) error {
	_, err := tx.Exec(ctx, `SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE`, userID)
	return err
}

func deleteLinks(ctx context.Context, tx *db.Tx, userID ID) error {
	_, err := tx.Exec(ctx, `DELETE FROM user_links WHERE user_id = $1`, userID)
	return err
}
