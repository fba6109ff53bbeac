package localdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// reachTime bounds the wait for a server that another process is starting.
	reachTime = 30 * time.Second
	// reachAgain is the pause between two attempts.
	reachAgain = 100 * time.Millisecond
)

// Reach returns the connection string of the application's database on a server
// that another process runs on dir, once it takes connections. It starts and
// changes nothing: the folder's lock says who runs the server, and somebody who
// may read the folder may be its client all the same.
//
// The server lives as long as its owner: when that ends, connections end with it.
func Reach(ctx context.Context, dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	for {
		address, err := reachOnce(ctx, folder{dir: dir})
		if err == nil {
			return address, nil
		}
		if errors.Is(err, os.ErrPermission) {
			return "", fmt.Errorf("the private database in %s belongs to another user; run this as the user who runs the server: %w", dir, err)
		}
		if pause(ctx, reachAgain) != nil {
			return "", fmt.Errorf("the private database in %s is in use, but does not answer: %w", dir, err)
		}
	}
}

func reachOnce(ctx context.Context, f folder) (string, error) {
	content, err := os.ReadFile(f.password())
	if err != nil {
		return "", err
	}
	server := &Server{folder: f, password: strings.TrimSpace(string(content))}
	if server.folder.sockets, err = f.listening(); err != nil {
		return "", err
	}
	conn, err := pgx.Connect(ctx, server.URL())
	if err != nil {
		return "", err
	}
	return server.URL(), conn.Close(ctx)
}

// listening is the folder of the socket on which the running server listens, as
// it says itself in a file that nobody else can write: socketDir may have had to
// take a folder whose name cannot be guessed.
func (f folder) listening() (string, error) {
	content, err := os.ReadFile(filepath.Join(f.data(), "postmaster.pid"))
	if err != nil {
		return "", err
	}
	const socketLine = 4
	lines := strings.Split(string(content), "\n")
	if len(lines) <= socketLine || lines[socketLine] == "" {
		return "", errors.New("the server is still starting")
	}
	return lines[socketLine], nil
}
