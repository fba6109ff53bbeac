package main

import (
	"log/slog"
	"strings"
	"testing"

	"gatehouse/internal/app"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/id"
)

// TestKeys lists, rotates and wraps anew beside an installation in use.
func TestKeys(t *testing.T) {
	const newKey = "b3RoZXIta2V5LW90aGVyLWtleS1vdGhlci1rZXktMDA="
	url, data := dbtest.URL(t), t.TempDir()
	t.Setenv("GATEHOUSE_DATABASE_URL", url)
	t.Setenv("GATEHOUSE_DATA", data)
	a, err := app.Open(t.Context(), config.Config{Data: data, DatabaseURL: url}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if code, _, errout := gatehouse(t, "a long enough secret phrase\n", "user", "add", "--email", "ada@example.com", "--name", "Ada Berg", "--role", "hr"); code != 0 {
		t.Fatal(errout)
	}
	ada, err := a.Features.Accounts.ByEmail(t.Context(), "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Features.Factors.Begin(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	before, err := a.Features.Factors.Pending(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	var somebody person.ID
	err = a.DB.Write(t.Context(), authz.System("test"), func(tx *db.Tx) (err error) {
		tx.Record(db.Entry{Action: "person.added", SubjectKind: "person", SubjectID: "x"})
		somebody, err = a.Features.People.Add(t.Context(), tx, person.New{Name: "Robin Vale"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	passkey := id.New()
	owner := passkey + " of " + string(ada.ID)
	if _, err := a.DB.Pool().Exec(t.Context(), `
		INSERT INTO passkeys (id, user_id, name, credential_id, credential, created_at) VALUES ($1, $2, 'k', 'c', $3, now())`,
		passkey, ada.ID, a.Keys.Box("passkeys").Seal([]byte("a credential"), owner)); err != nil {
		t.Fatal(err)
	}

	says := func(want int, words []string, args ...string) string {
		t.Helper()
		code, out, errout := gatehouse(t, "", args...)
		for _, w := range words {
			if !strings.Contains(out+errout, w) {
				t.Errorf("%v does not say %q:\n%s%s", args, w, out, errout)
			}
		}
		if code != want {
			t.Errorf("%v: exit %d\n%s", args, code, errout)
		}
		return out
	}
	opens := func(when string) {
		t.Helper()
		if now, err := a.Features.Factors.Pending(t.Context(), ada); err != nil || now.Secret != before.Secret {
			t.Errorf("%s: the authenticator: %v", when, err)
		}
		var sealed []byte
		if err := a.DB.Pool().QueryRow(t.Context(), `SELECT credential FROM passkeys`).Scan(&sealed); err != nil {
			t.Fatal(err)
		}
		if plain, err := a.Keys.Box("passkeys").Open(sealed, owner); err != nil || string(plain) != "a credential" {
			t.Errorf("%s: the passkey: %q, %v", when, plain, err)
		}
	}
	says(exitUsage, []string{"keys rotate --root"}, "keys")
	says(0, []string{"seals, derives hashes"}, "keys", "list")
	says(exitUsage, []string{"--grace"}, "keys", "rotate", "--grace", "-1s")
	says(0, []string{"generation 2, made", "authenticators: 1 of 1", "passkeys: 1 of 1", "person_keys: 1 of 1", "Everything is under key"}, "keys", "rotate", "--grace", "0s")
	opens("after a rotation")
	says(0, []string{"generation 3, made", "Nothing needs key"}, "keys", "rotate", "--grace=0s")
	if err := a.Keystore().Refresh(t.Context()); err != nil { // as a server does every few seconds
		t.Fatal(err)
	}
	if list := says(0, []string{"retired"}, "keys", "list"); strings.Count(list, "\n") != 4 {
		t.Errorf("keys list:\n%s", list)
	}

	says(exitUsage, []string{"GATEHOUSE_NEW_MASTER_KEY"}, "keys", "rotate", "--root")
	t.Setenv("GATEHOUSE_NEW_MASTER_KEY", newKey)
	says(0, []string{"3 keys are wrapped", "set GATEHOUSE_MASTER_KEY to the value of GATEHOUSE_NEW_MASTER_KEY"}, "keys", "rotate", "--root")
	says(0, []string{"already"}, "keys", "rotate", "--root")
	if code, _, errout := gatehouse(t, "", "keys", "list"); code != exitFailed || !strings.Contains(errout, "put back the root key") {
		t.Errorf("with the root key of before: exit %d, %s", code, errout)
	}
	if err := a.Keystore().Refresh(t.Context()); err != nil {
		t.Error(err)
	}
	opens("after another root key")
	t.Setenv("GATEHOUSE_MASTER_KEY", newKey)
	says(0, nil, "keys", "list")
	b, err := app.Open(t.Context(), config.Config{Data: data, DatabaseURL: url, MasterKey: newKey}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if a.Features.Sealer.Key() != b.Features.Sealer.Key() {
		t.Error("the log is signed by another key")
	}
	if _, err := b.Features.People.DataKey(t.Context(), b.DB.Pool(), somebody); err != nil {
		t.Error(err)
	}
}

func TestKeysMakeNoInstallation(t *testing.T) {
	t.Setenv("GATEHOUSE_DATABASE_URL", "")
	if code, _, errout := gatehouse(t, "", "keys", "rotate", "--data", t.TempDir()); code != exitFailed || !strings.Contains(errout, "no installation") {
		t.Errorf("exit %d, %s", code, errout)
	}
}
