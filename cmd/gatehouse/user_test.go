package main

import (
	"log/slog"
	"os"
	"strings"
	"testing"

	"gatehouse/internal/app"
	"gatehouse/internal/platform/config"
)

func TestHelpListsOwnOptions(t *testing.T) {
	for _, tt := range []struct {
		command []string
		says    []string
	}{
		{[]string{"token", "create", "--help"}, []string{"--name", "--scope", "--days", "(default 365)", "--data"}},
		{[]string{"user", "add", "-h"}, []string{"--email", "--role", "--time-zone", "--data"}},
		{[]string{"user", "reset-factor", "-h"}, []string{"--email", "--reason", "--data"}},
		{[]string{"user", "allow-passwords", "-h"}, []string{"--reason", "--data"}},
		{[]string{"demo", "--help"}, []string{"--candidates", "--addr"}},
	} {
		code, _, errout := gatehouse(t, "", tt.command...)
		if code != 0 || strings.Contains(errout, "Password") {
			t.Errorf("%v: exit %d\n%s", tt.command, code, errout)
		}
		for _, word := range tt.says {
			if !strings.Contains(errout, word) {
				t.Errorf("%v does not list %q:\n%s", tt.command, word, errout)
			}
		}
	}
}

// TestErrandsBesideTheServer adds a user and makes a token on the private database, before and while a server has it.
func TestErrandsBesideTheServer(t *testing.T) {
	// A socket's path is short, and the database's own user must reach it: both speak against t.TempDir.
	data, err := os.MkdirTemp("", "gh-errand-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(data) })
	if err := os.Chmod(data, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GATEHOUSE_DATABASE_URL", "")
	t.Setenv("GATEHOUSE_DATA", data)
	add := func(email string) {
		t.Helper()
		if code, out, errout := gatehouse(t, "a long enough secret phrase\n", "user", "add", "--email", email, "--name", "Ada Berg", "--role", "hr"); code != 0 ||
			!strings.Contains(out, email+" may sign in now") {
			t.Fatalf("user add: exit %d, %s%s", code, out, errout)
		}
	}
	add("before@example.com")

	a, err := app.Open(t.Context(), config.Config{Data: data}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	add("beside@example.com")
	for _, days := range []string{"-1", "99999999"} {
		if code, _, errout := gatehouse(t, "", "token", "create", "--name", "x", "--days", days); code != exitUsage || !strings.Contains(errout, "3650") {
			t.Errorf("a token of %s days: exit %d, %s", days, code, errout)
		}
	}
	if code, _, errout := gatehouse(t, "\n", "user", "add", "--email", "empty@example.com", "--name", "E", "--role", "hr"); code != exitUsage {
		t.Errorf("an empty password: exit %d, %s", code, errout)
	}
	if code, out, errout := gatehouse(t, "", "token", "create", "--name", "endpoint tool"); code != 0 || len(strings.TrimSpace(out)) < 20 {
		t.Errorf("token create: exit %d, %s%s", code, out, errout)
	}
	reset := func(email, reason string) (int, string) {
		code, out, errout := gatehouse(t, "", "user", "reset-factor", "--email", email, "--reason", reason)
		return code, out + errout
	}
	hr, err := a.Features.Accounts.ByEmail(t.Context(), "before@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Features.Factors.Begin(t.Context(), hr); err != nil {
		t.Fatal(err)
	}
	if _, err := a.DB.Pool().Exec(t.Context(), `UPDATE authenticators SET confirmed_at = now()`); err != nil {
		t.Fatal(err)
	}
	if code, says := reset(hr.Email, ""); code == 0 || !strings.Contains(says, "how you know") {
		t.Errorf("reset without a reason: exit %d, %s", code, says)
	}
	if code, says := reset("nobody@example.com", "lost"); code != exitFailed || !strings.Contains(says, "user") {
		t.Errorf("reset of nobody: exit %d, %s", code, says)
	}
	if code, says := reset("BEFORE@example.com", "The telephone fell into the sea."); code != 0 || !strings.Contains(says, "password alone") {
		t.Errorf("reset: exit %d, %s", code, says)
	}
	if _, err := a.DB.Pool().Exec(t.Context(), `UPDATE sso_rules SET passwords = false, break_glass = $1`, hr.ID); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		reason string
		code   int
		says   string
	}{{"", exitUsage, "Say why"}, {"The provider is gone.", 0, "may sign in with it again"}, {"Once more.", exitFailed, "already"}} {
		if code, out, errout := gatehouse(t, "", "user", "allow-passwords", "--reason", tt.reason); code != tt.code || !strings.Contains(out+errout, tt.says) {
			t.Errorf("passwords again, because %q: exit %d, %s%s", tt.reason, code, out, errout)
		}
	}
	var users, tokens int
	if err := a.DB.Pool().QueryRow(t.Context(), `SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM api_tokens)`).Scan(&users, &tokens); err != nil {
		t.Fatalf("the server lost its database: %v", err)
	}
	if users != 2 || tokens != 1 {
		t.Errorf("%d users and %d tokens", users, tokens)
	}
	if report, code := doctor(t); code != 0 || report["Database"].State != well || report["Schema"].Found != "up to date" {
		t.Errorf("the doctor beside the server: exit %d, %+v", code, report)
	}
	if code, _, errout := gatehouse(t, "", "migrate"); code != exitFailed || !strings.Contains(errout, "already running") {
		t.Errorf("migrating beneath the server: exit %d, %s", code, errout)
	}

	// A server of an older version must not find the schema changed beneath it.
	if _, err := a.DB.Pool().Exec(t.Context(), `DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`); err != nil {
		t.Fatal(err)
	}
	if code, _, errout := gatehouse(t, "", "token", "create", "--name", "another"); code != exitFailed || !strings.Contains(errout, "older version") {
		t.Errorf("beside an older server: exit %d, %s", code, errout)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}
