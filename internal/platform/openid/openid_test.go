package openid_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/internal/platform/openid"
	"gatehouse/internal/platform/openid/openidtest"
)

func client(t *testing.T, i *openidtest.Issuer) *openid.Client {
	t.Helper()
	c, err := openid.New(openid.Config{Issuer: i.URL, ClientID: openidtest.ClientID, ClientSecret: "secret", Scopes: []string{"email"}, GroupsClaim: "groups"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var ask = openid.Ask{State: "state", Nonce: "nonce", Verifier: strings.Repeat("v", 43), Redirect: "http://127.0.0.1/back"}

func TestWhatIsAskedOfTheProvider(t *testing.T) {
	t.Parallel()
	i := openidtest.NewIssuer(t)
	c := client(t, i)
	a := ask
	a.Since, a.ACR = time.Now(), "strong"
	address, err := c.Address(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for name, want := range map[string]string{"response_type": "code", "state": "state", "nonce": "nonce", "code_challenge_method": "S256", "scope": "openid email",
		"prompt": "login", "max_age": "0", "acr_values": "strong", "redirect_uri": ask.Redirect, "client_id": openidtest.ClientID} {
		if q.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, q.Get(name), want)
		}
	}
	if strings.Contains(address, a.Verifier) || q.Get("code_challenge") == "" {
		t.Error("the verifier itself is sent, or no challenge")
	}
	leave, err := c.LogoutAddress(t.Context(), "token", "http://127.0.0.1/sign-in")
	if err != nil || !strings.HasPrefix(leave, i.URL+"/end?") || !strings.Contains(leave, "id_token_hint=token") {
		t.Errorf("the way out is %q, %v", leave, err)
	}
	if n := i.Asked("/.well-known/openid-configuration"); n != 1 {
		t.Errorf("the provider was asked %d times what it is", n)
	}
}

// TestWhichIDTokensCount: a good one does, and none that differs from it in one point.
func TestWhichIDTokensCount(t *testing.T) {
	t.Parallel()
	i := openidtest.NewIssuer(t)
	c := client(t, i)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(i.Key.Public())
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	good := func(changes map[string]any) string { return i.Sign(i.Identity("nonce", changes)) }
	unsigned, err := json.Marshal(i.Identity("nonce", nil))
	if err != nil {
		t.Fatal(err)
	}
	plain := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(unsigned) + "."
	fresh := ask
	fresh.Since = time.Now()
	parts := strings.Split(good(nil), ".")
	for _, tc := range []struct {
		name, token string
		ask         openid.Ask
		given       openid.Answer
		counts      bool
	}{
		{"a good one", good(nil), ask, openid.Answer{}, true},
		{"with the issuer named", good(nil), ask, openid.Answer{Issuer: i.URL}, true},
		{"two audiences and the party", good(map[string]any{"aud": []string{openidtest.ClientID, "other"}, "azp": openidtest.ClientID}), ask, openid.Answer{}, true},
		{"asked anew", good(nil), fresh, openid.Answer{}, true},
		{"another issuer in the answer", good(nil), ask, openid.Answer{Issuer: "https://evil.example"}, false},
		{"another issuer", good(map[string]any{"iss": "https://evil.example"}), ask, openid.Answer{}, false},
		{"another audience", good(map[string]any{"aud": "other"}), ask, openid.Answer{}, false},
		{"another party", good(map[string]any{"azp": "other"}), ask, openid.Answer{}, false},
		{"two audiences without a party", good(map[string]any{"aud": []string{openidtest.ClientID, "other"}}), ask, openid.Answer{}, false},
		{"expired", good(map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}), ask, openid.Answer{}, false},
		{"without an end", good(map[string]any{"exp": nil}), ask, openid.Answer{}, false},
		{"from the future", good(map[string]any{"iat": time.Now().Add(time.Hour).Unix()}), ask, openid.Answer{}, false},
		{"another nonce", i.Sign(i.Identity("other", nil)), ask, openid.Answer{}, false},
		{"without a nonce", good(map[string]any{"nonce": nil}), ask, openid.Answer{}, false},
		{"of nobody", good(map[string]any{"sub": nil}), ask, openid.Answer{}, false},
		{"another access token's hash", good(map[string]any{"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}), ask, openid.Answer{}, false},
		{"not asked anew", good(map[string]any{"auth_time": time.Now().Add(-time.Hour).Unix()}), fresh, openid.Answer{}, false},
		{"asked anew, without saying when", good(map[string]any{"auth_time": nil}), fresh, openid.Answer{}, false},
		{"signed in in the future", good(map[string]any{"auth_time": time.Now().Add(time.Hour).Unix()}), ask, openid.Answer{}, false},
		{"signed by another key", openidtest.Sign(t, jose.RS256, other, i.KeyID, i.Identity("nonce", nil)), ask, openid.Answer{}, false},
		{"signed by the public key as a secret", openidtest.Sign(t, jose.HS256, public, i.KeyID, i.Identity("nonce", nil)), ask, openid.Answer{}, false},
		{"signed by the client's secret", openidtest.Sign(t, jose.HS256, []byte(strings.Repeat("secret", 6)), i.KeyID, i.Identity("nonce", nil)), ask, openid.Answer{}, false},
		{"unsigned", plain, ask, openid.Answer{}, false},
		{"signature cut off", parts[0] + "." + parts[1] + ".", ask, openid.Answer{}, false},
		{"none at all", "", ask, openid.Answer{}, false},
	} {
		i.Say(tc.token)
		id, err := c.Redeem(t.Context(), tc.ask, tc.given)
		switch {
		case tc.counts && (err != nil || id.Subject != "sub-1" || id.Issuer != i.URL || !id.Verified || id.Email != "robin@example.com" || id.At.IsZero()):
			t.Errorf("%s: %+v, %v", tc.name, id, err)
		case !tc.counts && (!errors.Is(err, openid.ErrUnfit) || id.Subject != ""):
			t.Errorf("%s counts: %+v, %v", tc.name, id, err)
		}
	}
}

// TestAProviderThatNamesItselfMustDoSo (RFC 9207): an answer without its name may be another's.
func TestAProviderThatNamesItselfMustDoSo(t *testing.T) {
	t.Parallel()
	i := openidtest.NewIssuer(t)
	i.Describe("authorization_response_iss_parameter_supported", true)
	c := client(t, i)
	i.Say(i.Sign(i.Identity("nonce", nil)))
	if _, err := c.Redeem(t.Context(), ask, openid.Answer{}); !errors.Is(err, openid.ErrUnfit) {
		t.Errorf("an answer without a name: %v", err)
	}
	if _, err := c.Redeem(t.Context(), ask, openid.Answer{Issuer: i.URL}); err != nil {
		t.Errorf("with it: %v", err)
	}
}

func TestClaimsAreReadAsProvidersWriteThem(t *testing.T) {
	t.Parallel()
	i := openidtest.NewIssuer(t)
	c := client(t, i)
	read := func(changes map[string]any) openid.Identity {
		t.Helper()
		i.Say(i.Sign(i.Identity("nonce", changes)))
		id, err := c.Redeem(t.Context(), ask, openid.Answer{})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	for _, tc := range []struct {
		value            any
		verified, denied bool
	}{{true, true, false}, {"true", true, false}, {false, false, true}, {"false", false, true}, {nil, false, false}, {1, false, true}} {
		if id := read(map[string]any{"email_verified": tc.value}); id.Verified != tc.verified || id.Denied != tc.denied {
			t.Errorf("email_verified %v: verified %v, denied %v", tc.value, id.Verified, id.Denied)
		}
	}
	if id := read(map[string]any{"groups": "one"}); len(id.Groups) != 1 {
		t.Errorf("one group: %v", id.Groups)
	}
	if id := read(map[string]any{"groups": map[string]any{"a": 1}}); len(id.Groups) != 0 {
		t.Errorf("odd groups: %v", id.Groups)
	}
	if id := read(map[string]any{"name": nil, "preferred_username": "robin"}); id.Name != "robin" {
		t.Errorf("name %q", id.Name)
	}
	for _, tc := range []struct {
		changes map[string]any
		acr     string
		want    bool
	}{{nil, "", false}, {map[string]any{"amr": []string{"pwd", "mfa"}}, "", true}, {map[string]any{"amr": []string{"pwd"}}, "", false},
		{map[string]any{"acr": "strong"}, "strong", true}, {map[string]any{"acr": ""}, "", false}, {map[string]any{"acr": "weak"}, "strong", false}} {
		if got := read(tc.changes).SecondFactor(tc.acr); got != tc.want {
			t.Errorf("%v with acr %q: %v", tc.changes, tc.acr, got)
		}
	}
}

// TestWhichLogoutTokensCount: a good one does, and none that differs from it in one point. An ID token is none.
func TestWhichLogoutTokensCount(t *testing.T) {
	t.Parallel()
	i := openidtest.NewIssuer(t)
	c := client(t, i)
	good := func(changes map[string]any) string { return i.Sign(i.Logout(changes)) }
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{"of a subject": good(nil), "of a session": good(map[string]any{"sub": nil, "sid": "s"})} {
		if out, err := c.ReadLogout(t.Context(), token); err != nil || out.ID == "" {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
	}
	for name, token := range map[string]string{
		"an ID token":          i.Sign(i.Identity("nonce", nil)),
		"with a nonce":         good(map[string]any{"nonce": "nonce"}),
		"without an event":     good(map[string]any{"events": nil}),
		"of another event":     good(map[string]any{"events": map[string]any{"http://schemas.openid.net/event/other": map[string]any{}}}),
		"without a name":       good(map[string]any{"jti": nil}),
		"of nobody":            good(map[string]any{"sub": nil}),
		"for another":          good(map[string]any{"aud": "other"}),
		"from another":         good(map[string]any{"iss": "https://evil.example"}),
		"expired":              good(map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}),
		"old":                  good(map[string]any{"iat": time.Now().Add(-time.Hour).Unix()}),
		"without a time":       good(map[string]any{"iat": nil}),
		"living for days":      good(map[string]any{"exp": time.Now().Add(72 * time.Hour).Unix()}),
		"signed by another":    openidtest.Sign(t, jose.RS256, other, i.KeyID, i.Logout(nil)),
		"signed with a secret": openidtest.Sign(t, jose.HS256, []byte(strings.Repeat("secret", 6)), i.KeyID, i.Logout(nil)),
		"nonsense":             "x.y.z",
		"nothing":              "",
	} {
		if out, err := c.ReadLogout(t.Context(), token); err == nil {
			t.Errorf("%s counts: %+v", name, out)
		}
	}
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	i := openidtest.NewIssuer(t)
	c := client(t, i)
	old := i.Sign(i.Identity("nonce", nil))
	i.Say(old)
	if _, err := c.Redeem(t.Context(), ask, openid.Answer{}); err != nil {
		t.Fatal(err)
	}
	i.Rotate()
	i.Say(i.Sign(i.Identity("nonce", nil)))
	if _, err := c.Redeem(t.Context(), ask, openid.Answer{}); err != nil {
		t.Errorf("signed by the new key: %v", err)
	}
	i.Say(old)
	if _, err := c.Redeem(t.Context(), ask, openid.Answer{}); !errors.Is(err, openid.ErrUnfit) {
		t.Errorf("signed by the old key: %v", err)
	}
}

// TestAProviderThatIsAway is left alone for a moment, says so, and its keys that are known still count.
func TestAProviderThatIsAway(t *testing.T) {
	t.Parallel()
	i := openidtest.NewIssuer(t)
	i.Break(true)
	c := client(t, i)
	for range 3 {
		if _, err := c.Address(t.Context(), ask); !errors.Is(err, openid.ErrAway) {
			t.Fatalf("away: %v", err)
		}
	}
	if n := i.Asked("/.well-known/openid-configuration"); n > 2 {
		t.Errorf("it was asked %d times within a moment", n)
	}
	i.Break(false)
	c = client(t, i)
	i.Say(i.Sign(i.Identity("nonce", nil)))
	if _, err := c.Redeem(t.Context(), ask, openid.Answer{}); err != nil {
		t.Fatal(err)
	}
	i.Break(true)
	if _, err := c.Redeem(t.Context(), ask, openid.Answer{}); !errors.Is(err, openid.ErrAway) {
		t.Errorf("the code cannot be redeemed: %v", err)
	}
	if _, err := c.ReadLogout(t.Context(), i.Sign(i.Logout(nil))); err != nil {
		t.Errorf("a logout token: %v", err)
	}
}

func TestWhichSettingsAreSafe(t *testing.T) {
	t.Parallel()
	for issuer, safe := range map[string]bool{"https://login.example.com": true, "https://login.example.com/realm": true, "http://localhost:8080": true,
		"http://127.0.0.1:1": true, "http://login.example.com": false, "login.example.com": false, "https://user@login.example.com": false, "https://": false} {
		if _, err := openid.New(openid.Config{Issuer: issuer, ClientID: "x"}); (err == nil) != safe {
			t.Errorf("%s: %v", issuer, err)
		}
	}
	if _, err := openid.New(openid.Config{Issuer: "https://login.example.com"}); err == nil {
		t.Error("without a client's id")
	}
	i := openidtest.NewIssuer(t)
	i.Describe("token_endpoint", "http://evil.example/token")
	if _, err := client(t, i).Address(t.Context(), ask); !errors.Is(err, openid.ErrAway) {
		t.Errorf("a secret would go over plain HTTP: %v", err)
	}
}
