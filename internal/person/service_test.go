package person_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/account/accounttest"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/internal/person/persontest"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/id"
)

var system = authz.System("test")

// write runs fn in a write transaction that records an entry of its own.
func write(t *testing.T, d *db.DB, actor authz.Actor, fn func(tx *db.Tx) error) error {
	t.Helper()
	return d.Write(t.Context(), actor, func(tx *db.Tx) error {
		tx.Record(db.Entry{Action: "test.done", SubjectKind: "test", SubjectID: "1"})
		return fn(tx)
	})
}

func TestAddAndEdit(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	people := persontest.Service(t, d)
	referrer := persontest.New(t, d, persontest.Named("Sam Okafor"))
	p := persontest.New(t, d, persontest.Entered(person.New{Name: " Ada Berg ", Location: "Austin", TimeZone: "America/Chicago",
		ChannelID: "channel-recommendation", ReferrerName: "Sam Okafor", ReferrerID: &referrer.ID}))
	if p.Name != "Ada Berg" || *p.ReferrerID != referrer.ID || p.Status != person.Candidate || p.Number <= referrer.Number {
		t.Errorf("stored %+v", p)
	}
	if _, err := people.DataKey(t.Context(), d.Pool(), p.ID); err != nil {
		t.Errorf("data key: %v", err)
	}

	edit := func(version int, n person.New) error {
		return write(t, d, system, func(tx *db.Tx) error { return people.Edit(t.Context(), tx, p.ID, version, n) })
	}
	if err := edit(p.Version, person.New{Name: "Ada Lind"}); err != nil {
		t.Fatal(err)
	}
	if err := edit(p.Version, person.New{Name: "Late"}); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("edit of an old version: %v", err)
	}
	stranger := person.ID(id.New())
	if err := edit(p.Version+1, person.New{Name: "Ada", ReferrerID: &stranger}); apperr.KindOf(err) != apperr.InvalidInput {
		t.Errorf("unknown referrer: %v", err)
	}
	now, err := people.ByID(t.Context(), system, p.ID)
	if err != nil || now.Name != "Ada Lind" || now.Location != "" {
		t.Errorf("after the edit: %+v, %v", now, err)
	}
}

func TestDataKeyOfAnErasedPersonIsGone(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	p := persontest.New(t, d)
	if _, err := d.Pool().Exec(t.Context(), `UPDATE person_keys SET wrapped = NULL, destroyed_at = now()`); err != nil {
		t.Fatal(err)
	}
	if _, err := persontest.Service(t, d).DataKey(t.Context(), d.Pool(), p.ID); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("got %v, want a conflict", err)
	}
}

func TestMissingFollowsTheOutcomes(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	people := persontest.Service(t, d)
	p := persontest.New(t, d, persontest.At(person.Place{Status: person.Candidate, Awaited: []string{"check-a", "check-b", "check-c"}}))
	if p.Missing != 3 {
		t.Errorf("at first %d missing, want 3", p.Missing)
	}
	note := func(item, answer string) {
		t.Helper()
		if _, err := d.Pool().Exec(t.Context(), `
			INSERT INTO outcomes (person_id, item_id, origin_kind, origin_id, answer, noted_at)
			VALUES ($1, $2, 'check', '1', $3, now())`, p.ID, item, answer); err != nil {
			t.Fatal(err)
		}
	}
	note("check-a", "clear")
	note("check-b", "not-done")
	note("check-x", "clear")
	err := write(t, d, system, func(tx *db.Tx) error {
		return people.SetStanding(t.Context(), tx, p.ID, person.Standing{Band: catalogue.High, Score: 60, Coverage: 20, OpenFlags: 1})
	})
	if err != nil {
		t.Fatal(err)
	}
	now, err := people.ByID(t.Context(), system, p.ID)
	if err != nil || now.Missing != 2 || now.Band != catalogue.High || now.Score != 60 || now.OpenFlags != 1 {
		t.Errorf("after an answer: %+v, %v", now, err)
	}
	if now.Version != p.Version {
		t.Error("an assessment makes the edit form of somebody else stale")
	}
}

// TestVisible is the matrix of who sees whom.
func TestVisible(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	ctx := t.Context()
	people := persontest.Service(t, d)
	manager, other := accounttest.Actor(t, d, authz.HiringManager), accounttest.Actor(t, d, authz.HiringManager)
	interviewer, cancelled := accounttest.Actor(t, d, authz.Interviewer), accounttest.Actor(t, d, authz.Interviewer)
	both := accounttest.Actor(t, d, authz.HiringManager, authz.Interviewer)
	own := persontest.New(t, d, persontest.ManagedBy(manager.ID, "stage-sourcing"))
	aside := persontest.New(t, d, persontest.ManagedBy(other.ID, "stage-sourcing"))
	met := persontest.New(t, d)
	unseen := persontest.New(t, d)
	// aside also applied for a job of manager; interviewer and both meet met, cancelled would have.
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := d.Pool().Exec(ctx, sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	job, app, off := id.New(), id.New(), id.New()
	exec(`INSERT INTO jobs (id, title, level_id, edition, manager_id, created_at) VALUES ($1, 'Engineer', 'level-verified', '1.0.0', $2, now())`, job, manager.ID)
	exec(`INSERT INTO applications (id, person_id, job_id, edition, stage_id, stage_since, applied_at, aside) VALUES ($1, $2, $3, '1.0.0', 'stage-offer', now(), now(), true)`, app, aside.ID, job)
	for _, iv := range []struct{ id, status string }{{id.New(), "scheduled"}, {off, "cancelled"}} {
		exec(`INSERT INTO interviews (id, application_id, person_id, job_id, stage_id, edition, kit, starts_at, status, created_at, cancelled_at)
		      VALUES ($1, $2, $3, $4, 'stage-offer', '1.0.0', '{check-video-on}', now(), $5, now(), CASE WHEN $5 = 'cancelled' THEN now() END)`, iv.id, app, met.ID, job, iv.status)
		if iv.id == off {
			exec(`INSERT INTO interviewers (interview_id, user_id) VALUES ($1, $2)`, iv.id, cancelled.ID)
			continue
		}
		exec(`INSERT INTO interviewers (interview_id, user_id) VALUES ($1, $2), ($1, $3)`, iv.id, interviewer.ID, both.ID)
	}
	colleague := persontest.New(t, d, persontest.At(person.Place{Status: person.Engaged, ManagerID: &manager.ID}))
	hired := accounttest.Actor(t, d, authz.Interviewer)
	past := id.New()
	exec(`INSERT INTO interviews (id, application_id, person_id, job_id, stage_id, edition, kit, starts_at, status, created_at)
	      VALUES ($1, $2, $3, $4, 'stage-offer', '1.0.0', '{check-video-on}', now(), 'scheduled', now())`, past, app, colleague.ID, job)
	exec(`INSERT INTO interviewers (interview_id, user_id) VALUES ($1, $2)`, past, hired.ID)
	themselves := accounttest.Actor(t, d, authz.HR)
	themselves.PersonID = string(met.ID)

	all := []person.ID{own.ID, aside.ID, met.ID, unseen.ID, colleague.ID}
	tests := []struct {
		name  string
		actor authz.Actor
		sees  []person.ID
	}{
		{"the system", system, all},
		{"HR", accounttest.Actor(t, d, authz.HR), all},
		{"a security lead", accounttest.Actor(t, d, authz.SecurityLead), all},
		{"a security analyst", accounttest.Actor(t, d, authz.SecurityAnalyst), all},
		{"an auditor", accounttest.Actor(t, d, authz.Auditor), all},
		{"the hiring manager of a job, but for whoever was hired", manager, []person.ID{own.ID, aside.ID}},
		{"another hiring manager", other, []person.ID{aside.ID}},
		{"an interviewer", interviewer, []person.ID{met.ID}},
		{"an interviewer of a cancelled interview", cancelled, nil},
		{"manager of nothing and interviewer", both, []person.ID{met.ID}},
		{"an administrator", accounttest.Actor(t, d, authz.Administrator), nil},
		{"finance", accounttest.Actor(t, d, authz.Finance), nil},
		{"legal", accounttest.Actor(t, d, authz.Legal), nil},
		{"a token with the scope", authz.Actor{Kind: authz.KindToken, ID: id.New(), Scopes: []authz.Permission{authz.PersonRead}}, nil},
		{"HR of themselves", themselves, []person.ID{own.ID, aside.ID, unseen.ID, colleague.ID}},
		{"an interviewer of somebody hired since", hired, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			listed, err := people.List(ctx, tt.actor, person.Filter{})
			if err != nil {
				t.Fatal(err)
			}
			var inList []person.ID
			for _, p := range listed.Items {
				inList = append(inList, p.ID)
			}
			for _, personID := range all {
				want := slices.Contains(tt.sees, personID)
				if got := slices.Contains(inList, personID); got != want {
					t.Errorf("in the list: %v, want %v", got, want)
				}
				_, err := people.ByID(ctx, tt.actor, personID)
				if got := err == nil; got != want || !got && apperr.KindOf(err) != apperr.NotFound {
					t.Errorf("by id: %v, want seen %v", err, want)
				}
				err = write(t, d, tt.actor, func(tx *db.Tx) error { _, err := people.Lock(ctx, tx, personID); return err })
				if got := err == nil; got != want {
					t.Errorf("lock: %v, want seen %v", err, want)
				}
			}
		})
	}
}

// copyPeople loads n people by COPY with many equal sort keys.
func copyPeople(t testing.TB, d *db.DB, n int) {
	t.Helper()
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	bands, stages := catalogue.Bands(), []string{"stage-sourcing", "stage-screening-call", "stage-offer"}
	random := rand.New(rand.NewPCG(1, 2))
	err := d.Write(context.Background(), system, func(tx *db.Tx) error {
		tx.Record(db.Entry{Action: "test.loaded", SubjectKind: "test", SubjectID: "1"})
		_, err := tx.CopyFrom(context.Background(), []string{"people"},
			[]string{"id", "name", "stage_id", "band", "score", "coverage", "open_flags", "missing", "created_at", "updated_at"},
			copyRows(n, func(i int) []any {
				at := now.Add(-time.Duration(i/4) * time.Minute)
				return []any{id.New(), fmt.Sprintf("Person %c%c %d", 'A'+i%26, 'a'+i/26%26, i/8), stages[i%3], string(bands[i%4]),
					random.IntN(101), random.IntN(101), i % 5 / 4, i % 3, at, at}
			}))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// copied feeds COPY.
type copied struct {
	n, i int
	row  func(i int) []any
}

func copyRows(n int, row func(i int) []any) *copied { return &copied{n: n, i: -1, row: row} }
func (c *copied) Next() bool                        { c.i++; return c.i < c.n }
func (c *copied) Values() ([]any, error)            { return c.row(c.i), nil }
func (c *copied) Err() error                        { return nil }

// TestListShowsEveryRowOnce walks each order to its end and back: every row appears exactly once, also among equals.
func TestListShowsEveryRowOnce(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	copyPeople(t, d, 500)
	people := persontest.Service(t, d)
	for _, sort := range []person.Sort{person.ByUpdate, person.ByScore, person.ByName} {
		for _, size := range []int{7, 100, 500} {
			t.Run(fmt.Sprint(sort, size), func(t *testing.T) {
				t.Parallel()
				read := func(f person.Filter) ([]person.ID, string, string) {
					t.Helper()
					f.Sort, f.Size = sort, size
					got, err := people.List(t.Context(), system, f)
					if err != nil {
						t.Fatal(err)
					}
					ids := make([]person.ID, len(got.Items))
					for i, p := range got.Items {
						ids[i] = p.ID
					}
					return ids, got.Previous, got.Next
				}
				page, previous, next := read(person.Filter{})
				if previous != "" {
					t.Error("the first page has a page before it")
				}
				onward, last := slices.Clone(page), page
				for next != "" {
					last, previous, next = read(person.Filter{After: next})
					onward = append(onward, last...)
				}
				seen := map[person.ID]bool{}
				for _, personID := range onward {
					seen[personID] = true
				}
				if len(onward) != 500 || len(seen) != 500 {
					t.Fatalf("%d rows, %d different, want 500", len(onward), len(seen))
				}
				back := slices.Clone(last)
				for previous != "" {
					page, previous, _ = read(person.Filter{Before: previous})
					back = append(slices.Clone(page), back...)
				}
				if !slices.Equal(back, onward) {
					t.Error("going back shows other rows than going on")
				}
			})
		}
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	copyPeople(t, d, 300)
	manager := accounttest.Actor(t, d, authz.HiringManager)
	job := id.New()
	special := persontest.New(t, d, persontest.Named("Zoë 100% Under_score"), persontest.At(person.Place{
		Status: person.Engaged, JobID: &job, ManagerID: &manager.ID, StageID: "stage-employed"}))
	people := persontest.Service(t, d)
	count := func(f person.Filter) int {
		t.Helper()
		f.Size = 1000
		got, err := people.List(t.Context(), system, f)
		if err != nil {
			t.Fatal(err)
		}
		return len(got.Items)
	}
	for name, tt := range map[string]struct {
		filter person.Filter
		want   int
	}{
		"all":                {person.Filter{}, 301},
		"one band":           {person.Filter{Bands: []catalogue.Band{catalogue.High}}, 75},
		"two bands":          {person.Filter{Bands: []catalogue.Band{catalogue.High, catalogue.Critical}}, 150},
		"stage":              {person.Filter{Stages: []string{"stage-offer"}}, 100},
		"flags":              {person.Filter{OpenFlags: true}, 60},
		"missing":            {person.Filter{Missing: true}, 200},
		"band and stage":     {person.Filter{Bands: []catalogue.Band{catalogue.Low}, Stages: []string{"stage-sourcing"}}, 25},
		"engaged":            {person.Filter{Statuses: []person.Status{person.Engaged}}, 1},
		"job":                {person.Filter{JobID: job}, 1},
		"manager":            {person.Filter{ManagerID: manager.ID}, 1},
		"channel":            {person.Filter{ChannelID: "channel-public-application"}, 1},
		"words in any case":  {person.Filter{Text: "zoë UNDER"}, 1},
		"a percent sign":     {person.Filter{Text: "00%"}, 1},
		"an underscore":      {person.Filter{Text: "r_s"}, 1},
		"not a wildcard":     {person.Filter{Text: "Und_r"}, 0},
		"two letters begin":  {person.Filter{Text: "zo"}, 1},
		"any of the words":   {person.Filter{Text: "un"}, 1},
		"but not inside":     {person.Filter{Text: "oë"}, 0},
		"number":             {person.Filter{Text: special.Number.String()}, 1},
		"bytes of no text":   {person.Filter{Text: "\xff\x00zoë"}, 1},
		"nobody":             {person.Filter{Text: "nobody of that name"}, 0},
		"a broken cursor":    {person.Filter{After: "xyz"}, 301},
		"another list's one": {person.Filter{Sort: person.ByName, After: "AXTz"}, 301},
	} {
		if got := count(tt.filter); got != tt.want {
			t.Errorf("%s: %d people, want %d", name, got, tt.want)
		}
	}
	for _, p := range func() []person.Person {
		got, _ := people.List(t.Context(), system, person.Filter{MinCoverage: 60, Size: 1000})
		return got.Items
	}() {
		if p.Coverage < 60 {
			t.Errorf("coverage %d in the list of at least 60", p.Coverage)
		}
	}
	found, err := people.Search(t.Context(), system, "zoë", 5)
	if err != nil || len(found) != 1 || found[0].ID != special.ID {
		t.Errorf("search: %v, %v", found, err)
	}
}

// TestMainListReadsItsIndexAlone guards what keeps the main list flat: no visit to the table, no sorting.
func TestMainListReadsItsIndexAlone(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	copyPeople(t, d, 20000)
	if _, err := d.Pool().Exec(t.Context(), `VACUUM ANALYZE people`); err != nil {
		t.Fatal(err)
	}
	plans := person.Plans(t.Context(), d.Pool(), system)
	for name, want := range map[string]string{
		"recent": "Index Only Scan using people_recent",
		"cursor": "Index Only Scan using people_recent",
		"score":  "people_score",
		"name":   "people_name",
		"band":   "people_", // the index of the band, or the list's own with a filter: as the statistics have it
		"text":   "people_name_search",
		// One or two letters must begin a word: that, too, has an index to go by.
		"short text": "people_name_search",
	} {
		if !strings.Contains(plans[name], want) || !strings.Contains(name, "text") && strings.Contains(plans[name], "Sort") {
			t.Errorf("%s: want %s and no sort:\n%s", name, want, plans[name])
		}
	}
}
