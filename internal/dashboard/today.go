package dashboard

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/flag"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// Today is what the day holds for one user. A part is nil when it is not for their roles.
type Today struct {
	At         time.Time
	Interviews *InterviewPart
	Blocked    *BlockedPart
	Flags      *FlagPart
	Overdue    *BlockedPart
	Movement   *Moves
	Tasks      *TaskPart
	Watch      *WatchPart
	System     *SystemPart
	// Auditor says to show where reading begins.
	Auditor bool
}

// InterviewPart are the actor's interviews ahead, the next first, and those whose scorecard they owe.
type InterviewPart struct {
	Next []Interview
	Owed []Interview
}

// Interview is an interview that the actor holds.
type Interview struct {
	ID, PersonID, PersonName string
	StageID, StageTitle      string
	JobTitle                 string
	StartsAt                 time.Time
	Minutes                  int
}

// BlockedPart are people whose next stage waits for checks, the longest waiting first; N is how many there are, up
// to Cap.
type BlockedPart struct {
	People []Blocked
	N      int
}

// Blocked is somebody who cannot move on, and the checks that nobody has answered.
type Blocked struct {
	PersonID, Name      string
	JobTitle            string
	StageID, StageTitle string
	Since               time.Time
	Band                catalogue.Band
	Coverage            int
	Checks              []Named
}

// Named is an entry of the catalogue by its title.
type Named struct{ ID, Title string }

// FlagPart are the flags that wait for a disposition, decisive and strong ones first and of each the longest waiting
// first; N is how many, up to Cap.
type FlagPart struct {
	Flags []WaitingFlag
	N     int
}

// WaitingFlag is one flag that waits.
type WaitingFlag struct {
	ID                   string
	PersonID, PersonName string
	ItemID, Title        string
	Answer               catalogue.Answer
	Strength             catalogue.Strength
	Summary              string
	RaisedAt             time.Time
}

// TaskPart are the actor's own steps in cases.
type TaskPart struct{ Clocks []Clock }

// WatchPart is what security watches: own cases' clocks that run out within a day, findings that ask for a case,
// and a week of signals.
type WatchPart struct {
	Clocks   []Clock
	Proposed []Proposal
	Signals  []SignalDay
}

// SignalsOf adds up a severity over the week.
func (p WatchPart) SignalsOf(severity catalogue.Severity) int {
	return severitySum(p.Signals, severity)
}

// SystemPart is what an administrator looks after.
type SystemPart struct {
	Users, Disabled, Tokens int
	Sessions                int
	Edition                 string
	LastEntry               *time.Time
}

const (
	todayRows = 6
	// overdueDays is after how many days in a stage an unanswered required check counts as overdue.
	overdueDays = 7
	// clockAhead is how far ahead a clock is worth watching.
	clockAhead = 24 * time.Hour
	watchDays  = 7
)

// OverdueDays is the number of days behind Today.Overdue.
const OverdueDays = overdueDays

// Today reads the actor's day in one round trip.
func (s *Service) Today(ctx context.Context, actor authz.Actor) (Today, error) {
	now := s.db.Now()
	t := Today{At: now, Auditor: actor.Has(authz.Auditor)}
	batch := &pgx.Batch{}
	var finish []func()
	for _, queue := range []func(*pgx.Batch, authz.Actor, *Today) func(){
		s.queueMyInterviews, s.queueBlocked, s.queueFlags, s.queueOverdue, s.queueMovement, s.queueCases, s.queueSystem,
	} {
		if f := queue(batch, actor, &t); f != nil {
			finish = append(finish, f)
		}
	}
	if batch.Len() > 0 {
		if err := s.db.Pool().SendBatch(ctx, batch).Close(); err != nil {
			return Today{}, err
		}
	}
	for _, f := range finish {
		f()
	}
	return t, nil
}

func (s *Service) queueMyInterviews(batch *pgx.Batch, actor authz.Actor, t *Today) func() {
	if !actor.May(authz.InterviewWrite) || actor.Kind != authz.KindUser {
		return nil
	}
	t.Interviews = &InterviewPart{}
	const columns = `
		SELECT i.id, i.person_id, p.name AS person_name, i.stage_id, '' AS stage_title, j.title AS job_title, i.starts_at, i.minutes
		FROM   interviewers v
		JOIN   interviews i ON i.id = v.interview_id
		JOIN   people p ON p.id = i.person_id
		JOIN   jobs j ON j.id = i.job_id
		WHERE  v.user_id = $1 AND v.submitted_at IS NULL AND i.status <> 'cancelled' AND p.id IS DISTINCT FROM $2::uuid`
	// An interview that is going on is still the next one.
	batch.Queue(columns+` AND i.starts_at + make_interval(mins => i.minutes) >= $3 ORDER BY i.starts_at, i.id LIMIT $4`,
		actor.ID, nullable(actor.PersonID), t.At, todayRows).Query(many(&t.Interviews.Next))
	batch.Queue(columns+` AND i.starts_at + make_interval(mins => i.minutes) < $3 ORDER BY i.starts_at, i.id LIMIT $4`,
		actor.ID, nullable(actor.PersonID), t.At, 2*todayRows).Query(many(&t.Interviews.Owed))
	return func() {
		ed := s.lib.Current()
		for _, list := range [][]Interview{t.Interviews.Next, t.Interviews.Owed} {
			for i := range list {
				list[i].StageTitle = titleOf(ed, list[i].StageID)
			}
		}
	}
}

func (s *Service) queueBlocked(batch *pgx.Batch, actor authz.Actor, t *Today) func() {
	if !actor.Has(authz.HiringManager) {
		return nil
	}
	var w db.Where
	w.Add("p.status = 'candidate' AND p.missing > 0 AND p.manager_id = ?", actor.ID)
	t.Blocked = &BlockedPart{}
	return s.queueMissing(batch, actor, &w, t.Blocked)
}

func (s *Service) queueOverdue(batch *pgx.Batch, actor authz.Actor, t *Today) func() {
	if !actor.Has(authz.HR) {
		return nil
	}
	var w db.Where
	w.Add("p.status = 'candidate' AND p.missing > 0 AND p.stage_since < ?", midnight(t.At).AddDate(0, 0, -overdueDays))
	t.Overdue = &BlockedPart{}
	return s.queueMissing(batch, actor, &w, t.Overdue)
}

// queueMissing asks for the people that w narrows to. Whoever stands in no stage has nothing overdue.
func (s *Service) queueMissing(batch *pgx.Batch, actor authz.Actor, w *db.Where, into *BlockedPart) func() {
	w.Add("p.stage_since IS NOT NULL")
	person.Visible(actor, w, "p")
	where, args := w.SQL(), w.Args
	batch.Queue(`SELECT count(*) FROM (SELECT FROM people p `+where+` LIMIT `+w.Number("?", Cap)+`) c`, w.Args...).
		QueryRow(func(row pgx.Row) error { return row.Scan(&into.N) })
	var rows []blockedRow
	w.Args = args
	batch.Queue(`
		SELECT p.id AS person_id, p.name, p.job_title, p.stage_id, p.stage_since AS since, p.band, p.coverage, p.missing_checks
		FROM   people p `+where+`
		ORDER  BY p.stage_since, p.id
		LIMIT  `+w.Number("?", todayRows), w.Args...).Query(many(&rows))
	return func() {
		ed := s.lib.Current()
		for _, r := range rows {
			b := Blocked{PersonID: r.PersonID, Name: r.Name, JobTitle: r.JobTitle, StageID: r.StageID,
				StageTitle: titleOf(ed, r.StageID), Since: r.Since, Band: r.Band, Coverage: r.Coverage}
			for _, id := range r.MissingChecks {
				b.Checks = append(b.Checks, Named{id, titleOf(ed, id)})
			}
			into.People = append(into.People, b)
		}
	}
}

type blockedRow struct {
	PersonID, Name, JobTitle, StageID string
	Since                             time.Time
	Band                              catalogue.Band
	Coverage                          int
	MissingChecks                     []string
}

func (s *Service) queueFlags(batch *pgx.Batch, actor authz.Actor, t *Today) func() {
	if !actor.May(authz.FlagDispose) {
		return nil
	}
	t.Flags = &FlagPart{}
	queueFlagCount(batch, actor, &t.Flags.N)
	var grave, others []findingRow
	queueFlagRows(batch, actor, flagIsGrave, &grave)
	queueFlagRows(batch, actor, "NOT "+flagIsGrave, &others)
	return func() {
		rows := slices.Concat(grave, others)
		for _, r := range rows[:min(len(rows), todayRows)] {
			t.Flags.Flags = append(t.Flags.Flags, r.waiting(s.lib.Current()))
		}
	}
}

// queueFlagRows asks for the flags that wait and meet the condition, the longest waiting first.
func queueFlagRows(batch *pgx.Batch, actor authz.Actor, condition string, into *[]findingRow) {
	var w db.Where
	w.Add(flagWaits)
	w.Add(condition)
	person.Visible(actor, &w, "p")
	batch.Queue(findingColumns+w.SQL()+` ORDER BY f.raised_at, f.id `+w.Number("LIMIT ?", todayRows), w.Args...).Query(many(into))
}

func (r findingRow) waiting(ed *catalogue.Edition) WaitingFlag {
	return WaitingFlag{ID: string(r.ID), PersonID: r.PersonID, PersonName: r.PersonName, ItemID: r.ItemID,
		Title: titleOf(ed, r.ItemID), Answer: r.Answer, Strength: r.Strength, Summary: r.Summary, RaisedAt: r.RaisedAt}
}

// flagWaits is what makes a flag wait; the index flags_waiting has the same condition.
const flagWaits = `f.state = 'open' AND f.answer <> 'concern' AND f.withdrawn_at IS NULL AND NOT f.rests`

// flagIsGrave is what comes before the others that wait, however long they do; the index flags_waiting_grave has the same
// condition.
const flagIsGrave = `(f.strength IN ('decisive', 'strong'))`

// queueFlagCount counts the flags that wait and that the actor sees, up to Cap.
func queueFlagCount(batch *pgx.Batch, actor authz.Actor, into *int) {
	var w db.Where
	w.Add(flagWaits)
	from := `flags f`
	if actor.SeesAllPeople() { // no need to look at the people, but for oneself
		if actor.PersonID != "" {
			w.Add("f.person_id <> ?", actor.PersonID)
		}
	} else {
		from += ` JOIN people p ON p.id = f.person_id`
		person.Visible(actor, &w, "p")
	}
	batch.Queue(`SELECT count(*) FROM (SELECT FROM `+from+` `+w.SQL()+` LIMIT `+w.Number("?", Cap)+`) c`, w.Args...).
		QueryRow(func(row pgx.Row) error { return row.Scan(into) })
}

func (s *Service) queueMovement(batch *pgx.Batch, actor authz.Actor, t *Today) func() {
	if !actor.Has(authz.HR) {
		return nil
	}
	var counts []count
	queueTallies(batch, []string{"move"}, t.At, &counts)
	return func() {
		m := moves(counts, t.At)
		t.Movement = &m
	}
}

// queueCases asks for what the actor's cases want of them, and for what security watches.
func (s *Service) queueCases(batch *pgx.Batch, actor authz.Actor, t *Today) func() {
	watches := actor.HasAny(authz.SecurityLead, authz.SecurityAnalyst)
	if !actor.May(authz.CaseWork) || actor.Kind != authz.KindUser {
		return nil
	}
	var steps []stepRow
	var days []dayCount
	var proposed []proposalRow
	queueSteps(batch, actor, &steps)
	if watches {
		queueSignalDays(batch, midnight(t.At).AddDate(0, 0, 1-watchDays), &days)
		queueProposals(batch, actor, t.At, &proposed)
	}
	return func() {
		mine := s.clocks(steps, waitsForMe(t.At))
		if len(mine) > 0 || actor.HasAny(authz.Finance, authz.Legal) {
			t.Tasks = &TaskPart{mine[:min(len(mine), 2*todayRows)]}
		}
		if !watches {
			return
		}
		soon := s.clocks(steps, func(c Clock, r stepRow) bool { return !r.Mine && c.DueAt.Before(t.At.Add(clockAhead)) })
		t.Watch = &WatchPart{Clocks: soon[:min(len(soon), todayRows)], Proposed: s.proposals(proposed)}
		t.Watch.Signals, _ = s.signals(days, t.At, watchDays)
	}
}

func (s *Service) queueSystem(batch *pgx.Batch, actor authz.Actor, t *Today) func() {
	if !actor.May(authz.UserManage) || actor.Kind != authz.KindUser {
		return nil
	}
	t.System = &SystemPart{Edition: s.lib.Current().Version()}
	batch.Queue(`
		SELECT count(*) FILTER (WHERE disabled_at IS NULL), count(*) FILTER (WHERE disabled_at IS NOT NULL),
		       (SELECT count(*) FROM api_tokens WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $1)),
		       (SELECT count(*) FROM sessions WHERE expires_at > $1),
		       (SELECT max(at) FROM audit_entries)
		FROM   users`, t.At).QueryRow(func(row pgx.Row) error {
		return row.Scan(&t.System.Users, &t.System.Disabled, &t.System.Tokens, &t.System.Sessions, &t.System.LastEntry)
	})
	return nil
}

// Waiting counts what waits for the actor, by section of the navigation and up to Cap: scorecards owed, flags
// without a disposition, steps of cases that are theirs and can be worked on or are late.
func (s *Service) Waiting(ctx context.Context, actor authz.Actor) (map[string]int, error) {
	if actor.Kind != authz.KindUser {
		return nil, nil
	}
	now := s.db.Now()
	batch := &pgx.Batch{}
	var owed, flags, tasks int
	if actor.May(authz.InterviewWrite) {
		batch.Queue(`
			SELECT count(*)
			FROM   (SELECT FROM interviewers v
			        JOIN   interviews i ON i.id = v.interview_id
			        WHERE  v.user_id = $1 AND v.submitted_at IS NULL AND i.status <> 'cancelled'
			               AND i.starts_at + make_interval(mins => i.minutes) < $2
			        LIMIT  $3) c`, actor.ID, now, Cap).QueryRow(func(row pgx.Row) error { return row.Scan(&owed) })
	}
	if actor.May(authz.FlagDispose) {
		queueFlagCount(batch, actor, &flags)
	}
	if actor.May(authz.CaseWork) {
		s.queueTaskCount(batch, actor, now, &tasks)
	}
	if batch.Len() > 0 {
		if err := s.db.Pool().SendBatch(ctx, batch).Close(); err != nil {
			return nil, err
		}
	}
	return map[string]int{"interviews": owed, "flags": flags, "cases": tasks}, nil
}

// findingRow is a flag with its person, as lists of findings read it.
type findingRow struct {
	ID                           flag.ID
	PersonID, PersonName, ItemID string
	Answer                       catalogue.Answer
	Strength                     catalogue.Strength
	State                        flag.State
	Summary                      string
	RaisedAt                     time.Time
}

const findingColumns = `
	SELECT f.id, f.person_id, p.name AS person_name, f.item_id, f.answer, f.strength, f.state, f.summary, f.raised_at
	FROM   flags f
	JOIN   people p ON p.id = f.person_id
	`

// Empty reports whether there is neither an interview ahead nor a scorecard owed.
func (p *InterviewPart) Empty() bool { return p == nil || len(p.Next)+len(p.Owed) == 0 }
