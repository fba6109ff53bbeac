// Package openid speaks OpenID Connect with one provider: discovery, the code flow with PKCE, signing out, and being told that
// somebody signed out. It knows no user of ours and owns no tables.
package openid

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Config is how the provider is reached and how it knows us.
type Config struct {
	// Issuer is the provider's address, as its tokens spell it.
	Issuer string
	// ClientID and ClientSecret are what the provider gave us; a public client has no secret.
	ClientID, ClientSecret string
	// Scopes are asked for beside "openid".
	Scopes []string
	// GroupsClaim names the claim that lists somebody's groups.
	GroupsClaim string
	// Transport, if set, carries the requests to the provider.
	Transport http.RoundTripper
}

const (
	// patience bounds each request to the provider.
	patience = 8 * time.Second
	// fresh is how long what the provider says of itself is believed; it is kept for longer where asking again fails.
	fresh = time.Hour
	// pause is how long a provider that did not answer is left alone, so that not everybody waits for it.
	pause = 5 * time.Second
	// maxAnswer bounds what the provider may send, in bytes.
	maxAnswer = 1 << 20
	// oldest is for how long the provider may have known somebody without asking them again.
	oldest = 14 * 24 * time.Hour
	// skew is how far the provider's clock may be off.
	skew = time.Minute
)

// ErrAway says that the provider could not be asked, or answered as none does.
var ErrAway = errors.New("the sign-in provider does not answer")

// ErrUnfit says that what the provider or a browser brought does not count.
var ErrUnfit = errors.New("the sign-in provider's answer does not count")

// Client is our side of one provider. It asks nothing before it is used.
type Client struct {
	cfg  Config
	http *http.Client

	mu       sync.Mutex
	found    *provider
	foundAt  time.Time
	failedAt time.Time
	failure  error
}

// provider is what discovery found.
type provider struct {
	*oidc.Provider
	verifier *oidc.IDTokenVerifier
	meta     metadata
}

type metadata struct {
	EndSession  string   `json:"end_session_endpoint"`
	AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	NamesIssuer bool     `json:"authorization_response_iss_parameter_supported"`
	Endpoint    string   `json:"token_endpoint"`
	Authorize   string   `json:"authorization_endpoint"`
	Keys        string   `json:"jwks_uri"`
}

// New checks the settings and returns the client. It asks the provider nothing.
func New(cfg Config) (*Client, error) {
	if cfg.ClientID == "" {
		return nil, errors.New("single sign-on needs the client's id beside the issuer")
	}
	if err := safe(cfg.Issuer); err != nil {
		return nil, fmt.Errorf("single sign-on: the issuer %q %w", cfg.Issuer, err)
	}
	return &Client{cfg: cfg, http: &http.Client{Timeout: patience, Transport: bounded{cmp.Or(cfg.Transport, http.DefaultTransport)}}}, nil
}

// safe refuses addresses at which others could read along or answer.
func safe(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return errors.New("is no address such as https://login.example.com")
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()) {
		return nil
	}
	return errors.New("has to begin with https://")
}

// bounded reads no more of an answer than maxAnswer.
type bounded struct{ http.RoundTripper }

// RoundTrip sends one request.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Body = http.MaxBytesReader(nil, answer.Body, maxAnswer)
	}
	return answer, err
}

// Issuer is the provider's address.
func (c *Client) Issuer() string { return c.cfg.Issuer }

// context gives the libraries our client.
func (c *Client) context(ctx context.Context) context.Context { return oidc.ClientContext(ctx, c.http) }

// discover returns the provider, asked at most once an hour, and at most every few seconds while it does not answer.
func (c *Client) discover(ctx context.Context) (*provider, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.found != nil && now.Sub(c.foundAt) < fresh {
		return c.found, nil
	}
	if now.Sub(c.failedAt) >= pause {
		found, err := c.ask(ctx)
		if err == nil {
			c.found, c.foundAt = found, now
			return found, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err() // somebody went away: that says nothing of the provider
		}
		c.failedAt, c.failure = now, err
	}
	if c.found != nil {
		return c.found, nil
	}
	return nil, fmt.Errorf("%w: %w", ErrAway, c.failure)
}

func (c *Client) ask(ctx context.Context) (*provider, error) {
	discovered, err := oidc.NewProvider(c.context(ctx), c.cfg.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	p := &provider{Provider: discovered, verifier: discovered.Verifier(&oidc.Config{ClientID: c.cfg.ClientID})}
	if err := discovered.Claims(&p.meta); err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	for _, address := range []string{p.meta.Authorize, p.meta.Endpoint, p.meta.Keys} {
		if err := safe(address); err != nil {
			return nil, fmt.Errorf("discovery: %q %w", address, err)
		}
	}
	if p.meta.EndSession != "" && safe(p.meta.EndSession) != nil {
		p.meta.EndSession = ""
	}
	return p, nil
}

// oauth is the code flow's configuration. How the secret is sent is what the provider says, rather than tried: a code that was
// refused once is spent.
func (c *Client) oauth(p *provider, redirect string) *oauth2.Config {
	endpoint := p.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if c.cfg.ClientSecret == "" || len(p.meta.AuthMethods) > 0 && !slices.Contains(p.meta.AuthMethods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{ClientID: c.cfg.ClientID, ClientSecret: c.cfg.ClientSecret, Endpoint: endpoint, RedirectURL: redirect,
		Scopes: append([]string{oidc.ScopeOpenID}, c.cfg.Scopes...)}
}

// Ask is what somebody is sent to the provider with. All but what the address shows is kept until they come back.
type Ask struct {
	State, Nonce, Verifier string
	// Redirect is where the provider sends them back to.
	Redirect string
	// Since, where it is set, asks that they show anew who they are, after that time.
	Since time.Time
	// ACR is the way of signing in that is asked for; empty for none.
	ACR string
}

// Address is where the provider asks somebody who they are.
func (c *Client) Address(ctx context.Context, a Ask) (string, error) {
	p, err := c.discover(ctx)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)}
	// Asking for an age obliges the provider to say when they signed in (OpenID Connect Core 1.0, 3.1.2.1).
	if a.Since.IsZero() {
		options = append(options, oauth2.SetAuthURLParam("max_age", strconv.Itoa(int(oldest.Seconds()))))
	} else {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	if a.ACR != "" {
		options = append(options, oauth2.SetAuthURLParam("acr_values", a.ACR))
	}
	return c.oauth(p, a.Redirect).AuthCodeURL(a.State, options...), nil
}

// LogoutAddress is where the provider ends its own session and leads back; empty where it has no such place.
func (c *Client) LogoutAddress(ctx context.Context, idToken, back string) (string, error) {
	p, err := c.discover(ctx)
	if err != nil || p.meta.EndSession == "" {
		return "", err
	}
	u, err := url.Parse(p.meta.EndSession)
	if err != nil {
		return "", fmt.Errorf("%w: its end of session: %w", ErrAway, err)
	}
	q := u.Query()
	q.Set("client_id", c.cfg.ClientID)
	q.Set("post_logout_redirect_uri", back)
	if idToken != "" {
		q.Set("id_token_hint", idToken)
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// away tells a provider that could not be asked from one whose answer does not count.
func away(what string, err error) error {
	var network net.Error
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode >= http.StatusInternalServerError,
		errors.As(err, &network), strings.Contains(err.Error(), "fetching keys"):
		return fmt.Errorf("%w: %s: %w", ErrAway, what, err)
	case errors.As(err, &refused):
		// The body may repeat what we sent: only its code is kept.
		return fmt.Errorf("%s: refused with status %d, %s", what, refused.Response.StatusCode, codeOf(refused.ErrorCode))
	}
	return fmt.Errorf("%s: %w", what, err)
}

// codeOf is an error code of OAuth as it may stand in a log.
func codeOf(code string) string {
	if code == "" || len(code) > 60 || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return "no code of OAuth"
	}
	return code
}
