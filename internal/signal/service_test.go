package signal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/account/accounttest"
	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/claim"
	"gatehouse/internal/flag"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/person/persontest"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/id"
	"gatehouse/internal/signal"
)

const (
	jiggler = "signal-mouse-jiggler"
	remote  = "signal-remote-access-tool"
)

type world struct {
	*testing.T
	db      *db.DB
	s       *signal.Service
	people  *person.Service
	token   authz.Actor
	analyst authz.Actor
	now     time.Time
}

func setup(t *testing.T) world {
	t.Helper()
	t.Parallel()
	d := dbtest.New(t)
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	people, flags := persontest.Service(t, d), flag.NewService(d, lib)
	assess := assessment.NewService(d, lib, people, flags)
	h := hiring.NewService(d, lib, people, claim.NewService(d, lib, people), assess)
	return world{T: t, db: d, s: signal.NewService(d, lib, people, h, assess), people: people,
		token:   authz.Actor{Kind: authz.KindToken, ID: id.New(), Label: "token:edr", Scopes: []authz.Permission{authz.SignalIngest}},
		analyst: accounttest.Actor(t, d, authz.SecurityAnalyst), now: d.Now()}
}

func (w world) exec(sql string, args ...any) {
	w.Helper()
	if _, err := w.db.Pool().Exec(w.Context(), sql, args...); err != nil {
		w.Fatal(err)
	}
}

func (w world) count(sql string, args ...any) (n int) {
	w.Helper()
	if err := w.db.Pool().QueryRow(w.Context(), sql, args...).Scan(&n); err != nil {
		w.Fatal(err)
	}
	return n
}

// engage gives the person a running engagement with an account.
func (w world) engage(p person.Person, account string, ended bool) hiring.EngagementID {
	w.Helper()
	engagementID := id.New()
	w.exec(`INSERT INTO engagements (id, person_id, kind, started_on, ended_on, created_at)
	        VALUES ($1, $2, 'contractor', '2025-01-01', CASE WHEN $3 THEN date '2025-02-01' END, now())`, engagementID, p.ID, ended)
	w.exec(`INSERT INTO engagement_accounts (engagement_id, system, account) VALUES ($1, 'idp', $2)`, engagementID, account)
	return hiring.EngagementID(engagementID)
}

func (w world) lines(n int, kind, who string) []signal.Line {
	lines := make([]signal.Line, n)
	for i := range lines {
		lines[i] = signal.Line{Number: i + 1, Source: "edr", ExternalID: fmt.Sprintf("%s-%s-%d", kind, who, i), SignalID: kind, Person: who,
			OccurredAt: w.now.Add(-time.Duration(i) * time.Minute), Detail: []byte(`{"n": 1}`)}
	}
	return lines
}

func (w world) ingest(lines []signal.Line) signal.Receipt {
	w.Helper()
	r, err := w.s.Ingest(w.Context(), w.token, signal.Digest{}, lines)
	if err != nil {
		w.Fatal(err)
	}
	return r
}

// takeUp does the background work until nothing is left of it.
func (w world) takeUp() {
	w.Helper()
	for w.count(`SELECT (SELECT count(*) FROM signal_batches WHERE taken_up_at IS NULL) + (SELECT count(*) FROM signal_totals WHERE noted < n)`) > 0 {
		if err := w.s.TakeUp(w.Context()); err != nil {
			w.Fatal(err)
		}
	}
}

func (w world) share() time.Duration {
	w.Helper()
	share, err := w.s.Share(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return share
}

func TestSignalsReachTheAssessment(t *testing.T) {
	w := setup(t)
	p, other := persontest.New(t, w.db), persontest.New(t, w.db)
	w.ingest(append(w.lines(7, jiggler, string(p.ID)), w.lines(2, remote, p.Number.String())...))
	w.ingest(w.lines(3, jiggler, string(other.ID)))
	w.takeUp()

	if n := w.count(`SELECT count FROM outcomes WHERE person_id = $1 AND item_id = $2 AND origin_kind = 'signal' AND answer = 'raised'`, p.ID, jiggler); n != 7 {
		t.Errorf("seen %d times, want 7", n)
	}
	after, err := w.people.ByID(t.Context(), w.analyst, p.ID)
	if err != nil || after.Score == 0 || after.OpenFlags != 2 {
		t.Errorf("score %d with %d open flags, %v", after.Score, after.OpenFlags, err)
	}
	if n := w.count(`SELECT sum(n) FROM signal_days`); n != 12 {
		t.Errorf("%d counted by day", n)
	}
	// The same again changes nothing; one more is added to what is known.
	if r := w.ingest(w.lines(7, jiggler, string(p.ID))); r.Accepted != 0 || r.Duplicates != 7 {
		t.Errorf("replay %+v", r)
	}
	more := w.lines(8, jiggler, string(p.ID))[7:]
	w.ingest(more)
	w.takeUp()
	if n := w.count(`SELECT count FROM outcomes WHERE person_id = $1 AND item_id = $2`, p.ID, jiggler); n != 8 {
		t.Errorf("seen %d times, want 8", n)
	}
	if n := w.count(`SELECT count(*) FROM signal_batches WHERE taken_up_at IS NULL OR people <> '{}' OR names <> '{}'`); n != 0 {
		t.Errorf("%d batches keep their tally", n)
	}
	sources, err := w.s.Sources(t.Context())
	if err != nil || len(sources) != 1 || sources[0].N != 13 || !sources[0].LastAt.Equal(w.now) {
		t.Errorf("sources %+v, %v", sources, err)
	}
}

// Several processes at once count each signal once and assess everybody.
func TestSeveralProcessesTakeUp(t *testing.T) {
	w := setup(t)
	const people, each = 12, 5
	for range people {
		p := persontest.New(t, w.db)
		w.ingest(w.lines(each, jiggler, string(p.ID)))
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 20 {
				if err := w.s.TakeUp(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	w.takeUp()
	if n := w.count(`SELECT sum(n) FROM signal_days`); n != people*each {
		t.Errorf("%d counted", n)
	}
	if n := w.count(`SELECT count(*) FROM outcomes WHERE count = $1`, each); n != people {
		t.Errorf("%d people assessed", n)
	}
	if n := w.count(`SELECT count(*) FROM audit_entries WHERE action = 'signals.assessed'`); n != people {
		t.Errorf("%d audit entries, want one each", n)
	}
}

func TestAccountsAreResolved(t *testing.T) {
	w := setup(t)
	p, former, twin := persontest.New(t, w.db), persontest.New(t, w.db), persontest.New(t, w.db)
	w.engage(former, "Robin@example.com", true)
	mine := w.engage(p, "robin@example.com", false)
	w.engage(p, "shared@example.com", false)
	w.engage(twin, "shared@example.com", false)
	line := func(account string) signal.Line {
		l := w.lines(1, jiggler, "")[0]
		l.Account, l.ExternalID = account, account
		return l
	}
	r := w.ingest([]signal.Line{line("ROBIN@example.com"), line("shared@example.com"), line("nobody@example.com")})
	if r.Accepted != 3 || r.Unresolved != 2 {
		t.Errorf("receipt %+v", r)
	}
	if n := w.count(`SELECT count(*) FROM signals WHERE person_id = $1 AND engagement_id = $2 AND account = 'ROBIN@example.com'`, p.ID, mine); n != 1 {
		t.Error("the running engagement's account was not recognised")
	}
	unresolved, err := w.s.List(t.Context(), w.analyst, signal.Filter{Unresolved: true})
	if err != nil || len(unresolved.Items) != 2 {
		t.Errorf("%d unresolved, %v", len(unresolved.Items), err)
	}
}

func TestAccountsEnteredLaterBringTheirSignals(t *testing.T) {
	w := setup(t)
	p := persontest.New(t, w.db)
	line := func(account string, at time.Time) signal.Line {
		l := w.lines(1, jiggler, "")[0]
		l.Account, l.ExternalID, l.OccurredAt = account, account+at.String(), at
		return l
	}
	early := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC) // before the engagement: the account may have been another's
	r := w.ingest([]signal.Line{line("late@example.com", w.now.Add(-time.Hour)), line("LATE@example.com", w.now.Add(-2*time.Hour)),
		line("late@example.com", early), line("nobody@example.com", w.now)})
	if r.Unresolved != 4 {
		t.Fatalf("receipt %+v", r)
	}
	attribute := func() {
		t.Helper()
		if err := w.s.Attribute(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.takeUp()
	}
	const mine = `SELECT count(*) FROM signals WHERE person_id = $1 AND engagement_id IS NOT NULL`
	attribute()
	if n := w.count(mine, p.ID); n != 0 {
		t.Fatalf("%d signals found an owner without an account", n)
	}
	w.engage(p, "late@example.com", false)
	for range 2 { // the second round finds nothing, and counts nothing twice
		attribute()
	}
	if n := w.count(mine, p.ID); n != 2 {
		t.Errorf("%d signals attributed, want 2", n)
	}
	if n := w.count(`SELECT count(*) FROM signals WHERE person_id IS NULL`); n != 2 {
		t.Errorf("%d signals are nobody's, want 2", n)
	}
	if n := w.count(`SELECT n FROM signal_totals WHERE person_id = $1 AND signal_id = $2 AND noted = n`, p.ID, jiggler); n != 2 {
		t.Errorf("the assessment knows of %d", n)
	}
	if n := w.count(`SELECT count(*) FROM audit_entries WHERE action = 'signals.attributed'`); n != 1 {
		t.Errorf("%d audit entries", n)
	}
	if n := w.count(`SELECT sum(n)::int FROM signal_days`); n != 4 {
		t.Errorf("the days count %d, want 4", n)
	}
}

func TestRecordByHand(t *testing.T) {
	w := setup(t)
	p := persontest.New(t, w.db)
	engagement := w.engage(p, "a@example.com", false)
	seen := w.now.Add(-time.Hour)
	for range 2 {
		place, err := w.s.Record(t.Context(), w.analyst, signal.ByHand{EngagementID: engagement, SignalID: remote, OccurredAt: seen, Note: "AnyDesk was open during the stand-up."})
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.s.At(t.Context(), w.analyst, place)
		if err != nil || got.SignalID != remote || got.PersonName != p.Name || got.Place() != place || !got.OccurredAt.Equal(seen) {
			t.Errorf("signal %+v, %v", got, err)
		}
	}
	if n := w.count(`SELECT count FROM outcomes WHERE person_id = $1 AND note LIKE 'Seen by hand: AnyDesk%'`, p.ID); n != 2 {
		t.Errorf("the assessment knows of %d, want 2", n)
	}
	for field, change := range map[string]func(*signal.ByHand){
		"signal":      func(r *signal.ByHand) { r.SignalID = "check-cross-commits" },
		"occurred_at": func(r *signal.ByHand) { r.OccurredAt = w.now.Add(time.Hour) },
		"note":        func(r *signal.ByHand) { r.Note = " " },
	} {
		r := signal.ByHand{EngagementID: engagement, SignalID: remote, OccurredAt: seen, Note: "x"}
		change(&r)
		_, err := w.s.Record(t.Context(), w.analyst, r)
		if invalid, ok := apperr.AsInvalid(err); !ok || invalid.Fields[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	_, err := w.s.Record(t.Context(), w.analyst, signal.ByHand{EngagementID: hiring.EngagementID(id.New()), SignalID: remote, OccurredAt: seen, Note: "x"})
	if apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("unknown engagement: %v", err)
	}
}

func TestListFiltersAndPages(t *testing.T) {
	w := setup(t)
	p, other := persontest.New(t, w.db), persontest.New(t, w.db)
	w.ingest(w.lines(30, jiggler, string(p.ID)))
	w.ingest(w.lines(5, remote, string(other.ID)))
	w.takeUp()
	walk := func(f signal.Filter) (kinds []string) {
		t.Helper()
		f.Size = 7
		var last time.Time
		for {
			page, err := w.s.List(t.Context(), w.analyst, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range page.Items {
				if !last.IsZero() && s.OccurredAt.After(last) {
					t.Errorf("%s after %s", s.OccurredAt, last)
				}
				last = s.OccurredAt
				kinds = append(kinds, s.SignalID)
			}
			if page.Next == "" {
				return kinds
			}
			f.After = page.Next
		}
	}
	for name, c := range map[string]struct {
		filter signal.Filter
		n      int
	}{
		"all":             {signal.Filter{}, 35},
		"severity":        {signal.Filter{Severities: []catalogue.Severity{catalogue.SeverityHigh}}, 5},
		"severities":      {signal.Filter{Severities: []catalogue.Severity{catalogue.SeverityHigh, catalogue.SeverityMedium}}, 35},
		"kind":            {signal.Filter{SignalIDs: []string{jiggler}}, 30},
		"kind, severity":  {signal.Filter{SignalIDs: []string{jiggler}, Severities: []catalogue.Severity{catalogue.SeverityCritical}}, 0},
		"unknown kind":    {signal.Filter{SignalIDs: []string{"'; --"}}, 0},
		"source":          {signal.Filter{Source: "edr"}, 35},
		"unknown source":  {signal.Filter{Source: "other"}, 0},
		"person":          {signal.Filter{PersonID: p.ID}, 30},
		"person and kind": {signal.Filter{PersonID: p.ID, SignalIDs: []string{remote}}, 0},
		"unresolved":      {signal.Filter{Unresolved: true}, 0},
		"days":            {signal.Filter{From: w.now.Add(-4*time.Minute - time.Second), Until: w.now}, 8},
		"bad cursor":      {signal.Filter{After: "x", Before: "y"}, 35},
	} {
		if got := walk(c.filter); len(got) != c.n {
			t.Errorf("%s: %d, want %d", name, len(got), c.n)
		}
	}
	// Back from the second page is the first.
	first, _ := w.s.List(t.Context(), w.analyst, signal.Filter{Size: 10})
	second, _ := w.s.List(t.Context(), w.analyst, signal.Filter{Size: 10, After: first.Next})
	again, err := w.s.List(t.Context(), w.analyst, signal.Filter{Size: 10, Before: second.Previous})
	if err != nil || !slices.EqualFunc(first.Items, again.Items, func(a, b signal.Signal) bool { return a.ID == b.ID }) {
		t.Errorf("back again: %v", err)
	}
}

func TestWhoSeesSignals(t *testing.T) {
	w := setup(t)
	p := persontest.New(t, w.db)
	w.ingest(w.lines(1, jiggler, string(p.ID)))
	stranger, self := accounttest.Actor(t, w.db, authz.HiringManager), w.analyst
	self.PersonID = string(p.ID)
	all, err := w.s.ForPerson(t.Context(), w.analyst, p.ID, "", "", 10)
	if err != nil || len(all.Items) != 1 {
		t.Fatalf("%d, %v", len(all.Items), err)
	}
	for name, actor := range map[string]authz.Actor{"another's manager": stranger, "the person": self, "a token": w.token} {
		none, err := w.s.ForPerson(t.Context(), actor, p.ID, "", "", 10)
		if err != nil || len(none.Items) != 0 {
			t.Errorf("%s sees %d, %v", name, len(none.Items), err)
		}
		if _, err := w.s.At(t.Context(), actor, all.Items[0].Place()); apperr.KindOf(err) != apperr.NotFound {
			t.Errorf("%s opens it: %v", name, err)
		}
	}
}

func TestPartitionsAreMadeAndTakeOverFromTheDefault(t *testing.T) {
	w := setup(t)
	p := persontest.New(t, w.db)
	w.ingest(w.lines(10, jiggler, string(p.ID)))
	if n := w.count(`SELECT count(*) FROM signals_default`); n != 10 {
		t.Fatalf("%d in the default partition", n)
	}
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			if err := w.s.EnsurePartitions(t.Context(), w.now); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := w.count(`SELECT count(*) FROM signals_default`); n != 0 {
		t.Errorf("%d are still in the default partition", n)
	}
	if n := w.count(`SELECT count(*) FROM signals`); n != 10 {
		t.Errorf("%d signals", n)
	}
	if n := w.count(`SELECT count(*) FROM pg_inherits WHERE inhparent = 'signals'::regclass`); n != 5 {
		t.Errorf("%d partitions, want four months and the default", n)
	}
	if r := w.ingest(w.lines(11, jiggler, string(p.ID))); r.Accepted != 1 || r.Duplicates != 10 {
		t.Errorf("after moving: %+v", r)
	}
}

// Whatever the check lets through must be taken by the database, or one line would cost its batch.
func TestDetailsThatTheDatabaseRefuses(t *testing.T) {
	w := setup(t)
	p := persontest.New(t, w.db)
	details := []string{`{}`, ` {"a" : [1, -0.5e3, true, false, null, "x\n\u00e9\ud83d\ude00", {"b": {}}]} `, `{"a":1,"a":2}`,
		`{"a":"\u0000"}`, `{"a":"\ud800"}`, `{"a":"\udc00"}`, `{"a":"\ud800\u0041"}`, `{"a":1e999}`, `{"a":1e9999}`, `{"a":01}`, `{"a":.5}`, `{"a":5.}`,
		`{"a":+1}`, `{"a":"` + "\xff" + `"}`, "{\"a\":\"\x01\"}", `{"a":1,}`, `{a:1}`, `{"a" 1}`, `{"a":1}{}`, `[]`, `"x"`, `1`, `{`, `{"a":tru}`, `{"\u0000":1}`,
		strings.Repeat(`{"a":`, 15) + "1" + strings.Repeat("}", 15), strings.Repeat(`{"a":`, 17) + "1" + strings.Repeat("}", 17),
		`{"a":` + strings.Repeat("9", 41) + `}`, `{"a":NaN}`, `{"a":"\x41"}`, `{"a":"\u12g4"}`, `{"a":"\u12`}
	for i, detail := range details {
		l := w.lines(1, jiggler, string(p.ID))[0]
		l.Detail, l.ExternalID = []byte(detail), fmt.Sprint(i)
		r, err := w.s.Ingest(t.Context(), w.token, signal.Digest{}, []signal.Line{l})
		if err != nil {
			t.Errorf("%s: %v", detail, err)
		}
		if r.Accepted == 1 && !json.Valid([]byte(detail)) {
			t.Errorf("%s was taken for JSON", detail)
		}
		if i < 3 && r.Accepted != 1 {
			t.Errorf("%s was refused: %v", detail, r.Errors)
		}
	}
}

// TestTheSameLinesAtTheSameTime: a line is taken once, whether it stands twice in a request, is there already, or is being
// stored by somebody else at this moment.
func TestTheSameLinesAtTheSameTime(t *testing.T) {
	w := setup(t)
	p := persontest.New(t, w.db)
	lines := w.lines(40, jiggler, string(p.ID))
	for i := range lines {
		lines[i].OccurredAt = w.now.AddDate(0, -i%3, -i) // in several months
	}
	if r := w.ingest(append(slices.Clone(lines[:10]), lines[:10]...)); r.Accepted != 10 || r.Duplicates != 10 {
		t.Errorf("each line twice: %+v", r)
	}
	// Another transaction has stored some of the lines and not committed: what is there cannot be seen, only run into.
	other, err := w.db.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Rollback(context.Background()) }()
	for _, l := range lines[15:20] {
		_, err := other.Exec(t.Context(), `INSERT INTO signals (id, batch_id, source, external_id, occurred_at, signal_id) VALUES ($1, $1, $2, $3, $4, $5)`,
			id.New(), l.Source, l.ExternalID, l.OccurredAt, l.SignalID)
		if err != nil {
			t.Fatal(err)
		}
	}
	receipts := make(chan signal.Receipt)
	for range 3 {
		go func() {
			r, err := w.s.Ingest(t.Context(), w.token, signal.Digest{}, slices.Clone(lines))
			if err != nil {
				t.Error(err)
			}
			receipts <- r
		}()
	}
	for w.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) < 3 {
		time.Sleep(time.Millisecond)
	}
	if err := other.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	accepted := 0
	for range 3 {
		r := <-receipts
		accepted += r.Accepted
		if r.Accepted+r.Duplicates != len(lines) {
			t.Errorf("%d lines: %+v", len(lines), r)
		}
	}
	if stored := w.count(`SELECT count(*) FROM signals`); accepted != 25 || stored != 40 {
		t.Errorf("%d accepted of the 25 that were new, %d stored of 40", accepted, stored)
	}
	w.takeUp()
	if n := w.count(`SELECT count FROM outcomes WHERE person_id = $1 AND item_id = $2`, p.ID, jiggler); n != 35 {
		t.Errorf("seen %d times, want the 35 that are the person's", n)
	}
}

// TestTakingUpGivesWay: while signals arrive counting gets a small share, until a batch has waited too long.
func TestTakingUpGivesWay(t *testing.T) {
	w := setup(t)
	p := persontest.New(t, w.db)
	quiet := w.share()
	stop := w.s.Arriving()
	busy := w.share()
	w.ingest(w.lines(1, jiggler, string(p.ID)))
	fresh := w.share()
	w.exec(`UPDATE signal_batches SET received_at = received_at - interval '1 hour'`)
	late := w.share()
	stop()
	if busy >= quiet || fresh != busy || late != quiet {
		t.Errorf("share while quiet %v, busy %v, with a batch that waits %v, with one that has waited %v", quiet, busy, fresh, late)
	}
}
