package signin

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/openid"
)

// FlowFor is how long somebody may take at the provider.
const FlowFor = 10 * time.Minute

// Purpose is what somebody goes to the provider for.
type Purpose string

// The purposes: to sign in, to show that it is still them, to link the account that they are signed in to.
const (
	ToEnter Purpose = "enter"
	ToProve Purpose = "prove"
	ToLink  Purpose = "link"
)

// Flow is one way to the provider and back.
type Flow struct {
	Purpose Purpose
	// Next is the page to go on to. Resume, where it is set, is the address that Form is sent to instead.
	Next, Resume string
	Form         []FormField
	// Session is the session that goes there, unless it is to enter.
	Session SessionID
	// Ask is what was sent; Service.Send fills it in, but for Redirect.
	Ask openid.Ask
}

// FormField is one field of a form that waits.
type FormField struct{ Name, Value string }

// Sent is somebody on their way to the provider.
type Sent struct {
	// Address is where they go, State what they come back with, Browser the secret that their browser keeps until then.
	Address, State, Browser string
}

// Send keeps a flow and says where the provider asks who it is. An error may be openid.ErrAway.
func (s *Service) Send(ctx context.Context, f Flow) (Sent, error) {
	if s.provider == nil {
		return Sent{}, NoProvider()
	}
	r, err := s.Rules(ctx)
	if err != nil {
		return Sent{}, err
	}
	f.Ask.State, f.Ask.Nonce, f.Ask.Verifier = random(), random(), random()
	if f.Ask.ACR = ""; r.Factor == FactorShown {
		f.Ask.ACR = r.ACR
	}
	if f.Purpose == ToProve {
		f.Ask.Since = s.now()
	}
	address, err := s.provider.Address(ctx, f.Ask)
	if err != nil {
		return Sent{}, err
	}
	sent := Sent{Address: address, State: f.Ask.State, Browser: random()}
	return sent, s.keepFlow(ctx, f, sent)
}

// NoProvider is the error of what needs a provider where none is set up.
func NoProvider() error { return apperr.Missing("sign-in provider") }

func random() string {
	raw := make([]byte, 32)
	rand.Read(raw)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// hashFlow is how a state or a browser's secret is kept.
func hashFlow(what, secret string) []byte {
	sum := sha256.Sum256([]byte("gatehouse " + what + "\x00" + secret))
	return sum[:]
}

func (s *Service) keepFlow(ctx context.Context, f Flow, sent Sent) error {
	plain, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("keep the way to the provider: %w", err)
	}
	state := hashFlow("state", sent.State)
	return s.db.WriteUnaudited(ctx, "what a browser was sent to the provider with, until it comes back", func(q db.Querier) error {
		_, err := q.Exec(ctx, `INSERT INTO sso_flows (state_hash, browser_hash, sealed, expires_at) VALUES ($1, $2, $3, $4)`,
			state, hashFlow("browser", sent.Browser), s.flows.Seal(plain, hex.EncodeToString(state)), s.now().Add(FlowFor))
		return err
	})
}

// Take returns the flow with this state, once, to the browser that it was begun in. Stale for any other.
func (s *Service) Take(ctx context.Context, state, browser string) (Flow, error) {
	var f Flow
	var sealed []byte
	hash := hashFlow("state", state)
	err := s.db.WriteUnaudited(ctx, "what a browser was sent to the provider with", func(q db.Querier) error {
		return q.QueryRow(ctx, `DELETE FROM sso_flows WHERE state_hash = $1 AND browser_hash = $2 AND expires_at > $3 RETURNING sealed`,
			hash, hashFlow("browser", browser), s.now()).Scan(&sealed)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return f, apperr.Conflict("This way to sign in was used already, was begun in another browser, or took too long. Begin again.")
	}
	if err != nil {
		return f, err
	}
	plain, err := s.flows.Open(sealed, hex.EncodeToString(hash))
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(plain, &f); err != nil {
		return f, fmt.Errorf("take the way to the provider: %w", err)
	}
	if !hmac.Equal([]byte(f.Ask.State), []byte(state)) {
		return f, errors.New("a kept way to the provider has another state")
	}
	return f, nil
}

// Redeem asks the provider who came back. An error may be openid.ErrAway or openid.ErrUnfit.
func (s *Service) Redeem(ctx context.Context, f Flow, given openid.Answer) (openid.Identity, error) {
	if s.provider == nil {
		return openid.Identity{}, NoProvider()
	}
	return s.provider.Redeem(ctx, f.Ask, given)
}

func sweepProvider(ctx context.Context, q db.Querier, now time.Time) error {
	if _, err := q.Exec(ctx, `DELETE FROM sso_flows WHERE expires_at < $1`, now); err != nil {
		return err
	}
	_, err := q.Exec(ctx, `DELETE FROM sso_logouts WHERE expires_at < $1`, now)
	return err
}
