package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
)

// build makes the program that is killed: the one that people run.
func build(ctx context.Context, binary string) (said []byte, err error) {
	return exec.CommandContext(ctx, "go", "build", "-o", binary, "gatehouse/cmd/gatehouse").CombinedOutput()
}

// site is an installation and the server that runs on it.
type site struct {
	binary, data, url string
	base              atomic.Value // where the server answers
	cmd               *exec.Cmd
}

// command prepares a subcommand of the program on this installation.
func (s *site) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.binary, args...)
	cmd.Env = append(os.Environ(), "GATEHOUSE_DATA="+s.data, "GATEHOUSE_DATABASE_URL="+s.url)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C reaches only us
	return cmd
}

var serves = regexp.MustCompile(`answers at (http://\S+)`)

// start runs the server until it answers.
func (s *site) start(ctx context.Context) error {
	log, err := os.OpenFile(filepath.Join(s.data, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	s.cmd = s.command(ctx, "serve", "--addr", "127.0.0.1:0")
	s.cmd.Stderr = log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := serves.FindStringSubmatch(lines.Text()); m != nil {
			s.base.Store(m[1])
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return nil
		}
	}
	return fmt.Errorf("the server ended before it answered: %w; it wrote:\n%s", s.cmd.Wait(), tail(log.Name()))
}

func tail(name string) string {
	content, err := os.ReadFile(name)
	if err != nil {
		return err.Error()
	}
	return string(content[max(0, len(content)-2000):])
}

// kill ends the server as the kernel does when memory runs out.
func (s *site) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// stop ends the server as an operator does.
func (s *site) stop() error {
	if s.cmd == nil || s.cmd.ProcessState != nil {
		return nil
	}
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return s.cmd.Wait()
}

// address is a page of the server that runs just now.
func (s *site) address(path string) string { return s.base.Load().(string) + path }

// say runs a subcommand and returns what it prints.
func (s *site) say(ctx context.Context, args ...string) (string, error) {
	cmd := s.command(ctx, args...)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, complaint.String())
	}
	return string(out), nil
}
