// Package web is the HTTP face of Gatehouse: the server, the one route table, the guard that every route passes,
// and the one place that turns errors into answers. The pages themselves are the packages below it.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/klauspost/compress/gzhttp"

	"gatehouse/internal/account"
	"gatehouse/internal/assessment"
	"gatehouse/internal/audit"
	"gatehouse/internal/candidate"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/claim"
	"gatehouse/internal/dashboard"
	"gatehouse/internal/evidence"
	"gatehouse/internal/factor"
	"gatehouse/internal/flag"
	"gatehouse/internal/hiring"
	"gatehouse/internal/incident"
	"gatehouse/internal/interview"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/limit"
	"gatehouse/internal/platform/trace"
	"gatehouse/internal/privacy"
	"gatehouse/internal/signal"
	"gatehouse/internal/signin"
	"gatehouse/static"
	"gatehouse/web/admin"
	"gatehouse/web/request"
	"gatehouse/web/response"
	"gatehouse/web/session"
)

// Deps are the features that the pages show, wired by internal/app.
type Deps struct {
	Config    config.Config
	Version   string
	Log       *slog.Logger
	Catalogue *catalogue.Library
	Accounts  *account.Service
	Signin    *signin.Service
	Factors   *factor.Service
	People    *person.Service
	Flags     *flag.Service
	Claims    *claim.Service
	Assess    *assessment.Service
	Hiring    *hiring.Service
	Evidence  *evidence.Service
	Signals   *signal.Service
	Cases     *incident.Service
	// Candidates reads the candidates' pages across features.
	Candidates *candidate.Service
	Interviews *interview.Service
	Dashboards *dashboard.Service
	Privacy    *privacy.Service
	Sealer     *audit.Sealer
	Audit      *audit.Service
	// Waiting counts what waits for somebody, by section of the navigation; nil shows no counts.
	Waiting func(context.Context, authz.Actor) (map[string]int, error)
	// Observe is told of each answered request; nil tells nobody. route is the pattern, "none" for an address that is none.
	Observe func(method, route string, status int, took time.Duration)
	// Traces records requests; nil records nothing.
	Traces *trace.Traces
	// DeviceKey makes the marks of browsers that people have signed in from. It is secret.
	DeviceKey []byte
	// Tries makes the limiters whose counts hold for all processes.
	Tries func(name string, rate limit.Rate) *limit.Shared
	// Parts describes the installation for the administrator's system page.
	Parts func(context.Context) []admin.Part
	// Connections is how many connections to the database there may be: as many pages are made at a time.
	Connections int
	// Away reports whether nothing can be written just now, and Settle whether a read that failed is worth a second try.
	Away   func() bool
	Settle func(context.Context, error) bool
	// Extra are routes beside the product's own, for measuring.
	Extra []Route
	// Ready reports what keeps the server from serving: the database, a pending migration.
	Ready func(context.Context) error
}

// Server answers HTTP requests.
type Server struct {
	deps     Deps
	log      *slog.Logger
	version  string
	sessions *session.Store
	frames   frames
	// Sign-in tries, by account, by address, and by browser where that is known to the account. An office shares one
	// address, so that one is wider.
	byAccount, byAddress, byDevice *limit.Shared
	// Requests by token, in each process: more than any integration sends, less than would hurt.
	byToken *limit.Limiter
	// Codes and passwords to show that it is still them, by user. A code is six digits: so few tries a day that guessing
	// takes years, for whoever knows the password already.
	byProof *limit.Shared
	// Logout tokens, by address: a provider may end everybody's sessions at once.
	byLogout *limit.Limiter
	lanes    *lanes
	handler  http.Handler
}

// New builds the server and checks the route table: an empty permission or a pattern twice panics at start.
func New(deps Deps) *Server {
	s := &Server{
		deps: deps, log: deps.Log, version: deps.Version,
		sessions: session.NewStore(deps.Signin, deps.Config.BaseURL),
		lanes:    newLanes(deps.Connections),

		byAccount: deps.Tries("sign-in by account", limit.Rate{Every: 6 * time.Second, Burst: 10}),
		byAddress: deps.Tries("sign-in by address", limit.Rate{Every: time.Second, Burst: 60}),
		byDevice:  deps.Tries("sign-in by browser", limit.Rate{Every: 6 * time.Second, Burst: 10}),
		byToken:   limit.New(limit.Rate{Every: 20 * time.Millisecond, Burst: 500}, 10_000, time.Now),
		byProof:   deps.Tries("proofs by user", limit.Rate{Every: time.Minute, Burst: 10}),
		byLogout:  limit.New(limit.Rate{Every: 50 * time.Millisecond, Burst: 500}, 10_000, time.Now),
	}
	s.handler = s.build()
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Server) build() http.Handler {
	router := chi.NewRouter()
	router.Use(headers(s.deps.Config.Secure()), humanPace.bodies, humanPace.answers, request.Storable)
	if s.deps.Config.TrustProxy {
		router.Use(trustProxy)
	}
	if s.deps.Traces != nil {
		router.Use(s.traced)
	}
	router.Use(s.admitted, s.logged, s.recovered, compressed)
	// A browser names where a request comes from; a write from another site is refused before anything else.
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(s.crossOriginPage))
	router.Use(origin.Handler)
	router.Handle(static.Prefix+"*", static.Handler())
	for _, route := range s.Routes() {
		if route.Permission == "" {
			panic("route without a permission: " + route.Method + " " + route.Pattern)
		}
		router.Method(route.Method, route.Pattern, bounded(s.bodyMost(route), s.answer(s.guard(route))))
	}
	for _, pattern := range bringFiles {
		if !slices.ContainsFunc(s.Routes(), func(r Route) bool { return r.Method == http.MethodPost && r.Pattern == pattern }) {
			panic("no route brings files at " + pattern)
		}
	}
	router.NotFound(s.answer(s.notFound).ServeHTTP)
	router.MethodNotAllowed(s.answer(s.methodNotAllowed).ServeHTTP)
	return router
}

// compressed zips pages at the fastest level: a fifth of the bytes for one to eight per cent of the throughput.
func compressed(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.CompressionLevel(1), gzhttp.MinSize(1024),
		gzhttp.ContentTypes([]string{"text/html", "application/json", "text/csv"}))
	if err != nil {
		panic(err) // the options are constants
	}
	return wrap(next)
}

// answer runs a handler and answers the error it returns.
func (s *Server) answer(h Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r.WithContext(r.Context())) // what the handler keeps with the request is its own
		if err != nil && r.Method == http.MethodGet && s.deps.Settle(r.Context(), err) {
			err = h(w, r.WithContext(db.Current(r.Context()))) // there is another database to read from
		}
		if err != nil {
			s.fail(w, r, err)
		}
	})
}

func (s *Server) health(w http.ResponseWriter, r *http.Request) error {
	return response.JSON(w, r, http.StatusOK, map[string]string{"status": "ok", "version": s.version})
}

// ready answers 503 with a reason for operators; the cause itself, which may name hosts, goes to the log.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := s.deps.Ready(ctx); err != nil {
		s.log.Warn("not ready", "error", err)
		return response.JSON(w, r, http.StatusServiceUnavailable, map[string]string{"status": "not ready"})
	}
	if s.deps.Away() {
		return response.JSON(w, r, http.StatusOK, map[string]string{"status": "read only"})
	}
	return response.JSON(w, r, http.StatusOK, map[string]string{"status": "ready"})
}

// waiting is what waits for the actor, by section of the navigation. A failure costs the counts, not the page.
func (s *Server) waiting(ctx context.Context, actor authz.Actor) map[string]int {
	if s.deps.Waiting == nil {
		return nil
	}
	counts, err := s.deps.Waiting(ctx, actor)
	if err != nil && !errors.Is(err, context.Canceled) {
		s.log.Error("counts of what waits", "error", err)
	}
	return counts
}
