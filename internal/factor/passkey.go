package factor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"gatehouse/internal/account"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// PasskeyID identifies a passkey.
type PasskeyID string

// Passkey is a key pair in somebody's device or security key, as its owner recognises it.
type Passkey struct {
	ID         PasskeyID
	Name       string
	CreatedAt  time.Time
	LastUsedAt *time.Time
}

// Site is the address that passkeys are bound to: the name of the host, and the origin that people reach it at.
type Site struct{ Host, Origin string }

// relying is the WebAuthn relying party at a site.
func (site Site) relying() (*webauthn.WebAuthn, error) {
	party, err := webauthn.New(&webauthn.Config{RPID: site.Host, RPDisplayName: issuer, RPOrigins: []string{site.Origin}})
	if err != nil {
		return nil, fmt.Errorf("passkeys at %s: %w", site.Origin, err)
	}
	return party, nil
}

// holder is a user as the library sees them.
type holder struct {
	user account.User
	keys []webauthn.Credential
}

// WebAuthnID implements webauthn.User: an id that says nothing of the person.
func (h holder) WebAuthnID() []byte { return []byte(h.user.ID) }

// WebAuthnName implements webauthn.User.
func (h holder) WebAuthnName() string { return h.user.Email }

// WebAuthnDisplayName implements webauthn.User.
func (h holder) WebAuthnDisplayName() string { return h.user.Name }

// WebAuthnCredentials implements webauthn.User.
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

// Ceremony is what a browser is asked for, as the options of navigator.credentials, and what its answer is checked against,
// which the caller keeps for that one answer.
type Ceremony struct{ Options, Kept []byte }

func ceremony(options any, kept *webauthn.SessionData, err error) (Ceremony, error) {
	if err != nil {
		return Ceremony{}, fmt.Errorf("passkey ceremony: %w", err)
	}
	var c Ceremony
	if c.Options, err = json.Marshal(options); err != nil {
		return Ceremony{}, err
	}
	c.Kept, err = json.Marshal(kept)
	return c, err
}

// BeginPasskey asks the user's browser for a new passkey.
func (s *Service) BeginPasskey(ctx context.Context, u account.User, site Site) (Ceremony, error) {
	party, who, err := s.parties(ctx, s.db.Pool(), u, site)
	if err != nil {
		return Ceremony{}, err
	}
	options, kept, err := party.BeginRegistration(who,
		webauthn.WithExclusions(webauthn.Credentials(who.keys).CredentialDescriptors()),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementDiscouraged, UserVerification: protocol.VerificationPreferred}))
	return ceremony(options, kept, err)
}

// AddPasskey keeps the passkey that a browser made when asked by BeginPasskey. It returns recovery codes when this is the
// user's first second factor. InvalidInput at "passkey" for any other answer, at "name" for a name that does not fit.
func (s *Service) AddPasskey(ctx context.Context, tx *db.Tx, u account.User, site Site, name string, kept, answer []byte) ([]string, error) {
	name = strings.TrimSpace(name)
	if name == "" || len([]rune(name)) > 60 {
		return nil, apperr.Invalid("name", "Name the passkey, in at most 60 characters, so that you know it again.")
	}
	before, err := lockState(ctx, tx, u.ID)
	if err != nil {
		return nil, err
	}
	party, who, err := s.parties(ctx, tx, u, site)
	if err != nil {
		return nil, err
	}
	session, err := sessionOf(kept)
	if err != nil {
		return nil, notAnswered(err)
	}
	response, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, notAnswered(err)
	}
	made, err := party.CreateCredential(who, session, response)
	if err != nil {
		return nil, notAnswered(err)
	}
	passkeyID := PasskeyID(id.New())
	sealed, err := s.sealed(passkeyID, u.ID, *made)
	if err != nil {
		return nil, err
	}
	if err := insertPasskey(ctx, tx, passkeyID, u.ID, name, made.ID, sealed); err != nil {
		return nil, err
	}
	tx.Record(db.Entry{Action: "passkey.added", SubjectKind: "user", SubjectID: string(u.ID),
		Detail: map[string]any{"passkey": passkeyID}, Changes: []db.Change{db.Changed("name", "", name)}})
	if before.Any() {
		return nil, nil
	}
	return s.renewRecoveryCodes(ctx, tx, u.ID)
}

// notAnswered is an answer that is not the one asked for; the cause goes to the log only.
func notAnswered(cause error) error {
	return errors.Join(apperr.Invalid("passkey", "The passkey did not answer as asked. Try again."), cause)
}

func sessionOf(kept []byte) (session webauthn.SessionData, err error) {
	err = json.Unmarshal(kept, &session)
	return session, err
}

// BeginProof asks the user's browser for a proof with one of their passkeys. Conflict when they have none.
func (s *Service) BeginProof(ctx context.Context, u account.User, site Site) (Ceremony, error) {
	party, who, err := s.parties(ctx, s.db.Pool(), u, site)
	if err != nil {
		return Ceremony{}, err
	}
	if len(who.keys) == 0 {
		return Ceremony{}, apperr.Conflict("You have no passkey.")
	}
	options, kept, err := party.BeginLogin(who, webauthn.WithUserVerification(protocol.VerificationPreferred))
	return ceremony(options, kept, err)
}

// CheckPasskey reports whether the answer is one of the user's passkeys' to what BeginProof asked for. One whose counter went
// back, so that a copy may be in use, proves nothing.
func (s *Service) CheckPasskey(ctx context.Context, tx *db.Tx, u account.User, site Site, kept, answer []byte, at time.Time) (bool, error) {
	party, err := site.relying()
	if err != nil {
		return false, err
	}
	session, err := sessionOf(kept)
	if err != nil {
		return false, nil
	}
	response, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return false, nil
	}
	rows, err := lockPasskeys(ctx, tx, u.ID)
	if err != nil {
		return false, err
	}
	who, err := s.opened(u, rows)
	if err != nil {
		return false, err
	}
	used, err := party.ValidateLogin(who, session, response)
	if err != nil {
		return false, nil
	}
	for i := range rows {
		if string(rows[i].CredentialID) != string(used.ID) {
			continue
		}
		if used.Authenticator.CloneWarning {
			tx.Record(db.Entry{Action: "passkey.counter_went_back", SubjectKind: "user", SubjectID: string(u.ID),
				Detail: map[string]any{"passkey": rows[i].ID}})
			return false, nil
		}
		sealed, err := s.sealed(rows[i].ID, u.ID, *used)
		if err != nil {
			return false, err
		}
		return true, usePasskey(ctx, tx, rows[i].ID, sealed, at)
	}
	return false, nil
}

// RemovePasskey takes one of one's own passkeys away. NotFound when it is another's; Conflict when it is the last second
// factor and a role asks for one.
func (s *Service) RemovePasskey(ctx context.Context, u account.User, passkeyID PasskeyID) error {
	return s.drop(ctx, u, db.Entry{Action: "passkey.removed", Detail: map[string]any{"passkey": passkeyID}}, func(tx *db.Tx) error {
		there, err := deletePasskey(ctx, tx, u.ID, passkeyID)
		if err == nil && !there {
			err = apperr.Missing("passkey")
		}
		return err
	})
}

// parties are the two of a ceremony.
func (s *Service) parties(ctx context.Context, q db.Querier, u account.User, site Site) (*webauthn.WebAuthn, holder, error) {
	party, err := site.relying()
	if err != nil {
		return nil, holder{}, err
	}
	who, err := s.holder(ctx, q, u)
	return party, who, err
}

func (s *Service) holder(ctx context.Context, q db.Querier, u account.User) (holder, error) {
	rows, err := passkeysOf(ctx, q, u.ID)
	if err != nil {
		return holder{}, err
	}
	return s.opened(u, rows)
}

func (s *Service) opened(u account.User, rows []passkey) (holder, error) {
	h := holder{user: u, keys: make([]webauthn.Credential, len(rows))}
	for i, row := range rows {
		raw, err := s.passkeys.Open(row.Credential, rowOf(row.ID, u.ID))
		if err != nil {
			return holder{}, fmt.Errorf("passkey %s: %w", row.ID, err)
		}
		if err := json.Unmarshal(raw, &h.keys[i]); err != nil {
			return holder{}, fmt.Errorf("passkey %s: %w", row.ID, err)
		}
	}
	return h, nil
}

func (s *Service) sealed(passkeyID PasskeyID, userID account.ID, key webauthn.Credential) ([]byte, error) {
	raw, err := json.Marshal(key)
	if err != nil {
		return nil, err
	}
	return s.passkeys.Seal(raw, rowOf(passkeyID, userID)), nil
}

// rowOf names a row; Sealed spells it in SQL.
func rowOf(passkeyID PasskeyID, userID account.ID) string {
	return string(passkeyID) + " of " + string(userID)
}
