package signin

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/account"
	"gatehouse/internal/factor"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// SessionID names a session. It opens nothing.
type SessionID string

// Live is a session as its owner recognises it.
type Live struct {
	ID         SessionID
	CreatedAt  time.Time
	LastSeenAt time.Time
	// ExpiresAt is when it ends whatever happens; unused it ends after Idle.
	ExpiresAt time.Time
	IP        string
	UserAgent string
	// Half says that only the password was given, and the user has a second factor: perhaps somebody else has the password.
	Half bool
}

// Live lists the sessions of a user that have not run out, the one used last first.
func (s *Service) Live(ctx context.Context, userID account.ID) ([]Live, error) {
	now := s.now()
	rows, _ := s.db.Pool().Query(ctx, `
		SELECT id, created_at, last_seen_at, expires_at, ip, user_agent,
		       factor_at IS NULL AND `+factor.HasOne("sessions.user_id")+` AS half
		FROM   sessions
		WHERE  user_id = $1 AND expires_at > $2 AND last_seen_at > $3
		ORDER  BY last_seen_at DESC, id`, userID, now, now.Add(-Idle))
	return pgx.CollectRows(rows, pgx.RowToStructByName[Live])
}

// End ends one session of a user. NotFound when it is another's, or ended already.
func (s *Service) End(ctx context.Context, actor authz.Actor, userID account.ID, sessionID SessionID) error {
	defer s.Forget()
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		var device Device
		err := tx.QueryRow(ctx, `DELETE FROM sessions WHERE id = $1 AND user_id = $2 RETURNING ip, user_agent`, sessionID, userID).
			Scan(&device.IP, &device.UserAgent)
		if errors.Is(err, pgx.ErrNoRows) {
			return apperr.Missing("session")
		}
		if err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "session.revoked", SubjectKind: "user", SubjectID: string(userID),
			Changes: []db.Change{db.Changed("ip", device.IP, ""), db.Changed("user_agent", device.UserAgent, "")}})
		return nil
	})
}

// EndOthers ends every session of a user but one, and says how many there were.
func (s *Service) EndOthers(ctx context.Context, actor authz.Actor, userID account.ID, but SessionID) (ended int, err error) {
	defer s.Forget()
	err = s.db.Write(ctx, actor, func(tx *db.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM sessions WHERE user_id = $1 AND id <> $2`, userID, but)
		if err != nil {
			return err
		}
		ended = int(tag.RowsAffected())
		tx.Record(db.Entry{Action: "session.others_revoked", SubjectKind: "user", SubjectID: string(userID),
			Detail: map[string]any{"sessions": ended}})
		return nil
	})
	return ended, err
}

// Forget makes every session be read anew, as after a change of what its user has to prove themselves with.
func (s *Service) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.known)
	s.changes++
}

// Listening says whether the database tells this process what changes, from now on.
func (s *Service) Listening(told bool) {
	s.Forget() // what was told before was not heard
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = told
}
