// Package clamd asks a ClamAV daemon, which runs beside Gatehouse as a program of its own, whether it finds malware in a file.
// It speaks the daemon's protocol (INSTREAM) and nothing else; the file goes there as a stream, and never lies on a disk in
// the clear.
package clamd

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Client reaches one daemon.
type Client struct{ network, address string }

// New returns the client of the daemon at unix:/path/of/its/socket or host:port. Whoever can listen there sees what is
// scanned: a port should be one of this machine.
func New(where string) (*Client, error) {
	if socket, ok := strings.CutPrefix(where, "unix:"); ok {
		if !strings.HasPrefix(socket, "/") {
			return nil, errors.New("not a socket such as unix:/run/clamav/clamd.ctl")
		}
		return &Client{"unix", socket}, nil
	}
	if host, port, err := net.SplitHostPort(where); err != nil || host == "" || port == "" {
		return nil, errors.New("not an address such as unix:/run/clamav/clamd.ctl or 127.0.0.1:3310")
	}
	return &Client{"tcp", where}, nil
}

// ErrTooLarge says that the daemon takes no file of this length: its StreamMaxLength.
var ErrTooLarge = errors.New("larger than the scanner takes")

const (
	// patience is how long the daemon may take to accept a connection or a piece of a file, and to answer a question.
	patience = 30 * time.Second
	// thinking is how long it may take over a whole file once it has it.
	thinking = 5 * time.Minute
	// piece is how much is sent at a time.
	piece = 64 << 10
	// answerMost bounds what the daemon may answer.
	answerMost = 4 << 10
)

// Version asks the daemon who it is, and by that whether it is there.
func (c *Client) Version(ctx context.Context) (string, error) {
	conn, err := c.dial(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "zVERSION\x00"); err != nil {
		return "", err
	}
	return answer(conn)
}

// Scan sends what r holds and returns the name of what was found in it; empty when nothing was. An error of r comes through.
func (c *Client) Scan(ctx context.Context, r io.Reader) (found string, err error) {
	conn, err := c.dial(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	// The daemon may answer, and hang up, before it has the whole file. The answer would be lost if nobody listened meanwhile.
	type reply struct {
		text string
		err  error
	}
	replies := make(chan reply, 1)
	go func() {
		text, err := answer(conn)
		replies <- reply{text, err}
	}()
	sending := send(conn, r)
	if broken, ok := errors.AsType[unreadable](sending); ok {
		return "", broken.error
	}
	_ = conn.SetReadDeadline(time.Now().Add(thinking))
	got := <-replies
	if got.err != nil {
		return "", errors.Join(sending, got.err)
	}
	return verdict(got.text)
}

func (c *Client) dial(ctx context.Context) (net.Conn, error) {
	dialer := net.Dialer{Timeout: patience}
	conn, err := dialer.DialContext(ctx, c.network, c.address)
	if err != nil {
		return nil, fmt.Errorf("scanner: %w", err)
	}
	// Whoever stops waiting hangs up.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return hangUp{conn, stop}, nil
}

// hangUp forgets the context when the connection is closed.
type hangUp struct {
	net.Conn
	stop func() bool
}

func (h hangUp) Close() error {
	h.stop()
	return h.Conn.Close()
}

// unreadable is an error of the file, not of the scanner.
type unreadable struct{ error }

// send writes the file in pieces, each with its length before it; a length of zero ends it.
func send(conn net.Conn, r io.Reader) error {
	if _, err := io.WriteString(conn, "zINSTREAM\x00"); err != nil {
		return err
	}
	buf := make([]byte, 4+piece)
	for {
		n, err := r.Read(buf[4:])
		if n > 0 {
			binary.BigEndian.PutUint32(buf, uint32(n))
			_ = conn.SetDeadline(time.Now().Add(patience))
			if _, err := conn.Write(buf[:4+n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			_, err = conn.Write(make([]byte, 4))
			return err
		}
		if err != nil {
			return unreadable{err}
		}
	}
}

// answer reads to the zero byte that ends an answer.
func answer(conn net.Conn) (string, error) {
	all, err := io.ReadAll(io.LimitReader(conn, answerMost))
	text, _, ended := strings.Cut(string(all), "\x00")
	if ended {
		return text, nil
	}
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return "", fmt.Errorf("scanner's answer: %w", err)
}

// verdict reads the daemon's answer about a file.
func verdict(text string) (found string, err error) {
	text = strings.TrimPrefix(text, "stream: ")
	if text == "OK" {
		return "", nil
	}
	if name, ok := strings.CutSuffix(text, " FOUND"); ok && name != "" {
		return name, nil
	}
	if strings.Contains(text, "size limit exceeded") {
		return "", ErrTooLarge
	}
	return "", fmt.Errorf("scanner: %q", text)
}
