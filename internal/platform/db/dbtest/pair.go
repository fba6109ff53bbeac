package dbtest

import (
	"os"
	"path/filepath"
	"testing"

	"gatehouse/internal/platform/localdb"
	"gatehouse/internal/platform/localdb/node"
)

// Pair starts two servers of the test's own, a primary and a standby that streams from it, both empty and forgetful. They
// end with the test. settings are for both. It needs PostgreSQL's programs on this machine, also where other tests use a server
// elsewhere.
func Pair(t testing.TB, settings ...string) (primary, standby *node.Node) {
	t.Helper()
	programs, err := localdb.Find(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(filepath.Dir(defaultBase()), "gh-") // short, since sockets lie below it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil { // the database's own user passes through
		t.Fatal(err)
	}
	settings = append([]string{"fsync=off", "full_page_writes=off", "dynamic_shared_memory_type=mmap"}, settings...)
	both := make([]*node.Node, 2)
	for i, name := range []string{"a", "b"} {
		if both[i], err = node.New(programs, dir, name, settings...); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(both[i].Stop)
	}
	if err := node.Pair(t.Context(), both[0], both[1]); err != nil {
		t.Fatal(err)
	}
	return both[0], both[1]
}
