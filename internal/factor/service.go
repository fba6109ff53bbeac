package factor

import (
	"context"
	"slices"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/keystore"
	"gatehouse/internal/platform/seal"
)

// Service keeps and checks second factors.
type Service struct {
	db            *db.DB
	keys          *seal.Keyring
	box, passkeys seal.Box
}

// NewService returns the service on d; keys encrypt the authenticators' secrets and the passkeys, and
// hash the recovery codes.
func NewService(d *db.DB, keys *seal.Keyring) *Service {
	return &Service{db: d, keys: keys, box: keys.Box("authenticator secrets"), passkeys: keys.Box("passkeys")}
}

// Of says what a user has.
func (s *Service) Of(ctx context.Context, userID account.ID) (State, error) {
	return stateOf(ctx, s.db.Pool(), userID)
}

// Passkeys lists a user's passkeys, the oldest first.
func (s *Service) Passkeys(ctx context.Context, userID account.ID) ([]Passkey, error) {
	rows, err := passkeysOf(ctx, s.db.Pool(), userID)
	keys := make([]Passkey, len(rows))
	for i, r := range rows {
		keys[i] = Passkey{ID: r.ID, Name: r.Name, CreatedAt: r.CreatedAt, LastUsedAt: r.LastUsedAt}
	}
	return keys, err
}

// Begin gives the user a secret for an authenticator, which counts once Confirm has seen a code of it. One begun within the
// hour stays. Conflict while a confirmed one is there.
func (s *Service) Begin(ctx context.Context, u account.User) error {
	made, err := newSecret(u.Email)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, u.Actor(), func(tx *db.Tx) error {
		begun, err := beginAuthenticator(ctx, tx, u.ID, s.box.Seal([]byte(made.Secret), string(u.ID)))
		if err != nil {
			return err
		}
		if !begun {
			return apperr.Conflict("You have an authenticator already. Remove it first.")
		}
		tx.Record(db.Entry{Action: "authenticator.begun", SubjectKind: "user", SubjectID: string(u.ID)})
		return nil
	})
}

// Pending is the secret that Begin made and nobody confirmed yet; NotFound without one.
func (s *Service) Pending(ctx context.Context, u account.User) (Enrolment, error) {
	kept, err := authenticatorOf(ctx, s.db.Pool(), u.ID)
	if err != nil {
		return Enrolment{}, err
	}
	if kept.ConfirmedAt != nil {
		return Enrolment{}, apperr.Missing("authenticator to set up")
	}
	secret, err := s.box.Open(kept.Secret, string(u.ID))
	if err != nil {
		return Enrolment{}, err
	}
	return enrolmentOf(string(secret), u.Email)
}

// Confirm makes the authenticator that Begin began count, when the code is one of its codes at that time. When it is the
// user's first second factor it returns recovery codes, which are not kept and cannot be shown again. InvalidInput at "code"
// for any other code.
func (s *Service) Confirm(ctx context.Context, tx *db.Tx, userID account.ID, code string, at time.Time) ([]string, error) {
	before, err := lockState(ctx, tx, userID)
	if err != nil {
		return nil, err
	}
	kept, err := lockAuthenticator(ctx, tx, userID)
	if err != nil {
		return nil, err
	}
	if kept.ConfirmedAt != nil {
		return nil, apperr.Conflict("This authenticator is set up already.")
	}
	counted, err := s.countStep(ctx, tx, userID, kept, plain(code), at)
	if err != nil {
		return nil, err
	}
	if !counted {
		return nil, apperr.Invalid("code", "That is not the code the authenticator shows now. Check that the clock of the telephone is right.")
	}
	if err := confirmAuthenticator(ctx, tx, userID); err != nil {
		return nil, err
	}
	tx.Record(db.Entry{Action: "authenticator.confirmed", SubjectKind: "user", SubjectID: string(userID)})
	if before.Any() {
		return nil, nil
	}
	return s.renewRecoveryCodes(ctx, tx, userID)
}

// Check reports whether the code is one that the user's authenticator shows at that time, or one of their recovery codes,
// and uses it up: it counts once.
func (s *Service) Check(ctx context.Context, tx *db.Tx, userID account.ID, code string, at time.Time) (bool, error) {
	code = plain(code)
	if !isTime(code) {
		return useRecoveryCode(ctx, tx, userID, s.hashOf(userID, code))
	}
	kept, err := lockAuthenticator(ctx, tx, userID)
	if apperr.KindOf(err) == apperr.NotFound && err != nil {
		return false, nil
	}
	if err != nil || kept.ConfirmedAt == nil {
		return false, err
	}
	return s.countStep(ctx, tx, userID, kept, code, at)
}

// countStep uses up the step whose code this is, if it is one's.
func (s *Service) countStep(ctx context.Context, tx *db.Tx, userID account.ID, kept authenticator, code string, at time.Time) (bool, error) {
	secret, err := s.box.Open(kept.Secret, string(userID))
	if err != nil {
		return false, err
	}
	counts := stepOf(string(secret), code, at, kept.LastStep)
	if counts == 0 {
		return false, nil
	}
	return true, setStep(ctx, tx, userID, counts)
}

// RenewCodes replaces the user's recovery codes and returns the new ones, which are not kept. Conflict without an
// second factor.
func (s *Service) RenewCodes(ctx context.Context, u account.User) (codes []string, err error) {
	err = s.db.Write(ctx, u.Actor(), func(tx *db.Tx) error {
		state, err := lockState(ctx, tx, u.ID)
		if err != nil {
			return err
		}
		if !state.Any() {
			return apperr.Conflict("Recovery codes stand in for a second factor. Set one up first.")
		}
		codes, err = s.renewRecoveryCodes(ctx, tx, u.ID)
		return err
	})
	return codes, err
}

// Sealed is what lies in boxes in this feature's tables, for moving it under a newer key of the installation.
func (s *Service) Sealed() []keystore.Table {
	return []keystore.Table{
		{Name: "authenticators", Key: "user_id", Column: "secret", Owner: "t.user_id::text", Reseal: s.box.Reseal},
		{Name: "passkeys", Key: "id", Column: "credential", Owner: "t.id || ' of ' || t.user_id", Reseal: s.passkeys.Reseal},
	}
}

func (s *Service) hashOf(userID account.ID, code string) []byte {
	return hashOf(s.keys.Derive("recovery codes"), userID, code)
}

func (s *Service) renewRecoveryCodes(ctx context.Context, tx *db.Tx, userID account.ID) ([]string, error) {
	codes := newRecoveryCodes()
	hashes := make([][]byte, len(codes))
	for i, c := range codes {
		hashes[i] = s.hashOf(userID, c)
	}
	if err := replaceRecoveryCodes(ctx, tx, userID, hashes); err != nil {
		return nil, err
	}
	tx.Record(db.Entry{Action: "recovery_codes.renewed", SubjectKind: "user", SubjectID: string(userID),
		Detail: map[string]any{"codes": len(codes)}})
	return codes, nil
}

// Remove takes one's own authenticator away. Conflict when there is none, or when it is the last second factor and a role asks
// for one.
func (s *Service) Remove(ctx context.Context, u account.User) error {
	return s.drop(ctx, u, db.Entry{Action: "authenticator.removed"}, func(tx *db.Tx) error {
		there, err := deleteAuthenticator(ctx, tx, u.ID)
		if err == nil && !there {
			err = apperr.Conflict("There is no authenticator to take away.")
		}
		return err
	})
}

// drop takes a factor away, and with the last one the recovery codes that stood in for it.
func (s *Service) drop(ctx context.Context, u account.User, entry db.Entry, remove func(*db.Tx) error) error {
	return s.db.Write(ctx, u.Actor(), func(tx *db.Tx) error {
		if _, err := lockState(ctx, tx, u.ID); err != nil {
			return err
		}
		if err := remove(tx); err != nil {
			return err
		}
		left, err := stateOf(ctx, tx, u.ID)
		if err != nil {
			return err
		}
		if !left.Any() {
			if err := account.KeepBreakGlass(ctx, tx, u.ID); err != nil {
				return err
			}
			if err := mayGoWithout(ctx, tx, u); err != nil {
				return err
			}
			if err := deleteRecoveryCodes(ctx, tx, u.ID); err != nil {
				return err
			}
		}
		entry.SubjectKind, entry.SubjectID = "user", string(u.ID)
		tx.Record(entry)
		return nil
	})
}

// mayGoWithout is a Conflict when one of the user's roles asks for a second factor.
func mayGoWithout(ctx context.Context, tx *db.Tx, u account.User) error {
	required, err := rolesThatRequire(ctx, tx)
	if err != nil {
		return err
	}
	for _, r := range u.Roles {
		if slices.Contains(required, r) {
			return apperr.Conflict("As %s you need a second factor. Set up another one first, or ask an administrator to reset it.", r.Title())
		}
	}
	return nil
}

// maxReason is how long a reason may be, in characters.
const maxReason = 2000

// Reset takes all of another's second factors away, with the reason, for somebody who lost them: their password then lets
// them in to set up a new one. mark is the State's that the actor saw. Conflict when they have none, or have others by now.
// The caller ends their sessions.
func (s *Service) Reset(ctx context.Context, actor authz.Actor, userID account.ID, mark, reason string) error {
	var p apperr.Problems
	p.Check(reason != "", "reason", "Say how you know that it is them who ask: it stays in the audit log.")
	p.Check(len([]rune(reason)) <= maxReason, "reason", "Use at most %d characters.", maxReason)
	if err := p.Err(); err != nil {
		return err
	}
	if actor.ID == string(userID) {
		return apperr.Conflict("Your own second factor is removed on your account page, or reset by another administrator.")
	}
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		has, err := lockState(ctx, tx, userID)
		if err != nil {
			return err
		}
		switch {
		case !has.Any():
			return apperr.Conflict("There is no second factor to take away.")
		case has.Mark() != mark:
			return apperr.Conflict("Their second factor was changed meanwhile. Look at what they have now.")
		}
		if err := account.KeepBreakGlass(ctx, tx, userID); err != nil {
			return err
		}
		if err := deleteFactors(ctx, tx, userID); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "factor.reset", SubjectKind: "user", SubjectID: string(userID), Reason: reason})
		return nil
	})
}

// Required lists the roles whose holders must have a second factor.
func (s *Service) Required(ctx context.Context) ([]authz.Role, error) {
	return rolesThatRequire(ctx, s.db.Pool())
}

// Require replaces the roles whose holders must have a second factor. Whoever has none sets one up before their next page.
// InvalidInput at "roles" when the actor holds one of them and has none: who makes the rule keeps it first.
func (s *Service) Require(ctx context.Context, actor authz.Actor, roles []authz.Role) error {
	for _, r := range roles {
		if !slices.Contains(authz.Roles, r) {
			return apperr.Invalid("roles", "There is no role %q.", r)
		}
	}
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		if err := keepsFirst(ctx, tx, actor, roles); err != nil {
			return err
		}
		before, err := rolesThatRequire(ctx, tx)
		if err != nil {
			return err
		}
		if err := setRolesThatRequire(ctx, tx, roles); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "factor_roles.set", SubjectKind: "installation", SubjectID: "factor_roles",
			Detail: map[string]any{"from": before, "to": roles}})
		return nil
	})
}

func keepsFirst(ctx context.Context, tx *db.Tx, actor authz.Actor, roles []authz.Role) error {
	for _, r := range roles {
		if !slices.Contains(actor.Roles, r) {
			continue
		}
		has, err := stateOf(ctx, tx, account.ID(actor.ID))
		if err == nil && !has.Any() {
			err = apperr.Invalid("roles", "You are %s yourself and have no second factor. Set one up on your account page first.", r.Title())
		}
		return err
	}
	return nil
}

// Without counts, by role, the users who may sign in and have no second factor.
func (s *Service) Without(ctx context.Context) (map[authz.Role]int, error) {
	return usersWithout(ctx, s.db.Pool())
}
