package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/localdb"
)

// node is one of the two PostgreSQL servers that follow one another.
type node struct {
	programs   localdb.Binaries
	name       string
	dir        string // holds the data and the socket
	cmd        *exec.Cmd
	ended      chan struct{} // closed when the server has ended
	standbyFor *node         // whom it follows, nil for a primary
}

func newNode(programs localdb.Binaries, dir, name string) (*node, error) {
	n := &node{programs: programs, name: name, dir: filepath.Join(dir, name)}
	if err := os.MkdirAll(n.dir, 0o755); err != nil {
		return nil, err
	}
	return n, localdb.HandOver(n.dir)
}

func (n *node) data() string { return filepath.Join(n.dir, "data") }

// url is the address of the node alone.
func (n *node) url() string {
	return "postgres:///postgres?host=" + n.dir + "&user=postgres"
}

// urlOf is the address of whichever of the nodes is the primary.
func urlOf(nodes ...*node) string {
	hosts := make([]string, len(nodes))
	for i, n := range nodes {
		hosts[i] = n.dir
	}
	return "postgres:///postgres?host=" + strings.Join(hosts, ",") + "&user=postgres"
}

func (n *node) run(ctx context.Context, program string, args ...string) error {
	cmd, err := n.programs.Program(ctx, program, args...)
	if err != nil {
		return err
	}
	cmd.Dir = n.dir
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, said)
	}
	return nil
}

// create makes an empty primary. Whoever may pass through the folder is let in: it is gone in a moment.
func (n *node) create(ctx context.Context) error {
	return n.run(ctx, "initdb", "-D", n.data(), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
}

// follow makes the node anew as a standby of another.
func (n *node) follow(ctx context.Context, primary *node) error {
	if err := os.RemoveAll(n.data()); err != nil {
		return err
	}
	n.standbyFor = primary
	return n.run(ctx, "pg_basebackup", "-D", n.data(), "-R", "-X", "stream", "--checkpoint=fast",
		"-d", "host="+primary.dir+" user=postgres application_name="+n.name)
}

// settings are those of a durable server whose commits wait for a standby. Every node has them, so that who is promoted
// acknowledges nothing before it has a standby of its own.
var settings = []string{"fsync=on", "full_page_writes=on", "synchronous_commit=on", "synchronous_standby_names=*",
	"wal_level=replica", "hot_standby=on", "max_wal_size=128MB", "min_wal_size=32MB", "shared_buffers=64MB",
	"listen_addresses=", "wal_receiver_status_interval=1s", "wal_retrieve_retry_interval=200ms", "jit=off"}

// start runs the server until it takes connections.
func (n *node) start(ctx context.Context) error {
	args := []string{"-D", n.data(), "-k", n.dir}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	for attempt := 0; ; attempt++ {
		err := n.startOnce(ctx, args)
		// The children of a server that was killed take a moment to notice.
		if err == nil || attempt == 50 || !errors.Is(err, errEnded) {
			return err
		}
		time.Sleep(200 * time.Millisecond)
	}
}

var errEnded = errors.New("the server ended")

func (n *node) startOnce(ctx context.Context, args []string) error {
	cmd, err := n.programs.Program(ctx, "postgres", args...)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(n.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	// The kernel tells the server when the thread ends that started it, which must not be before us.
	cmd.SysProcAttr.Pdeathsig = 0
	cmd.Dir, cmd.Stdout, cmd.Stderr = n.dir, log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	n.cmd, n.ended = cmd, make(chan struct{})
	go func(ended chan struct{}) {
		_ = cmd.Wait() // how it ended is in its log
		close(ended)
	}(n.ended)
	for {
		conn, err := pgx.Connect(ctx, n.url())
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-n.ended:
			return fmt.Errorf("%w: %s", errEnded, tail(log.Name()))
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// kill ends the server at once, whatever it is at.
func (n *node) kill() {
	if n.cmd == nil {
		return
	}
	_ = n.cmd.Process.Kill()
	<-n.ended
}

// stop ends the server as an operator does.
func (n *node) stop() {
	if n.cmd == nil {
		return
	}
	_ = n.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-n.ended:
	case <-time.After(10 * time.Second):
		n.kill()
	}
}

// promote makes a standby the primary.
func (n *node) promote(ctx context.Context) error {
	n.standbyFor = nil
	return n.run(ctx, "pg_ctl", "promote", "-D", n.data(), "-w")
}

// synchronous waits until the node's commits are kept by a standby.
func (n *node) synchronous(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, n.url())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		var kept bool
		err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming')`).Scan(&kept)
		if err != nil || kept {
			return err
		}
		if time.Now().After(deadline) {
			return errors.New("the standby does not follow")
		}
	}
}
