// Package clamdtest runs a real ClamAV daemon for tests, with one signature of its own and none from anywhere else. It owns
// nothing.
package clamdtest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"gatehouse/internal/platform/clamd"
)

// Found is what the daemon calls Malware.
const Found = "Eicar-Test.UNOFFICIAL"

// StreamMost is the longest file that the daemon takes.
const StreamMost = 1 << 20

// Malware is the harmless file that scanners agree to find. It stands here in two halves, so that they do not find this one.
func Malware() string {
	return `X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR` + `-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`
}

// Start runs a daemon that ends with the test, and returns its client. A machine without one fails the test: a green run must
// mean that a scanner was asked.
func Start(t testing.TB) *clamd.Client {
	t.Helper()
	return Client(t, Daemon(t))
}

// Client returns the client of a daemon.
func Client(t testing.TB, where string) *clamd.Client {
	t.Helper()
	c, err := clamd.New(where)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Daemon is Start for whoever wants the daemon's address.
func Daemon(t testing.TB) (where string) {
	t.Helper()
	program, err := exec.LookPath("clamd")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/clamd"); err != nil {
			t.Fatal("no clamd on this machine: run scripts/setup, or install clamav-daemon")
		}
	}
	// The name of a socket may not be long, which those of tests' folders are.
	dir, err := os.MkdirTemp("", "clamd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "ctl")
	for name, content := range map[string]string{
		// The file's MD5, its length, its name.
		"own.hdb": "44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test\n",
		"conf":    "LocalSocket " + socket + "\nDatabaseDirectory " + dir + "\nForeground yes\nStreamMaxLength 1M\nMaxThreads 2\nTemporaryDirectory " + dir + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	daemon := exec.Command(program, "--config-file="+filepath.Join(dir, "conf"))
	daemon.Stdout, daemon.Stderr = log, log
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- daemon.Wait() }()
	t.Cleanup(func() {
		_ = daemon.Process.Kill()
		<-ended
		log.Close()
	})
	await(t, Client(t, "unix:"+socket), ended, log.Name())
	return "unix:" + socket
}

// await asks until the daemon answers.
func await(t testing.TB, c *clamd.Client, ended chan error, log string) {
	t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for late := time.After(time.Minute); ; {
		if _, err := c.Version(context.Background()); err == nil {
			return
		}
		select {
		case err := <-ended:
			ended <- err
			said, _ := os.ReadFile(log)
			t.Fatalf("clamd ended: %v\n%s", err, said)
		case <-late:
			t.Fatal("clamd does not answer")
		case <-again.C:
		}
	}
}
