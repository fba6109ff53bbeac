package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"gatehouse/internal/app"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/localdb"
	"gatehouse/internal/seed"
)

// installation is a seeded database with a server on it.
type installation struct {
	size   int
	cfg    config.Config
	db     *localdb.Server
	pool   *pgxpool.Pool
	server *exec.Cmd
	stdin  io.Closer
	base   string // where the server answers
	logins []login
}

// login is a session of somebody who sees candidates, and some cases.
type login struct {
	cookie, user string
	lead         bool // of security, who sees both dashboards
}

// sessions is how many people are signed in.
const sessions = 200

// database starts the installation's PostgreSQL: as durable as in earnest, with the memory the bars are stated for.
func database(ctx context.Context, dir string) (*localdb.Server, error) {
	binaries, err := localdb.Find(os.Getenv, dir)
	if err != nil {
		return nil, err
	}
	return localdb.Start(ctx, localdb.Options{Dir: filepath.Join(dir, "postgres"), Binaries: binaries,
		Settings: map[string]string{"shared_buffers": "1GB", "max_wal_size": "8GB", "random_page_cost": "1.1"}})
}

func openInstallation(ctx context.Context, p plan, size, signals int) (*installation, error) {
	dir := filepath.Join(p.data, strconv.Itoa(size))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	in := &installation{size: size}
	var err error
	if in.db, err = database(ctx, dir); err != nil {
		return nil, err
	}
	in.cfg = config.Config{Data: dir, DatabaseURL: in.db.URL(), MaxUpload: 4 << 30}
	if err := in.prepare(ctx, dir, signals); err != nil {
		return nil, errors.Join(err, in.close())
	}
	return in, nil
}

// prepare seeds the database unless an earlier run did, and starts a server on it.
func (in *installation) prepare(ctx context.Context, dir string, signals int) error {
	mark := filepath.Join(dir, "seeded")
	if _, err := os.Stat(mark); err != nil {
		if err := in.fill(ctx, signals); err != nil {
			return fmt.Errorf("seed %s: %w", dir, err)
		}
		if err := os.WriteFile(mark, nil, 0o600); err != nil {
			return err
		}
	}
	var err error
	if in.pool, err = pgxpool.New(ctx, in.db.URL()); err != nil {
		return err
	}
	if err := in.signIn(ctx); err != nil {
		return err
	}
	return in.serve(ctx)
}

func (in *installation) fill(ctx context.Context, signals int) error {
	a, err := app.Open(ctx, in.cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	result, err := seed.Run(ctx, in.cfg.DatabaseURL, a.Keys, a.Features.Catalogue, seed.Plan{Candidates: in.size, Signals: signals, Seed: 1,
		Now: a.DB.Now(), Password: "gatehouse-synthetic", Tell: func(what string) { fmt.Fprintf(os.Stderr, "%d people: %s\n", in.size, what) }})
	if err == nil {
		fmt.Fprintf(os.Stderr, "%d people: %d rows in %s\n", in.size, result.Rows, result.Took.Round(time.Second))
		err = a.Features.Sealer.SealAll(ctx) // or it would go on beside the measuring
	}
	return errors.Join(err, a.Close())
}

// signIn begins the sessions by writing them down: two hundred passwords would take as long as the measuring.
func (in *installation) signIn(ctx context.Context) error {
	rows, _ := in.pool.Query(ctx, `
		SELECT id::text, 'security_lead' = ANY (roles) AS lead
		FROM   users
		WHERE  roles && '{security_lead,security_analyst}'
		ORDER  BY id`)
	type user struct {
		ID   string
		Lead bool
	}
	users, err := pgx.CollectRows(rows, pgx.RowToStructByName[user])
	if err != nil || len(users) == 0 {
		return fmt.Errorf("users: %w", err)
	}
	batch := &pgx.Batch{}
	for n := range sessions {
		raw := make([]byte, 32)
		rand.Read(raw)
		token := base64.RawURLEncoding.EncodeToString(raw)
		hash := sha256.Sum256([]byte(token))
		batch.Queue(`INSERT INTO sessions (token_hash, user_id, created_at, last_seen_at, proved_at, expires_at) VALUES ($1, $2, now(), now(), now(), now() + interval '1 day')`,
			hash[:], users[n%len(users)].ID)
		in.logins = append(in.logins, login{token, users[n%len(users)].ID, users[n%len(users)].Lead})
	}
	return in.pool.SendBatch(ctx, batch).Close()
}

// serve starts the server as a child, and learns where it answers.
func (in *installation) serve(ctx context.Context) error {
	cmd, out, stdin, err := self(ctx, "-serve", in.cfg.Data, in.cfg.DatabaseURL, in.logins[0].cookie)
	if err != nil {
		return err
	}
	in.server, in.stdin = cmd, stdin
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("the server did not start: %w", err)
	}
	in.base = strings.TrimSpace(line)
	return nil
}

// self starts this program as a child. The child ends when its standard input does, so it never outlives us.
func self(ctx context.Context, args ...string) (*exec.Cmd, io.Reader, io.WriteCloser, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, nil, nil, err
	}
	cmd := exec.CommandContext(ctx, exe, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, nil, err
	}
	return cmd, out, stdin, cmd.Start()
}

// load runs the load generator on the targets.
func (in *installation) load(ctx context.Context, targets []target, connections int, d time.Duration) (r result, err error) {
	err = child(ctx, "-load", order{Address: strings.TrimPrefix(in.base, "http://"), Targets: targets, Connections: connections, For: d}, &r)
	if err == nil && r.Errors > 0 {
		err = fmt.Errorf("%d of %d answers to such as %s were errors (%s)", r.Errors, r.Requests, targets[0].Path, r.Sample)
	}
	return r, err
}

// child starts this program as a child that reads an order and prints what came of it.
func child(ctx context.Context, name string, order, found any) error {
	cmd, out, stdin, err := self(ctx, name)
	if err != nil {
		return err
	}
	err = json.NewEncoder(stdin).Encode(order)
	if err := errors.Join(err, stdin.Close()); err != nil {
		return err
	}
	return errors.Join(json.NewDecoder(out).Decode(found), cmd.Wait())
}

// resident is the memory of the server in bytes, as the kernel counts it.
func (in *installation) resident() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", in.server.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("no VmRSS")
}

// close ends server and database.
func (in *installation) close() error {
	var errs []error
	if in.server != nil {
		errs = append(errs, in.stdin.Close(), in.server.Wait())
		in.server = nil
	}
	if in.pool != nil {
		in.pool.Close()
	}
	if in.db != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		errs = append(errs, in.db.Stop(ctx))
		in.db = nil
	}
	return errors.Join(errs...)
}
