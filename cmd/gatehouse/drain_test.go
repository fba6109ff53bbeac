package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/account"
	"gatehouse/internal/app"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
)

// programVariable makes the test binary be the program, so that it gets real signals and its exit code can be seen.
const programVariable = "GATEHOUSE_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(programVariable) != "" {
		main()
	}
	os.Exit(m.Run())
}

// program is `gatehouse serve` as a process of its own.
type program struct {
	t         *testing.T
	cmd       *exec.Cmd
	host      string
	data, url string
	ended     chan struct{}
}

// serveFor starts the program with a drain.
func serveFor(t *testing.T, drain string) *program {
	t.Helper()
	p := &program{t: t, data: t.TempDir(), url: dbtest.URL(t), ended: make(chan struct{})}
	p.cmd = exec.Command(os.Args[0], "serve", "--addr", "127.0.0.1:0", "--data", p.data)
	p.cmd.Env = append(os.Environ(), programVariable+"=1", "GATEHOUSE_DATABASE_URL="+p.url, "GATEHOUSE_DRAIN="+drain)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said, err := bufio.NewReader(out).ReadString('\n')
	go func() {
		_, _ = io.Copy(io.Discard, out)
		_ = p.cmd.Wait() // how it ended is in its state
		close(p.ended)
	}()
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); <-p.ended })
	found := regexp.MustCompile(`http://(\S+)`).FindStringSubmatch(said)
	if found == nil {
		t.Fatalf("the program said %q, %v", said, err)
	}
	p.host = found[1]
	return p
}

func (p *program) terminate() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
}

// status is what a path answers; 0 where nobody does.
func (p *program) status(path string) int {
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get("http://" + p.host + path)
	if err != nil {
		return 0
	}
	answer.Body.Close()
	return answer.StatusCode
}

// until waits for something to become so.
func (p *program) until(what string, so func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("waited in vain until %s", what)
		}
	}
}

// slow is a request that has come in by half.
type slow struct {
	net.Conn
	rest string
}

// begin sends a sign-in but for its end, and returns when the server reads it.
func (p *program) begin() *slow {
	p.t.Helper()
	form := url.Values{"email": {"ada@example.com"}, "password": {"not the right password"}}.Encode()
	return p.send(fmt.Sprintf("POST /sign-in HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n",
		p.host, len(form)), form[:10], form[10:])
}

// send sends a head that expects to be told to go on, waits for that, and sends the first part of the body.
func (p *program) send(head, first, rest string) *slow {
	p.t.Helper()
	conn, err := net.Dial("tcp", p.host)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(2 * time.Minute))
	if _, err := io.WriteString(conn, head); err != nil {
		p.t.Fatal(err)
	}
	// The server says so when a handler reads.
	const goOn = "HTTP/1.1 100 Continue\r\n\r\n"
	said := make([]byte, len(goOn))
	if _, err := io.ReadFull(conn, said); err != nil || string(said) != goOn {
		p.t.Fatalf("the server said %q, %v", said, err)
	}
	if _, err := io.WriteString(conn, first); err != nil {
		p.t.Fatal(err)
	}
	return &slow{conn, rest}
}

// finish sends the rest and returns the status of the answer.
func (s *slow) finish(t *testing.T) int {
	t.Helper()
	if _, err := io.WriteString(s, s.rest); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(s), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

// exit waits for the end and returns the exit code, -1 where a signal ended the program.
func (p *program) exit() int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(time.Minute):
		p.t.Fatal("the program does not end")
	}
	return p.cmd.ProcessState.ExitCode()
}

// TestServerThatIsToldToStopDrains: it says at once that it is not ready, answers on for a while, then takes nobody new and
// finishes what is under way.
func TestServerThatIsToldToStopDrains(t *testing.T) {
	t.Parallel()
	p := serveFor(t, "3s")
	if got := p.status("/readyz"); got != http.StatusOK {
		t.Fatalf("ready answers %d", got)
	}
	s := p.begin()
	p.terminate()
	told := time.Now()
	p.until("the server is not ready", func() bool { return p.status("/readyz") != http.StatusOK })
	if ready, page := p.status("/readyz"), p.status("/sign-in"); time.Since(told) < 2*time.Second && (ready != http.StatusServiceUnavailable || page != http.StatusOK) {
		t.Errorf("while it drains ready answers %d and a page %d", ready, page)
	}
	p.until("nobody new is taken", func() bool { return p.status("/sign-in") == 0 })
	if time.Since(told) < 3*time.Second {
		t.Errorf("it answered on for %s only", time.Since(told))
	}
	if got := s.finish(t); got != http.StatusUnprocessableEntity {
		t.Errorf("the request under way is answered %d", got)
	}
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestServerWithoutADrainFinishesWhatIsUnderWay.
func TestServerWithoutADrainFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	p := serveFor(t, "0s")
	s := p.begin()
	p.terminate()
	p.until("nobody new is taken", func() bool { return p.status("/sign-in") == 0 })
	if got := s.finish(t); got != http.StatusUnprocessableEntity {
		t.Errorf("the request under way is answered %d", got)
	}
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestWhoAsksTwiceWaitsForNothing: a second signal ends a drain of an hour.
func TestWhoAsksTwiceWaitsForNothing(t *testing.T) {
	t.Parallel()
	p := serveFor(t, "1h")
	p.terminate()
	p.until("the server drains", func() bool { return p.status("/readyz") == http.StatusServiceUnavailable })
	p.terminate()
	if code := p.exit(); code != -1 {
		t.Errorf("exit code %d", code)
	}
}

// TestUploadAtTheEndIsCutWhole: one that takes longer than the server waits leaves neither an item nor half a file.
func TestUploadAtTheEndIsCutWhole(t *testing.T) {
	t.Parallel()
	p := serveFor(t, "0s")
	personID := p.prepare()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.PostForm("http://"+p.host+"/sign-in", url.Values{"email": {"ada@example.com"}, "password": {adasPassword}})
	if err != nil || answer.StatusCode != http.StatusSeeOther {
		t.Fatalf("signing in: %v, %v", answer, err)
	}
	answer.Body.Close()
	var cookies []string
	for _, c := range jar.Cookies(&url.URL{Scheme: "http", Host: p.host, Path: "/"}) {
		cookies = append(cookies, c.String())
	}
	body := ""
	for name, value := range map[string]string{"person_id": string(personID), "subject_kind": "person", "subject_id": string(personID), "kind": "document",
		"title": "A document", "sensitivity": "personal", "back": "/candidates/x?tab=evidence"} {
		body += "--x\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	body += "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"notes.txt\"\r\nContent-Type: text/plain\r\n\r\n" + strings.Repeat("What she said. ", 1<<14)
	p.send(fmt.Sprintf("POST /evidence HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nContent-Type: multipart/form-data; boundary=x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n",
		p.host, strings.Join(cookies, "; "), len(body)+1000), body, "")
	p.until("the file is being written", func() bool { return len(p.files()) > 0 })
	p.terminate()
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if left := p.files(); len(left) != 0 {
		t.Errorf("the upload left %v", left)
	}
	conn, err := pgx.Connect(t.Context(), p.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var items int
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM evidence_items`).Scan(&items); err != nil || items != 0 {
		t.Errorf("the upload left %d items, %v", items, err)
	}
}

const adasPassword = "a long test password"

// prepare adds a user, and a person to have evidence of.
func (p *program) prepare() (personID person.ID) {
	p.t.Helper()
	ctx, system := context.Background(), authz.System("test")
	a, err := app.Open(ctx, config.Config{Data: p.data, DatabaseURL: p.url}, slog.New(slog.DiscardHandler))
	if err != nil {
		p.t.Fatal(err)
	}
	defer a.Close()
	if _, err := a.Features.Accounts.Add(ctx, system, account.New{Email: "ada@example.com", Name: "Ada Berg", Password: adasPassword,
		Roles: []authz.Role{authz.HR}}); err != nil {
		p.t.Fatal(err)
	}
	err = a.DB.Write(ctx, system, func(tx *db.Tx) (err error) {
		personID, err = a.Features.People.Add(ctx, tx, person.New{Name: "Robin Vale"})
		tx.Record(db.Entry{Action: "person.added", SubjectKind: "person", SubjectID: string(personID)})
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return personID
}

// files are those that the store of evidence holds, whole or half.
func (p *program) files() (found []string) {
	_ = filepath.WalkDir(app.EvidenceFolder(config.Config{Data: p.data}), func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			found = append(found, name)
		}
		return nil // a file that has gone since its folder was read
	})
	return found
}
