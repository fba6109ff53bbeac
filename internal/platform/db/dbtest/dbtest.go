// Package dbtest gives each test a database of its own, with the current schema
// and nothing in it, on a real PostgreSQL.
//
// Nobody has to set anything up. The first test process that needs a server
// starts one in memory, and all test processes of this user share it, also those
// of later runs: a supervisor, which is the test binary run again, owns the
// server and ends it half a minute after the last user is gone. Locks of the
// kernel say who is there (see cluster.go), so processes may be killed at will.
//
// A database is a copy of a template, which is named after the hash of the
// migrations and made once. It is dropped when its test has passed. When the
// test failed, it is kept and its address printed; then the server waits for
// ten minutes, so that somebody can look. Only the last few are kept.
//
// GATEHOUSE_TEST_DATABASE_URL names a server to use instead; its role must be
// allowed to create databases, and to create the extension pg_trgm in them.
package dbtest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/platform/db"
)

// URLVariable names the environment variable with a server to use instead of
// the shared one.
const URLVariable = "GATEHOUSE_TEST_DATABASE_URL"

// New opens a fresh database with the current schema. It is closed and dropped
// when the test has passed, and kept when it failed.
func New(t testing.TB) *db.DB {
	t.Helper()
	database, err := db.Open(t.Context(), URL(t))
	if err != nil {
		t.Fatalf("open the test's database: %v", err)
	}
	t.Cleanup(database.Close)
	return database
}

// URL makes a fresh database with the current schema and returns its address,
// for tests that open it in their own way. They must close it before they end.
func URL(t testing.TB) string {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("no PostgreSQL for tests: %v", err)
	}
	return s.lend(t)
}

// Empty makes a database with nothing in it, not even a schema, and returns its address like URL.
func Empty(t testing.TB) string {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("no PostgreSQL for tests: %v", err)
	}
	return s.give(t, s.createEmpty)
}

// lend makes a database for the time of a test.
func (s *server) lend(t testing.TB) string {
	t.Helper()
	return s.give(t, s.create)
}

func (s *server) give(t testing.TB, create func(context.Context) (string, error)) string {
	t.Helper()
	name, err := create(t.Context())
	if err != nil {
		t.Fatalf("make the test's database: %v", err)
	}
	url := s.address.database(name)
	t.Cleanup(func() {
		// The test's own context has ended by now.
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if !t.Failed() {
			err = s.drop(ctx, name)
		} else if err = s.keep(ctx, name); err == nil {
			t.Logf("the database of this test is kept for you to look at: %s", url)
		}
		if err != nil {
			t.Errorf("put away the test's database: %v", err)
		}
	})
	return url
}

// shared connects this process to the server, once.
var shared = sync.OnceValues(func() (*server, error) {
	if url := os.Getenv(URLVariable); url != "" {
		return connect(address{Admin: url, App: url})
	}
	place, err := join(defaultBase())
	if err != nil {
		return nil, err
	}
	s, err := connect(place)
	if err != nil {
		return nil, fmt.Errorf("the shared test server: %w", err)
	}
	return s, nil
})
