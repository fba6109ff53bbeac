// Package app wires Gatehouse together: configuration, database, features, background work, web. It holds no rules
// and owns no tables.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/blob"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/localdb"
	"gatehouse/internal/platform/seal"
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
	// Extra are routes that the server has beside the product's own; measuring sets them.
	Extra []web.Route

	draining atomic.Bool // told to stop, and answering on for a while

	local   *localdb.Server
	metrics *metrics // nil where nobody asks for them
	url     string
	blobs   *blob.Disk
}

// Open starts or reaches the database, applies pending migrations and builds the features. The caller closes the
// App. The database's errors for people (localdb.NotFoundError, RunningError, VersionError) come through as they are.
func Open(ctx context.Context, cfg config.Config, log *slog.Logger) (*App, error) {
	return opened(ctx, cfg, log, (*App).own)
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
	if a.DB, err = db.Open(ctx, a.url, db.Standby(a.Config.StandbyURL), db.Log(a.Log)); err != nil {
		return err
	}
	return a.build(ctx)
}

// own starts or reaches the database and brings it up to date.
func (a *App) own(ctx context.Context) error {
	a.url = a.Config.DatabaseURL
	if a.url == "" {
		var err error
		if a.local, err = startLocal(ctx, a.Config, a.Log); err != nil {
			return err
		}
		a.url = a.local.URL()
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
	if a.Keys, err = seal.LoadKeyring(KeySource(a.Config)); err != nil {
		return err
	}
	if err := a.checkKey(ctx); err != nil {
		return err
	}
	if a.blobs, err = blob.OpenDisk(filepath.Join(a.Config.Data, "evidence")); err != nil {
		return err
	}
	lib, err := catalogue.Load()
	if err != nil {
		return err
	}
	a.Features = newFeatures(a.DB, lib, a.Keys, a.blobs, a.Config)
	if a.Config.MetricsAddr != "" {
		a.metrics = newMetrics(a)
	}
	return nil
}

// KeySource says where the installation's key comes from.
func KeySource(cfg config.Config) seal.Source {
	return seal.Source{Value: cfg.MasterKey, File: cfg.MasterKeyFile, Dir: cfg.Data}
}

// KeyName is what the database remembers the id of the installation's key as.
const KeyName = "key_id"

// checkKey refuses another key than the one that the database was first started with: what is new would be sealed
// under one key and what is old under the other, and nobody would notice before the evidence is needed.
func (a *App) checkKey(ctx context.Context) error {
	kept, err := a.DB.Remember(ctx, KeyName, a.Keys.ID())
	if err != nil {
		return err
	}
	if kept != a.Keys.ID() {
		return fmt.Errorf("this database belongs to the installation key %s, but the key in use is %s: "+
			"put back the key that goes with the database (GATEHOUSE_MASTER_KEY, GATEHOUSE_MASTER_KEY_FILE or master.key in %s); nothing was changed",
			kept, a.Keys.ID(), a.Config.Data)
	}
	return nil
}

// FeaturesOn builds the features once more, on another connection to the same database: one with a clock of its own.
func (a *App) FeaturesOn(d *db.DB) Features {
	return newFeatures(d, a.Features.Catalogue, a.Keys, a.blobs, a.Config)
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
	if a.blobs != nil {
		errs = append(errs, a.blobs.Close())
	}
	if a.DB != nil {
		a.DB.Close()
	}
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
		if err := a.local.Announce("http://" + l.Addr().String()); err != nil {
			a.Log.Warn("announce address", "error", err)
		}
	}
	server := &http.Server{
		Handler:           a.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(a.Log.Handler(), slog.LevelWarn),
	}
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
	go func() { failed <- server.Serve(l) }()
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
	}
	stopWork()
	<-worked
	return err
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
		debug.SetMemoryLimit(80 << 20)
	}
}
