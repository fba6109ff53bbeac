package dbtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"gatehouse/internal/platform/localdb"
)

// supervisorVariable is set, to the base, in the process that is to be the
// supervisor instead of running tests.
const supervisorVariable = "GATEHOUSE_DBTEST_SUPERVISOR"

// How long the server stays when nobody uses it. Tests of this package wait less.
var (
	idleTime = duration("GATEHOUSE_DBTEST_IDLE", 30*time.Second)
	keptTime = duration("GATEHOUSE_DBTEST_KEPT", 10*time.Minute)
)

func duration(variable string, otherwise time.Duration) time.Duration {
	if d, err := time.ParseDuration(os.Getenv(variable)); err == nil {
		return d
	}
	return otherwise
}

// init turns the test binary into the supervisor. It cannot be left to TestMain,
// which belongs to the package under test.
func init() {
	base := os.Getenv(supervisorVariable)
	if base == "" {
		return
	}
	if err := runSupervisor(base); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// runSupervisor owns the server of base from start to end.
func runSupervisor(base string) (err error) {
	self, err := lock(filepath.Join(base, "supervisor"), syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil {
		return err
	}
	defer self.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()

	// What a killed supervisor left is of no use: test data, perhaps torn.
	dir := filepath.Join(base, "db")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	cluster, err := startCluster(ctx, dir)
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	defer func() {
		ended, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err = errors.Join(err, os.Remove(filepath.Join(base, "address")), cluster.Stop(ended), os.RemoveAll(dir))
	}()
	place := address{Admin: cluster.AdminURL(), App: cluster.URL(), Supervisor: os.Getpid()}
	if err := publish(base, place); err != nil {
		return err
	}
	s, err := connect(place)
	if err != nil {
		return err
	}
	defer s.admin.Close()
	return watch(ctx, base, s, cluster.Done())
}

// startCluster starts a server that is fast and forgetful.
func startCluster(ctx context.Context, dir string) (*localdb.Server, error) {
	bin, err := localdb.Find(os.Getenv)
	if err != nil {
		return nil, err
	}
	return localdb.Start(ctx, localdb.Options{
		Dir:        dir,
		Binaries:   bin,
		Durability: localdb.Disposable,
		Log:        slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Settings: map[string]string{
			"max_connections": "400", // several packages, several tests each, a pool in every test
			"max_wal_size":    "4GB",
			"autovacuum":      "off", // it would hold on to templates while they are copied
			"wal_level":       "minimal",
			"max_wal_senders": "0",
			// Inside the data folder, so that nothing is left in /dev/shm after a kill.
			"dynamic_shared_memory_type": "mmap",
		},
	})
}

// publish writes the address whole or not at all.
func publish(base string, place address) error {
	content, err := json.Marshal(place)
	if err != nil {
		return err
	}
	draft := filepath.Join(base, "address.new")
	if err := os.WriteFile(draft, content, 0o600); err != nil {
		return err
	}
	return os.Rename(draft, filepath.Join(base, "address"))
}

// watch returns when the server should end: nobody has used it for a while, the
// server is gone, or we were told to.
func watch(ctx context.Context, base string, s *server, gone <-chan struct{}) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	used := time.Now()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-gone:
			return errors.New("the server is gone")
		case <-tick.C:
		}
		if n%5 == 0 {
			if err := s.reap(ctx); err != nil {
				fmt.Fprintln(os.Stderr, "put away left-over databases:", err)
			}
		}
		if inUse(base) {
			used = time.Now()
			continue
		}
		if time.Since(used) < s.patience(ctx) {
			continue
		}
		if last, err := retire(base); err == nil {
			// Closed only when the process ends, after the server has.
			held = append(held, last...)
			return nil
		}
	}
}

// patience is how long to stay unused: longer when there is something to see.
func (s *server) patience(ctx context.Context) time.Duration {
	if kept, err := s.kept(ctx); err == nil && len(kept) > 0 {
		return keptTime
	}
	return idleTime
}

func inUse(base string) bool {
	users, err := lock(filepath.Join(base, "users"), syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil {
		return true
	}
	users.Close()
	return false
}

// retire takes both locks, so that nobody can come while the server ends. A
// process that has come in the meantime wins.
func retire(base string) ([]*os.File, error) {
	start, err := lock(filepath.Join(base, "start"), syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil {
		return nil, err
	}
	users, err := lock(filepath.Join(base, "users"), syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil {
		start.Close()
		return nil, err
	}
	return []*os.File{start, users}, nil
}
