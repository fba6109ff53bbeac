package localdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// runner keeps the server process alive:
//
//	starting ──► ready ──► stopped (by stop)
//	    ▲          │
//	    └── died ──┘   then done, when it dies again and again
type runner struct {
	folder folder
	as     account
	bin    string
	args   []string
	log    *slog.Logger
	ready  func(context.Context) error

	done     chan struct{}
	stopping chan struct{}
	once     sync.Once

	mu      sync.Mutex
	process *process
}

// process is one life of the server.
type process struct {
	cmd   *exec.Cmd
	wrote int64         // where its part of the log begins
	ended chan struct{} // closed when it has been waited for
	err   error         // how it ended; read after ended is closed
}

const (
	// startTime bounds the wait for a server to take connections. It is long
	// because recovery after a kill may have gigabytes of log to replay.
	startTime = 10 * time.Minute
	// orphanTime is how long a start waits for the server of a killed owner.
	orphanTime = 30 * time.Second
	// restarts is how often in a row a server that died is started again.
	restarts = 5
	// steady is how long a server must live to count as healthy again.
	steady = time.Minute
)

func newRunner(f folder, as account, bin string, opt Options) *runner {
	settings := map[string]string{
		"listen_addresses":        "",
		"unix_socket_directories": f.sockets,
		"unix_socket_permissions": "0700",
		"port":                    port,
		"password_encryption":     "scram-sha-256",
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"logging_collector":       "off",
		// Values of people must not reach the log: no statements, no details
		// such as "Key (email)=(…) already exists".
		"log_checkpoints":                   "off",
		"log_error_verbosity":               "terse",
		"log_min_error_statement":           "panic",
		"log_parameter_max_length_on_error": "0",
	}
	if opt.Durability == Disposable {
		for _, costly := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
			settings[costly] = "off"
		}
	}
	for key, value := range opt.Settings {
		settings[key] = value
	}
	args := []string{"-D", f.data()}
	for key, value := range settings {
		args = append(args, "-c", key+"="+value)
	}
	return &runner{folder: f, as: as, bin: bin, args: args, log: opt.Log,
		done: make(chan struct{}), stopping: make(chan struct{})}
}

// start brings the server up for the first time and leaves a watch on it.
func (r *runner) start(ctx context.Context) error {
	if err := r.bringUp(ctx); err != nil {
		close(r.done)
		return err
	}
	go r.watch()
	return nil
}

// bringUp starts a process and waits until it takes connections. The server of
// an owner that was killed may still be on its way out, so a start that fails
// because of it is tried again for a while.
func (r *runner) bringUp(ctx context.Context) error {
	deadline := time.Now().Add(orphanTime)
	for attempt := 0; ; attempt++ {
		p, err := r.spawn()
		if err != nil {
			return fmt.Errorf("start PostgreSQL: %w", err)
		}
		err = r.await(ctx, p)
		if err == nil {
			return nil
		}
		if !errors.Is(err, errPredecessor) || time.Now().After(deadline) {
			return err
		}
		if attempt > 10 {
			r.stopOrphan()
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// spawn starts the server on a thread of its own (see onOwnThread).
func (r *runner) spawn() (*process, error) {
	output, err := r.openLog()
	if err != nil {
		return nil, err
	}
	cmd := r.as.command(context.Background(), filepath.Join(r.bin, "postgres"), r.args...)
	cmd.Dir = r.folder.data()
	cmd.Stdout, cmd.Stderr = output, output
	p := &process{cmd: cmd, ended: make(chan struct{})}
	if info, err := output.Stat(); err == nil {
		p.wrote = info.Size()
	}
	started := make(chan error)
	run := func() (struct{}, error) {
		err := cmd.Start()
		started <- errors.Join(err, output.Close())
		if err == nil {
			p.err = cmd.Wait()
			close(p.ended)
		}
		return struct{}{}, nil
	}
	go func() { _, _ = onOwnThread(run) }() // how it went is in p and on started
	if err := <-started; err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.process = p
	r.mu.Unlock()
	return p, nil
}

// openLog opens the server's log, putting a long one aside.
func (r *runner) openLog() (*os.File, error) {
	path := r.folder.log()
	if info, err := os.Stat(path); err == nil && info.Size() > 4<<20 {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}

var errPredecessor = errors.New("an earlier server still holds the data")

// await returns nil when p takes connections, and an error when it has ended
// or time is up; then p is gone.
func (r *runner) await(ctx context.Context, p *process) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		err := r.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			tail := r.folder.logTail(p.wrote)
			if strings.Contains(tail, `lock file "postmaster.pid" already exists`) ||
				strings.Contains(tail, "pre-existing shared memory block") {
				return fmt.Errorf("%w; it wrote:\n%s", errPredecessor, tail)
			}
			return fmt.Errorf("PostgreSQL did not start (%w); it wrote:\n%s", p.err, tail)
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("PostgreSQL does not answer: %w", err), p.endSoon())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// stopOrphan ends a server whose owner was killed on a system that does not
// tell children. We hold the folder's lock, so one that listens on the folder's
// own socket can only be such a left-over.
func (r *runner) stopOrphan() {
	conn, err := net.Dial("unix", socketIn(r.folder.sockets))
	if err != nil {
		return
	}
	conn.Close()
	content, err := os.ReadFile(filepath.Join(r.folder.data(), "postmaster.pid"))
	if err != nil {
		return
	}
	first, _, _ := strings.Cut(string(content), "\n")
	if pid, err := strconv.Atoi(first); err == nil && pid > 1 {
		r.log.Warn("stopping the database server of an instance that was killed", "pid", pid)
		_ = syscall.Kill(pid, syscall.SIGINT)
	}
}

// watch starts the server again when it died without being told to, for
// instance killed for want of memory.
func (r *runner) watch() {
	defer close(r.done)
	for failures := 0; ; failures++ {
		p, since := r.current(), time.Now()
		select {
		case <-r.stopping:
			return
		case <-p.ended:
		}
		if time.Since(since) > steady {
			failures = 0
		}
		if failures == restarts {
			r.log.Error("the private database keeps dying and is given up", "log", r.folder.log())
			return
		}
		r.log.Error("the private database died and is started again", "cause", p.err)
		if err := r.again(failures); err != nil {
			r.log.Error("the private database cannot be started again", "cause", err)
			return
		}
	}
}

// again is bringUp after a pause that grows, given up when stop is called.
func (r *runner) again(failures int) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-r.stopping:
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := pause(ctx, time.Duration(failures)*time.Second); err != nil {
		return err
	}
	return r.bringUp(ctx)
}

func (r *runner) current() *process {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.process
}

// stop ends the server and the watch on it. It may be called more than once.
func (r *runner) stop(ctx context.Context) error {
	r.once.Do(func() { close(r.stopping) })
	<-r.done // the watch starts nothing any more
	return r.current().end(ctx)
}

// endSoon ends a process that is not wanted any more, whatever it is at.
func (p *process) endSoon() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return p.end(ctx)
}

// end asks the process to end, and kills it when ctx ends first.
func (p *process) end(ctx context.Context) error {
	select {
	case <-p.ended:
		return nil
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.ended:
		return nil
	case <-ctx.Done():
	}
	// SIGQUIT makes PostgreSQL drop everything at once, its children included,
	// where SIGKILL would leave the children to find out.
	_ = p.cmd.Process.Signal(syscall.SIGQUIT)
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
	return fmt.Errorf("the private database had to be killed: %w", ctx.Err())
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
