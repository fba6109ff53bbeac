package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/internal/app"
	"gatehouse/internal/evidence"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db"
)

// TestBackupBesideTheServer backs up an installation on its private database while a server has it, and puts it back into
// another folder, as a person would.
func TestBackupBesideTheServer(t *testing.T) {
	base, err := os.MkdirTemp("", "gh-backup-") // short, and open to the database's own user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	if err := os.Chmod(base, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GATEHOUSE_DATABASE_URL", "")
	data, other, folder := filepath.Join(base, "data"), filepath.Join(base, "other"), filepath.Join(base, "backups")
	a, err := app.Open(t.Context(), config.Config{Data: data, MaxUpload: 1 << 20}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	closed := false
	closeOnce := func() {
		if !closed {
			closed = true
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	defer closeOnce()
	about := addPerson(t, a)
	itemID, err := a.Features.Evidence.AddFile(t.Context(), authz.System("test"), evidence.Add{PersonID: about, Kind: "document", Title: "A document"},
		"scan.pdf", strings.NewReader("what was collected"))
	if err != nil {
		t.Fatal(err)
	}
	if d, _ := doctor(t, "--data", data); d["Backups"].State != absent || d["Backups"].Found != "no backup yet" {
		t.Errorf("before: %+v", d["Backups"])
	}
	code, out, errout := gatehouse(t, "", "backup", "--keep", "2", "--data", data, folder)
	if code != 0 || !strings.Contains(out, "1 files") || !strings.Contains(out, "needs the root key "+a.Keystore().Root()) {
		t.Fatalf("backup: exit %d, %s%s", code, out, errout)
	}
	if d, _ := doctor(t, "--data", data); d["Backups"].State != well || d["Backups"].Found != "last backup within the hour" {
		t.Errorf("after: %+v", d["Backups"])
	}
	closeOnce()

	if code, _, errout := gatehouse(t, "", "restore", "--data", other, folder); code != exitFailed || !strings.Contains(errout, "key is missing") {
		t.Errorf("restore without the key: exit %d, %s", code, errout)
	}
	key, err := os.ReadFile(filepath.Join(data, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(other, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, "master.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errout := gatehouse(t, "", "restore", "--data", other, folder); code != 0 || !strings.Contains(out, "is restored and verified") {
		t.Fatalf("restore: exit %d, %s%s", code, out, errout)
	}
	if code, _, errout := gatehouse(t, "", "restore", "--data", other, folder); code != exitFailed || !strings.Contains(errout, "the database is not empty") {
		t.Errorf("restore once more: exit %d, %s", code, errout)
	}
	restored, err := app.Open(t.Context(), config.Config{Data: other}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer restored.Close()
	if result, err := restored.Features.Evidence.Verify(t.Context(), authz.System("test"), itemID); err != nil || result != evidence.Intact {
		t.Errorf("evidence: %q, %v", result, err)
	}
	for _, args := range [][]string{{"backup"}, {"backup", "a", "b"}, {"restore"}, {"backup", "--keep", "-1", folder}, {"backup", "--keep", "x", folder}} {
		if code, _, _ := gatehouse(t, "", args...); code != exitUsage {
			t.Errorf("%v: exit %d", args, code)
		}
	}
}

// addPerson adds somebody to an installation that is open.
func addPerson(t *testing.T, a *app.App) string {
	t.Helper()
	var added person.ID
	err := a.DB.Write(t.Context(), authz.System("test"), func(tx *db.Tx) error {
		var err error
		added, err = a.Features.People.Add(t.Context(), tx, person.New{Name: "Robin Vale"})
		tx.Record(db.Entry{Action: "person.added", SubjectKind: "person", SubjectID: string(added)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(added)
}
