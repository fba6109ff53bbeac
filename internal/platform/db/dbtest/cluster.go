package dbtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// The shared server lives in one folder, its base:
//
//	users       locked in common by every test process for as long as it lives
//	start       locked by whoever starts or ends the server
//	supervisor  locked by the supervisor for as long as it lives
//	address     how to reach the server; there when it is ready
//	db          the server's own folder, removed when it ends
//
// A process locks users first, then start, and then looks for a supervisor. The
// supervisor ends only when it holds start and nobody holds users. So a process
// either keeps the server it found or finds that there is none.

// layout is raised when base or the server's settings change, so that a checkout
// of an older state does not meet a server of a newer one.
const layout = 1

// defaultBase is in memory where the system offers that, one per user.
func defaultBase() string {
	name := "gatehouse-test-" + strconv.Itoa(os.Geteuid()) + "-" + strconv.Itoa(layout)
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return filepath.Join("/dev/shm", name)
	}
	return filepath.Join("/tmp", name)
}

// held keeps the lock on users open until the process ends.
var held []*os.File

// join makes this process a user of the server of base, starting it if needed.
func join(base string) (address, error) {
	if err := makeBase(base); err != nil {
		return address{}, err
	}
	users, err := lock(filepath.Join(base, "users"), syscall.LOCK_SH)
	if err != nil {
		return address{}, err
	}
	held = append(held, users)
	start, err := lock(filepath.Join(base, "start"), syscall.LOCK_EX)
	if err != nil {
		return address{}, err
	}
	defer start.Close()
	supervised, err := lock(filepath.Join(base, "supervisor"), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return await(base, nil)
	}
	if err != nil {
		return address{}, err
	}
	// Nobody has it: let go, since the supervisor must be the one to hold it.
	_ = os.Remove(filepath.Join(base, "address"))
	supervised.Close()
	ended, err := supervise(base)
	if err != nil {
		return address{}, err
	}
	return await(base, ended)
}

// makeBase makes the folder, which lies where others could have put something.
func makeBase(base string) error {
	// The unprivileged user of the server must be able to pass, not to list.
	if err := os.Mkdir(base, 0o711); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	info, err := os.Lstat(base)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is not a folder of ours", base)
	}
	return os.Chmod(base, 0o711)
}

// lock opens path and locks it; the lock lasts until the file is closed. It is
// not passed on to children.
func lock(path string, how int) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(file.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return file, nil
}

// supervise runs this test binary again as the supervisor of base, detached: in
// a session of its own, and without our output, for which "go test" would wait.
func supervise(base string) (ended <-chan error, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	output, err := os.OpenFile(logOf(base), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), supervisorVariable+"="+base)
	cmd.Dir = base
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	wait := make(chan error, 1)
	go func() { wait <- cmd.Wait() }()
	return wait, nil
}

func logOf(base string) string { return filepath.Join(base, "supervisor.log") }

// await waits until the server is ready, or its supervisor has ended.
func await(base string, ended <-chan error) (address, error) {
	timeout := time.After(2 * time.Minute)
	for {
		content, err := os.ReadFile(filepath.Join(base, "address"))
		if err == nil {
			var a address
			return a, json.Unmarshal(content, &a)
		}
		select {
		case err := <-ended:
			said, _ := os.ReadFile(logOf(base))
			return address{}, fmt.Errorf("the supervisor ended (%v): %s", err, said)
		case <-timeout:
			return address{}, fmt.Errorf("the server in %s did not get ready; see %s", base, logOf(base))
		case <-time.After(10 * time.Millisecond):
		}
	}
}
