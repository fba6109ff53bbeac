package dbtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"gatehouse/migrations"
)

const (
	testPrefix     = "gatehouse_test_"
	templatePrefix = "gatehouse_template_"

	// keptMost and templatesMost bound what stays on the server: a database is
	// about ten megabytes of memory.
	keptMost      = 10
	templatesMost = 6
)

// address says how to reach a server: as the one who makes databases, and as
// the role that owns them, which is an ordinary one like in production.
type address struct {
	Admin string `json:"admin"`
	App   string `json:"app"`
	// Supervisor is the process that owns the server, for whoever wonders.
	Supervisor int `json:"supervisor"`
}

// database is the address of one database for its owner.
func (a address) database(name string) string {
	u, err := url.Parse(a.App)
	if err != nil {
		return a.App // connecting to it says what is wrong with it
	}
	u.Path = "/" + name
	return u.String()
}

// server makes and drops databases.
type server struct {
	address address
	admin   *pgxpool.Pool
	owner   string
	// copyFaster is the clause for copying files rather than logging pages,
	// which PostgreSQL offers since version 15.
	copyFaster string

	mu       sync.Mutex // guards template
	template string
}

// connect opens the administering connections: two, because more copies at once
// are not faster.
func connect(a address) (*server, error) {
	cfg, err := pgxpool.ParseConfig(a.Admin)
	if err != nil {
		return nil, err
	}
	app, err := pgx.ParseConfig(a.App)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = 2
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s := &server{address: a, admin: pool, owner: app.User}
	var version int
	if err := pool.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		pool.Close()
		return nil, err
	}
	if version >= 150000 {
		s.copyFaster = " STRATEGY file_copy"
	}
	return s, nil
}

var created atomic.Int64

// create copies the template under a name that tells the process it belongs to.
func (s *server) create(ctx context.Context) (string, error) {
	name := newName()
	for try := 0; ; try++ {
		template, err := s.ready(ctx)
		if err != nil {
			return "", err
		}
		_, err = s.admin.Exec(ctx, "CREATE DATABASE "+quote(name)+" TEMPLATE "+quote(template)+" OWNER "+quote(s.owner)+s.copyFaster)
		if err == nil {
			return name, nil
		}
		// Another run with newer migrations may have pruned the template.
		var pgErr *pgconn.PgError
		if try == 0 && errors.As(err, &pgErr) && pgErr.Code == "3D000" {
			s.forget(template)
			continue
		}
		return "", err
	}
}

// createEmpty makes a database from nothing.
func (s *server) createEmpty(ctx context.Context) (string, error) {
	name := newName()
	_, err := s.admin.Exec(ctx, "CREATE DATABASE "+quote(name)+" OWNER "+quote(s.owner))
	return name, err
}

func newName() string {
	return fmt.Sprintf("%s%d_%d_%s", testPrefix, os.Getpid(), created.Add(1), strings.ToLower(rand.Text()[:6]))
}

// ready returns the template for the current migrations, making it if needed.
func (s *server) ready(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.template != "" {
		return s.template, nil
	}
	sum, err := digest(migrations.FS)
	if err != nil {
		return "", err
	}
	name := templatePrefix + sum
	if err := s.makeTemplate(ctx, name); err != nil {
		return "", fmt.Errorf("template: %w", err)
	}
	s.template = name
	return name, nil
}

func (s *server) forget(template string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.template == template {
		s.template = ""
	}
}

// makeTemplate migrates a database from nothing, one process at a time, and
// gives it its name when it is complete.
func (s *server) makeTemplate(ctx context.Context, name string) error {
	return s.admin.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtext($1))", templatePrefix); err != nil {
			return err
		}
		defer conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(hashtext($1))", templatePrefix)
		var exists bool
		err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
		if err != nil || exists {
			return err
		}
		draft := name + "_draft"
		for _, sql := range []string{
			"DROP DATABASE IF EXISTS " + quote(draft) + " WITH (FORCE)",
			"CREATE DATABASE " + quote(draft) + " OWNER " + quote(s.owner),
		} {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return err
			}
		}
		if _, err := migrations.Up(ctx, s.address.database(draft)); err != nil {
			return err
		}
		for _, sql := range []string{
			"ALTER DATABASE " + quote(draft) + " ALLOW_CONNECTIONS false",
			"ALTER DATABASE " + quote(draft) + " RENAME TO " + quote(name),
		} {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return pruneTemplates(ctx, conn)
	})
}

// pruneTemplates drops the oldest templates. One that is being copied at this
// moment refuses, and goes another time.
func pruneTemplates(ctx context.Context, conn *pgxpool.Conn) error {
	rows, _ := conn.Query(ctx, `
		SELECT datname FROM pg_database
		WHERE  starts_with(datname, $1)
		ORDER  BY oid DESC OFFSET $2`, templatePrefix, templatesMost)
	old, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range old {
		_, _ = conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(name))
	}
	return nil
}

// drop removes a database. The moment of waiting pays: a connection that was
// just closed is still ending, and PostgreSQL looks again only after 100 ms.
func (s *server) drop(ctx context.Context, name string) error {
	time.Sleep(10 * time.Millisecond)
	_, err := s.admin.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(name)+" WITH (FORCE)")
	return err
}

// keptMark begins the comment on a database that was kept, and its time follows.
const keptMark = "kept since "

// keep marks a database as kept and drops the oldest kept ones beyond the bound.
func (s *server) keep(ctx context.Context, name string) error {
	mark := keptMark + time.Now().UTC().Format("2006-01-02T15:04:05.000000000Z")
	if _, err := s.admin.Exec(ctx, "COMMENT ON DATABASE "+quote(name)+" IS '"+mark+"'"); err != nil {
		return err
	}
	kept, err := s.kept(ctx)
	if err != nil {
		return err
	}
	for _, old := range kept[min(keptMost, len(kept)):] {
		if err := s.drop(ctx, old); err != nil {
			return err
		}
	}
	return nil
}

// kept lists the kept databases, newest first.
func (s *server) kept(ctx context.Context) ([]string, error) {
	rows, _ := s.admin.Query(ctx, `
		SELECT datname FROM pg_database
		WHERE  starts_with(datname, $1) AND starts_with(shobj_description(oid, 'pg_database'), $2)
		ORDER  BY shobj_description(oid, 'pg_database') DESC`, testPrefix, keptMark)
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// reap drops the databases of processes that are gone without having done it,
// because they panicked or were killed. It judges by process id, and so only on
// the server of this machine.
func (s *server) reap(ctx context.Context) error {
	rows, _ := s.admin.Query(ctx, `
		SELECT datname FROM pg_database
		WHERE  starts_with(datname, $1) AND shobj_description(oid, 'pg_database') IS NULL`, testPrefix)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		var pid int
		if _, err := fmt.Sscanf(name, testPrefix+"%d_", &pid); err != nil || alive(pid) {
			continue
		}
		if err := s.drop(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// digest names a set of migrations after what is in them.
func digest(files fs.FS) (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, path)
		fmt.Fprintf(sum, "%s %d\n", path, len(content))
		sum.Write(content)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)[:8]), err
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
