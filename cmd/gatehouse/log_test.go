package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/id"
)

// TestAStrangerVerifiesTheLog exports a log and verifies it with nothing but its key, then changes a word.
func TestAStrangerVerifiesTheLog(t *testing.T) {
	url := dbtest.URL(t)
	t.Setenv("GATEHOUSE_DATABASE_URL", url)
	t.Setenv("GATEHOUSE_DATA", t.TempDir())
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for range 3 { // entries that have rested
		if _, err := conn.Exec(t.Context(), `INSERT INTO audit_entries (id, at, actor_kind, action, subject_kind, subject_id)
			VALUES ($1, now(), 'system', 'thing.changed', 'thing', '1')`, id.Ago(time.Hour)[:24]+id.New()[24:]); err != nil {
			t.Fatal(err)
		}
	}
	code, key, errout := gatehouse(t, "", "log", "key")
	if key = strings.TrimSpace(key); code != 0 || !strings.HasPrefix(key, "gatehouse-") {
		t.Fatalf("log key: exit %d, %q, %s", code, key, errout)
	}
	code, bundle, errout := gatehouse(t, "", "log", "export")
	if code != 0 {
		t.Fatalf("log export: exit %d, %s", code, errout)
	}
	file := filepath.Join(t.TempDir(), "log.bundle")
	if err := os.WriteFile(file, []byte(bundle), 0o600); err != nil {
		t.Fatal(err)
	}
	code, checkpoint, errout := gatehouse(t, "", "log", "checkpoint")
	kept := filepath.Join(t.TempDir(), "kept")
	if code != 0 || os.WriteFile(kept, []byte(strings.ReplaceAll(checkpoint, "\n", "\r\n")), 0o600) != nil {
		t.Fatalf("log checkpoint: exit %d, %s", code, errout)
	}
	t.Setenv("GATEHOUSE_DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
	if code, out, errout := gatehouse(t, "", "verify", "--key", key, "--checkpoint", kept, file); code != 0 || !strings.Contains(out, "1 of 1 checkpoints hold") {
		t.Errorf("verify with what was kept: exit %d, %s%s", code, out, errout)
	}
	if code, out, errout := gatehouse(t, "", "verify", "--key", key, file); code != 0 || !strings.Contains(out, "4 entries hold") {
		t.Errorf("verify: exit %d, %s%s", code, out, errout)
	}
	if code, _, errout := gatehouse(t, "", "verify", "--key", "key", file); code != exitFailed || !strings.Contains(errout, "gatehouse log key") {
		t.Errorf("verify with what is no key: exit %d, %s", code, errout)
	}
	if code, _, errout := gatehouse(t, "", "verify", "--key", key, "--checkpoint", file, file); code != exitFailed || !strings.Contains(errout, file) {
		t.Errorf("verify with what is no checkpoint: exit %d, %s", code, errout)
	}
	t.Setenv("GATEHOUSE_DATABASE_URL", "")
	none := filepath.Join(t.TempDir(), "none")
	if code, out, errout := gatehouse(t, "", "log", "checkpoint", "--data", none); code == 0 || out != "" || !strings.Contains(errout, "no installation") {
		t.Errorf("log checkpoint of nothing: exit %d, %q, %s", code, out, errout)
	}
	if _, err := os.Stat(none); err == nil {
		t.Error("a mistyped folder was made an installation")
	}
	changed := strings.Replace(bundle, "thing.changed", "thing.chanted", 1)
	if code, _, errout := gatehouse(t, changed, "verify", "--key", key); code != exitFailed || !strings.Contains(errout, "entry 0 (") {
		t.Errorf("verify what was changed: exit %d, %s", code, errout)
	}
	for _, args := range [][]string{{"log"}, {"log", "import"}, {"verify"}, {"verify", "--key", key, "a", "b"}, {"verify", "--key", key, "/no/such/file"}} {
		if code, _, _ := gatehouse(t, "", args...); code != exitUsage {
			t.Errorf("%v: exit %d", args, code)
		}
	}
}
