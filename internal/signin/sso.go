package signin

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/account"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/openid"
)

// Linked is a user's account at the provider.
type Linked struct {
	LinkedAt time.Time
	// Follows says that their roles are those of their groups at each sign-in.
	Follows bool
}

// ssoActor does what the provider's word does.
var ssoActor = authz.System("sso")

// refusal is why somebody whom the provider knows is not let in.
type refusal struct{ why, message string }

func (r refusal) err() error { return apperr.Forbidden("%s", r.message) }

// Enter begins a session for whom the provider says it is, and returns the token for the cookie. Whoever may not come in gets a
// Denied error that says whom to ask.
func (s *Service) Enter(ctx context.Context, id openid.Identity, dev Device) (token string, err error) {
	r, err := s.Rules(ctx)
	if err != nil {
		return "", err
	}
	u, refused, err := s.admit(ctx, r, id)
	if err == nil && refused != nil {
		err = errors.Join(refused.err(), s.recordNoEntry(ctx, id, *refused, dev))
	}
	if err != nil {
		return "", err
	}
	defer s.Forget()
	return s.begin(ctx, u, beginning{device: dev, proved: provedAt(id, s.now()), by: &id, providerFactor: r.counts(id)})
}

// counts reports whether the provider's second factor counts.
func (r Rules) counts(id openid.Identity) bool {
	return r.Factor == FactorTheirs || r.Factor == FactorShown && id.SecondFactor(r.ACR)
}

// provedAt is when the provider last saw who it is. Where it does not say, that was too long ago to open anything grave.
func provedAt(id openid.Identity, now time.Time) time.Time {
	if id.At.IsZero() {
		return now.Add(-Recent)
	}
	if id.At.After(now) {
		return now // its clock is ahead of ours
	}
	return id.At
}

func (s *Service) recordNoEntry(ctx context.Context, id openid.Identity, r refusal, dev Device) error {
	return s.db.Write(ctx, ssoActor, func(tx *db.Tx) error {
		tx.Record(db.Entry{Action: "session.refused", SubjectKind: "session", SubjectID: "none",
			Detail: map[string]any{"provider": id.Issuer, "why": r.why},
			Changes: []db.Change{db.Changed("ip", "", dev.IP), db.Changed("subject", "", id.Subject),
				db.Changed("email", "", id.Email)}})
		return nil
	})
}

// errNoEntry ends the transaction of somebody who is not let in: nothing of it is kept.
var errNoEntry = errors.New("not let in")

// admit finds, links or makes the account of whom the provider says it is, and gives it the roles of their groups.
func (s *Service) admit(ctx context.Context, r Rules, id openid.Identity) (u account.User, refused *refusal, err error) {
	known, there, err := s.byIdentity(ctx, id)
	if err != nil {
		return u, nil, err
	}
	if there && known.user.DisabledAt == nil && !known.linked.Follows {
		return known.user, nil, nil // as they are: nothing to write
	}
	err = s.db.Write(ctx, ssoActor, func(tx *db.Tx) (err error) {
		if there {
			u, refused, err = s.follow(ctx, tx, r, known.user, id)
		} else {
			u, refused, err = s.newcomer(ctx, tx, r, id)
		}
		if err == nil && refused != nil {
			return errNoEntry
		}
		return err
	})
	if errors.Is(err, errNoEntry) || errors.Is(err, db.ErrNoAuditEntry) && there {
		err = nil // refused, or their roles are what they were
	}
	return u, refused, err
}

// follow gives somebody the roles of their groups. Where that changes them, sessions with the old ones end.
func (s *Service) follow(ctx context.Context, tx *db.Tx, r Rules, u account.User, id openid.Identity) (account.User, *refusal, error) {
	if u.DisabledAt != nil {
		return u, &refusal{"disabled", "Your account is disabled here. An administrator of Gatehouse can enable it."}, nil
	}
	roles := r.RolesOf(id.Groups)
	if len(roles) == 0 {
		return u, noRole(), nil
	}
	u, changed, err := s.accounts.Follow(ctx, tx, u, roles)
	if err == nil && changed {
		_, err = tx.Exec(ctx, `DELETE FROM sessions WHERE user_id = $1`, u.ID)
	}
	return u, nil, err
}

func noRole() *refusal {
	return &refusal{"no_role", "You are known, but none of your groups has a role here. Ask an administrator of Gatehouse, or whoever keeps the groups, which one you should be in."}
}

// newcomer links or makes the account of somebody who comes for the first time.
func (s *Service) newcomer(ctx context.Context, tx *db.Tx, r Rules, id openid.Identity) (account.User, *refusal, error) {
	held, there, err := userByAddress(ctx, tx, id.Email)
	switch {
	case err != nil:
		return account.User{}, nil, err
	case there:
		return s.linkByAddress(ctx, tx, r, held, id)
	case !r.Creates:
		return account.User{}, &refusal{"unknown", "You have no account here. Ask an administrator of Gatehouse for one."}, nil
	case id.Denied || id.Email == "":
		return account.User{}, &refusal{"no_address", "Your provider gives no verified e-mail address of yours, which an account here needs. Ask whoever runs it."}, nil
	}
	roles := r.RolesOf(id.Groups)
	if len(roles) == 0 {
		return account.User{}, noRole(), nil
	}
	return s.make(ctx, tx, roles, id)
}

// linkByAddress gives somebody the account with their address, where the rules say so and the provider has verified it. An
// administrator's is never got that way: whoever could make the provider verify an address would have the house.
func (s *Service) linkByAddress(ctx context.Context, tx *db.Tx, r Rules, held account.User, id openid.Identity) (account.User, *refusal, error) {
	switch {
	case held.DisabledAt != nil:
		return held, &refusal{"disabled", "Your account is disabled here. An administrator of Gatehouse can enable it."}, nil
	case !r.Links || !id.Verified || slices.Contains(held.Roles, authz.Administrator):
		return held, &refusal{"address_taken", "An account here has your e-mail address already, and is not linked to your provider. " +
			"Sign in to it as before and link it on its account page, or ask an administrator of Gatehouse."}, nil
	}
	linked, err := insertIdentity(ctx, tx, id, held.ID, false)
	if err == nil && !linked {
		return held, &refusal{"linked_otherwise", "The account here with your e-mail address is linked to another one of your provider. Ask an administrator of Gatehouse."}, nil
	}
	return held, nil, err
}

// make adds an account with the roles of somebody's groups.
func (s *Service) make(ctx context.Context, tx *db.Tx, roles []authz.Role, id openid.Identity) (account.User, *refusal, error) {
	n := account.New{Email: id.Email, Name: short(id.Name), TimeZone: id.TimeZone, Roles: roles}
	if _, err := time.LoadLocation(n.TimeZone); err != nil || n.TimeZone == "Local" {
		n.TimeZone = ""
	}
	userID, err := s.accounts.AddKnown(ctx, tx, n)
	if invalid, ok := apperr.AsInvalid(err); ok {
		return account.User{}, &refusal{"does_not_fit", "Your provider's word of you does not make an account here. " + fieldWords(invalid)}, nil
	}
	if err != nil {
		return account.User{}, nil, err
	}
	if _, err := insertIdentity(ctx, tx, id, userID, true); err != nil {
		return account.User{}, nil, err
	}
	u, err := userInTx(ctx, tx, userID)
	return u, nil, err
}

func fieldWords(e *apperr.Error) string {
	words := ""
	for _, field := range []string{"email", "name"} {
		if e.Fields[field] != "" {
			words += e.Fields[field] + " "
		}
	}
	return words + "Ask an administrator of Gatehouse."
}

// short keeps a name within what an account takes.
func short(name string) string {
	for len(name) > maxName {
		runes := []rune(name)
		name = string(runes[:len(runes)-1])
	}
	return name
}

// Link links the account of a session to whom the provider says it is. Conflict where either is linked otherwise.
func (s *Service) Link(ctx context.Context, found Session, f Flow, id openid.Identity) error {
	if found.ID != f.Session {
		return apperr.Conflict("This was begun in another session. Begin again.")
	}
	return s.db.Write(ctx, found.User.Actor(), func(tx *db.Tx) error {
		linked, err := insertIdentity(ctx, tx, id, found.User.ID, false)
		if err == nil && !linked {
			err = apperr.Conflict("That account is linked to another one here, or yours to another one there. An administrator can unlink it.")
		}
		return err
	})
}

// LinkOf returns a user's account at the provider, and whether there is one.
func (s *Service) LinkOf(ctx context.Context, userID account.ID) (l Linked, linked bool, err error) {
	if s.provider == nil {
		return l, false, nil
	}
	err = s.db.Pool().QueryRow(ctx, `SELECT linked_at, follows FROM user_identities WHERE user_id = $1 AND issuer = $2`,
		userID, s.provider.Issuer()).Scan(&l.LinkedAt, &l.Follows)
	if errors.Is(err, pgx.ErrNoRows) {
		return l, false, nil
	}
	return l, err == nil, err
}

// Unlink takes the link to the provider away, and ends the sessions that it began. NotFound without one.
func (s *Service) Unlink(ctx context.Context, by authz.Actor, userID account.ID) error {
	if s.provider == nil {
		return NoProvider()
	}
	defer s.Forget()
	return s.db.Write(ctx, by, func(tx *db.Tx) error {
		var subject string
		err := tx.QueryRow(ctx, `DELETE FROM user_identities WHERE user_id = $1 AND issuer = $2 RETURNING subject`, userID, s.provider.Issuer()).Scan(&subject)
		if errors.Is(err, pgx.ErrNoRows) {
			return apperr.Missing("link to the sign-in provider")
		}
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `DELETE FROM sessions WHERE user_id = $1 AND issuer = $2`, userID, s.provider.Issuer())
		if err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "identity.unlinked", SubjectKind: "user", SubjectID: string(userID),
			Detail:  map[string]any{"provider": s.provider.Issuer(), "sessions": tag.RowsAffected()},
			Changes: []db.Change{db.Changed("subject", subject, "")}})
		return nil
	})
}

// FollowGroups lets a linked user's roles follow their groups from the next sign-in on; KeepRoles leaves them as they are set here.
func (s *Service) FollowGroups(ctx context.Context, by authz.Actor, userID account.ID) error {
	return s.setFollows(ctx, by, userID, true, "identity.follows_groups")
}

// KeepRoles is the contrary of FollowGroups.
func (s *Service) KeepRoles(ctx context.Context, by authz.Actor, userID account.ID) error {
	return s.setFollows(ctx, by, userID, false, "identity.keeps_roles")
}

func (s *Service) setFollows(ctx context.Context, by authz.Actor, userID account.ID, follows bool, action string) error {
	if s.provider == nil {
		return NoProvider()
	}
	return s.db.Write(ctx, by, func(tx *db.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE user_identities SET follows = $3 WHERE user_id = $1 AND issuer = $2`, userID, s.provider.Issuer(), follows)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return apperr.Missing("link to the sign-in provider")
		}
		tx.Record(db.Entry{Action: action, SubjectKind: "user", SubjectID: string(userID)})
		return nil
	})
}

// ProveThere notes that the provider has asked again who sits there, and returns the token that the session has from now on.
func (s *Service) ProveThere(ctx context.Context, token string, f Flow, id openid.Identity) (next string, err error) {
	hash := sha256.Sum256([]byte(token))
	found, err := sessionByHash(ctx, s.db.Pool(), hash[:], s.now())
	if err != nil {
		return "", err
	}
	r, err := s.Rules(ctx)
	if err != nil {
		return "", err
	}
	if found.ID != f.Session || !found.ProvesThere() {
		return "", apperr.Conflict("This was begun in another session. Begin again.")
	}
	defer s.Forget()
	err = s.db.Write(ctx, found.User.Actor(), func(tx *db.Tx) error {
		tag, err := tx.Exec(ctx, `
			UPDATE sessions
			SET    id_token = $4, provider_session = $5, provider_factor = $6
			WHERE  id = $1 AND issuer = $2 AND subject = $3`,
			found.ID, id.Issuer, id.Subject, s.tokens.Seal([]byte(id.Token), string(found.User.ID)), id.Session, r.counts(id))
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return apperr.Conflict("The provider was shown another account than the one this session is of. Nothing was changed.")
		}
		next, err = proved(ctx, tx, found, hash[:], provedAt(id, s.now()), false)
		return err
	})
	return next, err
}

// ProvesThere reports whether the session's user shows at the provider that it is still them. Who has a second factor here, and
// whose provider's does not count, shows that instead.
func (f Session) ProvesThere() bool { return f.Provider && (f.ProviderFactor || !f.HasFactor) }

// LeaveAddress is where the provider ends its session of this one and leads back to; empty where there is nothing to end.
func (s *Service) LeaveAddress(ctx context.Context, found Session, back string) (string, error) {
	if s.provider == nil || !found.Provider {
		return "", nil
	}
	var issuer string
	var sealed []byte
	if err := s.db.Pool().QueryRow(ctx, `SELECT issuer, id_token FROM sessions WHERE id = $1`, found.ID).Scan(&issuer, &sealed); err != nil {
		return "", err
	}
	if issuer != s.provider.Issuer() {
		return "", nil // of a provider that was set up before
	}
	token, err := s.tokens.Open(sealed, string(found.User.ID))
	if err != nil {
		return "", err
	}
	return s.provider.LogoutAddress(ctx, string(token), back)
}

// EndByProvider ends the sessions that a logout token of the provider names. InvalidInput for a token that does not count, or
// counted before; an error may be openid.ErrAway.
func (s *Service) EndByProvider(ctx context.Context, raw string) error {
	if s.provider == nil {
		return NoProvider()
	}
	out, err := s.provider.ReadLogout(ctx, raw)
	if errors.Is(err, openid.ErrAway) {
		return err
	}
	if err != nil {
		return apperr.With(err, apperr.InvalidInput, "The logout token does not count.")
	}
	defer s.Forget()
	return s.db.Write(ctx, ssoActor, func(tx *db.Tx) error {
		issuer := s.provider.Issuer()
		tag, err := tx.Exec(ctx, `INSERT INTO sso_logouts (issuer, token_id, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			issuer, out.ID, out.Until.Add(time.Minute))
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return apperr.Invalid("logout_token", "The logout token was used before.")
		}
		ended, err := endSessionsOf(ctx, tx, issuer, out)
		if err != nil {
			return err
		}
		for userID, n := range ended {
			tx.Record(db.Entry{Action: "session.ended_by_provider", SubjectKind: "user", SubjectID: string(userID), Detail: map[string]any{"sessions": n}})
		}
		if len(ended) == 0 {
			tx.Record(db.Entry{Action: "session.ended_by_provider", SubjectKind: "session", SubjectID: "none", Detail: map[string]any{"sessions": 0}})
		}
		return nil
	})
}

// endSessionsOf counts the sessions that it ended, by user.
func endSessionsOf(ctx context.Context, tx *db.Tx, issuer string, out openid.Logout) (map[account.ID]int, error) {
	rows, _ := tx.Query(ctx, `
		DELETE FROM sessions
		WHERE  issuer = $1 AND ($2 = '' OR subject = $2) AND ($3 = '' OR provider_session = $3)
		RETURNING user_id`, issuer, out.Subject, out.Session)
	ended := map[account.ID]int{}
	var userID account.ID
	_, err := pgx.ForEachRow(rows, []any{&userID}, func() error {
		ended[userID]++
		return nil
	})
	return ended, err
}

type identified struct {
	user   account.User
	linked Linked
}

// byIdentity finds the user whom a provider's subject is linked to, and whether there is one.
func (s *Service) byIdentity(ctx context.Context, id openid.Identity) (found identified, there bool, err error) {
	var userID account.ID
	err = s.db.Pool().QueryRow(ctx, `SELECT user_id, linked_at, follows FROM user_identities WHERE issuer = $1 AND subject = $2`,
		id.Issuer, id.Subject).Scan(&userID, &found.linked.LinkedAt, &found.linked.Follows)
	if errors.Is(err, pgx.ErrNoRows) {
		return found, false, nil
	}
	if err != nil {
		return found, false, err
	}
	found.user, err = s.accounts.ByID(ctx, userID)
	return found, err == nil, err
}

const userSQL = `SELECT id, email, name, roles, time_zone, person_id, created_at, disabled_at, version FROM users WHERE `

// userByAddress finds the user with an address and holds them, and says whether there is one.
func userByAddress(ctx context.Context, tx *db.Tx, email string) (account.User, bool, error) {
	rows, _ := tx.Query(ctx, userSQL+`lower(email) = lower($1) FOR NO KEY UPDATE`, email)
	u, err := db.One[account.User](rows, "user")
	if err != nil && apperr.KindOf(err) == apperr.NotFound {
		return u, false, nil
	}
	return u, err == nil, err
}

func userInTx(ctx context.Context, tx *db.Tx, userID account.ID) (account.User, error) {
	rows, _ := tx.Query(ctx, userSQL+`id = $1`, userID)
	return db.One[account.User](rows, "user")
}

// insertIdentity links a user to a provider's subject and leaves the entry. It reports false where either is linked otherwise.
func insertIdentity(ctx context.Context, tx *db.Tx, id openid.Identity, userID account.ID, follows bool) (bool, error) {
	tag, err := tx.Exec(ctx, `
		INSERT INTO user_identities (issuer, subject, user_id, follows, linked_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`, id.Issuer, id.Subject, userID, follows, tx.Now)
	if err != nil || tag.RowsAffected() == 0 {
		return false, err
	}
	tx.Record(db.Entry{Action: "identity.linked", SubjectKind: "user", SubjectID: string(userID),
		Detail: map[string]any{"provider": id.Issuer, "follows_groups": follows}, Changes: []db.Change{db.Changed("subject", "", id.Subject)}})
	return true, nil
}
