package assessment_test

import (
	"context"
	"testing"
	"time"

	"gatehouse/internal/account/accounttest"
	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/evidence/evidencetest"
	"gatehouse/internal/flag"
	"gatehouse/internal/person"
	"gatehouse/internal/person/persontest"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/id"
)

// world is one database with one candidate and the services under test.
type world struct {
	t      *testing.T
	ctx    context.Context
	db     *db.DB
	lib    *catalogue.Library
	assess *assessment.Service
	flags  *flag.Service
	person person.ID
	hr     authz.Actor
	lead   authz.Actor
}

func setup(t *testing.T) *world {
	t.Parallel()
	d := dbtest.New(t)
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	flags := flag.NewService(d, lib)
	return &world{t: t, ctx: t.Context(), db: d, lib: lib, flags: flags,
		assess: assessment.NewService(d, lib, persontest.Service(t, d), flags),
		person: persontest.New(t, d, persontest.Named("Mara Okafor")).ID,
		hr:     accounttest.Actor(t, d, authz.HR), lead: accounttest.Actor(t, d, authz.SecurityLead)}
}

// write runs fn in a transaction that records an entry of the test's own.
func (w *world) write(actor authz.Actor, fn func(tx *db.Tx) error) {
	w.t.Helper()
	w.must(w.db.Write(w.ctx, actor, func(tx *db.Tx) error {
		tx.Record(db.Entry{Action: "test.wrote", SubjectKind: "test", SubjectID: "1"})
		return fn(tx)
	}))
}

func (w *world) note(outcomes ...assessment.Outcome) {
	w.t.Helper()
	w.write(w.hr, func(tx *db.Tx) error { return w.assess.Note(w.ctx, tx, w.person, outcomes...) })
}

// answer is an outcome of an interview.
func answer(interview, check string, a catalogue.Answer) assessment.Outcome {
	return assessment.Outcome{ItemID: check, Answer: a, OriginKind: flag.FromAnswer, OriginID: interview, At: time.Now()}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wantKind(err error, kind apperr.Kind) {
	w.t.Helper()
	if err == nil || apperr.KindOf(err) != kind {
		w.t.Fatalf("error %v, want kind %v", err, kind)
	}
}

func (w *world) of() assessment.Stored {
	w.t.Helper()
	s, err := w.assess.Of(w.ctx, w.hr, w.person)
	w.must(err)
	return s
}

// flagged lists the person's flags, newest first.
func (w *world) flagged() []flag.Flag {
	w.t.Helper()
	list, err := w.flags.ForPerson(w.ctx, w.db.Pool(), w.person)
	w.must(err)
	return list
}

// theFlag is the person's only flag.
func (w *world) theFlag() flag.Flag {
	w.t.Helper()
	list := w.flagged()
	if len(list) != 1 {
		w.t.Fatalf("%d flags, want one", len(list))
	}
	return list[0]
}

// number reads one number.
func (w *world) number(sql string, args ...any) (n int) {
	w.t.Helper()
	w.must(w.db.Pool().QueryRow(w.ctx, sql, args...).Scan(&n))
	return n
}

// check picks a check of a strength from the catalogue.
func (w *world) check(s catalogue.Strength) string {
	w.t.Helper()
	for _, c := range w.lib.Current().Checks {
		if c.Strength == s {
			return c.ID
		}
	}
	w.t.Fatalf("no %s check", s)
	return ""
}

// shown adds evidence about the person.
func (w *world) shown() evidence.ID {
	w.t.Helper()
	return evidencetest.Note(w.t, evidencetest.Service(w.t, w.db), w.hr, string(w.person))
}

func (w *world) dispose(to flag.State, reason string) error {
	w.t.Helper()
	f := w.theFlag()
	return w.assess.Dispose(w.ctx, w.hr, f.ID, f.Version, to, reason, []evidence.ID{w.shown()})
}

func TestNoteIsIdempotent(t *testing.T) {
	w := setup(t)
	outcomes := []assessment.Outcome{
		answer("i1/a", w.check(catalogue.Strong), catalogue.RedFlag),
		answer("i1/a", w.check(catalogue.Weak), catalogue.Clear),
	}
	w.note(outcomes...)
	first, flagged := w.of(), w.theFlag()
	w.note(outcomes...)
	second := w.of()
	if second.Score != first.Score || second.Coverage != first.Coverage {
		t.Errorf("%d at %d %%, then %d at %d %%", first.Score, first.Coverage, second.Score, second.Coverage)
	}
	if again := w.theFlag(); again.ID != flagged.ID || again.Version != flagged.Version {
		t.Errorf("flag %+v became %+v", flagged, again)
	}
	if n := w.number(`SELECT count(*) FROM assessment_moves`); n != 1 {
		t.Errorf("%d moves, want one", n)
	}
	if n := w.number(`SELECT count(*) FROM audit_entries WHERE action = 'flag.raised'`); n != 1 {
		t.Errorf("%d entries on the flag, want one", n)
	}
}

func TestNoteUpdatesTheStanding(t *testing.T) {
	w := setup(t)
	w.note(answer("i1/a", w.check(catalogue.Decisive), catalogue.RedFlag))
	s := w.of()
	if s.Band == catalogue.Low || len(s.Reasons) != 1 {
		t.Errorf("assessment %+v", s)
	}
	n := w.number(`SELECT count(*) FROM people WHERE id = $1 AND band = $2 AND score = $3 AND coverage = $4 AND open_flags = 1`,
		w.person, s.Band, s.Score, s.Coverage)
	if n != 1 {
		t.Error("the person's row does not show the assessment")
	}
}

func TestNoteRefusesWhatTheCatalogueDoesNotHave(t *testing.T) {
	w := setup(t)
	for _, o := range []assessment.Outcome{
		answer("i1/a", "check-unheard-of", catalogue.RedFlag),
		answer("i1/a", w.check(catalogue.Weak), catalogue.Raised),
		answer("i1/a", w.check(catalogue.Weak), "maybe"),
	} {
		err := w.db.Write(w.ctx, w.hr, func(tx *db.Tx) error { return w.assess.Note(w.ctx, tx, w.person, o) })
		w.wantKind(err, apperr.InvalidInput)
	}
}

func TestAmendingToClearWithdrawsTheFlag(t *testing.T) {
	w := setup(t)
	check := w.check(catalogue.Strong)
	w.note(answer("i1/a", check, catalogue.RedFlag))
	w.note(answer("i1/a", check, catalogue.Clear))
	if f := w.theFlag(); f.WithdrawnAt == nil || f.Waits() {
		t.Errorf("flag stands: %+v", f)
	}
	if s := w.of(); s.Score != 0 || s.Band != catalogue.Low {
		t.Errorf("still assessed %s at %d", s.Band, s.Score)
	}
	if n := w.number(`SELECT open_flags FROM people WHERE id = $1`, w.person); n != 0 {
		t.Errorf("%d open flags", n)
	}
	w.note(answer("i1/a", check, catalogue.RedFlag))
	if f := w.theFlag(); !f.Waits() {
		t.Errorf("flag is not open again: %+v", f)
	}
}

func TestTheWorstOfSeveralInterviewersCountsUnlessExplained(t *testing.T) {
	w := setup(t)
	check := w.check(catalogue.Strong)
	w.note(answer("i1/a", check, catalogue.RedFlag), answer("i1/b", check, catalogue.Clear))
	if a := w.answers(check)[check]; a != catalogue.RedFlag {
		t.Errorf("answer %q", a)
	}
	if w.of().Score == 0 {
		t.Error("a clear answer washed out a red flag")
	}
	w.must(w.dispose(flag.Explained, "The line was bad; the second call showed it."))
	if a := w.answers(check)[check]; a != catalogue.Clear {
		t.Errorf("answer after the explanation %q", a)
	}
	if s := w.of(); s.Score != 0 {
		t.Errorf("score after the explanation %d", s.Score)
	}
}

func (w *world) answers(checks ...string) map[string]catalogue.Answer {
	w.t.Helper()
	a, err := w.assess.Answers(w.ctx, w.db.Pool(), w.person, checks)
	w.must(err)
	return a
}

func TestAnswersLeavesOutWhatNobodyAnswered(t *testing.T) {
	w := setup(t)
	if a := w.answers(w.check(catalogue.Weak)); len(a) != 0 {
		t.Errorf("answers %v", a)
	}
}

func TestExplainedIsSealed(t *testing.T) {
	w := setup(t)
	check := w.check(catalogue.Strong)
	w.note(answer("i1/a", check, catalogue.RedFlag))
	w.must(w.dispose(flag.Explained, "Two documents show it."))
	w.wantKind(w.dispose(flag.Open, "Second thoughts."), apperr.Stale)
	w.wantKind(w.dispose(flag.Confirmed, "Second thoughts."), apperr.Stale)

	w.note(answer("i1/a", check, catalogue.RedFlag)) // an amendment that leaves this answer as it was
	if f := w.theFlag(); f.State != flag.Explained || w.of().Score != 0 {
		t.Errorf("the seal is broken: %+v", f)
	}
	w.note(answer("i2/a", check, catalogue.RedFlag)) // another interview finds it again
	if w.of().Score == 0 || len(w.flagged()) != 2 {
		t.Error("a new finding does not count")
	}
}

func TestAWorseAnswerIsANewFinding(t *testing.T) {
	w := setup(t)
	check := w.check(catalogue.Strong)
	w.note(answer("i1/a", check, catalogue.Concern))
	w.must(w.dispose(flag.Explained, "Asked and answered."))
	w.note(answer("i1/a", check, catalogue.RedFlag))
	list := w.flagged()
	if len(list) != 2 || w.of().Score == 0 {
		t.Fatalf("flags %+v", list)
	}
	w.note(answer("i1/a", check, catalogue.RedFlag))
	if len(w.flagged()) != 2 {
		t.Error("reporting the new finding again made another")
	}
}

func TestACheckRecordedAnewIsANewFinding(t *testing.T) {
	w := setup(t)
	check := w.check(catalogue.Strong)
	record := func() {
		t.Helper()
		w.must(w.assess.RecordCheck(w.ctx, w.hr, w.person, assessment.RecordedCheck{
			CheckID: check, Answer: catalogue.RedFlag, Note: "The number does not exist."}))
	}
	record()
	record()
	w.must(w.dispose(flag.Explained, "They moved offices."))
	record()
	if list := w.flagged(); len(list) != 2 || w.of().Score == 0 {
		t.Errorf("flags %+v", list)
	}
}

func TestSignalsAfterAnExplanationCountAnew(t *testing.T) {
	w := setup(t)
	sig := w.lib.Current().Signals[0].ID
	raised := func(count int, at time.Time) {
		t.Helper()
		w.note(assessment.Outcome{ItemID: sig, Answer: catalogue.Raised, OriginKind: flag.FromSignal, OriginID: sig, Count: count, At: at, Note: "Last at " + at.Format(time.TimeOnly)})
	}
	before := w.db.Now().Add(-time.Hour)
	raised(3, before)
	w.must(w.dispose(flag.Explained, "Travel was announced."))
	read := w.theFlag().Summary
	raised(4, before.Add(time.Minute)) // arrived late, happened before
	if got := w.theFlag().Summary; got != read {
		t.Errorf("what was explained reads %q, and read %q", got, read)
	}
	if len(w.flagged()) != 1 || w.of().Score != 0 {
		t.Fatal("late news broke the seal")
	}
	raised(6, w.db.Now().Add(time.Hour))
	if len(w.flagged()) != 2 || w.of().Score == 0 {
		t.Fatal("what happened afterwards does not count")
	}
	if n := w.number(`SELECT count FROM outcomes WHERE origin_id = $1`, sig+"#2"); n != 2 {
		t.Errorf("seen %d times since, want 2", n)
	}
	raised(7, w.db.Now().Add(2*time.Hour))
	if n := w.number(`SELECT count FROM outcomes WHERE origin_id = $1`, sig+"#2"); n != 3 || len(w.flagged()) != 2 {
		t.Errorf("seen %d times since, want 3, with %d flags", n, len(w.flagged()))
	}
}

func TestDisposeAsksForAReason(t *testing.T) {
	w := setup(t)
	w.note(answer("i1/a", w.check(catalogue.Strong), catalogue.RedFlag))
	w.wantKind(w.dispose(flag.Explained, "  "), apperr.InvalidInput)
	w.wantKind(w.dispose("ignored", "Because."), apperr.InvalidInput)
	w.wantKind(w.dispose(flag.Open, "Because."), apperr.InvalidInput)
	if f := w.theFlag(); f.State != flag.Open {
		t.Errorf("state %s", f.State)
	}
}

// TestExplainingNeedsEvidence: attached now, or before; for a confirmation the reason will do.
func TestExplainingNeedsEvidence(t *testing.T) {
	w := setup(t)
	w.note(answer("i1/a", w.check(catalogue.Strong), catalogue.RedFlag))
	f := w.theFlag()
	err := w.assess.Dispose(w.ctx, w.hr, f.ID, f.Version, flag.Explained, "She said so.", nil)
	if invalid, ok := apperr.AsInvalid(err); !ok || invalid.Fields["evidence"] == "" || w.theFlag().State != flag.Open {
		t.Fatalf("explained on a word alone: %v", err)
	}
	w.must(w.assess.Dispose(w.ctx, w.hr, f.ID, f.Version, flag.Confirmed, "It holds.", nil))
	f = w.theFlag()
	evidencetest.Note(t, evidencetest.Service(t, w.db), w.hr, string(w.person), evidence.Subject{Kind: evidence.OnFlag, ID: string(f.ID)})
	w.must(w.assess.Dispose(w.ctx, w.hr, f.ID, f.Version, flag.Explained, "Two pay slips show it.", nil))
}

func TestDisposeRefusesAStaleVersionAndAStranger(t *testing.T) {
	w := setup(t)
	w.note(answer("i1/a", w.check(catalogue.Strong), catalogue.RedFlag))
	f := w.theFlag()
	err := w.assess.Dispose(w.ctx, w.hr, f.ID, f.Version+1, flag.Explained, "Because.", nil)
	w.wantKind(err, apperr.Stale)
	err = w.assess.Dispose(w.ctx, accounttest.Actor(t, w.db, authz.HiringManager), f.ID, f.Version, flag.Explained, "Because.", nil)
	w.wantKind(err, apperr.NotFound)
}

func TestADecisiveFindingNeedsASecondPerson(t *testing.T) {
	w := setup(t)
	w.note(answer("i1/a", w.check(catalogue.Decisive), catalogue.RedFlag))
	w.must(w.dispose(flag.Confirmed, "The office says nobody of that name worked there."))
	f := w.theFlag()
	if !f.NeedsSecond() || f.Counts() != flag.Open {
		t.Fatalf("counts as %s", f.Counts())
	}
	w.wantKind(w.assess.Second(w.ctx, w.hr, f.ID, f.Version), apperr.Denied)
	w.must(w.assess.Second(w.ctx, w.lead, f.ID, f.Version))
	f = w.theFlag()
	if f.NeedsSecond() || f.Counts() != flag.Confirmed {
		t.Errorf("counts as %s", f.Counts())
	}
	w.wantKind(w.assess.Second(w.ctx, w.lead, f.ID, f.Version), apperr.Stale)

	w.must(w.dispose(flag.Open, "The office answered again.")) // changing it asks for both people anew
	w.must(w.dispose(flag.Confirmed, "And once more."))
	if f := w.theFlag(); !f.NeedsSecond() {
		t.Error("the old agreement counts for the new confirmation")
	}
}

func TestAConfirmedStrongFindingNeedsNoSecondPerson(t *testing.T) {
	w := setup(t)
	w.note(answer("i1/a", w.check(catalogue.Strong), catalogue.RedFlag))
	w.must(w.dispose(flag.Confirmed, "Checked twice."))
	if f := w.theFlag(); f.NeedsSecond() || f.Counts() != flag.Confirmed {
		t.Errorf("counts as %s", f.Counts())
	}
}

func TestRecordCheckNeedsANoteForAFinding(t *testing.T) {
	w := setup(t)
	check := w.check(catalogue.Strong)
	err := w.assess.RecordCheck(w.ctx, w.hr, w.person, assessment.RecordedCheck{CheckID: check, Answer: catalogue.RedFlag})
	w.wantKind(err, apperr.InvalidInput)
	err = w.assess.RecordCheck(w.ctx, w.hr, w.person, assessment.RecordedCheck{CheckID: "check-unheard-of", Answer: catalogue.Clear})
	w.wantKind(err, apperr.InvalidInput)
	w.must(w.assess.RecordCheck(w.ctx, w.hr, w.person, assessment.RecordedCheck{CheckID: check, Answer: catalogue.Clear}))
	if w.answers(check)[check] != catalogue.Clear || len(w.flagged()) != 0 {
		t.Error("the clear answer was not taken up")
	}
}

func TestTheLevelOfTheJobSetsTheScope(t *testing.T) {
	w := setup(t)
	level := w.lib.Current().Levels[0].ID
	w.apply(level, w.lib.Current().Stages[0].ID)
	w.write(w.hr, func(tx *db.Tx) error { return w.assess.Reassess(w.ctx, tx, w.person) })
	if s := w.of(); len(s.Next) == 0 || !s.Next[0].Required {
		t.Errorf("the level's checks are not next: %+v", s.Next)
	}
	for _, c := range w.lib.Current().Required(level) {
		w.note(answer("i1/a", c.ID, catalogue.Clear))
	}
	if s := w.of(); s.Coverage != 100 {
		t.Errorf("coverage %d %%, all required checks answered", s.Coverage)
	}
}

// apply gives the person an application for a job of the level.
func (w *world) apply(level, stage string) {
	w.t.Helper()
	job, app := id.New(), id.New()
	_, err := w.db.Pool().Exec(w.ctx, `
		INSERT INTO jobs (id, title, level_id, edition, manager_id, created_at)
		VALUES ($1, 'Engineer', $2, $3, $4, $5)`, job, level, w.lib.Current().Version(), w.hr.ID, w.db.Now())
	w.must(err)
	_, err = w.db.Pool().Exec(w.ctx, `
		INSERT INTO applications (id, person_id, job_id, edition, stage_id, stage_since, applied_at)
		VALUES ($1, $2, $3, $4, $5, $6, $6)`, app, w.person, job, w.lib.Current().Version(), stage, w.db.Now())
	w.must(err)
	_, err = w.db.Pool().Exec(w.ctx, `UPDATE people SET application_id = $2 WHERE id = $1`, w.person, app)
	w.must(err)
}

func TestWaitingListsTheOldestFirst(t *testing.T) {
	w := setup(t)
	w.note(answer("i1/a", w.check(catalogue.Strong), catalogue.RedFlag))
	w.note(answer("i1/a", w.check(catalogue.Decisive), catalogue.RedFlag))
	w.note(answer("i1/a", w.check(catalogue.Moderate), catalogue.Concern))
	list, err := w.flags.Waiting(w.ctx, w.hr, "")
	w.must(err)
	if len(list.Items) != 2 || list.Items[0].PersonName != "Mara Okafor" || list.Items[0].RaisedAt.After(list.Items[1].RaisedAt) {
		t.Errorf("waiting: %+v", list.Items)
	}
	list, err = w.flags.Waiting(w.ctx, accounttest.Actor(t, w.db, authz.HiringManager), "")
	w.must(err)
	if len(list.Items) != 0 {
		t.Error("a hiring manager sees flags of other people's candidates")
	}
}
