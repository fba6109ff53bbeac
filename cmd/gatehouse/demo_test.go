package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"gatehouse/internal/platform/localdb"
)

// TestDemoSurvivesStops runs the demo as people do: it is ended by Ctrl-C, killed hard, and started again each time
// on the same folder.
func TestDemoSurvivesStops(t *testing.T) {
	if _, err := localdb.Find(os.Getenv, t.TempDir()); err != nil {
		t.Fatalf("the demo needs the PostgreSQL programs: %v", err)
	}
	// A socket's path is short, and the database's own user must reach it: both speak against t.TempDir.
	data, err := os.MkdirTemp("", "gh-demo-")
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
	folder := filepath.Join(data, "demo")
	d := startDemo(t, binary, folder)
	d.interrupt(t, "while it starts", false) // at whatever it is just doing
	d = startDemo(t, binary, folder)
	d.answers(t, "cold start")
	d.interrupt(t, "Ctrl-C", true)
	d = startDemo(t, binary, folder)
	d.answers(t, "warm start")
	if err := d.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = d.cmd.Wait()
	d = startDemo(t, binary, folder)
	d.answers(t, "warm start")
	d.interrupt(t, "Ctrl-C after a kill", true)
}

type demoRun struct {
	cmd *exec.Cmd
	out *bufio.Reader
}

func startDemo(t *testing.T, binary, folder string) *demoRun {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "demo", "--data", folder, "--addr", "127.0.0.1:0", "--candidates", "3")
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return &demoRun{cmd, bufio.NewReader(out)}
}

var announced = regexp.MustCompile(`answers at (http://\S+)\s+\((\w+ start)`)

// answers waits for the address, checks which kind of start it was, and asks for the first page.
func (d *demoRun) answers(t *testing.T, want string) {
	t.Helper()
	said := make(chan []string, 1)
	go func() {
		defer close(said)
		for {
			line, err := d.out.ReadString('\n')
			if m := announced.FindStringSubmatch(line); m != nil {
				said <- m
				return
			}
			if err != nil {
				return
			}
		}
	}()
	select {
	case m, ok := <-said:
		if !ok {
			t.Fatalf("the demo ended before it answered: %v", d.cmd.Wait())
		}
		if m[2] != want {
			t.Errorf("this was a %s, not a %s", m[2], want)
		}
		if err := firstPage(m[1]); err != nil {
			t.Error(err)
		}
	case <-time.After(3 * time.Minute):
		t.Fatal("the demo does not answer")
	}
}

func firstPage(base string) error {
	answer, err := http.Get(base + "/readyz")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK {
		err = errors.Join(err, fmt.Errorf("answered %s: %s", answer.Status, body))
	}
	return err
}

// interrupt presses Ctrl-C and waits for the end, which is an orderly one where clean is asked for.
func (d *demoRun) interrupt(t *testing.T, when string, clean bool) {
	t.Helper()
	if !clean {
		time.Sleep(2 * time.Second)
	}
	if err := d.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, _ = io.Copy(io.Discard, d.out)
		ended <- d.cmd.Wait()
	}()
	select {
	case err := <-ended:
		if err != nil && clean {
			t.Errorf("%s ended it with %v", when, err)
		}
	case <-time.After(time.Minute):
		t.Fatalf("%s did not end it", when)
	}
}
