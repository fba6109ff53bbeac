package dbtest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// clientVariable makes the test binary play a test process that uses the server
// of a base until its input is closed.
const clientVariable = "DBTEST_TEST_CLIENT"

func TestMain(m *testing.M) {
	if base := os.Getenv(clientVariable); base != "" {
		os.Exit(useServer(base))
	}
	os.Exit(m.Run())
}

// useServer joins and says what it got.
func useServer(base string) int {
	place, err := join(base)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	_ = json.NewEncoder(os.Stdout).Encode(place)
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// client is another test process.
type client struct {
	cmd   *exec.Cmd
	input io.Closer
	place address
}

func newBase(t *testing.T) string {
	t.Helper()
	base, err := os.MkdirTemp(filepath.Dir(defaultBase()), "dbtest-")
	must(t, err)
	t.Cleanup(func() {
		// The server needs the folder until it has ended.
		waitUntil(t, "the server has ended", func() bool { return !supervised(base) })
		must(t, os.RemoveAll(base))
	})
	return base
}

func startClient(t *testing.T, base string) *client {
	t.Helper()
	c, err := launchClient(base)
	must(t, err)
	t.Cleanup(func() { c.leave() })
	return c
}

func launchClient(base string) (*client, error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), clientVariable+"="+base, "GATEHOUSE_DBTEST_IDLE=1s", "GATEHOUSE_DBTEST_KEPT=1s")
	cmd.Stderr = os.Stderr
	input, errIn := cmd.StdinPipe()
	output, errOut := cmd.StdoutPipe()
	if err := errors.Join(errIn, errOut, cmd.Start()); err != nil {
		return nil, err
	}
	c := &client{cmd: cmd, input: input}
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err != nil {
		return nil, errors.Join(err, input.Close(), cmd.Wait())
	}
	return c, json.Unmarshal(line, &c.place)
}

func (c *client) leave() {
	_ = c.input.Close()
	_ = c.cmd.Wait()
}

// connect administers the server that the client uses.
func (c *client) connect(t *testing.T) *server {
	t.Helper()
	s, err := connect(c.place)
	must(t, err)
	t.Cleanup(s.admin.Close)
	return s
}

// supervised says whether the supervisor of base lives.
func supervised(base string) bool {
	file, err := lock(filepath.Join(base, "supervisor"), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		file.Close()
	}
	return err != nil
}

func waitUntil(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestProcessesShareOneServerThatEndsAfterThem(t *testing.T) {
	t.Parallel()
	base := newBase(t)
	type launched struct {
		c   *client
		err error
	}
	results := make(chan launched)
	for range 3 {
		go func() {
			c, err := launchClient(base)
			results <- launched{c, err}
		}()
	}
	var clients []*client
	for range 3 {
		r := <-results
		must(t, r.err)
		clients = append(clients, r.c)
	}
	for _, c := range clients {
		if c.place != clients[0].place {
			t.Errorf("two servers: %v and %v", c.place, clients[0].place)
		}
		c.leave()
	}
	waitUntil(t, "the server has ended", func() bool { return !supervised(base) })
	for _, left := range []string{"db", "address"} {
		if _, err := os.Stat(filepath.Join(base, left)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left: %v", left, err)
		}
	}
	// And it comes back for the next run.
	if again := startClient(t, base); again.place.Supervisor == clients[0].place.Supervisor {
		t.Error("the old supervisor answered")
	}
}

func TestKilledSupervisorIsReplaced(t *testing.T) {
	t.Parallel()
	base := newBase(t)
	first := startClient(t, base)
	must(t, syscall.Kill(first.place.Supervisor, syscall.SIGKILL))
	waitUntil(t, "the supervisor is gone", func() bool { return !supervised(base) })
	s := startClient(t, base).connect(t)
	t.Run("usable", func(t *testing.T) { s.lend(t) })
}

func TestDatabasesOfKilledProcessesAreReaped(t *testing.T) {
	t.Parallel()
	s := startClient(t, newBase(t)).connect(t)
	gone := exec.Command("true")
	must(t, gone.Run())
	orphan := fmt.Sprintf("%s%d_1_x", testPrefix, gone.Process.Pid)
	_, err := s.admin.Exec(t.Context(), "CREATE DATABASE "+quote(orphan))
	must(t, err)
	mine := databaseOf(t, s.lend(t))
	waitUntil(t, "the orphan is dropped", func() bool { return !slices.Contains(databases(t, s), orphan) })
	if !slices.Contains(databases(t, s), mine) {
		t.Error("the database of a living process was dropped too")
	}
}

func TestBaseOfAnotherUserIsRefused(t *testing.T) {
	t.Parallel()
	base := filepath.Join(t.TempDir(), "base")
	must(t, os.Symlink("/", base))
	if _, err := join(base); err == nil {
		t.Error("joined in a folder that is not ours")
	}
}
