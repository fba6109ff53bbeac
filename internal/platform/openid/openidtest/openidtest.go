// Package openidtest runs OpenID Connect providers for tests: a real one, as a process of its own, and one within the test that
// makes whatever tokens a test wants, those that must not count above all.
package openidtest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Provider is the real one.
type Provider struct {
	// Issuer is its address. It is another site than 127.0.0.1, where the tests' own servers answer.
	Issuer string
	t      testing.TB
}

// Account is somebody whom the provider knows.
type Account struct {
	Claims map[string]any `json:"claims"`
	AMR    []string       `json:"amr,omitempty"`
	ACR    string         `json:"acr,omitempty"`
}

// Start runs a provider until the test ends.
func Start(t testing.TB) *Provider {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	folder := filepath.Join(filepath.Dir(file), "testdata", "provider")
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "oidc-provider")); err != nil {
		t.Fatal("the provider that tests sign in by is not installed: run make setup")
	}
	cmd := exec.Command("node", "provider.mjs")
	cmd.Dir = folder
	log := &bytes.Buffer{}
	cmd.Stderr = log
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the provider: %v", err)
	}
	t.Cleanup(func() {
		_ = in.Close() // which ends it
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the provider said:\n%s", log)
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if issuer, ready := strings.CutPrefix(lines.Text(), "READY "); ready {
			return &Provider{Issuer: issuer, t: t}
		}
	}
	_ = in.Close()
	_ = cmd.Wait()
	t.Fatalf("the provider did not start: %s", log)
	return nil
}

// Know lets the provider know somebody, or know something else of them.
func (p *Provider) Know(login string, a Account) {
	p.t.Helper()
	p.post("/test/accounts/"+url.PathEscape(login), a, http.StatusOK)
}

// Register makes the server at an address a client of the provider; it returns its id and secret.
func (p *Provider) Register(server string) (id, secret string) {
	p.t.Helper()
	made := p.post("/reg", map[string]any{
		"redirect_uris":                       []string{server + "/sign-in/sso/callback"},
		"post_logout_redirect_uris":           []string{server + "/sign-in"},
		"backchannel_logout_uri":              server + "/sign-in/sso/logout",
		"backchannel_logout_session_required": true,
		"response_types":                      []string{"code"},
		"grant_types":                         []string{"authorization_code"},
		"token_endpoint_auth_method":          "client_secret_basic",
	}, http.StatusCreated)
	return fmt.Sprint(made["client_id"]), fmt.Sprint(made["client_secret"])
}

func (p *Provider) post(path string, body any, want int) map[string]any {
	p.t.Helper()
	content, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	resp, err := http.Post(p.Issuer+path, "application/json", bytes.NewReader(content))
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer := map[string]any{}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != want {
		p.t.Fatalf("POST %s: status %d, %v, %v", path, resp.StatusCode, answer, err)
	}
	return answer
}
