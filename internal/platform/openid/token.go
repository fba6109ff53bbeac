package openid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Identity is what the provider says of somebody, after everything was checked that can be.
type Identity struct {
	// Issuer and Subject together are who it is. Nothing else is.
	Issuer, Subject string
	Email           string
	// Verified says that the provider has seen that the address is theirs; Denied that it says the contrary.
	Verified, Denied bool
	Name, TimeZone   string
	Groups           []string
	// Session is the provider's name for its session; empty where it gives none.
	Session string
	// At is when they last showed who they are; zero where the provider does not say.
	At time.Time
	// Methods (RFC 8176) and ACR say how.
	Methods []string
	ACR     string
	// Token is the ID token as it was sent.
	Token string
}

// Answer is what the provider sent somebody back with.
type Answer struct {
	Code string
	// Issuer is the provider that answers, where it says so (RFC 9207).
	Issuer string
}

// Redeem takes the provider's answer to what somebody was sent with. An error is ErrAway or ErrUnfit, with the cause.
func (c *Client) Redeem(ctx context.Context, a Ask, given Answer) (Identity, error) {
	id, err := c.redeem(ctx, a, given)
	if err != nil && !errors.Is(err, ErrAway) && ctx.Err() == nil {
		err = fmt.Errorf("%w: %w", ErrUnfit, err)
	}
	return id, err
}

func (c *Client) redeem(ctx context.Context, a Ask, given Answer) (Identity, error) {
	p, err := c.discover(ctx)
	if err != nil {
		return Identity{}, err
	}
	if given.Issuer != c.cfg.Issuer && (given.Issuer != "" || p.meta.NamesIssuer) {
		return Identity{}, errors.New("the answer is another provider's")
	}
	ctx = c.context(ctx)
	tokens, err := c.oauth(p, a.Redirect).Exchange(ctx, given.Code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return Identity{}, away("redeem the code", err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	if raw == "" {
		return Identity{}, errors.New("the answer holds no ID token")
	}
	verified, err := p.verifier.Verify(ctx, raw)
	if err != nil {
		return Identity{}, away("the ID token", err)
	}
	if err := c.fits(a, verified, tokens.AccessToken); err != nil {
		return Identity{}, err
	}
	return c.identity(ctx, p, a, verified, tokens, raw)
}

// fits checks of an ID token what the library leaves to its caller.
func (c *Client) fits(a Ask, t *oidc.IDToken, access string) error {
	var claims struct {
		Party string `json:"azp"`
	}
	if err := t.Claims(&claims); err != nil {
		return fmt.Errorf("the ID token: %w", err)
	}
	switch {
	case t.Subject == "":
		return errors.New("the ID token names nobody")
	case a.Nonce == "" || t.Nonce != a.Nonce:
		return errors.New("the ID token answers another question")
	case claims.Party != "" && claims.Party != c.cfg.ClientID, claims.Party == "" && len(t.Audience) > 1:
		return errors.New("the ID token was made for another client")
	case t.IssuedAt.After(time.Now().Add(skew)):
		return errors.New("the ID token is from the future")
	}
	if t.AccessTokenHash != "" {
		if err := t.VerifyAccessToken(access); err != nil {
			return fmt.Errorf("the access token: %w", err)
		}
	}
	return nil
}

// claims are those of an ID token or of the provider's answer about a user.
type claims struct {
	Email     string   `json:"email"`
	Verified  truth    `json:"email_verified"`
	Name      string   `json:"name"`
	Preferred string   `json:"preferred_username"`
	Zone      string   `json:"zoneinfo"`
	Session   string   `json:"sid"`
	AuthTime  int64    `json:"auth_time"`
	Methods   []string `json:"amr"`
	ACR       string   `json:"acr"`
}

func (c *Client) identity(ctx context.Context, p *provider, a Ask, t *oidc.IDToken, tokens *oauth2.Token, raw string) (Identity, error) {
	var said claims
	all := map[string]json.RawMessage{}
	if err := errors.Join(t.Claims(&said), t.Claims(&all)); err != nil {
		return Identity{}, fmt.Errorf("the ID token: %w", err)
	}
	id := Identity{Issuer: c.cfg.Issuer, Subject: t.Subject, Session: said.Session, Methods: said.Methods, ACR: said.ACR, Token: raw}
	if said.AuthTime > 0 {
		id.At = time.Unix(said.AuthTime, 0).UTC()
	}
	if err := since(id, a); err != nil {
		return Identity{}, err
	}
	if (all["email"] == nil || all[c.cfg.GroupsClaim] == nil) && p.UserInfoEndpoint() != "" {
		if err := c.askMore(ctx, p, tokens, t.Subject, &said, all); err != nil {
			return Identity{}, err
		}
	}
	id.Email, id.TimeZone = said.Email, said.Zone
	id.Verified, id.Denied = said.Verified == yes, said.Verified == no
	for _, name := range []string{said.Name, said.Preferred, said.Email} {
		if id.Name == "" {
			id.Name = name
		}
	}
	id.Groups = list(all[c.cfg.GroupsClaim])
	return id, nil
}

// since checks that somebody who was asked to show anew who they are has done so.
func since(id Identity, a Ask) error {
	switch {
	case id.At.After(time.Now().Add(skew)):
		return errors.New("the provider says they signed in in the future")
	case a.Since.IsZero():
		return nil
	case id.At.IsZero():
		return errors.New("the provider does not say when they signed in (auth_time)")
	case id.At.Before(a.Since.Add(-skew)):
		return errors.New("the provider did not ask them again")
	}
	return nil
}

// askMore fills in from the provider's answer about a user what the ID token leaves out.
func (c *Client) askMore(ctx context.Context, p *provider, tokens *oauth2.Token, subject string, said *claims, all map[string]json.RawMessage) error {
	info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil {
		return fmt.Errorf("%w: what it knows of them: %w", ErrAway, err)
	}
	if info.Subject != subject {
		return errors.New("the provider's answer is about somebody else")
	}
	var more claims
	also := map[string]json.RawMessage{}
	if err := errors.Join(info.Claims(&more), info.Claims(&also)); err != nil {
		return fmt.Errorf("what the provider knows of them: %w", err)
	}
	if said.Email == "" {
		said.Email, said.Verified = more.Email, more.Verified
	}
	for field, value := range map[*string]string{&said.Name: more.Name, &said.Preferred: more.Preferred, &said.Zone: more.Zone} {
		if *field == "" {
			*field = value
		}
	}
	if all[c.cfg.GroupsClaim] == nil {
		all[c.cfg.GroupsClaim] = also[c.cfg.GroupsClaim]
	}
	return nil
}

// list reads a claim that is a list of names, or one name.
func list(raw json.RawMessage) []string {
	var many []string
	if json.Unmarshal(raw, &many) == nil {
		return many
	}
	var one string
	if json.Unmarshal(raw, &one) == nil && one != "" {
		return []string{one}
	}
	return nil
}

// truth is a claim that is true, false or absent; some providers write it as text.
type truth int

const (
	absent truth = iota
	yes
	no
)

// UnmarshalJSON reads true, "true", and anything else as no.
func (t *truth) UnmarshalJSON(raw []byte) error {
	*t = no
	if s := string(raw); s == "true" || s == `"true"` {
		*t = yes
	}
	return nil
}

// SecondFactor reports whether the provider says that it asked for more than one factor: by the way of signing in that stands for
// it, or by method (RFC 8176).
func (id Identity) SecondFactor(acr string) bool {
	return acr != "" && id.ACR == acr || slices.Contains(id.Methods, "mfa")
}

// Logout says which of the provider's sessions ended: one, or all of somebody.
type Logout struct {
	// ID is the token's own name: it counts once.
	ID               string
	Subject, Session string
	// Until is when the token stops counting by itself.
	Until time.Time
}

// logoutFor is how old a logout token may be, and how long it may live.
const logoutFor = 10 * time.Minute

// ReadLogout checks a logout token (OpenID Connect Back-Channel Logout 1.0, 2.6). Whether it came before is the caller's to say.
func (c *Client) ReadLogout(ctx context.Context, raw string) (Logout, error) {
	p, err := c.discover(ctx)
	if err != nil {
		return Logout{}, err
	}
	t, err := p.verifier.VerifyLogout(c.context(ctx), raw)
	if err != nil {
		return Logout{}, away("the logout token", err)
	}
	now := time.Now()
	if t.IssuedAt.After(now.Add(skew)) || t.IssuedAt.Before(now.Add(-logoutFor)) || t.Expiry.After(now.Add(24*time.Hour)) {
		return Logout{}, errors.New("the logout token is not of now")
	}
	return Logout{ID: t.TokenID, Subject: t.Subject, Session: t.SessionID, Until: t.Expiry}, nil
}
