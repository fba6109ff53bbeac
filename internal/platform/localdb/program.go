package localdb

import (
	"context"
	"os/exec"
	"path/filepath"
)

// Program prepares one of the programs, such as pg_basebackup, to run as the user of the database's files: this
// process's own, and the unprivileged one for root. It is for who runs servers beside the private one.
func (b Binaries) Program(ctx context.Context, program string, args ...string) (*exec.Cmd, error) {
	as, err := serverAccount()
	if err != nil {
		return nil, err
	}
	return as.command(ctx, filepath.Join(b.Dir, program), args...), nil
}

// HandOver gives a file or folder to the user whom Program runs as.
func HandOver(path string) error {
	as, err := serverAccount()
	if err != nil {
		return err
	}
	return as.give(path)
}
