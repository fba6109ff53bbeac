// Package openidtest runs OpenID Connect providers for tests: a real one, as a process of its own, and one within the test that
// makes whatever tokens a test wants, those that must not count above all.
package openidtest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
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

// Real returns the provider that all tests of a package share. It ends with their process.
func Real(t testing.TB) *Provider {
	t.Helper()
	issuer, err := start()
	if err != nil {
		t.Fatal(err)
	}
	return &Provider{Issuer: issuer, t: t}
}

// running is the provider's process. It is kept on purpose: pipes that nobody refers to are closed.
var running *exec.Cmd

// start runs the provider and waits until it answers. It ends when its standard input does.
var start = sync.OnceValues(func() (issuer string, err error) {
	_, file, _, _ := runtime.Caller(0)
	folder := filepath.Join(filepath.Dir(file), "testdata", "provider")
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "oidc-provider")); err != nil {
		return "", errors.New("the provider that tests sign in by is not installed: run make setup")
	}
	cmd := exec.Command("node", "provider.mjs")
	cmd.Dir, cmd.Stderr = folder, os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		return "", err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start the provider: %w", err)
	}
	running = cmd
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if issuer, ready := strings.CutPrefix(lines.Text(), "READY "); ready {
			return issuer, nil
		}
	}
	return "", fmt.Errorf("the provider did not start: %w", running.Wait())
})

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
