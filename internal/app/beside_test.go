package app_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/app"
	"gatehouse/internal/app/apptest"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db/dbtest"
)

// process is one of several that serve the same installation.
type process struct {
	*app.App
	url    string
	stop   context.CancelFunc
	served chan error
}

// serve starts another process on the installation.
func serve(t *testing.T, cfg config.Config) *process {
	t.Helper()
	return serveTelling(t, cfg, slog.New(slog.DiscardHandler))
}

// serveTelling is serve with a log.
func serveTelling(t *testing.T, cfg config.Config, log *slog.Logger) *process {
	t.Helper()
	a, err := app.Open(t.Context(), cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	l, err := app.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	p := &process{App: a, url: "http://" + l.Addr().String(), stop: stop, served: make(chan error, 1)}
	go func() { p.served <- a.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-p.served; err != nil {
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// status is what a path answers to the client.
func (p *process) status(t *testing.T, client *http.Client, path string) int {
	t.Helper()
	answer, err := client.Get(p.url + path)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

func (p *process) signIn(t *testing.T, client *http.Client, email, password string) int {
	t.Helper()
	answer, err := client.PostForm(p.url+"/sign-in", url.Values{"email": {email}, "password": {password}})
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

func newClient(t *testing.T) *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// TestTwoProcessesServeOneInstallation: a session, the count of tries and the work in the background are the
// installation's, not a process's.
func TestTwoProcessesServeOneInstallation(t *testing.T) {
	t.Parallel()
	cfg := config.Config{Data: t.TempDir(), DatabaseURL: dbtest.URL(t), MaxUpload: 1 << 20}
	one, two := serve(t, cfg), serve(t, cfg)
	system := authz.System("test")
	userID, err := one.Features.Accounts.Add(t.Context(), system, account.New{Email: "ada@example.com", Name: "Ada Berg",
		Password: apptest.Password, Roles: []authz.Role{authz.HR}})
	if err != nil {
		t.Fatal(err)
	}

	client := newClient(t)
	if got := one.signIn(t, client, "ada@example.com", apptest.Password); got != http.StatusSeeOther {
		t.Fatalf("signing in answers %d", got)
	}
	if got := two.status(t, client, "/candidates"); got != http.StatusOK {
		t.Fatalf("the other process answers %d", got)
	}
	if err := one.Features.Signin.EndAll(t.Context(), system, userID); err != nil {
		t.Fatal(err)
	}
	ended := time.Now()
	for two.status(t, client, "/candidates") == http.StatusOK {
		if time.Since(ended) > 10*time.Second {
			t.Fatal("a session that was ended opens pages at the other process")
		}
	}
	t.Logf("the other process noticed after %s", time.Since(ended))

	// A slow machine gives a try back before the other process is asked; five rounds use up none of its own ten.
	refused := false
	for range 5 {
		for one.signIn(t, newClient(t), "ada@example.com", "not the right password") != http.StatusTooManyRequests {
		}
		refused = refused || two.signIn(t, newClient(t), "ada@example.com", "not the right password") == http.StatusTooManyRequests
	}
	if !refused {
		t.Error("tries that one process counted are not counted by the other")
	}
}

// TestAServerThatIsStoppedAnswersOnAsNotReady: a proxy has time to notice, and requests under way are answered.
func TestAServerThatIsStoppedAnswersOnAsNotReady(t *testing.T) {
	t.Parallel()
	p := serve(t, config.Config{Data: t.TempDir(), DatabaseURL: dbtest.URL(t), Drain: 4 * time.Second})
	client := newClient(t)
	if got := p.status(t, client, "/readyz"); got != http.StatusOK {
		t.Fatalf("ready answers %d", got)
	}
	p.stop()
	for p.status(t, client, "/readyz") != http.StatusServiceUnavailable { // it ends in a moment, ready or not
	}
	if got := p.status(t, client, "/sign-in"); got != http.StatusOK {
		t.Errorf("meanwhile a page answers %d", got)
	}
}

// TestReadinessSaysWhatItIs keeps the words that operators' probes may look at.
func TestReadinessSaysWhatItIs(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	var said map[string]string
	if err := json.NewDecoder(strings.NewReader(w.Visitor().Get("/readyz").Body)).Decode(&said); err != nil || said["status"] != "ready" {
		t.Errorf("said %v, %v", said, err)
	}
}
