package openidtest

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// ClientID is the client that Issuer's tokens are for.
const ClientID = "gatehouse"

// Issuer is a provider within the test: it answers with whatever ID token it is told to.
type Issuer struct {
	// URL is its address.
	URL string
	// Key signs its tokens, and is published under KeyID.
	Key   *rsa.PrivateKey
	KeyID string

	t      testing.TB
	server *httptest.Server
	mu     sync.Mutex
	token  string
	meta   map[string]any
	asked  map[string]int
}

// NewIssuer runs an issuer until the test ends.
func NewIssuer(t testing.TB) *Issuer {
	t.Helper()
	i := &Issuer{t: t, meta: map[string]any{}, asked: map[string]int{}}
	i.Rotate()
	i.server = httptest.NewServer(http.HandlerFunc(i.answer))
	i.URL = i.server.URL
	t.Cleanup(i.server.Close)
	return i
}

// Rotate gives it a new key; what the old one signed does not count any more.
func (i *Issuer) Rotate() {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		i.t.Fatal(err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.Key, i.KeyID = key, fmt.Sprint("key-", time.Now().UnixNano())
}

// Say makes it answer the next code with an ID token.
func (i *Issuer) Say(token string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.token = token
}

// Describe changes what it says of itself.
func (i *Issuer) Describe(name string, value any) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.meta[name] = value
}

// Asked counts the requests to a path.
func (i *Issuer) Asked(path string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked[path]
}

// Break closes every connection to it unanswered, or answers again.
func (i *Issuer) Break(broken bool) { i.Describe("broken", broken) }

// Identity are the claims of a good ID token, with changes; one that is nil is left out.
func (i *Issuer) Identity(nonce string, changes map[string]any) map[string]any {
	now := time.Now()
	return changed(map[string]any{"iss": i.URL, "aud": ClientID, "sub": "sub-1", "nonce": nonce, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"auth_time": now.Unix(), "email": "robin@example.com", "email_verified": true, "name": "Robin Castell", "groups": []string{}}, changes)
}

// Logout are the claims of a good logout token, with changes; one that is nil is left out.
func (i *Issuer) Logout(changes map[string]any) map[string]any {
	now := time.Now()
	return changed(map[string]any{"iss": i.URL, "aud": ClientID, "sub": "sub-1", "jti": fmt.Sprint("logout-", now.UnixNano()),
		"iat": now.Unix(), "exp": now.Add(2 * time.Minute).Unix(),
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}}, changes)
}

func changed(claims, changes map[string]any) map[string]any {
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

// Sign makes a token of the claims by its key.
func (i *Issuer) Sign(claims map[string]any) string {
	i.t.Helper()
	return Sign(i.t, jose.RS256, i.Key, i.KeyID, claims)
}

// Sign makes a token of the claims by any key.
func Sign(t testing.TB, alg jose.SignatureAlgorithm, key any, keyID string, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", keyID))
	if err != nil {
		t.Fatal(err)
	}
	content, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(content)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (i *Issuer) answer(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked[r.URL.Path]++
	if i.meta["broken"] == true {
		panic(http.ErrAbortHandler)
	}
	var v any
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		meta := map[string]any{"issuer": i.URL, "authorization_endpoint": i.URL + "/auth", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"}, "end_session_endpoint": i.URL + "/end"}
		maps.Copy(meta, i.meta)
		v = meta
	case "/keys":
		v = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.Key.Public(), KeyID: i.KeyID, Algorithm: "RS256", Use: "sig"}}}
	case "/token":
		v = map[string]any{"access_token": "an access token", "token_type": "Bearer", "id_token": i.token}
	default:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		i.t.Error(err)
	}
}
