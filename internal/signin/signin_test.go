package signin_test

import (
	"context"
	"testing"

	"gatehouse/internal/account"
	"gatehouse/internal/factor"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/signin"
)

var ctx = context.Background()

const password = "long enough pass"

func setup(t *testing.T) (*signin.Service, *account.Service, *db.DB, account.User) {
	t.Helper()
	t.Parallel()
	d := dbtest.New(t)
	accounts := account.NewService(d)
	id, err := accounts.Add(ctx, authz.System("test"), account.New{Email: "a@example.com", Name: "A", Password: password, Roles: []authz.Role{authz.HR}})
	if err != nil {
		t.Fatal(err)
	}
	u, err := accounts.ByID(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	return signin.NewService(d, accounts, factor.NewService(d, ring(t)), ring(t), nil), accounts, d, u
}

func begin(t *testing.T, s *signin.Service) string {
	t.Helper()
	token, _, err := s.SignIn(ctx, "a@example.com", password, signin.Device{IP: "127.0.0.1", UserAgent: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestASessionIsFoundUntilItEnds(t *testing.T) {
	s, _, _, u := setup(t)
	token := begin(t, s)
	found, err := s.Find(ctx, token)
	if err != nil || found.User.ID != u.ID {
		t.Fatalf("found %+v, error %v", found, err)
	}
	if err := s.SignOut(ctx, u.Actor(), token); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Find(ctx, token); apperr.KindOf(err) != apperr.Unauthenticated {
		t.Errorf("after signing out: %v", err)
	}
}

func TestEndAllEndsEverySessionAtOnce(t *testing.T) {
	s, _, _, u := setup(t)
	one, two := begin(t, s), begin(t, s)
	for _, token := range []string{one, two} { // both remembered now
		if _, err := s.Find(ctx, token); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.EndAll(ctx, authz.System("test"), u.ID); err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{one, two} {
		if _, err := s.Find(ctx, token); apperr.KindOf(err) != apperr.Unauthenticated {
			t.Errorf("still signed in: %v", err)
		}
	}
}

func TestExpiredIdleAndDisabledSessionsAreNotFound(t *testing.T) {
	_, accounts, d, u := setup(t)
	for name, spoil := range map[string]string{
		"expired":  `UPDATE sessions SET expires_at = now() - interval '1 second'`,
		"idle":     `UPDATE sessions SET expires_at = now() + interval '1 day', last_seen_at = now() - interval '13 hours'`,
		"disabled": `UPDATE users SET disabled_at = now()`,
	} {
		s := signin.NewService(d, accounts, factor.NewService(d, ring(t)), ring(t), nil) // remembers nothing
		if _, err := d.Pool().Exec(ctx, `UPDATE users SET disabled_at = NULL WHERE id = $1`, u.ID); err != nil {
			t.Fatal(err)
		}
		token := begin(t, s)
		if _, err := d.Pool().Exec(ctx, spoil); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Find(ctx, token); apperr.KindOf(err) != apperr.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheTableHoldsNoUsableToken(t *testing.T) {
	s, _, d, _ := setup(t)
	token := begin(t, s)
	var n int
	if err := d.Pool().QueryRow(ctx, `SELECT count(*) FROM sessions s WHERE s::text LIKE '%' || $1 || '%'`, token).Scan(&n); err != nil || n != 0 {
		t.Errorf("rows that hold the token: %d, %v", n, err)
	}
	if _, err := s.Find(ctx, "something else"); apperr.KindOf(err) != apperr.Unauthenticated {
		t.Errorf("a made-up token: %v", err)
	}
}

func TestARefusedTryIsAuditedWithoutTheAddress(t *testing.T) {
	s, _, d, _ := setup(t)
	if _, _, err := s.SignIn(ctx, "secret.person@example.com", "wrong", signin.Device{IP: "192.0.2.9"}); err == nil {
		t.Fatal("admitted")
	}
	var refused, named int
	if err := d.Pool().QueryRow(ctx, `
		SELECT (SELECT count(*) FROM audit_entries WHERE action = 'session.refused'),
		       (SELECT count(*) FROM audit_values WHERE new LIKE '%secret.person%')`).Scan(&refused, &named); err != nil {
		t.Fatal(err)
	}
	if refused != 1 || named != 0 {
		t.Errorf("refused entries %d, values that name the address %d", refused, named)
	}
}

func TestSweepDeletesOnlyWhatHasRunOut(t *testing.T) {
	s, _, d, _ := setup(t)
	alive, _ := begin(t, s), begin(t, s)
	if _, err := d.Pool().Exec(ctx, `UPDATE sessions SET expires_at = now() - interval '1 hour' WHERE token_hash <> sha256($1::bytea)`, []byte(alive)); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := d.Pool().QueryRow(ctx, `SELECT count(*) FROM sessions`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d sessions left, %v", n, err)
	}
	if _, err := s.Find(ctx, alive); err != nil {
		t.Errorf("the live one: %v", err)
	}
}

// TestSessionsAreListedAndEndedByTheirOwner: one by one or all but this, at once, with a trace, and nobody else's.
func TestSessionsAreListedAndEndedByTheirOwner(t *testing.T) {
	s, accounts, d, u := setup(t)
	here, there, third := begin(t, s), begin(t, s), begin(t, s)
	if _, err := d.Pool().Exec(ctx, `UPDATE sessions SET last_seen_at = now() - interval '20 hours' WHERE token_hash = sha256($1)`, []byte(third)); err != nil {
		t.Fatal(err)
	}
	current, err := s.Find(ctx, here)
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.Find(ctx, there)
	if err != nil {
		t.Fatal(err)
	}
	live, err := s.Live(ctx, u.ID)
	if err != nil || len(live) != 2 || live[0].UserAgent != "test" || live[0].IP != "127.0.0.1" {
		t.Fatalf("live %+v, error %v, want the two that are neither over nor idle", live, err)
	}
	id, err := accounts.Add(ctx, authz.System("test"), account.New{Email: "b@example.com", Name: "B", Password: password, Roles: []authz.Role{authz.HR}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.End(ctx, authz.System("test"), id, other.ID); apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("another's session: %v", err)
	}
	if err := s.End(ctx, u.Actor(), u.ID, other.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Find(ctx, there); apperr.KindOf(err) != apperr.Unauthenticated {
		t.Errorf("the ended session: %v", err)
	}
	if err := s.End(ctx, u.Actor(), u.ID, other.ID); apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("ended twice: %v", err)
	}
	again := begin(t, s)
	if ended, err := s.EndOthers(ctx, u.Actor(), u.ID, current.ID); err != nil || ended != 2 { // the new one, and the idle one
		t.Errorf("%d others ended, error %v", ended, err)
	}
	if _, err := s.Find(ctx, again); apperr.KindOf(err) != apperr.Unauthenticated {
		t.Errorf("another session: %v", err)
	}
	if _, err := s.Find(ctx, here); err != nil {
		t.Errorf("this session: %v", err)
	}
	var traces int
	err = d.Pool().QueryRow(ctx, `SELECT count(*) FROM audit_entries WHERE action IN ('session.revoked', 'session.others_revoked') AND subject_id = $1`, u.ID).Scan(&traces)
	if err != nil || traces != 2 {
		t.Errorf("%d entries in the log, error %v", traces, err)
	}
}
