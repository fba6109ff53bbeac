package account_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
)

var (
	ctx   = context.Background()
	admin = authz.System("test")
)

func setup(t *testing.T) (*account.Service, *db.DB) {
	t.Helper()
	t.Parallel()
	d := dbtest.New(t)
	return account.NewService(d), d
}

func add(t *testing.T, s *account.Service, email string, roles ...authz.Role) account.User {
	t.Helper()
	id, err := s.Add(ctx, admin, account.New{Email: email, Name: "Somebody", Password: "long enough pass", Roles: roles})
	if err != nil {
		t.Fatal(err)
	}
	u, err := s.ByID(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestAddRefusesWhatDoesNotFitAtItsField(t *testing.T) {
	s, _ := setup(t)
	add(t, s, "taken@example.com", authz.HR)
	good := account.New{Email: "new@example.com", Name: "New", Password: "long enough pass", Roles: []authz.Role{authz.HR}}
	for field, change := range map[string]func(*account.New){
		"email":     func(n *account.New) { n.Email = "not an address" },
		"name":      func(n *account.New) { n.Name = "  " },
		"password":  func(n *account.New) { n.Password = "short" },
		"roles":     func(n *account.New) { n.Roles = []authz.Role{"emperor"} },
		"time_zone": func(n *account.New) { n.TimeZone = "Mars/Olympus" },
	} {
		n := good
		change(&n)
		_, err := s.Add(ctx, admin, n)
		if invalid, ok := apperr.AsInvalid(err); !ok || invalid.Fields[field] == "" {
			t.Errorf("%s: error %v", field, err)
		}
	}
	n := good
	n.Email = "TAKEN@example.com"
	_, err := s.Add(ctx, admin, n)
	if invalid, ok := apperr.AsInvalid(err); !ok || invalid.Fields["email"] == "" {
		t.Errorf("the same address in capitals: %v", err)
	}
}

func TestCheckPasswordAnswersEveryFailureAlike(t *testing.T) {
	s, _ := setup(t)
	u := add(t, s, "a@example.com", authz.HR)
	gone := add(t, s, "gone@example.com", authz.HR)
	if err := s.Disable(ctx, admin, gone.ID, gone.Version); err != nil {
		t.Fatal(err)
	}
	found, err := s.CheckPassword(ctx, " A@Example.com ", "long enough pass")
	if err != nil || found.ID != u.ID {
		t.Fatalf("right password: %v", err)
	}
	var first string
	for _, try := range [][2]string{{"a@example.com", "wrong"}, {"nobody@example.com", "long enough pass"}, {"gone@example.com", "long enough pass"}, {"a@example.com", ""}} {
		_, err := s.CheckPassword(ctx, try[0], try[1])
		if _, ok := apperr.AsInvalid(err); !ok {
			t.Errorf("%v: error %v", try, err)
			continue
		}
		if first == "" {
			first = err.Error()
		}
		if err.Error() != first {
			t.Errorf("%v answers %q, another failure %q", try, err, first)
		}
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	s, _ := setup(t)
	a := add(t, s, "a@example.com", authz.Administrator)
	if err := s.Disable(ctx, admin, a.ID, a.Version); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("disabled: %v", err)
	}
	if err := s.SetRoles(ctx, admin, a.ID, a.Version, []authz.Role{authz.HR}); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("role taken away: %v", err)
	}
	add(t, s, "b@example.com", authz.Administrator)
	if err := s.Disable(ctx, admin, a.ID, a.Version); err != nil {
		t.Errorf("with another one: %v", err)
	}
}

// TestOneAdministratorStaysOfManyAtOnce: none of those who go at the same moment counts on another who goes, too.
func TestOneAdministratorStaysOfManyAtOnce(t *testing.T) {
	s, d := setup(t)
	var users []account.User
	for i := range 8 {
		users = append(users, add(t, s, fmt.Sprintf("%d@example.com", i), authz.Administrator))
	}
	var all sync.WaitGroup
	for i, u := range users {
		all.Go(func() {
			var err error
			if i%2 == 0 {
				err = s.Disable(ctx, admin, u.ID, u.Version)
			} else {
				err = s.SetRoles(ctx, admin, u.ID, u.Version, []authz.Role{authz.HR})
			}
			if err != nil && apperr.KindOf(err) != apperr.Stale {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var left int
	if err := d.Pool().QueryRow(ctx, `SELECT count(*) FROM users WHERE 'administrator' = ANY (roles) AND disabled_at IS NULL`).Scan(&left); err != nil || left != 1 {
		t.Errorf("%d administrators are left, %v", left, err)
	}
}

func TestAStaleVersionIsAConflict(t *testing.T) {
	s, _ := setup(t)
	u := add(t, s, "a@example.com", authz.HR)
	if err := s.SetRoles(ctx, admin, u.ID, u.Version, []authz.Role{authz.Legal}); err != nil {
		t.Fatal(err)
	}
	if err := s.SetRoles(ctx, admin, u.ID, u.Version, []authz.Role{authz.Finance}); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("error %v", err)
	}
}

func TestTokens(t *testing.T) {
	s, d := setup(t)
	scopes := []authz.Permission{authz.SignalIngest}
	id, secret, err := s.NewToken(ctx, admin, "endpoint agent", scopes, nil)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := s.TokenBySecret(ctx, secret)
	if err != nil || tok.ID != id || !tok.Actor().May(authz.SignalIngest) || tok.Actor().May(authz.UserManage) {
		t.Errorf("token %+v, error %v", tok, err)
	}
	var kept int
	if err := d.Pool().QueryRow(ctx, `SELECT count(*) FROM api_tokens WHERE encode(token_hash, 'escape') LIKE '%' || $1 || '%'`, secret).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("the secret is kept: %d, %v", kept, err)
	}
	if _, err := s.TokenBySecret(ctx, secret+"x"); apperr.KindOf(err) != apperr.Unauthenticated {
		t.Errorf("wrong secret: %v", err)
	}
	if err := s.RevokeToken(ctx, admin, id); err != nil {
		t.Fatal(err)
	}
	if _, err := s.TokenBySecret(ctx, secret); apperr.KindOf(err) != apperr.Unauthenticated {
		t.Errorf("revoked: %v", err)
	}
	past := d.Now().Add(-time.Minute)
	if _, _, err := s.NewToken(ctx, admin, "late", scopes, &past); err == nil {
		t.Error("a token that has already expired was created")
	}
	if _, _, err := s.NewToken(ctx, admin, strings.Repeat("x", 101), []authz.Permission{authz.CaseRead}, nil); err == nil {
		t.Error("a scope that tokens may not have was given")
	}
}
