package app_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/account"
	"gatehouse/internal/app/apptest"
	"gatehouse/internal/hiring"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/localdb/node"
	"gatehouse/web/path"
)

// pair is a process on a primary with a standby for reading, and who uses it.
type pair struct {
	*process
	t                *testing.T
	primary, standby *node.Node
	user             account.ID
	client           *http.Client
}

// newPair starts one. settings are PostgreSQL's.
func newPair(t *testing.T, settings ...string) *pair {
	t.Helper()
	primary, standby := dbtest.Pair(t, settings...)
	return pairOn(t, primary, standby, config.Config{DatabaseURL: primary.URL(), StandbyURL: standby.URL()})
}

func pairOn(t *testing.T, primary, standby *node.Node, cfg config.Config) *pair {
	t.Helper()
	cfg.Data, cfg.MaxUpload = t.TempDir(), 1<<20
	p := &pair{process: serve(t, cfg), t: t, primary: primary, standby: standby, client: newClient(t)}
	var err error
	p.user, err = p.Features.Accounts.Add(t.Context(), authz.System("test"), account.New{Email: "ada@example.com", Name: "Ada Berg",
		Password: apptest.Password, Roles: []authz.Role{authz.HR, authz.HiringManager, authz.Administrator, authz.SecurityLead, authz.Auditor}})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.signIn(t, p.client, "ada@example.com", apptest.Password); got != http.StatusSeeOther {
		t.Fatalf("signing in answers %d", got)
	}
	return p
}

// page reads a page, which must be there.
func (p *pair) page(client *http.Client, path string) string {
	p.t.Helper()
	answer, err := client.Get(p.url + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		p.t.Fatalf("%s answers %d, %v: %.2000s", path, answer.StatusCode, err, body)
	}
	return string(body)
}

// on asks one server.
func on[T any](t *testing.T, n *node.Node, sql string, args ...any) T {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), n.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var v T
	if err := conn.QueryRow(context.Background(), sql, args...).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// do runs statements on one server.
func do(t *testing.T, n *node.Node, sql string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), n.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), sql); err != nil {
		t.Fatal(err)
	}
}

// aside reads a page and reports whether the standby was asked for it.
func (p *pair) aside(client *http.Client, path string) bool {
	p.t.Helper()
	since := on[time.Time](p.t, p.standby, `SELECT clock_timestamp()`)
	p.page(client, path)
	return on[bool](p.t, p.standby, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'gatehouse' AND query_start > $1)`, since)
}

// until waits for something to become so.
func (p *pair) until(what string, so func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); !so(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("waited in vain until %s", what)
		}
	}
}

// job opens a job by the page.
func (p *pair) job(client *http.Client, title string) {
	p.t.Helper()
	answer, err := client.PostForm(p.url+path.Jobs, url.Values{"title": {title}, "level": {"level-verified"}, "manager": {string(p.user)}})
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusSeeOther {
		p.t.Fatalf("a job answers %d: %.2000s", answer.StatusCode, body)
	}
}

func (p *pair) finds(client *http.Client, title string) bool {
	p.t.Helper()
	return strings.Contains(p.page(client, path.Search+"?q="+url.QueryEscape(title)), path.Job(p.found(title)))
}

func (p *pair) found(title string) hiring.JobID {
	p.t.Helper()
	return on[hiring.JobID](p.t, p.primary, `SELECT id::text FROM jobs WHERE title = $1`, title)
}

// system is what the System page says of the standby.
func (p *pair) system() string {
	p.t.Helper()
	_, row, _ := strings.Cut(p.page(p.client, path.System), "Standby for reading")
	row, _, _ = strings.Cut(row, "</tr>")
	return row
}

var farBehind = regexp.MustCompile(`[^.0-9][1-9][0-9]* s behind`)

// TestHeavyPagesReadTheStandbyWhileItKeepsUp follows one standby for reading through what may become of it.
func TestHeavyPagesReadTheStandbyWhileItKeepsUp(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	search := path.Search + "?q=engineer"
	p.until("search reads the standby", func() bool { return p.aside(p.client, search) })
	for _, heavy := range []string{path.InsightsHiring, path.InsightsFlags, path.InsightsMovement, path.InsightsOverrides + "?check=check-place-photo", path.InsightsCases,
		path.InsightsHiringCSV, path.InsightsFlagsCSV, path.InsightsMovementCSV, path.InsightsOverridesCSV + "?check=check-place-photo", path.InsightsCasesCSV,
		path.Candidates + ".csv", path.Signals + ".csv", path.Audit, path.AuditCSV} {
		// What dashboards remember was read aside a moment ago.
		p.until(heavy+" reads the standby", func() bool { return p.aside(p.client, heavy) })
	}
	for _, light := range []string{path.Today, path.Candidates, path.Jobs, path.System} {
		if p.aside(p.client, light) {
			t.Errorf("%s reads the standby", light)
		}
	}

	do(t, p.standby, `SELECT pg_wal_replay_pause()`)
	writer := newClient(t)
	if got := p.signIn(t, writer, "ada@example.com", apptest.Password); got != http.StatusSeeOther {
		t.Fatalf("signing in answers %d", got)
	}
	p.job(writer, "Protocol engineer")
	if p.aside(writer, search) || !p.finds(writer, "Protocol engineer") {
		t.Error("who has just written does not see it")
	}
	p.until("the System page says how far the standby is behind", func() bool { return farBehind.MatchString(p.system()) })
	if p.aside(p.client, search) || !p.finds(p.client, "Protocol engineer") {
		t.Error("a standby that is far behind is read")
	}

	do(t, p.standby, `SELECT pg_wal_replay_resume()`)
	p.until("search reads the standby again", func() bool { return p.aside(p.client, search) })
	if !p.finds(p.client, "Protocol engineer") || !strings.Contains(p.system(), "0.0 s behind") {
		t.Errorf("a standby that keeps up again: the System page says %s", p.system())
	}

	// The page that finds the standby gone is read from the primary, and so are the next.
	p.standby.Kill()
	if !p.finds(p.client, "Protocol engineer") {
		t.Error("without the standby a page is not whole")
	}
	p.until("the System page says that the standby has gone", func() bool { return strings.Contains(p.system(), "Not reachable") })
	p.page(p.client, path.AuditCSV)
	if err := p.standby.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.until("search reads the standby after it came back", func() bool { return p.aside(p.client, search) })
}

// TestPageReadsOldThingsWhileTheStandbyLags is the other side of the same: what was written a moment ago is not there yet
// for somebody else, which shows that the standby makes the page, not only takes part.
func TestPageReadsOldThingsWhileTheStandbyLags(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	for _, title := range []string{"First", "Second", "Third", "Fourth"} {
		p.until("search reads the standby", func() bool { return p.aside(p.client, path.Search+"?q=x") })
		do(t, p.standby, `SELECT pg_wal_replay_pause()`)
		_, err := p.Features.Hiring.AddJob(t.Context(), authz.System("test"), hiring.NewJob{Title: title, LevelID: "level-verified", ManagerID: string(p.user)})
		if err != nil {
			t.Fatal(err)
		}
		old := !p.finds(p.client, title)
		do(t, p.standby, `SELECT pg_wal_replay_resume()`)
		if old {
			return // a slow machine may take so long that the standby is too far behind by then
		}
	}
	t.Error("search found at once what the standby did not have")
}

// TestReadThatTheStandbyBreaksOffIsReadOnThePrimary: the primary takes a lock that the standby has to take too, while a
// page reads there.
func TestReadThatTheStandbyBreaksOffIsReadOnThePrimary(t *testing.T) {
	t.Parallel()
	p := newPair(t, "max_standby_streaming_delay=0")
	p.job(newSignedIn(p), "Protocol engineer")
	// On the standby reading jobs takes a minute.
	do(t, p.primary, `
		ALTER TABLE jobs RENAME TO jobs_rows;
		CREATE VIEW jobs AS SELECT * FROM jobs_rows WHERE NOT pg_is_in_recovery() OR length(pg_sleep(60)::text || title) > 0`)
	for name, breakOff := range map[string]func(){
		"a lock": func() { do(t, p.primary, `BEGIN; LOCK TABLE jobs_rows IN ACCESS EXCLUSIVE MODE; COMMIT`) },
		"a cancel": func() {
			do(t, p.standby, `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`)
		},
		"its ending": func() {
			do(t, p.standby, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`)
		},
	} {
		began := time.Now()
		answered := make(chan bool)
		p.until("search reads the standby", func() bool {
			named, answers, lag := p.DB.Following()
			return named && answers && lag == 0 && on[bool](t, p.standby, `SELECT to_regclass('jobs_rows') IS NOT NULL`)
		})
		go func() {
			defer close(answered) // also where the page is none and ends the test
			answered <- p.finds(p.client, "Protocol engineer")
		}()
		p.until("the page reads the standby", func() bool {
			return on[bool](t, p.standby, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep')`)
		})
		breakOff()
		if !<-answered || time.Since(began) > time.Minute {
			t.Errorf("%s: the page is not whole, after %s", name, time.Since(began))
		}
	}
}

func newSignedIn(p *pair) *http.Client {
	client := newClient(p.t)
	if got := p.signIn(p.t, client, "ada@example.com", apptest.Password); got != http.StatusSeeOther {
		p.t.Fatalf("signing in answers %d", got)
	}
	return client
}

// TestAfterAPromotionPeopleSignIn: tries are counted in a table that a promoted standby has empty, sessions go on, and
// one that is ended ends at the other process too.
func TestAfterAPromotionPeopleSignIn(t *testing.T) {
	t.Parallel()
	primary, standby := dbtest.Pair(t)
	p := pairOn(t, primary, standby, config.Config{DatabaseURL: node.URL(primary, standby)})
	other := serve(t, p.Config)
	p.until("all is on the standby", func() bool {
		return on[bool](t, standby, `SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn`, on[string](t, primary, `SELECT pg_current_wal_lsn()::text`))
	})
	primary.Kill()
	p.until("pages say that nothing can be saved", func() bool { return strings.Contains(p.page(p.client, path.Candidates), "Read only for the moment") })
	if got := p.signIn(t, newClient(t), "ada@example.com", apptest.Password); got != http.StatusServiceUnavailable {
		t.Errorf("without a primary signing in answers %d", got)
	}
	if err := standby.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	client := newClient(t)
	p.until("people sign in", func() bool { return p.signIn(t, client, "ada@example.com", apptest.Password) == http.StatusSeeOther })
	if n := on[int](t, standby, `SELECT count(*)::int FROM tries`); n == 0 {
		t.Error("the promoted standby counts no tries")
	}
	for _, c := range []*http.Client{client, p.client} {
		p.until("a session opens pages at the other process", func() bool { return other.status(t, c, path.Candidates) == http.StatusOK })
	}
	if err := p.Features.Signin.EndAll(t.Context(), authz.System("test"), p.user); err != nil {
		t.Fatal(err)
	}
	p.until("the other process has noticed", func() bool { return other.status(t, client, path.Candidates) != http.StatusOK })
}
