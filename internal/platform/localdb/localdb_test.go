package localdb

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// ownerVariable makes the test binary play an application that owns a server,
// so that tests can kill it.
const ownerVariable = "LOCALDB_TEST_OWNER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownerVariable); dir != "" {
		own(dir)
	}
	os.Exit(m.Run())
}

// own runs a server on dir, says so, and waits to be killed.
func own(dir string) {
	bin, err := Find(os.Getenv)
	if err == nil {
		var server *Server
		if server, err = Start(context.Background(), Options{Dir: dir, Binaries: bin}); err == nil {
			err = server.Announce("http://127.0.0.1:8080")
		}
	}
	fmt.Println("owner:", err)
	select {}
}

func startOwner(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), ownerVariable+"="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	if line != "owner: <nil>\n" {
		t.Fatalf("owner did not start: %s", line)
	}
	return cmd
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func programs(t *testing.T) Binaries {
	t.Helper()
	bin, err := Find(os.Getenv)
	must(t, err)
	return bin
}

// folderFor makes a folder that the server's user can reach, which t.TempDir is
// not when the tests run as root.
func folderFor(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "localdb-test-")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	return filepath.Join(dir, "db")
}

func start(t *testing.T, dir string) *Server {
	t.Helper()
	return startWith(t, Options{Dir: dir, Binaries: programs(t)})
}

// startQuick is start for tests to which it does not matter what is on disk.
func startQuick(t *testing.T, dir string) *Server {
	t.Helper()
	return startWith(t, Options{Dir: dir, Binaries: programs(t), Durability: Disposable})
}

func startWith(t *testing.T, opt Options) *Server {
	t.Helper()
	server, err := Start(t.Context(), opt)
	must(t, err)
	t.Cleanup(func() { stop(t, server) })
	return server
}

func stop(t *testing.T, server *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	must(t, server.Stop(ctx))
}

// query runs sql on the server and returns the only value of the answer.
func query[T any](t *testing.T, url, sql string) T {
	t.Helper()
	var value T
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer conn.Close(context.Background())
	must(t, conn.QueryRow(t.Context(), sql).Scan(&value))
	return value
}

// perform runs statements on the server.
func perform(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), sql)
	must(t, err)
}

func TestStartColdAndWarm(t *testing.T) {
	t.Parallel()
	dir := folderFor(t)
	began := time.Now()
	server := start(t, dir)
	t.Logf("cold start %v", time.Since(began).Round(time.Millisecond))

	perform(t, server.URL(), `CREATE TABLE kept (word text); INSERT INTO kept VALUES ('still here')`)
	for sql, want := range map[string]string{
		"SELECT current_user::text":       "gatehouse",
		"SELECT current_database()::text": "gatehouse",
		"SHOW listen_addresses":           "",
		"SHOW fsync":                      "on",
		"SHOW password_encryption":        "scram-sha-256",
		"SELECT lower('ÉMILE')":           "émile",
		"SHOW data_checksums":             "on",
		"SELECT rolsuper::text FROM pg_roles WHERE rolname = current_user": "false",
	} {
		if got := query[string](t, server.URL(), sql); got != want {
			t.Errorf("%s: got %q, want %q", sql, got, want)
		}
	}
	perform(t, server.URL(), `CREATE EXTENSION pg_trgm`)

	began = time.Now()
	stop(t, server)
	t.Logf("stop %v", time.Since(began).Round(time.Millisecond))
	began = time.Now()
	server = start(t, dir)
	t.Logf("warm start %v", time.Since(began).Round(time.Millisecond))
	if got := query[string](t, server.URL(), "SELECT word FROM kept"); got != "still here" {
		t.Errorf("after a restart: %q", got)
	}
}

func TestStartKeepsSecrets(t *testing.T) {
	t.Parallel()
	dir := folderFor(t)
	server := startQuick(t, dir)
	for path, want := range map[string]os.FileMode{
		"password": 0o600, "lock": 0o600, "postgres.log": 0o600, "data": 0o700, "run": 0o700,
	} {
		info, err := os.Stat(filepath.Join(dir, path))
		must(t, err)
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "run", "initdb-*"))
	must(t, err)
	if len(left) != 0 {
		t.Errorf("the password lies around in %v", left)
	}
	wrong := strings.Replace(server.URL(), server.password, "guess", 1)
	if conn, err := pgx.Connect(t.Context(), wrong); err == nil {
		conn.Close(t.Context())
		t.Error("a wrong password was accepted")
	}
	perform(t, server.URL(), `CREATE TABLE people (email text UNIQUE); INSERT INTO people VALUES ('sam@example.org')`)
	conn, err := pgx.Connect(t.Context(), server.URL())
	must(t, err)
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), `INSERT INTO people VALUES ('sam@example.org')`); err == nil {
		t.Fatal("the second insert should fail")
	}
	content, err := os.ReadFile(filepath.Join(dir, "postgres.log"))
	must(t, err)
	if strings.Contains(string(content), "sam@example.org") {
		t.Error("the server's log names a person")
	}
}

func TestSecondInstanceIsRefused(t *testing.T) {
	t.Parallel()
	dir := folderFor(t)
	owner := startOwner(t, dir)
	_, err := Start(t.Context(), Options{Dir: dir, Binaries: programs(t)})
	var running *RunningError
	if !errors.As(err, &running) {
		t.Fatalf("got %v, want a RunningError", err)
	}
	want := fmt.Sprintf("already running on %s, pid %d, address http://127.0.0.1:8080", dir, owner.Process.Pid)
	if err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestKilledOwnerStartsAgainOnTheSameData(t *testing.T) {
	t.Parallel()
	dir := folderFor(t)
	owner := startOwner(t, dir)
	password, err := os.ReadFile(filepath.Join(dir, "password"))
	must(t, err)
	url := fmt.Sprintf("postgres://gatehouse:%s@/gatehouse?host=%s&port=5432", strings.TrimSpace(string(password)), filepath.Join(dir, "run"))
	perform(t, url, `CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)`)
	for n := range 3 {
		perform(t, url, `INSERT INTO kept SELECT max(n) + 1 FROM kept`)
		must(t, owner.Process.Kill())
		_ = owner.Wait()
		if n < 2 {
			owner = startOwner(t, dir)
		}
	}
	began := time.Now()
	server := start(t, dir)
	t.Logf("start after kill %v", time.Since(began).Round(time.Millisecond))
	if got := query[int](t, server.URL(), "SELECT count(*)::int FROM kept"); got != 4 {
		t.Errorf("%d rows survived, want 4", got)
	}
}

func TestKilledServerIsStartedAgain(t *testing.T) {
	t.Parallel()
	dir := folderFor(t)
	server := start(t, dir)
	perform(t, server.URL(), `CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)`)
	first := server.runner.current()
	must(t, first.cmd.Process.Signal(syscall.SIGKILL))
	<-first.ended
	deadline := time.Now().Add(20 * time.Second)
	for server.connect(t.Context()) != nil {
		if time.Now().After(deadline) {
			t.Fatalf("not started again: %s", server.folder.logTail(0))
		}
		time.Sleep(20 * time.Millisecond)
	}
	if got := query[int](t, server.URL(), "SELECT n FROM kept"); got != 7 {
		t.Errorf("got %d", got)
	}
}

func TestForeignOrDamagedDataIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := folderFor(t)
	stop(t, startQuick(t, dir))
	version := filepath.Join(dir, "data", "PG_VERSION")
	real := version + ".real"
	must(t, os.Rename(version, real))
	refused := func(content string) error {
		must(t, os.WriteFile(version, []byte(content), 0o600))
		_, err := Start(t.Context(), Options{Dir: dir, Binaries: programs(t)})
		if err == nil {
			t.Fatalf("started on PG_VERSION %q", content)
		}
		return err
	}
	var mismatch *VersionError
	if err := refused("12\n"); !errors.As(err, &mismatch) || mismatch.Has != 12 || mismatch.Offers == 12 {
		t.Errorf("got %v, want a VersionError for 12", err)
	}
	for _, word := range []string{"PostgreSQL 12", "postgresql-12", BinVariable, "nothing was changed"} {
		if !strings.Contains(mismatch.Error(), word) {
			t.Errorf("the message lacks %q: %s", word, mismatch)
		}
	}
	if err := refused("garbage"); !strings.Contains(err.Error(), "damaged") {
		t.Errorf("got %v", err)
	}
	must(t, os.Remove(version))
	if _, err := Start(t.Context(), Options{Dir: dir, Binaries: programs(t)}); err == nil || !strings.Contains(err.Error(), "left untouched") {
		t.Errorf("without PG_VERSION: %v", err)
	}
	must(t, os.Rename(real, version))
	startQuick(t, dir)
}

func TestInterruptedSetUpIsMovedAside(t *testing.T) {
	t.Parallel()
	dir := folderFor(t)
	must(t, os.MkdirAll(filepath.Join(dir, "data.new"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "data.new", "half"), []byte("x"), 0o600))
	startQuick(t, dir)
	kept, err := filepath.Glob(filepath.Join(dir, "data.new.*", "half"))
	must(t, err)
	if len(kept) != 1 {
		t.Errorf("the remains are gone: %v", kept)
	}
}

func TestLongPathsGetAShortSocket(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folderFor(t), strings.Repeat("deep/", 20), "db")
	server := startQuick(t, dir)
	if query[int](t, server.URL(), "SELECT 1") != 1 || strings.HasPrefix(server.folder.sockets, dir) {
		t.Errorf("socket in %s", server.folder.sockets)
	}
	sockets := server.folder.sockets
	stop(t, server)
	if server = startQuick(t, dir); server.folder.sockets != sockets {
		t.Errorf("a second folder for the socket: %s after %s", server.folder.sockets, sockets)
	}
	t.Cleanup(func() { _ = os.RemoveAll(sockets) })
}

func TestClosedFolderIsExplained(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		// An ordinary user's server runs as that user: nothing is out of its reach.
		return
	}
	closed := t.TempDir()
	must(t, os.Chmod(filepath.Dir(closed), 0o700))
	_, err := Start(t.Context(), Options{Dir: filepath.Join(closed, "db"), Binaries: programs(t)})
	var unreachable *UnreachableError
	if !errors.As(err, &unreachable) || unreachable.Blocked != filepath.Dir(closed) {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(err.Error(), rootDir) {
		t.Errorf("no advice in %q", err)
	}
}

func TestStartThatFailsReleasesTheFolder(t *testing.T) {
	t.Parallel()
	dir := folderFor(t)
	bad := Options{Dir: dir, Binaries: programs(t), Settings: map[string]string{"max_connections": "many"}}
	if _, err := Start(t.Context(), bad); err == nil || !strings.Contains(err.Error(), "max_connections") {
		t.Fatalf("got %v, want the server's own complaint", err)
	}
	startQuick(t, dir)
}

func TestCancelledStartLeavesNothingRunning(t *testing.T) {
	t.Parallel()
	dir := folderFor(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Start(ctx, Options{Dir: dir, Binaries: programs(t)}); err == nil {
		t.Fatal("started in no time")
	}
	startQuick(t, dir)
}
