package localdb

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// maxSocketPath is the longest address that every system takes for a unix
// socket: Linux allows 107 bytes, macOS 103.
const maxSocketPath = 103

// socketDir makes the closed folder of the socket: run in the data folder, or a
// short one in /tmp when that path is too long for a socket.
func (f folder) socketDir(as account) (string, error) {
	dir := filepath.Join(f.dir, "run")
	if len(socketIn(dir)) <= maxSocketPath {
		return dir, ownRun(dir, as)
	}
	// The same name at every start, so that nothing piles up after a kill.
	sum := sha256.Sum256([]byte(f.dir))
	dir = filepath.Join("/tmp", "gatehouse-"+hex.EncodeToString(sum[:6]))
	if sharedRun(dir, as) {
		return dir, nil
	}
	// Somebody else sits on that name: take one that is free.
	dir, err := os.MkdirTemp("/tmp", "gatehouse-")
	if err != nil {
		return "", err
	}
	return dir, as.give(dir)
}

// socketIn is the address of the server's socket in dir.
func socketIn(dir string) string { return filepath.Join(dir, ".s.PGSQL."+port) }

// ownRun makes dir inside the data folder, where nobody but us can put things.
func ownRun(dir string, as account) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("folder for the socket: %w", err)
	}
	return errors.Join(os.Chmod(dir, 0o700), as.give(dir))
}

// sharedRun makes dir in a place where others can put things too: it takes an
// existing one only if it is a folder, the account's, and closed.
func sharedRun(dir string, as account) bool {
	if err := os.Mkdir(dir, 0o700); err == nil {
		return as.give(dir) == nil
	}
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 {
		return false
	}
	owner, _, ok := ownerOf(info)
	return ok && owner == as.uid
}
