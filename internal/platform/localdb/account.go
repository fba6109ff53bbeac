package localdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// account is the operating-system user that the server runs as.
type account struct {
	name     string
	uid, gid int
	// other is true when the server runs as somebody else than this process.
	other bool
}

// serverAccount is this process's own user, except for root: PostgreSQL refuses
// to run as root, and initdb insists on a user that the system knows by name.
func serverAccount() (account, error) {
	if os.Geteuid() != 0 {
		return account{name: "uid " + strconv.Itoa(os.Geteuid()), uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		known, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.Atoi(known.Uid)
		gid, errGID := strconv.Atoi(known.Gid)
		if errUID == nil && errGID == nil && uid > 0 {
			return account{name: name, uid: uid, gid: gid, other: true}, nil
		}
	}
	return account{}, errors.New("started as root, and PostgreSQL may not run as root: " +
		"neither the user postgres nor nobody exists here; start Gatehouse as an ordinary user")
}

// command prepares a PostgreSQL program to run as the account, with a clean
// environment: a PGPORT or PGDATA meant for another server must not reach ours.
func (a account) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = childAttributes(a)
	return cmd
}

// give hands a file or folder to the account.
func (a account) give(path string) error {
	if !a.other {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// giveTree hands over a whole data folder: one that was restored from a backup
// by root, or made when the server still ran as another user.
func (a account) giveTree(root string) error {
	info, err := os.Lstat(root)
	if err != nil {
		return err
	}
	if owner, _, ok := ownerOf(info); !a.other || !ok || owner == a.uid {
		return nil
	}
	return filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, a.uid, a.gid)
	})
}

// UnreachableError says that the server's user cannot enter a folder on the way
// to the data or to the programs.
type UnreachableError struct {
	Path    string // what has to be reached
	User    string // who has to reach it
	Blocked string // the folder that is closed
	Cause   error
}

func (e *UnreachableError) Error() string {
	if e.Blocked == "" {
		return fmt.Sprintf("%s cannot be used by the user %s, as whom the database runs: %v", e.Path, e.User, e.Cause)
	}
	return fmt.Sprintf("%s cannot be reached by the user %s, as whom the database runs, because %s is closed to others. "+
		"Choose a folder outside of it (as root, %s is the usual one), or open the way with: chmod o+x %s",
		e.Path, e.User, e.Blocked, rootDir, e.Blocked)
}

func (e *UnreachableError) Unwrap() error { return e.Cause }

// version runs "postgres --version" as the account and inside dir, which shows
// at once whether the programs work, and whether both places can be reached.
func (a account) version(ctx context.Context, bin, dir string) (int, error) {
	cmd := a.command(ctx, filepath.Join(bin, "postgres"), "--version")
	cmd.Dir = dir
	out, err := onOwnThread(cmd.CombinedOutput)
	if err == nil {
		return parseVersion(string(out))
	}
	if errors.Is(err, os.ErrPermission) {
		for _, path := range []string{dir, bin} {
			if blocked := a.blockedOn(path); blocked != "" {
				return 0, &UnreachableError{Path: path, User: a.name, Blocked: blocked, Cause: err}
			}
		}
		return 0, &UnreachableError{Path: dir, User: a.name, Cause: err}
	}
	return 0, fmt.Errorf("the PostgreSQL programs in %s do not run: %w: %s", bin, err, strings.TrimSpace(string(out)))
}

// parseVersion reads "postgres (PostgreSQL) 15.18 (Debian …)" and "… 18beta1".
func parseVersion(line string) (int, error) {
	_, rest, _ := strings.Cut(line, "(PostgreSQL) ")
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	major, err := strconv.Atoi(rest[:digits])
	if err != nil {
		return 0, fmt.Errorf("no version in %q", strings.TrimSpace(line))
	}
	return major, nil
}

// blockedOn returns the topmost folder on the way to path that the account may
// not pass, judged by permission bits.
func (a account) blockedOn(path string) string {
	blocked := ""
	for dir := path; ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && !a.mayPass(info) {
			blocked = dir
		}
		if dir == filepath.Dir(dir) {
			return blocked
		}
	}
}

func (a account) mayPass(info os.FileInfo) bool {
	mode := info.Mode().Perm()
	uid, gid, ok := ownerOf(info)
	switch {
	case !ok:
		return true
	case uid == a.uid:
		return mode&0o100 != 0
	case gid == a.gid:
		return mode&0o010 != 0
	}
	return mode&0o001 != 0
}

// ownerOf returns the user and group of a file.
func ownerOf(info os.FileInfo) (uid, gid int, ok bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(stat.Uid), int(stat.Gid), true
}

// onOwnThread runs a child on a thread that lives as long as the child does: the
// kernel ties the death signal to the thread, and Go ends idle threads at will.
func onOwnThread[T any](run func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		value, err := run()
		done <- result{value, err}
	}()
	r := <-done
	return r.value, r.err
}
