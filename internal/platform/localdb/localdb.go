package localdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// superuser administers the server; the application does not use it.
	superuser = "postgres"
	// name is the application's database and the role that owns it.
	name = "gatehouse"
	// port only names the socket: there is no TCP.
	port = "5432"
	// oldest is the first major version that has what Gatehouse uses.
	oldest = 14
)

// Durability says what the data is worth.
type Durability int

const (
	// Durable loses no committed transaction, whatever is killed. The default.
	Durable Durability = iota
	// Disposable trades safety for speed: for test databases only.
	Disposable
)

// Options say where and how to run the server.
type Options struct {
	// Dir is the folder the database has for itself. It is made if missing.
	Dir string
	// Binaries are the programs, from Find.
	Binaries Binaries
	// Durability is Durable unless said otherwise.
	Durability Durability
	// Settings are PostgreSQL settings on top of the package's own.
	Settings map[string]string
	// Log receives the few things worth telling; nil discards them.
	Log *slog.Logger
}

// Server is a running private PostgreSQL.
type Server struct {
	folder   folder
	lock     *folderLock
	runner   *runner
	password string

	stopOnce sync.Once
	stopped  error
}

// Start runs the server on opt.Dir, making the database first if there is none,
// and returns when it takes connections. Errors that people can act upon are
// *RunningError, *VersionError and *UnreachableError.
func Start(ctx context.Context, opt Options) (*Server, error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	dir, err := filepath.Abs(opt.Dir)
	if err != nil {
		return nil, err
	}
	as, err := serverAccount()
	if err != nil {
		return nil, err
	}
	f := folder{dir: dir}
	if err := f.make(as); err != nil {
		return nil, err
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	server := &Server{folder: f, lock: lock}
	if err := server.start(ctx, as, opt); err != nil {
		return nil, errors.Join(err, lock.release())
	}
	return server, nil
}

// start is what happens under the lock.
func (s *Server) start(ctx context.Context, as account, opt Options) error {
	completeLibraries(opt.Binaries.Dir)
	bin, major, err := s.folder.chooseVersion(ctx, as, opt.Binaries)
	if err != nil {
		return err
	}
	if major < oldest {
		return fmt.Errorf("the PostgreSQL programs in %s are of version %d; Gatehouse needs %d or later", bin, major, oldest)
	}
	began := time.Now()
	if s.folder.sockets, err = s.folder.socketDir(as); err != nil {
		return err
	}
	s.password, err = s.folder.initialise(ctx, as, bin, major, opt)
	if err != nil {
		return fmt.Errorf("set up the database in %s: %w", s.folder.dir, err)
	}
	s.runner = newRunner(s.folder, as, bin, opt)
	s.runner.ready = s.connect
	if err := s.runner.start(ctx); err != nil {
		return err
	}
	if err := s.ensureDatabase(ctx); err != nil {
		return errors.Join(err, s.runner.stop(context.WithoutCancel(ctx)))
	}
	opt.Log.Info("private database started", "dir", s.folder.dir, "version", major, "took", time.Since(began).Round(time.Millisecond))
	return nil
}

// URL is the connection string of the application's database, for a role that
// owns it and has no rights over the server.
func (s *Server) URL() string { return s.url(name, name) }

// AdminURL is the connection string of the server's superuser.
func (s *Server) AdminURL() string { return s.url(superuser, superuser) }

func (s *Server) url(role, database string) string {
	query := url.Values{"host": {s.folder.sockets}, "port": {port}, "sslmode": {"disable"}}
	u := url.URL{Scheme: "postgres", User: url.UserPassword(role, s.password), Path: "/" + database, RawQuery: query.Encode()}
	return u.String()
}

// Announce writes down where the application answers, for whoever tries to
// start a second instance on the same folder.
func (s *Server) Announce(address string) error { return s.lock.announce(address) }

// Done is closed when the server has ended and will not be started again: after
// Stop, or when it kept dying. Stop is then still due, to release the folder.
func (s *Server) Done() <-chan struct{} { return s.runner.done }

// Stop shuts the server down: connections are ended, everything is on disk. When
// ctx ends first the server is killed, which loses nothing but costs the next
// start a recovery. Only the first call does anything.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() { s.stopped = errors.Join(s.runner.stop(ctx), s.lock.release()) })
	return s.stopped
}

// connect succeeds when the server takes connections.
func (s *Server) connect(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.AdminURL())
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// ensureDatabase makes the application's role and database. It asks at every
// start, since the first start may have been interrupted between the two.
func (s *Server) ensureDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.AdminURL())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var role, database bool
	err = conn.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1),
		       EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&role, &database)
	if err != nil {
		return err
	}
	if !role {
		// The password is of letters and digits only, so it needs no quoting.
		if _, err := conn.Exec(ctx, "CREATE ROLE "+name+" LOGIN PASSWORD '"+s.password+"'"); err != nil {
			return fmt.Errorf("make the role: %w", err)
		}
	}
	if !database {
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+name+" OWNER "+name); err != nil {
			return fmt.Errorf("make the database: %w", err)
		}
	}
	return nil
}

// logTail is the end of what the server wrote since its log was from bytes
// long, for error messages.
func (f folder) logTail(from int64) string {
	content, err := os.ReadFile(f.log())
	if err != nil {
		return err.Error()
	}
	return lastLines(string(content[min(from, int64(len(content))):]), 8)
}
