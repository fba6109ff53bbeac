package app_test

import (
	"context"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"gatehouse/internal/account"
	"gatehouse/internal/app"
	"gatehouse/internal/app/apptest"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/openid/openidtest"
	"gatehouse/web/path"
)

// collector receives traces, and keeps every byte of them.
type collector struct {
	url string

	mu    sync.Mutex
	bytes strings.Builder
	spans []*tracepb.Span
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var sent collectorpb.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(body, &sent)
		}
		if err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.bytes.Write(body)
		for _, of := range sent.GetResourceSpans() {
			for _, scope := range of.GetScopeSpans() {
				c.spans = append(c.spans, scope.GetSpans()...)
			}
		}
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// taken is what has come so far.
func (c *collector) taken() (spans []*tracepb.Span, bytes string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.spans, c.bytes.String()
}

// attribute is a value of a span as text, "" where it has none.
func attribute(s *tracepb.Span, key string) string {
	for _, a := range s.GetAttributes() {
		if a.GetKey() == key {
			return a.GetValue().GetStringValue()
		}
	}
	return ""
}

// traced is a process whose end is awaited by the test, so that all it has to tell is told.
func traced(t *testing.T, cfg config.Config, log io.Writer) (p *process, end func() time.Duration) {
	t.Helper()
	a, err := app.Open(t.Context(), cfg, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	l, err := app.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	p = &process{App: a, url: "http://" + l.Addr().String(), stop: stop, served: make(chan error, 1)}
	go func() { p.served <- a.Serve(ctx, l) }()
	var took time.Duration
	once := sync.OnceFunc(func() {
		stop()
		if err := <-p.served; err != nil {
			t.Error(err)
		}
		began := time.Now()
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		took = time.Since(began)
	})
	t.Cleanup(once)
	return p, func() time.Duration { once(); return took }
}

// TestTracesTellOfWorkAndOfNobody goes through what TestTheLogHoldsNothingThatSomebodyTyped does, and an error of the
// database that quotes an e-mail address, and looks at every byte that a collector is sent.
func TestTracesTellOfWorkAndOfNobody(t *testing.T) {
	t.Parallel()
	to, provider := newCollector(t), openidtest.NewIssuer(t)
	var log lines
	p, end := traced(t, config.Config{Data: t.TempDir(), DatabaseURL: dbtest.URL(t), MaxUpload: 1 << 20, Traces: to.url, TracesRatio: 1,
		SSO: config.SSO{Issuer: provider.URL, ClientID: "gatehouse", ClientSecret: "s", Scopes: "email", Name: "Okta"}}, &log)
	typed := p.typeAll(t)
	p.addTwice(t, "xenia.zander@example.org")
	p.status(t, newClient(t), path.SSO)
	never := append(slices.Clone(typed), "127.0.0.1", "Go-http-client", "manager@example.org", "Mara", "Berta Boss")
	for _, table := range []string{"people", "users", "evidence_items", "applications"} {
		rows, err := p.DB.Pool().Query(t.Context(), "SELECT id::text FROM "+table)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var found string
			if err := rows.Scan(&found); err != nil {
				t.Fatal(err)
			}
			raw, _ := hex.DecodeString(strings.ReplaceAll(found, "-", ""))
			never = append(never, found, string(raw))
		}
	}
	end()

	spans, all := to.taken()
	lower := strings.ToLower(all)
	for _, word := range never {
		for _, form := range []string{word, url.QueryEscape(word), url.PathEscape(word)} {
			if strings.Contains(all, form) || strings.Contains(lower, strings.ToLower(form)) {
				t.Errorf("the traces hold %q", form)
			}
		}
	}
	checkTree(t, spans)
	requests := map[string]*tracepb.Span{}
	for _, s := range spans {
		if s.GetKind() == tracepb.Span_SPAN_KIND_SERVER {
			requests[attribute(s, "gatehouse.request.id")] = s
		}
	}
	logged := regexp.MustCompile(`msg=request id=(\S+) .* trace=(\S*)`).FindAllStringSubmatch(log.text(), -1)
	if len(logged) == 0 {
		t.Error("no line of the log names a trace")
	}
	for _, line := range logged {
		if s := requests[line[1]]; s == nil || hex.EncodeToString(s.GetTraceId()) != line[2] {
			t.Errorf("request %s is not in trace %s", line[1], line[2])
		}
	}
}

// addTwice is an administrator who adds a user whose e-mail address somebody has.
func (p *process) addTwice(t *testing.T, email string) {
	t.Helper()
	if _, err := p.Features.Accounts.Add(t.Context(), authz.System("test"), account.New{Email: "boss@example.org", Name: "Berta Boss",
		Password: apptest.Password, Roles: []authz.Role{authz.Administrator}}); err != nil {
		t.Fatal(err)
	}
	client := newClient(t)
	if got := p.signIn(t, client, "boss@example.org", apptest.Password); got != http.StatusSeeOther {
		t.Fatalf("signing in answers %d", got)
	}
	answer, err := client.PostForm(p.url+path.Users, url.Values{"email": {email}, "name": {"Xenia Zander"}, "roles": {string(authz.HR)},
		"password": {"Another-Pass-Phrase-93"}, "time_zone": {"UTC"}, "version": {"0"}})
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusUnprocessableEntity {
		t.Fatalf("adding a user twice answers %s", answer.Status)
	}
}

// checkTree looks whether everything hangs where it belongs, under names without ids.
func checkTree(t *testing.T, spans []*tracepb.Span) {
	t.Helper()
	byID, found := map[string]*tracepb.Span{}, map[string]int{}
	for _, s := range spans {
		byID[string(s.GetSpanId())] = s
	}
	named := regexp.MustCompile(`^(GET|POST) (none|/[a-z0-9./*{}_-]*)$`)
	for _, s := range spans {
		above := byID[string(s.GetParentSpanId())]
		switch s.GetKind() {
		case tracepb.Span_SPAN_KIND_CLIENT:
			if above == nil || string(above.GetTraceId()) != string(s.GetTraceId()) {
				t.Errorf("%s hangs below nothing", s.GetName())
				continue
			}
			for top := byID[string(above.GetParentSpanId())]; top != nil; top = byID[string(top.GetParentSpanId())] {
				above = top
			}
			found[above.GetName()+" > "+s.GetName()]++
		case tracepb.Span_SPAN_KIND_SERVER:
			if !named.MatchString(s.GetName()) || s.GetName() != attribute(s, "http.request.method")+" "+attribute(s, "http.route") {
				t.Errorf("a request is named %s", s.GetName())
			}
		default:
			found[s.GetName()]++
		}
		if s.GetStatus().GetMessage() != "" || len(s.GetEvents()) > 0 {
			t.Errorf("%s says %v %v", s.GetName(), s.GetStatus(), s.GetEvents())
		}
		if code := attribute(s, "error.type"); code != "" {
			found["error "+code]++
		}
		if sql := attribute(s, "db.query.text"); strings.Contains(sql, "INSERT INTO users") && strings.Contains(sql, "$1") {
			found["text"]++
		}
	}
	for _, want := range []string{"POST /sign-in > INSERT", "POST /candidates > BATCH", "POST /candidates > COMMIT", "GET /candidates/{id} > SELECT",
		"GET /search > SELECT", "POST " + path.Users + " > INSERT", "POST /evidence > INSERT", "GET " + path.SSO + " > GET sign-in provider",
		"seal the audit log", "seal the audit log > SELECT", "error 23505", "text"} {
		if found[want] == 0 {
			t.Errorf("there is no %q among %v", want, found)
		}
	}
}

// TestACollectorThatFailsIsNobodysTrouble: pages are answered, the end comes in time, and the log says so once.
func TestACollectorThatFailsIsNobodysTrouble(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(w http.ResponseWriter, ended <-chan struct{}){
		"never answers": func(_ http.ResponseWriter, ended <-chan struct{}) { <-ended },
		"refuses":       func(w http.ResponseWriter, _ <-chan struct{}) { w.WriteHeader(http.StatusForbidden) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := make(chan struct{})
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, ended) }))
			t.Cleanup(server.Close)
			t.Cleanup(func() { close(ended) })
			var log lines
			p, end := traced(t, config.Config{Data: t.TempDir(), DatabaseURL: dbtest.URL(t), MaxUpload: 1 << 20, Traces: server.URL, TracesRatio: 1}, &log)
			client := newClient(t)
			client.Timeout = 5 * time.Second // the exporter gives up after ten
			for range 4000 {                 // more than wait in memory
				if got := p.status(t, client, path.Health); got != http.StatusOK {
					t.Fatalf("a page answers %d", got)
				}
			}
			if took := end(); took > 8*time.Second {
				t.Errorf("the end took %s", took)
			}
			if said := strings.Count(log.text(), "traces could not be sent"); said != 1 {
				t.Errorf("the log says %d times that traces are lost", said)
			}
		})
	}
}

// TestWhoseTraceARequestJoins: a proxy's, which also says what is recorded, and no stranger's.
func TestWhoseTraceARequestJoins(t *testing.T) {
	t.Parallel()
	const theirs = "0af7651916cd43dd8448eb211c80319c"
	ask := func(cfg config.Config) (traces map[string]int, bytes string) {
		to := newCollector(t)
		cfg.Data, cfg.DatabaseURL, cfg.MaxUpload, cfg.Traces = t.TempDir(), dbtest.URL(t), 1<<20, to.url
		p, end := traced(t, cfg, io.Discard)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+path.Health, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Traceparent", "00-"+theirs+"-b7ad6b7169203331-01")
		r.Header.Set("Tracestate", "vendor=quirin")
		r.Header.Set("Baggage", "who=quirin")
		answer, err := newClient(t).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		end()
		traces = map[string]int{}
		spans, bytes := to.taken()
		for _, s := range spans {
			traces[hex.EncodeToString(s.GetTraceId())]++
		}
		return traces, bytes
	}
	// With a share of none, nothing is recorded but what the proxy asks for.
	if traces, bytes := ask(config.Config{TrustProxy: true}); len(traces) != 1 || traces[theirs] != 1 || strings.Contains(bytes, "quirin") {
		t.Errorf("behind a proxy: %v", traces)
	}
	if traces, bytes := ask(config.Config{TracesRatio: 1}); len(traces) < 2 || traces[theirs] != 0 || strings.Contains(bytes, "quirin") {
		t.Errorf("from a stranger: %v", traces)
	}
}

// TestWithoutACollectorNothingIsTraced, whatever else the environment says of one.
func TestWithoutACollectorNothingIsTraced(t *testing.T) {
	to := newCollector(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", to.url)
	var log lines
	p, end := traced(t, config.Config{Data: t.TempDir(), DatabaseURL: dbtest.URL(t), MaxUpload: 1 << 20, TracesRatio: 1}, &log)
	if tracer := p.DB.Pool().Config().ConnConfig.Tracer; tracer != nil {
		t.Errorf("statements are told to %T", tracer)
	}
	p.status(t, newClient(t), "/sign-in")
	end()
	if spans, _ := to.taken(); len(spans) > 0 || strings.Contains(log.text(), "trace=") {
		t.Errorf("%d spans were sent", len(spans))
	}
}
