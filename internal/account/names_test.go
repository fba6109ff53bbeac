package account_test

import (
	"maps"
	"testing"

	"gatehouse/internal/account"
	"gatehouse/internal/account/accounttest"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/id"
)

func TestNamesComeFromMemoryTheSecondTime(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	s := account.NewService(d)
	a, b, nobody := accounttest.Actor(t, d, authz.HR), accounttest.Actor(t, d, authz.Interviewer), id.New()
	first, err := s.Names(t.Context(), []string{a.ID, nobody})
	if err != nil || len(first) != 1 || first[a.ID] == "" {
		t.Fatalf("%v, %v", first, err)
	}
	both, err := s.Names(t.Context(), []string{a.ID, b.ID, a.ID})
	if err != nil || len(both) != 2 || both[a.ID] != first[a.ID] || both[b.ID] == "" {
		t.Fatalf("%v, %v", both, err)
	}
	d.Close() // what is remembered needs no database any more
	again, err := s.Names(t.Context(), []string{b.ID, a.ID, nobody})
	if err != nil || !maps.Equal(again, both) {
		t.Errorf("%v, %v", again, err)
	}
}
