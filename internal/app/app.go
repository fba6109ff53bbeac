// Package app wires Gatehouse together: configuration, database, features, background work, web. It holds no rules
// and owns no tables.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/blob"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/keystore"
	"gatehouse/internal/platform/localdb"
	"gatehouse/internal/platform/openid"
	"gatehouse/internal/platform/outbound"
	"gatehouse/internal/platform/seal"
	"gatehouse/internal/platform/trace"
	"gatehouse/migrations"
	"gatehouse/web"
)

// Version is set at build time with -ldflags "-X gatehouse/internal/app.Version=…".
var Version = "dev"

// App is an opened installation.
type App struct {
	Config   config.Config
	Log      *slog.Logger
	DB       *db.DB
	Keys     *seal.Keyring
	Features Features
	// Blobs is where the files of evidence are.
	Blobs blob.Store
	// Extra are routes that the server has beside the product's own; measuring sets them.
	Extra []web.Route

	keystore *keystore.Store
	draining atomic.Bool // told to stop, and answering on for a while

	local *localdb.Server
	// background is what is done beside answering requests, while the App serves.
	background []chore

	witness *blob.S3      // takes checkpoints of the log; nil where no bucket is set for them
	shown   *certificate  // nil where a proxy in front speaks HTTPS, or nobody does
	metrics *metrics      // nil where nobody asks for them
	traces  *trace.Traces // nil where nobody is sent any
	url     string
	// provider is asked who people are; nil where none is set up.
	provider *openid.Client
	// closers let go of what is neither database nor memory.
	closers []io.Closer
}

// Open starts or reaches the database, applies pending migrations and builds the features. The caller closes the
// App. The database's errors for people (localdb.NotFoundError, RunningError, VersionError) come through as they are.
func Open(ctx context.Context, cfg config.Config, log *slog.Logger) (*App, error) {
	shown, err := openCertificate(cfg, log)
	if err != nil {
		return nil, err
	}
	a, err := opened(ctx, cfg, log, (*App).own)
	if err == nil {
		a.shown = shown
	}
	return a, err
}

// Join is Open for an errand, such as adding a user: where a server runs on the private database already, the errand
// is that database's client instead of being refused.
func Join(ctx context.Context, cfg config.Config, log *slog.Logger) (*App, error) {
	return opened(ctx, cfg, log, (*App).share)
}

func opened(ctx context.Context, cfg config.Config, log *slog.Logger, reach func(*App, context.Context) error) (*App, error) {
	a := &App{Config: cfg, Log: log}
	if err := a.open(ctx, reach); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context, reach func(*App, context.Context) error) error {
	err := reach(a, ctx)
	if err != nil {
		return err
	}
	if err := a.openTraces(ctx); err != nil {
		return err
	}
	if a.DB, err = db.Open(ctx, a.url, db.Standby(a.Config.StandbyURL), db.Log(a.Log), db.Tracer(a.traces.Statements())); err != nil {
		return err
	}
	return a.build(ctx)
}

func (a *App) openTraces(ctx context.Context) (err error) {
	if a.Config.Traces != "" {
		a.traces, err = trace.Open(ctx, trace.Options{Endpoint: a.Config.Traces, Ratio: a.Config.TracesRatio, Joins: a.Config.TrustProxy,
			Version: Version, Log: a.Log})
	}
	return err
}

// reach starts a private database, or takes the address of the one that is configured.
func (a *App) reach(ctx context.Context) (err error) {
	if a.url = a.Config.DatabaseURL; a.url != "" {
		return nil
	}
	if a.local, err = startLocal(ctx, a.Config, a.Log); err == nil {
		a.url = a.local.URL()
	}
	return err
}

// own reaches the database and brings it up to date.
func (a *App) own(ctx context.Context) error {
	if err := a.reach(ctx); err != nil {
		return err
	}
	applied, err := migrations.Up(ctx, a.url)
	if err == nil && applied > 0 {
		a.Log.Info("database migrated", "applied", applied)
	}
	return err
}

// share is own, but for a private database that a running server has: it is reached as it is. Changing its schema
// would pull it away beneath a server of another version.
func (a *App) share(ctx context.Context) error {
	err := a.own(ctx)
	var running *localdb.RunningError
	if !errors.As(err, &running) {
		return err
	}
	if a.url, err = localdb.Reach(ctx, running.Dir); err != nil {
		return err
	}
	pending, err := migrations.Pending(ctx, a.url)
	if err == nil && pending {
		err = fmt.Errorf("the server that runs (%w) is of an older version than this program: stop it, start the new one, then try again", running)
	}
	return err
}

// build makes the features on the opened database.
func (a *App) build(ctx context.Context) error {
	if err := os.MkdirAll(a.Config.Data, 0o711); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	var err error
	if a.keystore, err = keystore.Open(ctx, a.DB, KeySource(a.Config)); err != nil {
		return err
	}
	a.Keys = a.keystore.Keyring()
	if err := a.openBlobs(); err != nil {
		return err
	}
	if a.Config.CheckpointWebhook != "" {
		if err := outbound.CheckURL(a.Config.CheckpointWebhook, a.Config.OutboundAllow); err != nil {
			return fmt.Errorf("GATEHOUSE_CHECKPOINT_WEBHOOK: %w", err)
		}
	}
	lib, err := catalogue.Load()
	if err != nil {
		return err
	}
	if a.Config.SSO.Issuer != "" {
		if a.provider, err = openProvider(a.Config.SSO, a.traces); err != nil {
			return err
		}
	}
	a.Features = newFeatures(a.DB, lib, a.Keys, a.Blobs, a.provider, a.Config)
	a.background = a.chores()
	if a.Config.MetricsAddr != "" {
		a.metrics = newMetrics(a)
	}
	return a.sealOpenValues(ctx)
}

// sealOpenValues encrypts, once, what was written before the most sensitive values were encrypted.
func (a *App) sealOpenValues(ctx context.Context) error {
	const fact = "values_encrypted"
	done, err := a.DB.Recall(ctx, fact)
	if err != nil || done != "" {
		return err
	}
	if err := errors.Join(a.Features.Claims.SealOpen(ctx), a.Features.Cases.SealOpen(ctx)); err != nil {
		return err
	}
	_, err = a.DB.Remember(ctx, fact, "yes")
	return err
}

// openProvider checks how the sign-in provider is set up. It asks the provider nothing: one that is down keeps nobody from
// starting.
func openProvider(cfg config.SSO, traces *trace.Traces) (*openid.Client, error) {
	if cfg.ClientSecretFile != "" {
		content, err := os.ReadFile(cfg.ClientSecretFile)
		if err != nil {
			return nil, fmt.Errorf("secret of the sign-in provider: %w", err)
		}
		cfg.ClientSecret = strings.TrimSpace(string(content))
	}
	client, err := openid.New(openid.Config{Issuer: cfg.Issuer, ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret,
		Scopes: strings.Fields(cfg.Scopes), GroupsClaim: cfg.GroupsClaim,
		Transport: traces.Outgoing("sign-in provider", http.DefaultTransport)})
	if err != nil {
		return nil, fmt.Errorf("GATEHOUSE_OIDC_ISSUER, GATEHOUSE_OIDC_CLIENT_ID: %w", err)
	}
	return client, nil
}

// KeySource says where the root key comes from.
func KeySource(cfg config.Config) seal.Source {
	return seal.Source{Command: cfg.KMSCommand, Value: cfg.MasterKey, File: cfg.MasterKeyFile, Dir: cfg.Data}
}

// NewKeySource says where the root key comes from that the installation's keys are to be wrapped by instead.
func NewKeySource(cfg config.Config) seal.Source {
	return seal.Source{Command: cfg.NewKMSCommand, Value: cfg.NewMasterKey, File: cfg.NewMasterKeyFile}
}

// Keystore keeps the installation's keys.
func (a *App) Keystore() *keystore.Store { return a.keystore }

// Sealed are the tables with something that the installation's keys sealed.
func (a *App) Sealed() []keystore.Table {
	return append(a.Features.Factors.Sealed(), a.Features.People.Sealed())
}

// FeaturesOn builds the features once more, on another connection to the same database: one with a clock of its own.
func (a *App) FeaturesOn(d *db.DB) Features {
	return newFeatures(d, a.Features.Catalogue, a.Keys, a.Blobs, a.provider, a.Config)
}

func startLocal(ctx context.Context, cfg config.Config, log *slog.Logger) (*localdb.Server, error) {
	binaries, err := localdb.Find(os.Getenv, cfg.Data)
	if err != nil {
		return nil, err
	}
	return localdb.Start(ctx, localdb.Options{
		Dir: filepath.Join(cfg.Data, "postgres"), Binaries: binaries, Log: log,
		Settings: map[string]string{"shared_buffers": "256MB", "max_wal_size": "4GB", "random_page_cost": "1.1"},
	})
}

// Close ends the features and a private database. It can be called on a half-opened App.
func (a *App) Close() error {
	var errs []error
	for _, c := range a.closers {
		errs = append(errs, c.Close())
	}
	if a.DB != nil {
		a.DB.Close()
	}
	errs = append(errs, a.traces.Close())
	if a.local != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		defer cancel()
		errs = append(errs, a.local.Stop(ctx))
	}
	return errors.Join(errs...)
}

// DatabaseURL is the address of the database in use, with its password: for our own tools, never for a log.
func (a *App) DatabaseURL() string { return a.url }

// Handler is the web server of the installation.
func (a *App) Handler() http.Handler {
	return web.New(a.Features.webDeps(a))
}

// ready reports what keeps the installation from serving.
func (a *App) ready(ctx context.Context) error {
	if a.draining.Load() {
		return errors.New("the server is being stopped")
	}
	return a.DB.Pool().Ping(ctx)
}

// Listen opens the address people will use. Without one chosen it takes port 8080 of the loopback interface, or
// the next free port.
func Listen(addr string) (net.Listener, error) {
	if addr != "" {
		return net.Listen("tcp", addr)
	}
	var err error
	for port := 8080; port < 8180; port++ {
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return l, nil
		}
	}
	return nil, fmt.Errorf("no free port from 8080 to 8179: %w", err)
}

// Serve answers requests on l and does the background work until ctx ends, then stops both cleanly.
func (a *App) Serve(ctx context.Context, l net.Listener) error {
	tuneMemory()
	if a.local != nil {
		if err := a.local.Announce(a.Config.Scheme() + "://" + l.Addr().String()); err != nil {
			a.Log.Warn("announce address", "error", err)
		}
	}
	handler, answered := counted(a.Handler())
	server := newServer(handler, a.Log)
	workCtx, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	if a.metrics != nil {
		asked, err := net.Listen("tcp", a.Config.MetricsAddr)
		if err != nil {
			return fmt.Errorf("metrics: %w", err)
		}
		go a.metrics.serve(workCtx, asked)
	}
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		a.work(workCtx)
	}()
	failed := make(chan error, 1)
	go func() {
		if a.shown == nil {
			failed <- server.Serve(l)
			return
		}
		server.TLSConfig = a.shown.tls()
		failed <- server.ServeTLS(l, "", "")
	}()
	var err error
	select {
	case err = <-failed:
	case <-a.databaseEnded():
		err = errors.New("the database ended and could not be started again")
	case <-ctx.Done():
		err = a.drain(failed)
	}
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), config.Shutdown)
	defer cancel()
	if stopErr := server.Shutdown(stopCtx); stopErr != nil {
		_ = server.Close()
		answered(cutOff)
	}
	stopWork()
	<-worked
	return err
}

// cutOff is how long handlers have whose connections were closed, to put away what they began: half a file, say.
const cutOff = time.Second

// counted returns the handler, and waits until nobody is in it, or for at most so long.
func counted(h http.Handler) (http.Handler, func(most time.Duration)) {
	var within atomic.Int64
	in := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		within.Add(1)
		defer within.Add(-1)
		h.ServeHTTP(w, r)
	})
	return in, func(most time.Duration) {
		for end := time.Now().Add(most); within.Load() > 0 && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		}
	}
}

// newServer bounds what a client may send and how long it may take before a handler is reached; from there on the pace of
// bodies and answers is web's.
func newServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// drain lets a proxy notice that this server is not ready any more, while it still answers.
func (a *App) drain(failed <-chan error) error {
	a.draining.Store(true)
	select {
	case err := <-failed:
		return err
	case <-time.After(a.Config.Drain):
		return nil
	}
}

// databaseEnded is closed when a private database has given up; it blocks for ever with another's database.
func (a *App) databaseEnded() <-chan struct{} {
	if a.local == nil {
		return nil
	}
	return a.local.Done()
}

// tuneMemory lets the collector run less often, which is worth a quarter of the throughput, and bounds what that
// may cost. GOGC and GOMEMLIMIT in the environment win.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(76 << 20)
	}
}
