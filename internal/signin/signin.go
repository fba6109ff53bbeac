// Package signin owns login sessions and single sign-on: the tables sessions, user_identities and those that begin with sso_.
// Passwords are internal/account's, second factors internal/factor's, the protocol is platform/openid's; the cookie is web's.
package signin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/account"
	"gatehouse/internal/factor"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/openid"
	"gatehouse/internal/platform/seal"
)

// How long a session lives: Lifetime from sign-in, Idle since it was last used.
const (
	Lifetime = 14 * 24 * time.Hour
	Idle     = 12 * time.Hour
)

// cached is how long a session is answered from memory. A sign-out counts at once, in another process as soon as the
// database has told: see Listening. Where nobody tells it goes unnoticed for unheard.
const (
	cached  = 5 * time.Second
	unheard = time.Second
)

// Changes is the channel on which the database tells that sessions ended or changed.
const Changes = "gatehouse_sessions"

// Session is a signed-in user on one device.
type Session struct {
	ID         SessionID
	User       account.User
	CreatedAt  time.Time
	LastSeenAt time.Time
	ExpiresAt  time.Time
	// ProvedAt is when whoever sits there last gave a password or code.
	ProvedAt time.Time
	// HasFactor says that the user has a second factor.
	HasFactor bool
	// Provider says that the sign-in provider began it, ProviderFactor that the provider's second factor counts in it.
	Provider, ProviderFactor bool
	Owes                     Owed
}

// Owed is what a session lacks before it opens anything.
type Owed int

// What a session can lack: nothing, a code of the user's second factor, or that they set one up because a role asks for it.
const (
	Nothing Owed = iota
	Code
	Enrolment
)

// Device is what is kept about where a session was begun, for the person to recognise it.
type Device struct{ IP, UserAgent string }

// Service begins, finds and ends sessions.
type Service struct {
	db       *db.DB
	accounts *account.Service
	factors  *factor.Service
	provider *openid.Client // nil where none is set up
	flows    seal.Box
	tokens   seal.Box

	mu    sync.Mutex
	known map[[32]byte]remembered
	told  bool // the database tells what changes
	// changes counts what was told, so that a session which was read before is not remembered after.
	changes int
}

type remembered struct {
	session Session
	until   time.Time
}

// NewService returns the service on d; keys encrypt what is kept of a sign-in by provider, which is nil where none is set up.
func NewService(d *db.DB, accounts *account.Service, factors *factor.Service, keys *seal.Keyring, provider *openid.Client) *Service {
	return &Service{db: d, accounts: accounts, factors: factors, provider: provider, flows: keys.Box("sign-in flows"), tokens: keys.Box("id tokens"),
		known: map[[32]byte]remembered{}}
}

// SignIn checks the password and begins a session. It returns the token for the cookie, which is not kept, and
// account.CheckPassword's error when the password does not match. A failed try is audited without the address.
func (s *Service) SignIn(ctx context.Context, email, password string, dev Device) (token string, u account.User, err error) {
	u, err = s.accounts.CheckPassword(ctx, email, password)
	if err != nil {
		if _, refused := apperr.AsInvalid(err); refused {
			err = errors.Join(err, s.recordRefusal(ctx, dev))
		}
		return "", u, err
	}
	with, err := s.byPassword(ctx, u, dev)
	if err != nil {
		return "", u, err
	}
	token, err = s.begin(ctx, u, with)
	return token, u, err
}

// byPassword is how a session begins by a password that was right. Where passwords are switched off it opens the break-glass
// account only, with an entry of its own, and for anybody else it is as wrong as any other.
func (s *Service) byPassword(ctx context.Context, u account.User, dev Device) (beginning, error) {
	with := beginning{device: dev, proved: s.now()}
	rules, err := s.Rules(ctx)
	if err != nil || rules.Passwords || s.provider == nil {
		return with, err
	}
	if u.ID != rules.BreakGlass {
		return with, errors.Join(account.WrongPassword(), s.recordRefusal(ctx, dev))
	}
	with.note = []db.Entry{{Action: "break_glass.used", SubjectKind: "user", SubjectID: string(u.ID),
		Changes: []db.Change{db.Changed("ip", "", dev.IP), db.Changed("user_agent", "", dev.UserAgent)}}}
	return with, nil
}

func (s *Service) recordRefusal(ctx context.Context, dev Device) error {
	return s.db.Write(ctx, authz.System("signin"), func(tx *db.Tx) error {
		tx.Record(db.Entry{Action: "session.refused", SubjectKind: "session", SubjectID: "none",
			Changes: []db.Change{db.Changed("ip", "", dev.IP)}})
		return nil
	})
}

// beginning is how a session begins: where, what was proved when, and what the provider said, if it was one.
type beginning struct {
	device         Device
	proved         time.Time
	by             *openid.Identity
	providerFactor bool
	note           []db.Entry // beside session.begun
}

func (s *Service) begin(ctx context.Context, u account.User, with beginning) (string, error) {
	token, hash := newToken()
	err := s.db.Write(ctx, u.Actor(), func(tx *db.Tx) error {
		if err := s.insertSession(ctx, tx, u, hash, with); err != nil {
			return err
		}
		detail := map[string]any{}
		if with.by != nil {
			detail["provider"] = with.by.Issuer
		}
		tx.Record(db.Entry{Action: "session.begun", SubjectKind: "user", SubjectID: string(u.ID), Detail: detail,
			Changes: []db.Change{db.Changed("ip", "", with.device.IP), db.Changed("user_agent", "", with.device.UserAgent)}})
		for _, e := range with.note {
			tx.Record(e)
		}
		return nil
	})
	return token, err
}

func (s *Service) insertSession(ctx context.Context, tx *db.Tx, u account.User, hash []byte, with beginning) error {
	var issuer, subject, session *string
	var idToken []byte
	if id := with.by; id != nil {
		issuer, subject, session, idToken = &id.Issuer, &id.Subject, &id.Session, s.tokens.Seal([]byte(id.Token), string(u.ID))
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO sessions (token_hash, user_id, created_at, last_seen_at, expires_at, ip, user_agent, proved_at,
		                      issuer, subject, provider_session, id_token, provider_factor)
		VALUES ($1, $2, $3, $3, $4, $5, left($6, 300), $7, $8, $9, $10, $11, $12)`,
		hash, u.ID, tx.Now, tx.Now.Add(Lifetime), with.device.IP, with.device.UserAgent, with.proved,
		issuer, subject, session, idToken, with.providerFactor)
	return err
}

// newToken makes a token for the cookie and the hash that is kept of it.
func newToken() (token string, hash []byte) {
	raw := make([]byte, 32)
	rand.Read(raw)
	token = base64.RawURLEncoding.EncodeToString(raw)
	sum := sha256.Sum256([]byte(token))
	return token, sum[:]
}

// Find returns the live session of a cookie's token, or an Unauthenticated error.
func (s *Service) Find(ctx context.Context, token string) (Session, error) {
	hash := sha256.Sum256([]byte(token))
	now := s.now()
	s.mu.Lock()
	r, ok := s.known[hash]
	changes := s.changes
	s.mu.Unlock()
	if ok && now.Before(r.until) {
		return r.session, nil
	}
	found, err := sessionByHash(ctx, s.db.Pool(), hash[:], now)
	if err != nil {
		return Session{}, err
	}
	if now.Sub(found.LastSeenAt) > time.Minute {
		// While nothing can be written people still read.
		if err := s.touch(ctx, hash[:], now); err != nil && !db.ReadOnly(err) {
			return Session{}, err
		}
	}
	s.remember(hash, found, now, changes)
	return found, nil
}

// now is the wall clock, whatever clock the database's stories are told by.
func (s *Service) now() time.Time { return time.Now().UTC() }

func (s *Service) remember(hash [32]byte, found Session, now time.Time, changes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if changes != s.changes {
		return
	}
	long := unheard
	if s.told {
		long = cached
	}
	if len(s.known) > 10_000 {
		clear(s.known)
	}
	s.known[hash] = remembered{session: found, until: now.Add(long)}
}

func (s *Service) touch(ctx context.Context, hash []byte, now time.Time) error {
	return s.db.WriteUnaudited(ctx, "session last-seen time", func(q db.Querier) error {
		_, err := q.Exec(ctx, `UPDATE sessions SET last_seen_at = $2 WHERE token_hash = $1`, hash, now)
		return err
	})
}

// SignOut ends the session of a token; a token that is already unknown is no error.
func (s *Service) SignOut(ctx context.Context, actor authz.Actor, token string) error {
	hash := sha256.Sum256([]byte(token))
	s.mu.Lock()
	delete(s.known, hash)
	s.changes++
	s.mu.Unlock()
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM sessions WHERE token_hash = $1`, hash[:]); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "session.ended", SubjectKind: "user", SubjectID: actor.ID})
		return nil
	})
}

// EndAll ends every session of a user, as after a change of roles or a disabled account.
func (s *Service) EndAll(ctx context.Context, actor authz.Actor, userID account.ID) error {
	defer s.Forget()
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM sessions WHERE user_id = $1`, userID)
		if err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "session.all_ended", SubjectKind: "user", SubjectID: string(userID),
			Detail: map[string]any{"sessions": tag.RowsAffected()}})
		return nil
	})
}

// Sweep deletes sessions that have run out, and what else has.
func (s *Service) Sweep(ctx context.Context) error {
	return s.db.WriteUnaudited(ctx, "what has expired", func(q db.Querier) error {
		if _, err := q.Exec(ctx, `DELETE FROM sessions WHERE expires_at < $1 OR last_seen_at < $2`, s.now(), s.now().Add(-Idle)); err != nil {
			return err
		}
		return sweepProvider(ctx, q, s.now())
	})
}

func sessionByHash(ctx context.Context, q db.Querier, hash []byte, now time.Time) (Session, error) {
	rows, _ := q.Query(ctx, `
		SELECT u.id, u.email, u.name, u.roles, u.time_zone, u.person_id, u.created_at, u.disabled_at, u.version,
		       s.id, s.created_at, s.last_seen_at, s.expires_at, s.proved_at, s.factor_at IS NOT NULL,
		       s.issuer IS NOT NULL, s.provider_factor,
		       `+factor.HasOne("u.id")+`,
		       EXISTS (SELECT FROM factor_roles r WHERE r.role = ANY (u.roles))
		FROM   sessions s
		JOIN   users u ON u.id = s.user_id
		WHERE  s.token_hash = $1 AND s.expires_at > $2 AND s.last_seen_at > $3 AND u.disabled_at IS NULL`,
		hash, now, now.Add(-Idle))
	found, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (Session, error) {
		var f Session
		var given, required bool
		u := &f.User
		err := row.Scan(&u.ID, &u.Email, &u.Name, &u.Roles, &u.TimeZone, &u.PersonID, &u.CreatedAt, &u.DisabledAt, &u.Version,
			&f.ID, &f.CreatedAt, &f.LastSeenAt, &f.ExpiresAt, &f.ProvedAt, &given,
			&f.Provider, &f.ProviderFactor, &f.HasFactor, &required)
		if !f.ProviderFactor {
			f.Owes = owed(f.HasFactor, given, required)
		}
		return f, err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Session{}, apperr.SignIn()
	}
	return found, err
}
