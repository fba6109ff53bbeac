package localdb

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// RunningError says that another instance uses the data folder.
type RunningError struct {
	Dir     string
	PID     int    // 0 if the other one has not said yet
	Address string // where it answers, if it has announced that
}

func (e *RunningError) Error() string {
	msg := "already running on " + e.Dir
	if e.PID != 0 {
		msg += fmt.Sprintf(", pid %d", e.PID)
	}
	if e.Address != "" {
		msg += ", address " + e.Address
	}
	return msg
}

// holder is the content of the lock file.
type holder struct {
	PID     int       `json:"pid"`
	Since   time.Time `json:"since"`
	Address string    `json:"address,omitempty"`
}

// folderLock is the kernel's lock on the lock file: it goes when the process
// goes, so nothing stale is ever left to clean up. The content is for people.
type folderLock struct {
	file   *os.File
	holder holder
}

func lockFolder(dir string) (*folderLock, error) {
	path := filepath.Join(dir, "lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		running := &RunningError{Dir: dir}
		var other holder
		if json.NewDecoder(file).Decode(&other) == nil {
			running.PID, running.Address = other.PID, other.Address
		}
		return nil, errors.Join(running, file.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
	}
	lock := &folderLock{file: file, holder: holder{PID: os.Getpid(), Since: time.Now().UTC()}}
	if err := lock.write(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return lock, nil
}

func (l *folderLock) announce(address string) error {
	l.holder.Address = address
	return l.write()
}

func (l *folderLock) write() error {
	content, err := json.Marshal(l.holder)
	if err != nil {
		return err
	}
	if _, err := l.file.WriteAt(append(content, '\n'), 0); err != nil {
		return err
	}
	return l.file.Truncate(int64(len(content) + 1))
}

// release empties the file before the lock goes, so that nobody reads a name
// that is no longer true.
func (l *folderLock) release() error {
	return errors.Join(l.file.Truncate(0), l.file.Close())
}
