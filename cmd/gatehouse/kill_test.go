package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gatehouse/internal/app"
	"gatehouse/internal/evidence"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db"
)

// TestKillsLoseNoAcknowledgedWrite kills the server and its PostgreSQL again and again while machines send signals and
// people upload files, and then looks for each one whose sender was told that it was taken: a signal with its audit entry,
// a file whole.
func TestKillsLoseNoAcknowledgedWrite(t *testing.T) {
	data, err := os.MkdirTemp("", "gh-kill-") // short, and open to the database's own user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(data) })
	if err := os.Chmod(data, 0o755); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(data, "gatehouse")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	t.Setenv("GATEHOUSE_DATABASE_URL", "")
	t.Setenv("GATEHOUSE_DATA", data)
	code, token, errout := gatehouse(t, "", "token", "create", "--name", "endpoint tool")
	if code != 0 {
		t.Fatalf("token create: exit %d, %s", code, errout)
	}

	const password = "a long enough secret phrase"
	if code, _, errout := gatehouse(t, password+"\n", "user", "add", "--email", "hr@example.com", "--name", "Ada Berg", "--role", "hr"); code != 0 {
		t.Fatalf("user add: exit %d, %s", code, errout)
	}
	s := &senders{token: strings.TrimSpace(token), files: map[string]string{}, person: addSomebody(t, data)}
	server := s.start(t, binary)
	s.signIn(t, "hr@example.com", password)
	var all sync.WaitGroup
	stop := make(chan struct{})
	for n := range 4 {
		all.Go(func() { s.send(n, stop, s.sent) })
	}
	for n := range 2 {
		all.Go(func() { s.send(n, stop, s.uploaded) })
	}
	for round := range 6 {
		s.progress(t)
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond) // at any time: that is the point
		if round%2 == 0 {
			_ = server.Process.Kill()
			_ = server.Wait()
			server = s.start(t, binary)
			continue
		}
		if err := syscall.Kill(postmaster(t, data), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	s.progress(t)
	close(stop)
	all.Wait()
	_ = server.Process.Signal(os.Interrupt)
	_ = server.Wait()

	a, err := app.Open(t.Context(), config.Config{Data: data}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	s.findFiles(t, a)
	var kept int
	err = a.DB.Pool().QueryRow(t.Context(), `
		SELECT count(*) FROM unnest($1::text[]) acked (id)
		WHERE  EXISTS (SELECT FROM signals s JOIN audit_entries e ON e.subject_id = s.batch_id::text
		               WHERE  s.source = 'edr' AND s.external_id = acked.id)`, s.acked).Scan(&kept)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d signals and %d files acknowledged", len(s.acked), len(s.files))
	if kept != len(s.acked) {
		t.Errorf("%d signals were acknowledged, %d are there with their audit entries", len(s.acked), kept)
	}
}

// senders send signals and files to whichever server runs just now, and remember what was acknowledged.
type senders struct {
	token, person string
	cookie        *http.Cookie
	base          atomic.Value

	mu    sync.Mutex
	acked []string          // external ids of signals
	files map[string]string // the content of each file by its title
}

// addSomebody adds the person whom the files are about.
func addSomebody(t *testing.T, data string) string {
	t.Helper()
	a, err := app.Open(t.Context(), config.Config{Data: data}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	return addPerson(t, a)
}

// addPerson adds somebody to an installation that is open.
func addPerson(t *testing.T, a *app.App) string {
	t.Helper()
	var personID person.ID
	err := a.DB.Write(t.Context(), authz.System("test"), func(tx *db.Tx) error {
		var err error
		personID, err = a.Features.People.Add(t.Context(), tx, person.New{Name: "Robin Vale"})
		tx.Record(db.Entry{Action: "person.added", SubjectKind: "person", SubjectID: string(personID)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(personID)
}

func (s *senders) signIn(t *testing.T, email, password string) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.PostForm(s.base.Load().(string)+"/sign-in", url.Values{"email": {email}, "password": {password}})
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if len(answer.Cookies()) == 0 {
		t.Fatalf("signing in answered %s and no cookie", answer.Status)
	}
	s.cookie = answer.Cookies()[0]
}

// findFiles reads every acknowledged file and compares it with what was sent.
func (s *senders) findFiles(t *testing.T, a *app.App) {
	t.Helper()
	if len(s.files) == 0 {
		t.Error("no file was acknowledged")
	}
	for title, sent := range s.files {
		var itemID evidence.ID
		if err := a.DB.Pool().QueryRow(t.Context(), `SELECT id FROM evidence_items WHERE title = $1`, title).Scan(&itemID); err != nil {
			t.Errorf("%s was acknowledged: %v", title, err)
			continue
		}
		_, content, err := a.Features.Evidence.Open(t.Context(), authz.System("test"), itemID, evidence.Downloaded)
		if err != nil {
			t.Errorf("%s: %v", title, err)
			continue
		}
		found, err := io.ReadAll(content)
		if err := errors.Join(err, content.Close()); err != nil || string(found) != sent {
			t.Errorf("%s: %d of %d bytes, %v", title, len(found), len(sent), err)
		}
	}
}

var serves = regexp.MustCompile(`answers at (http://\S+)`)

func (s *senders) start(t *testing.T, binary string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "serve", "--addr", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := serves.FindStringSubmatch(lines.Text()); m != nil {
			s.base.Store(m[1])
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return cmd
		}
	}
	t.Fatalf("the server ended before it answered: %v", cmd.Wait())
	return nil
}

func (s *senders) send(n int, stop <-chan struct{}, one func(client *http.Client, id string) bool) {
	client := &http.Client{Timeout: 5 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		id := fmt.Sprintf("%d-%d", n, i)
		if one(client, id) {
			continue
		}
		time.Sleep(20 * time.Millisecond) // nobody is there just now
	}
}

func (s *senders) sent(client *http.Client, id string) bool {
	body := fmt.Sprintf(`{"source":"edr","external_id":%q,"occurred_at":"2026-11-22T14:03:00Z","signal":"signal-mouse-jiggler","account":"robin@example.com"}`, id)
	r, err := http.NewRequest(http.MethodPost, s.base.Load().(string)+"/api/v1/signals", strings.NewReader(body))
	if err != nil {
		return false
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(r)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	if _, err = io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acked = append(s.acked, id)
	return true
}

// uploaded sends a file as the form of evidence does.
func (s *senders) uploaded(client *http.Client, id string) bool {
	title, content := "File "+id, strings.Repeat("line of "+id+"\n", 2000)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range [][2]string{{"person_id", s.person}, {"kind", "log-export"}, {"title", title}, {"subject_kind", "person"}, {"subject_id", s.person}} {
		_ = form.WriteField(f[0], f[1]) // into memory
	}
	file, _ := form.CreateFormFile("file", "some.log")
	_, _ = io.WriteString(file, content)
	_ = form.Close()
	r, err := http.NewRequest(http.MethodPost, s.base.Load().(string)+"/evidence", &body)
	if err != nil {
		return false
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.AddCookie(s.cookie)
	answer, err := client.Do(r)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	if _, err = io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusSeeOther {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[title] = content
	return true
}

// progress waits until some more writes are acknowledged: the server works, or works again.
func (s *senders) progress(t *testing.T) {
	t.Helper()
	count := func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return min(len(s.acked), 4*len(s.files)) // each of them goes on
	}
	from := count()
	for deadline := time.Now().Add(time.Minute); count() < from+20; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no write is taken any more; %d were before", from)
		}
	}
}

// postmaster is the process of the private PostgreSQL.
func postmaster(t *testing.T, data string) int {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(data, "postgres", "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(file), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}
