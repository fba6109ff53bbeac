package main

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
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
	"gatehouse/internal/platform/config"
)

// TestKillsLoseNoAcknowledgedWrite kills the server and its PostgreSQL again and again while signals are sent, and then
// looks for each one whose sender was told that it was taken.
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

	s := &senders{token: strings.TrimSpace(token)}
	server := s.start(t, binary)
	var all sync.WaitGroup
	stop := make(chan struct{})
	for n := range 4 {
		all.Go(func() { s.send(n, stop) })
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
	var kept int
	err = a.DB.Pool().QueryRow(t.Context(), `
		SELECT count(*) FROM unnest($1::text[]) acked (id)
		WHERE  EXISTS (SELECT FROM signals s JOIN audit_entries e ON e.subject_id = s.batch_id::text
		               WHERE  s.source = 'edr' AND s.external_id = acked.id)`, s.acked).Scan(&kept)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d writes acknowledged", len(s.acked))
	if kept != len(s.acked) {
		t.Errorf("%d writes were acknowledged, %d are there with their audit entries", len(s.acked), kept)
	}
}

// senders send signals to whichever server runs just now, and remember what was acknowledged.
type senders struct {
	token string
	base  atomic.Value

	mu    sync.Mutex
	acked []string
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

func (s *senders) send(n int, stop <-chan struct{}) {
	client := &http.Client{Timeout: 5 * time.Second}
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		id := fmt.Sprintf("%d-%d", n, i)
		if s.sent(client, id) {
			s.mu.Lock()
			s.acked = append(s.acked, id)
			s.mu.Unlock()
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
	_, err = io.Copy(io.Discard, answer.Body)
	return err == nil && answer.StatusCode == http.StatusOK
}

// progress waits until some more writes are acknowledged: the server works, or works again.
func (s *senders) progress(t *testing.T) {
	t.Helper()
	count := func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.acked)
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
