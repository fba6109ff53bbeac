package signin

import (
	"context"
	"crypto/sha256"
	"time"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/db"
)

const (
	// Recent is how long a proof opens what asks for a fresh one: exports, users, tokens.
	Recent = 15 * time.Minute
	// wrongCodes ends a session: whoever guesses has to know the password again.
	wrongCodes = 5
)

// owed is what a session lacks.
func owed(hasFactor, given, required bool) Owed {
	switch {
	case hasFactor && !given:
		return Code
	case required && !hasFactor:
		return Enrolment
	}
	return Nothing
}

// ProvedLately reports whether whoever sits there gave a password or code within Recent, at a time.
func (s Session) ProvedLately(at time.Time) bool { return at.Sub(s.ProvedAt) < Recent }

// ProvedLately is the session's at this moment.
func (s *Service) ProvedLately(found Session) bool { return found.ProvedLately(s.now()) }

// Prove takes what shows that it is still the user who sits there: a code of their second factor, or their password when
// they have none. It returns the token that the session has from now on; the old one opens nothing any more.
//
// A wrong one is InvalidInput at "proof". After five the session is ended, which is Unauthenticated.
func (s *Service) Prove(ctx context.Context, token, given string) (next string, err error) {
	hash := sha256.Sum256([]byte(token))
	found, err := sessionByHash(ctx, s.db.Pool(), hash[:], s.now())
	if err != nil {
		return "", err
	}
	right := false
	if !found.HasFactor {
		_, err = s.accounts.CheckPassword(ctx, found.User.Email, given)
		if _, refused := apperr.AsInvalid(err); err != nil && !refused {
			return "", err
		}
		right = err == nil
	}
	defer s.Forget()
	ended := false
	err = s.db.Write(ctx, found.User.Actor(), func(tx *db.Tx) error {
		if found.HasFactor {
			if right, err = s.factors.Check(ctx, tx, found.User.ID, given, s.now()); err != nil {
				return err
			}
		}
		if right {
			next, err = proved(ctx, tx, found, hash[:], s.now())
			return err
		}
		ended, err = refused(ctx, tx, found)
		return err
	})
	switch {
	case err != nil:
		return "", err
	case ended:
		return "", &apperr.Error{Kind: apperr.Unauthenticated, Message: "That was wrong too often, so the session has ended. Sign in again."}
	case !right && found.HasFactor:
		return "", apperr.Invalid("proof", "That is not a code that counts now. Wait for the next one, or use a recovery code.")
	case !right:
		return "", apperr.Invalid("proof", "That is not your password.")
	}
	return next, nil
}

// proved notes the proof and gives the session another token: what was planted or read before opens nothing afterwards.
func proved(ctx context.Context, tx *db.Tx, found Session, hash []byte, now time.Time) (next string, err error) {
	next, nextHash := newToken()
	tag, err := tx.Exec(ctx, `
		UPDATE sessions
		SET    token_hash = $2, proved_at = $3, factor_at = CASE WHEN $4 THEN $3 ELSE factor_at END, wrong_codes = 0
		WHERE  token_hash = $1`, hash, nextHash, now, found.HasFactor)
	if err != nil {
		return "", err
	}
	if tag.RowsAffected() == 0 {
		return "", apperr.SignIn()
	}
	tx.Record(db.Entry{Action: "session.proved", SubjectKind: "user", SubjectID: string(found.User.ID),
		Detail: map[string]any{"session": found.ID, "second_factor": found.HasFactor}})
	return next, nil
}

// refused counts a wrong proof and ends the session when it is one too many.
func refused(ctx context.Context, tx *db.Tx, found Session) (ended bool, err error) {
	tag, err := tx.Exec(ctx, `DELETE FROM sessions WHERE id = $1 AND wrong_codes >= $2`, found.ID, wrongCodes-1)
	if err != nil {
		return false, err
	}
	if ended = tag.RowsAffected() > 0; !ended {
		if _, err := tx.Exec(ctx, `UPDATE sessions SET wrong_codes = wrong_codes + 1 WHERE id = $1`, found.ID); err != nil {
			return false, err
		}
	}
	tx.Record(db.Entry{Action: "session.proof_refused", SubjectKind: "user", SubjectID: string(found.User.ID),
		Detail: map[string]any{"session": found.ID, "ended": ended}})
	return ended, nil
}

// ConfirmAuthenticator makes the authenticator that the user began count and the session proved with it. It returns the
// recovery codes, which are shown once, and the token that the session has from now on. Every other session of the user
// owes a code from then on.
func (s *Service) ConfirmAuthenticator(ctx context.Context, token, code string) (recovery []string, next string, err error) {
	hash := sha256.Sum256([]byte(token))
	found, err := sessionByHash(ctx, s.db.Pool(), hash[:], s.now())
	if err != nil {
		return nil, "", err
	}
	defer s.Forget()
	err = s.db.Write(ctx, found.User.Actor(), func(tx *db.Tx) error {
		recovery, err = s.factors.Confirm(ctx, tx, found.User.ID, code, s.now())
		if err != nil {
			return err
		}
		found.HasFactor = true
		next, err = proved(ctx, tx, found, hash[:], s.now())
		return err
	})
	return recovery, next, err
}
