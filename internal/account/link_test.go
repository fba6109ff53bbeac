package account_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
)

func TestALinkSetsThePasswordOnce(t *testing.T) {
	s, d := setup(t)
	id, err := s.Add(ctx, admin, account.New{Email: "new@example.com", Name: "New", Roles: []authz.Role{authz.HR}})
	if err != nil {
		t.Fatal(err)
	}
	for _, password := range []string{"", "nobody has this password"} {
		if _, err := s.CheckPassword(ctx, "new@example.com", password); apperr.KindOf(err) != apperr.InvalidInput {
			t.Errorf("without a password %q lets them in: %v", password, err)
		}
	}
	link := func() string {
		t.Helper()
		secret, err := s.NewLink(ctx, admin, id)
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	first, second := link(), link()
	if _, err := s.ByLink(ctx, first); apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("a link that another replaced: %v", err)
	}
	if u, err := s.ByLink(ctx, second); err != nil || u.ID != id {
		t.Errorf("the link is of %v, error %v", u.ID, err)
	}
	if _, err := s.UseLink(ctx, second, "short"); apperr.KindOf(err) != apperr.InvalidInput {
		t.Errorf("a short password: %v", err)
	}
	var worked atomic.Int32
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if _, err := s.UseLink(ctx, second, "a chosen passphrase"); err == nil {
				worked.Add(1)
			}
		})
	}
	wait.Wait()
	if n := worked.Load(); n != 1 {
		t.Errorf("the link worked %d times", n)
	}
	if _, err := s.CheckPassword(ctx, "new@example.com", "a chosen passphrase"); err != nil {
		t.Errorf("the chosen password: %v", err)
	}

	for range 8 {
		wait.Go(func() {
			if _, err := s.NewLink(ctx, admin, id); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	var live int
	if err := d.Pool().QueryRow(ctx, `SELECT count(*) FROM user_links`).Scan(&live); err != nil || live != 1 {
		t.Errorf("%d links made at the same moment work, error %v", live, err)
	}

	old := link()
	d.SetClock(func() time.Time { return time.Now().Add(account.LinkFor) })
	if _, err := s.UseLink(ctx, old, "another passphrase"); apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("a link of three days ago: %v", err)
	}
	d.SetClock(time.Now)
	if err := s.SetPassword(ctx, admin, id, "set by an administrator"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ByLink(ctx, old); apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("a link from before the password was set: %v", err)
	}
	u, err := s.ByID(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	disabled := link()
	if err := s.Disable(ctx, admin, id, u.Version); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ByLink(ctx, disabled); apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("a link of somebody disabled: %v", err)
	}
	if u, err = s.ByID(ctx, id); err != nil {
		t.Fatal(err)
	}
	if _, err := s.NewLink(ctx, admin, id); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("a new link for somebody disabled: %v", err)
	}
	if err := s.Enable(ctx, admin, id, u.Version); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ByLink(ctx, disabled); apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("a link outlives a disabled account: %v", err)
	}
}
