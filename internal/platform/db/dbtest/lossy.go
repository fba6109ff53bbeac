package dbtest

import (
	"bytes"
	"net"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// Lossy returns another address of the database at address, by a line that breaks at the worst moment once lose has been
// called: a commit still reaches the server, and its answer does not come back.
func Lossy(t testing.TB, address string) (lossy string, lose func()) {
	t.Helper()
	cfg, err := pgconn.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	line := &line{}
	line.network, line.server = pgconn.NetworkAddress(cfg.Host, cfg.Port)
	go line.serve(l)
	u := url.URL{Scheme: "postgres", User: url.UserPassword(cfg.User, cfg.Password), Host: l.Addr().String(),
		Path: "/" + cfg.Database, RawQuery: "sslmode=disable"}
	return u.String(), func() { line.losing.Store(true) }
}

// committed is how the server says that a transaction is stored.
var committed = []byte("COMMIT\x00")

// line passes on what client and server say.
type line struct {
	network, server string
	losing          atomic.Bool
}

func (l *line) serve(clients net.Listener) {
	for {
		client, err := clients.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial(l.network, l.server)
		if err != nil {
			client.Close()
			continue
		}
		go pass(server, client, func([]byte) bool { return true })
		go pass(client, server, func(said []byte) bool { return !l.losing.Load() || !bytes.Contains(said, committed) })
	}
}

// pass passes on what is said until one side has gone, or until may says no.
func pass(to, from net.Conn, may func([]byte) bool) {
	defer to.Close()
	defer from.Close()
	said := make([]byte, 64<<10)
	for {
		n, err := from.Read(said)
		if n > 0 && !may(said[:n]) {
			return
		}
		if _, writing := to.Write(said[:n]); err != nil || writing != nil {
			return
		}
	}
}
