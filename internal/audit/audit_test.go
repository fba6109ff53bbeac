package audit_test

import (
	"encoding/hex"
	"testing"
	"time"

	"gatehouse/internal/account/accounttest"
	"gatehouse/internal/audit"
	"gatehouse/internal/person"
	"gatehouse/internal/person/persontest"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/id"
)

// openCase stores a case on the person with the given members, as internal/incident would.
func openCase(t *testing.T, d *db.DB, personID person.ID, sees string, members ...authz.Actor) string {
	t.Helper()
	caseID := id.New()
	if _, err := d.Pool().Exec(t.Context(), `INSERT INTO cases (id, code_name, person_id, edition, reason, opened_at)
		VALUES ($1, $2, $3, '1.0.0', 'test', now())`, caseID, "Quiet "+caseID, personID); err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		if _, err := d.Pool().Exec(t.Context(), `INSERT INTO case_members (case_id, user_id, function, sees, added_at)
			VALUES ($1, $2, 'security', $3, now())`, caseID, m.ID, sees); err != nil {
			t.Fatal(err)
		}
	}
	return caseID
}

// record writes entries and returns the ids of all entries, the newest first.
func record(t *testing.T, d *db.DB, actor authz.Actor, entries ...db.Entry) {
	t.Helper()
	err := d.Write(t.Context(), actor, func(tx *db.Tx) error {
		for _, e := range entries {
			tx.Record(e)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func actions(t *testing.T, s *audit.Service, actor authz.Actor, f audit.Filter) []string {
	t.Helper()
	slice, err := s.List(t.Context(), actor, f)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range slice.Items {
		all = append(all, e.Action)
	}
	return all
}

func has(list []string, want string) bool {
	for _, s := range list {
		if s == want {
			return true
		}
	}
	return false
}

func TestWhoReadsWhat(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	s := audit.NewService(d)
	member := accounttest.Actor(t, d, authz.SecurityLead)
	tasks := accounttest.Actor(t, d, authz.SecurityLead)
	auditor := accounttest.Actor(t, d, authz.Auditor)
	admin := accounttest.Actor(t, d, authz.Administrator)
	hr := accounttest.Actor(t, d, authz.HR)
	p := persontest.New(t, d)
	caseID := openCase(t, d, p.ID, "whole", member)
	if _, err := d.Pool().Exec(t.Context(), `INSERT INTO case_members (case_id, user_id, function, sees, added_at)
		VALUES ($1, $2, 'finance', 'tasks', now())`, caseID, tasks.ID); err != nil {
		t.Fatal(err)
	}
	record(t, d, member,
		db.Entry{Action: "case.noted", SubjectKind: "case", SubjectID: caseID, PersonID: string(p.ID), CaseID: caseID},
		db.Entry{Action: "evidence.viewed", SubjectKind: "evidence", SubjectID: id.New(), PersonID: string(p.ID), CaseID: caseID},
		db.Entry{Action: "case.forgotten", SubjectKind: "case", SubjectID: caseID},
		db.Entry{Action: "person.looked", SubjectKind: "person", SubjectID: string(p.ID), PersonID: string(p.ID)},
		db.Entry{Action: "user.noted", SubjectKind: "user", SubjectID: hr.ID})
	ownRecord := auditor
	ownRecord.PersonID = string(p.ID)
	tests := []struct {
		name    string
		actor   authz.Actor
		visible []string
		hidden  []string
	}{
		{"member", member, []string{"case.noted", "evidence.viewed", "person.looked", "user.noted"}, []string{"case.forgotten"}},
		{"member for tasks", tasks, []string{"person.looked"}, []string{"case.noted", "evidence.viewed"}},
		{"auditor", auditor, []string{"person.looked", "user.noted"}, []string{"case.noted", "evidence.viewed", "case.forgotten"}},
		{"administrator", admin, []string{"user.noted"}, []string{"case.noted", "person.looked", "person.added"}},
		{"hr", hr, nil, []string{"user.noted", "person.looked", "case.noted"}},
		{"the subject", ownRecord, []string{"user.noted"}, []string{"person.looked", "case.noted"}},
		{"the system", authz.System("test"), []string{"case.noted", "case.forgotten", "user.noted"}, nil},
	}
	for _, tt := range tests {
		got := actions(t, s, tt.actor, audit.Filter{})
		for _, want := range tt.visible {
			if !has(got, want) {
				t.Errorf("%s does not read %s", tt.name, want)
			}
		}
		for _, not := range tt.hidden {
			if has(got, not) {
				t.Errorf("%s reads %s", tt.name, not)
			}
		}
	}
	entry, err := s.List(t.Context(), member, audit.Filter{Action: "case.noted"})
	if err != nil || len(entry.Items) != 1 {
		t.Fatalf("%v, %v", entry, err)
	}
	if _, err := s.ByID(t.Context(), auditor, entry.Items[0].ID); apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("the auditor opens an entry of a case: %v", err)
	}
	if _, err := s.ByID(t.Context(), member, entry.Items[0].ID); err != nil {
		t.Errorf("the member does not: %v", err)
	}
}

func TestFiltersAndPages(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	s := audit.NewService(d)
	reader := accounttest.Actor(t, d, authz.Auditor)
	p := persontest.New(t, d)
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range 120 { // each a day later
		d.SetClock(func() time.Time { return at.AddDate(0, 0, i) })
		record(t, d, reader, db.Entry{Action: "note.made", SubjectKind: "note", SubjectID: "n", PersonID: string(p.ID)})
	}
	d.SetClock(time.Now)
	count := func(f audit.Filter) int {
		n := 0
		for {
			slice, err := s.List(t.Context(), reader, f)
			if err != nil {
				t.Fatal(err)
			}
			for i, e := range slice.Items {
				if i > 0 && e.At.After(slice.Items[i-1].At) {
					t.Fatal("not the newest first")
				}
			}
			n += len(slice.Items)
			if slice.Next == "" {
				return n
			}
			f.Cursor = slice.Next
		}
	}
	for name, tt := range map[string]struct {
		f    audit.Filter
		want int
	}{
		"action":       {audit.Filter{Action: "note.made"}, 120},
		"noun":         {audit.Filter{Action: "note"}, 120},
		"no such noun": {audit.Filter{Action: "not"}, 0},
		"dates":        {audit.Filter{From: at.AddDate(0, 0, 10), Before: at.AddDate(0, 0, 20)}, 10},
		"actor":        {audit.Filter{ActorID: reader.ID}, 120},
		"person":       {audit.Filter{PersonID: string(p.ID), Action: "note"}, 120},
		"subject":      {audit.Filter{SubjectKind: "note", SubjectID: "n"}, 120},
		"no subject":   {audit.Filter{SubjectKind: "note", SubjectID: "m"}, 0},
	} {
		if got := count(tt.f); got != tt.want {
			t.Errorf("%s: %d entries, want %d", name, got, tt.want)
		}
	}
	n := 0
	err := s.Export(t.Context(), reader, audit.Filter{Action: "note"}, func(audit.Entry) error { n++; return nil })
	if err != nil || n != 120 {
		t.Errorf("exported %d, %v", n, err)
	}
}

func TestValuesProveThemselves(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	s := audit.NewService(d)
	reader := accounttest.Actor(t, d, authz.Auditor)
	p := persontest.New(t, d)
	record(t, d, reader, db.Entry{Action: "person.edited", SubjectKind: "person", SubjectID: string(p.ID), PersonID: string(p.ID),
		Changes: []db.Change{db.Changed("name", "Ann", "Anna"), db.Changed("location", "", "Porto")}, Reason: "A slip."})
	find := func() audit.Entry {
		slice, err := s.List(t.Context(), reader, audit.Filter{Action: "person.edited"})
		if err != nil || len(slice.Items) != 1 {
			t.Fatalf("%v %v", slice, err)
		}
		return slice.Items[0]
	}
	e := find()
	if len(e.Values) != 3 || e.Values[2].Field != "reason" {
		t.Fatalf("values: %+v", e.Values)
	}
	for _, v := range e.Values {
		if !v.Sound || v.Erased {
			t.Errorf("%s: sound %v, erased %v", v.Field, v.Sound, v.Erased)
		}
	}
	salt := hex.EncodeToString(e.Values[0].Salt) // location: was none
	for _, tt := range []struct {
		claim audit.Claim
		want  bool
	}{
		{audit.Claim{Field: "location", Salt: salt, OldNone: true, New: "Porto"}, true},
		{audit.Claim{Field: "location", Salt: salt, New: "Porto"}, false},
		{audit.Claim{Field: "location", Salt: salt, OldNone: true, New: "Lisbon"}, false},
	} {
		if got, err := e.Check(tt.claim); err != nil || got != tt.want {
			t.Errorf("%+v: %v, %v", tt.claim, got, err)
		}
	}
	if _, err := e.Check(audit.Claim{Field: "location", Salt: "zz"}); apperr.KindOf(err) != apperr.InvalidInput {
		t.Errorf("a salt that is none: %v", err)
	}
	if _, err := e.Check(audit.Claim{Field: "shoe", Salt: salt}); apperr.KindOf(err) != apperr.InvalidInput {
		t.Errorf("a field that is none: %v", err)
	}
	if _, err := d.Pool().Exec(t.Context(), `DELETE FROM audit_values WHERE field = 'name'`); err != nil {
		t.Fatal(err)
	}
	for _, v := range find().Values {
		if v.Erased != (v.Field == "name") {
			t.Errorf("%s: erased %v", v.Field, v.Erased)
		}
	}
}
