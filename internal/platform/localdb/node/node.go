// Package node runs PostgreSQL servers that follow one another: for the tests of what Gatehouse does with a standby, and
// for bench/faults.
package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/localdb"
)

// Node is one server.
type Node struct {
	programs localdb.Binaries
	name     string
	dir      string // holds the data and the socket
	settings []string
	cmd      *exec.Cmd
	ended    chan struct{} // closed when the server has ended
}

// New prepares a server in a folder of its own below dir, which must be a short one: the socket lies there. settings,
// such as "fsync=off", come on top of those that following takes.
func New(programs localdb.Binaries, dir, name string, settings ...string) (*Node, error) {
	n := &Node{programs: programs, name: name, dir: filepath.Join(dir, name), settings: slices.Concat(following, settings)}
	if err := os.MkdirAll(n.dir, 0o755); err != nil {
		return nil, err
	}
	return n, localdb.HandOver(n.dir)
}

// following are the settings of every node: each may be the primary, and the standby.
var following = []string{"wal_level=replica", "hot_standby=on", "max_wal_size=128MB", "min_wal_size=32MB", "shared_buffers=64MB",
	"listen_addresses=", "wal_receiver_status_interval=1s", "wal_retrieve_retry_interval=200ms", "jit=off"}

// Data is the folder of the server's files.
func (n *Node) Data() string { return filepath.Join(n.dir, "data") }

// Log is the file that the server writes to.
func (n *Node) Log() string { return filepath.Join(n.dir, "log") }

// URL is the address of the node alone.
func (n *Node) URL() string { return URL(n) }

// URL is the address of several nodes.
func URL(nodes ...*Node) string {
	hosts := make([]string, len(nodes))
	for i, n := range nodes {
		hosts[i] = n.dir
	}
	return "postgres:///postgres?host=" + strings.Join(hosts, ",") + "&user=postgres"
}

func (n *Node) run(ctx context.Context, program string, args ...string) error {
	cmd, err := n.programs.Program(ctx, program, args...)
	if err != nil {
		return err
	}
	cmd.Dir = n.dir
	cmd.SysProcAttr.Pdeathsig = 0 // it ends by itself, and runs on whatever thread
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, said)
	}
	return nil
}

// Create makes an empty primary. Whoever may pass through the folder is let in: it is gone in a moment.
func (n *Node) Create(ctx context.Context) error {
	return n.run(ctx, "initdb", "-D", n.Data(), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
}

// Follow makes the node anew as a standby of another.
func (n *Node) Follow(ctx context.Context, primary *Node) error {
	if err := os.RemoveAll(n.Data()); err != nil {
		return err
	}
	return n.run(ctx, "pg_basebackup", "-D", n.Data(), "-R", "-X", "stream", "--checkpoint=fast", "--no-sync",
		"-d", "host="+primary.dir+" user=postgres application_name="+n.name)
}

// Start runs the server until it takes connections.
func (n *Node) Start(ctx context.Context) error {
	for attempt := 0; ; attempt++ {
		err := n.startOnce(ctx)
		// The children of a server that was killed take a moment to notice.
		if err == nil || attempt == 50 || !errors.Is(err, errEnded) {
			return err
		}
		time.Sleep(200 * time.Millisecond)
	}
}

var errEnded = errors.New("the server ended")

func (n *Node) startOnce(ctx context.Context) error {
	if err := n.launch(); err != nil {
		return err
	}
	for {
		conn, err := pgx.Connect(ctx, n.URL())
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-n.ended:
			said, _ := os.ReadFile(n.Log())
			return fmt.Errorf("%w: %s", errEnded, said[max(0, len(said)-2000):])
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// launch starts the server on a thread that lives as long as it does: the kernel ends it with the thread, and so with
// us, however we end.
func (n *Node) launch() error {
	args := []string{"-D", n.Data(), "-k", n.dir}
	for _, s := range n.settings {
		args = append(args, "-c", s)
	}
	cmd, err := n.programs.Program(context.Background(), "postgres", args...)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(n.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Dir, cmd.Stdout, cmd.Stderr = n.dir, log, log
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log
			close(ended)
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	n.cmd, n.ended = cmd, ended
	return nil
}

// Kill ends the server at once, whatever it is at.
func (n *Node) Kill() {
	if n.cmd == nil {
		return
	}
	_ = n.cmd.Process.Kill()
	<-n.ended
}

// Stop ends the server as an operator does.
func (n *Node) Stop() {
	if n.cmd == nil {
		return
	}
	_ = n.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-n.ended:
	case <-time.After(10 * time.Second):
		n.Kill()
	}
}

// Promote makes a standby the primary.
func (n *Node) Promote(ctx context.Context) error {
	return n.run(ctx, "pg_ctl", "promote", "-D", n.Data(), "-w")
}

// Pair makes and starts a primary and its standby, and returns when the one streams to the other.
func Pair(ctx context.Context, primary, standby *Node) error {
	for _, step := range []func() error{
		func() error { return primary.Create(ctx) },
		func() error { return primary.Start(ctx) },
		func() error { return standby.Follow(ctx, primary) },
		func() error { return standby.Start(ctx) },
		func() error { return primary.Followed(ctx) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// Followed waits until a standby streams from the node. Where commits are to wait for a standby, they do from then on.
func (n *Node) Followed(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, n.URL())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		var kept bool
		err := conn.QueryRow(ctx, `
			SELECT EXISTS (SELECT FROM pg_stat_replication
			               WHERE state = 'streaming' AND (sync_state = 'sync' OR current_setting('synchronous_standby_names') = ''))`).Scan(&kept)
		if err != nil || kept {
			return err
		}
		if time.Now().After(deadline) {
			return errors.New("the standby does not follow")
		}
	}
}
