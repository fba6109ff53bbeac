package signin

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/factor"
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

// ProvedLately reports whether whoever sits there gave a proof within Recent.
func (s *Service) ProvedLately(found Session) bool { return s.now().Sub(found.ProvedAt) < Recent }

// Proof is what somebody gives to show that it is them: what they typed, which is a code or password, or what one of their
// passkeys answered at a site to what BeginProof asked for.
type Proof struct {
	Typed  string
	Answer []byte
	Site   factor.Site
}

// Prove takes what shows that it is still the user who sits there: a code of their second factor or an answer of a passkey, or
// their password when they have none. It returns the token that the session has from now on; the old one opens nothing any
// more.
//
// A wrong one is InvalidInput at "proof". After five the session is ended, which is Unauthenticated.
func (s *Service) Prove(ctx context.Context, token string, given Proof) (next string, err error) {
	hash := sha256.Sum256([]byte(token))
	found, err := sessionByHash(ctx, s.db.Pool(), hash[:], s.now())
	if err != nil {
		return "", err
	}
	// The try is counted before it is looked at, so that many at a time get no more tries than one after the other.
	tries, err := s.count(ctx, found.ID)
	if err != nil {
		return "", err
	}
	right := false
	if !found.HasFactor && !found.Provider { // whom the provider let in shows it there
		_, err = s.accounts.CheckPassword(ctx, found.User.Email, given.Typed)
		if _, refused := apperr.AsInvalid(err); err != nil && !refused {
			return "", err
		}
		right = err == nil
	}
	defer s.Forget()
	ended := tries >= wrongCodes
	err = s.db.Write(ctx, found.User.Actor(), func(tx *db.Tx) error {
		if found.HasFactor {
			if right, err = s.secondFactor(ctx, tx, found, given); err != nil {
				return err
			}
		}
		if right {
			next, err = proved(ctx, tx, found, hash[:], s.now(), found.HasFactor)
			return err
		}
		return refused(ctx, tx, found, ended)
	})
	switch {
	case err != nil:
		return "", err
	case right:
		return next, nil
	case ended:
		return "", tooOften()
	}
	return "", apperr.Invalid("proof", "%s%s", wrong(found, given), left(wrongCodes-tries))
}

// wrong says what is wrong with a proof that was refused.
func wrong(found Session, given Proof) string {
	switch {
	case len(given.Answer) > 0:
		return "The passkey did not answer as asked. Try again, or use a code."
	case found.HasFactor && factor.IsRecovery(given.Typed):
		return "That is none of the recovery codes you have left. Each works once."
	case found.HasFactor:
		return "That is not a code that counts now. Wait for the next one, or use a recovery code."
	}
	return "That is not your password."
}

// left warns of the last tries before the session ends.
func left(tries int) string {
	switch tries {
	case 1:
		return " After one more that is wrong you are signed out."
	case 2:
		return " Two more tries are left."
	}
	return ""
}

// CheckPassword asks for the user's password in a session, as before it is changed. A wrong one is InvalidInput at "current", and
// counts as a wrong proof: the fifth in a row ends the session, which is Unauthenticated.
func (s *Service) CheckPassword(ctx context.Context, found Session, password string) error {
	tries, err := s.count(ctx, found.ID)
	if err != nil {
		return err
	}
	_, err = s.accounts.CheckPassword(ctx, found.User.Email, password)
	if _, wrong := apperr.AsInvalid(err); err != nil && !wrong {
		return err
	}
	if err == nil {
		return s.db.WriteUnaudited(ctx, "a try to prove oneself, which was right", func(q db.Querier) error {
			_, err := q.Exec(ctx, `UPDATE sessions SET wrong_codes = 0 WHERE id = $1`, found.ID)
			return err
		})
	}
	defer s.Forget()
	ended := tries >= wrongCodes
	err = s.db.Write(ctx, found.User.Actor(), func(tx *db.Tx) error { return refused(ctx, tx, found, ended) })
	switch {
	case err != nil:
		return err
	case ended:
		return tooOften()
	}
	return apperr.Invalid("current", "This is not your current password.")
}

func tooOften() error {
	return &apperr.Error{Kind: apperr.Unauthenticated, Message: "That was wrong too often, so the session has ended. Sign in again."}
}

// count counts a try of a session and says which one it is since the last that was right.
func (s *Service) count(ctx context.Context, sessionID SessionID) (tries int, err error) {
	err = s.db.WriteUnaudited(ctx, "a try to prove oneself, which has its entry when it was looked at", func(q db.Querier) error {
		return q.QueryRow(ctx, `UPDATE sessions SET wrong_codes = wrong_codes + 1 WHERE id = $1 AND wrong_codes < $2 RETURNING wrong_codes`,
			sessionID, wrongCodes).Scan(&tries)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		err = tooOften()
	}
	return tries, err
}

func (s *Service) secondFactor(ctx context.Context, tx *db.Tx, found Session, given Proof) (bool, error) {
	if len(given.Answer) == 0 {
		return s.factors.Check(ctx, tx, found.User.ID, given.Typed, s.now())
	}
	kept, err := takeCeremony(ctx, tx, found.ID)
	if err != nil || kept == nil {
		return false, err
	}
	return s.factors.CheckPasskey(ctx, tx, found.User, given.Site, kept, given.Answer, s.now())
}

// BeginProof asks the browser of a session for a proof with a passkey; it returns the options of navigator.credentials.get.
// What was asked before is forgotten.
func (s *Service) BeginProof(ctx context.Context, found Session, site factor.Site) ([]byte, error) {
	asked, err := s.factors.BeginProof(ctx, found.User, site)
	if err != nil {
		return nil, err
	}
	return asked.Options, s.keepCeremony(ctx, found.ID, asked.Kept)
}

// BeginPasskey asks the browser of a session for a new passkey; it returns the options of navigator.credentials.create. What was
// asked before is forgotten.
func (s *Service) BeginPasskey(ctx context.Context, found Session, site factor.Site) ([]byte, error) {
	asked, err := s.factors.BeginPasskey(ctx, found.User, site)
	if err != nil {
		return nil, err
	}
	return asked.Options, s.keepCeremony(ctx, found.ID, asked.Kept)
}

// keepCeremony keeps what was asked of a browser, for its one answer.
func (s *Service) keepCeremony(ctx context.Context, sessionID SessionID, kept []byte) error {
	return s.db.WriteUnaudited(ctx, "what a browser was asked for, until it answers", func(q db.Querier) error {
		_, err := q.Exec(ctx, `UPDATE sessions SET data = $2 WHERE id = $1`, sessionID, kept)
		return err
	})
}

// takeCeremony returns what was asked of the session's browser, once; nil when nothing was.
func takeCeremony(ctx context.Context, tx *db.Tx, sessionID SessionID) (kept []byte, err error) {
	err = tx.QueryRow(ctx, `
		UPDATE sessions s SET data = '{}'
		FROM   (SELECT id, data FROM sessions WHERE id = $1 AND data <> '{}' FOR UPDATE) before
		WHERE  s.id = before.id
		RETURNING before.data`, sessionID).Scan(&kept)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return kept, err
}

// proved notes the proof and gives the session another token: what was planted or read before opens nothing afterwards.
func proved(ctx context.Context, tx *db.Tx, found Session, hash []byte, at time.Time, factor bool) (next string, err error) {
	next, nextHash := newToken()
	tag, err := tx.Exec(ctx, `
		UPDATE sessions
		SET    token_hash = $2, proved_at = $3, factor_at = CASE WHEN $4 THEN $3 ELSE factor_at END, wrong_codes = 0
		WHERE  token_hash = $1`, hash, nextHash, at, factor)
	if err != nil {
		return "", err
	}
	if tag.RowsAffected() == 0 {
		return "", apperr.SignIn()
	}
	tx.Record(db.Entry{Action: "session.proved", SubjectKind: "user", SubjectID: string(found.User.ID),
		Detail: map[string]any{"session": found.ID, "second_factor": factor}})
	return next, nil
}

// refused leaves the entry of a wrong proof and ends the session when it was one too many.
func refused(ctx context.Context, tx *db.Tx, found Session, ends bool) error {
	if ends {
		if _, err := tx.Exec(ctx, `DELETE FROM sessions WHERE id = $1`, found.ID); err != nil {
			return err
		}
	}
	tx.Record(db.Entry{Action: "session.proof_refused", SubjectKind: "user", SubjectID: string(found.User.ID),
		Detail: map[string]any{"session": found.ID, "ended": ends}})
	return nil
}

// ConfirmAuthenticator makes the authenticator that the user began count and the session proved with it. It returns recovery
// codes, which are shown once, when it is their first second factor, and the token that the session has from now on. Every
// other session of the user owes a code from then on.
func (s *Service) ConfirmAuthenticator(ctx context.Context, token, code string) (recovery []string, next string, err error) {
	return s.enrol(ctx, token, func(tx *db.Tx, found Session) ([]string, error) {
		return s.factors.Confirm(ctx, tx, found.User.ID, code, s.now())
	})
}

// AddPasskey keeps the passkey that the session's browser made when asked by BeginPasskey, and the session is proved with it.
// What it returns, and what becomes of the other sessions, is as with ConfirmAuthenticator.
func (s *Service) AddPasskey(ctx context.Context, token string, site factor.Site, name string, answer []byte) (recovery []string, next string, err error) {
	return s.enrol(ctx, token, func(tx *db.Tx, found Session) ([]string, error) {
		kept, err := takeCeremony(ctx, tx, found.ID)
		if err != nil {
			return nil, err
		}
		return s.factors.AddPasskey(ctx, tx, found.User, site, name, kept, answer)
	})
}

// enrol adds a second factor in a session, which has proved it with that.
func (s *Service) enrol(ctx context.Context, token string, add func(*db.Tx, Session) ([]string, error)) (recovery []string, next string, err error) {
	hash := sha256.Sum256([]byte(token))
	found, err := sessionByHash(ctx, s.db.Pool(), hash[:], s.now())
	if err != nil {
		return nil, "", err
	}
	if found.Owes == Code {
		return nil, "", apperr.SignIn() // a second factor is added by who has shown the first
	}
	defer s.Forget()
	err = s.db.Write(ctx, found.User.Actor(), func(tx *db.Tx) error {
		recovery, err = add(tx, found)
		if err != nil {
			return err
		}
		next, err = proved(ctx, tx, found, hash[:], s.now(), true)
		return err
	})
	return recovery, next, err
}
