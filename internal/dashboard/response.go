package dashboard

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// Response is the response dashboard: the actor's own cases, and the signals of all.
type Response struct {
	At    time.Time
	Cases []OpenCase
	// Phases counts the open cases by phase, in the playbook's order.
	Phases []PhaseCount
	// Ageing counts the open cases by the days since their opening.
	Ageing []Bucket
	// Overdue are the open steps past their time, the latest first; Steps of cases that the actor sees.
	Overdue []Clock
	// OverdueSteps is how many there are in all.
	OverdueSteps int
	// Signals are thirty days of signals by severity; Kinds the most frequent ones.
	Signals []SignalDay
	Kinds   []SignalKind
	// Opened counts the cases opened in each of the last eight weeks, oldest first.
	Opened []Bucket
	// Proposed are confirmed strong findings on engaged people that nobody has escalated yet.
	Proposed []Proposal
}

// OpenCase is one open case of the actor.
type OpenCase struct {
	ID       string
	CodeName string
	Phase    catalogue.Phase
	OpenedAt time.Time
}

// PhaseCount is how many open cases are in a phase.
type PhaseCount struct {
	Phase catalogue.Phase
	N     int
}

// Clock is an open step of a case with its due time.
type Clock struct {
	CaseID, CodeName string
	StepID, Title    string
	DueAt            time.Time
	// Locked says that steps before it are still open.
	Locked bool
}

// SignalDay is one day's signals by severity.
type SignalDay struct {
	Day time.Time
	N   map[catalogue.Severity]int
}

// SignalKind is a kind of signal with its severity and number.
type SignalKind struct {
	ID, Title string
	Severity  catalogue.Severity
	N         int
}

// Proposal is a confirmed strong finding on somebody engaged, that no case the actor knows of has taken up.
type Proposal struct {
	FlagID, PersonID, PersonName string
	ItemID, Title                string
	Strength                     catalogue.Strength
	ConfirmedAt                  time.Time
}

// SignalsOf adds up a severity over all days.
func (r Response) SignalsOf(severity catalogue.Severity) int { return severitySum(r.Signals, severity) }

func severitySum(days []SignalDay, severity catalogue.Severity) int {
	sum := 0
	for _, d := range days {
		sum += d.N[severity]
	}
	return sum
}

const (
	caseLimit     = 1000
	overdueLimit  = 10
	proposalLimit = 8
	signalDays    = 30
	// proposalDays is how long a confirmed finding is proposed for escalation.
	proposalDays = 90
)

// Response reads the response dashboard of the actor. It is kept for a moment.
func (s *Service) Response(ctx context.Context, actor authz.Actor) (Response, error) {
	now := s.db.Now()
	if actor.Kind != authz.KindUser {
		return s.readResponse(ctx, actor, now)
	}
	return s.responses.Get(ctx, fmt.Sprint(db.Lags(ctx), actor.ID, actor.PersonID, actor.Roles), now, func(ctx context.Context) (Response, error) {
		return s.readResponse(ctx, actor, now)
	})
}

func (s *Service) readResponse(ctx context.Context, actor authz.Actor, now time.Time) (Response, error) {
	r := Response{At: now}
	var days []dayCount
	var cases []caseRow
	var opened []time.Time
	var proposals []proposalRow
	batch := &pgx.Batch{}
	tomorrow := midnight(now).AddDate(0, 0, 1)
	weeks := tomorrow.AddDate(0, 0, -7*weeksShown)
	queueCases(batch, actor, now, weeks, &cases)
	s.queueOverdueSteps(batch, actor, now, &r.Overdue)
	queueSignalDays(batch, midnight(now).AddDate(0, 0, 1-signalDays), &days)
	queueProposals(batch, actor, now, &proposals)
	if err := s.db.Heavy(ctx).SendBatch(ctx, batch).Close(); err != nil {
		return Response{}, err
	}
	for _, c := range cases {
		if c.Open {
			r.Cases = append(r.Cases, c.OpenCase)
			r.OverdueSteps += c.Overdue
		}
		if !c.OpenedAt.Before(weeks) {
			opened = append(opened, c.OpenedAt)
		}
	}
	r.Phases = phases(r.Cases)
	r.Ageing = caseAges(r.Cases, now)
	r.Signals, r.Kinds = s.signals(days, now, signalDays)
	r.Opened = byWeek(opened, tomorrow)
	r.Proposed = s.proposals(proposals)
	return r, nil
}

func phases(cases []OpenCase) []PhaseCount {
	var rows []PhaseCount
	for _, phase := range catalogue.Phases() {
		row := PhaseCount{Phase: phase}
		for _, c := range cases {
			if c.Phase == phase {
				row.N++
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func caseAges(cases []OpenCase, now time.Time) []Bucket {
	var rows []Bucket
	for _, span := range spans(now) {
		b := Bucket{Title: span.Title, From: span.From, Before: span.Before}
		for _, c := range cases {
			if within(midnight(c.OpenedAt), b.From, b.Before) {
				b.N++
			}
		}
		rows = append(rows, b)
	}
	return rows
}

const weeksShown = 8

// byWeek counts by weeks of whole days, the last of which ends before the day given.
func byWeek(opened []time.Time, before time.Time) []Bucket {
	rows := make([]Bucket, weeksShown)
	for i := range rows {
		rows[i].From = before.AddDate(0, 0, -7*(weeksShown-i))
		rows[i].Before = rows[i].From.AddDate(0, 0, 7)
		rows[i].Title = rows[i].From.Format("2 Jan")
	}
	for _, at := range opened {
		for i := range rows {
			if !at.Before(rows[i].From) && at.Before(rows[i].Before) {
				rows[i].N++
			}
		}
	}
	return rows
}

type dayCount struct {
	Day      time.Time
	SignalID string
	N        int
}

// signals sorts the daily counts by severity and by kind. A signal that the catalogue no longer knows is left out.
func (s *Service) signals(counts []dayCount, now time.Time, days int) ([]SignalDay, []SignalKind) {
	ed := s.lib.Current()
	first := midnight(now).AddDate(0, 0, 1-days)
	rows := make([]SignalDay, days)
	for i := range rows {
		rows[i] = SignalDay{Day: first.AddDate(0, 0, i), N: map[catalogue.Severity]int{}}
	}
	kinds := map[string]SignalKind{}
	for _, c := range counts {
		item, known := ed.Signal(c.SignalID)
		i := int(c.Day.Sub(first) / (24 * time.Hour))
		if !known || i < 0 || i >= days {
			continue
		}
		rows[i].N[item.Severity] += c.N
		kind := kinds[item.ID]
		kinds[item.ID] = SignalKind{ID: item.ID, Title: item.Title, Severity: item.Severity, N: kind.N + c.N}
	}
	return rows, topKinds(kinds)
}

func topKinds(kinds map[string]SignalKind) []SignalKind {
	var rows []SignalKind
	for _, kind := range kinds {
		rows = append(rows, kind)
	}
	slices.SortFunc(rows, func(a, b SignalKind) int {
		if a.N != b.N {
			return b.N - a.N
		}
		return slices.Compare([]byte(a.ID), []byte(b.ID))
	})
	return rows[:min(len(rows), topFindings)]
}

// caseRow is a case of the actor that is open, or was opened in the weeks shown.
type caseRow struct {
	OpenCase
	Open    bool
	Overdue int // steps that are late, of those the actor sees
}

func queueCases(batch *pgx.Batch, actor authz.Actor, now, from time.Time, into *[]caseRow) {
	var w db.Where
	user := w.Number("?::uuid", nullable(actor.ID))
	w.Add("(c.status = 'open' OR c.opened_at >= ?)", from)
	join := asMember(actor, &w, user)
	late := w.Number("s.due_at < ?", now)
	batch.Queue(`
		SELECT c.id, c.code_name, c.phase, c.opened_at, c.status = 'open' AS open,
		       (SELECT count(*) FROM case_steps s
		        WHERE  c.status = 'open' AND s.case_id = c.id AND s.state = 'open' AND `+late+`
		        AND    coalesce(m.sees = 'whole' OR s.owner_role = m.function OR s.owner_id = `+user+`, m.user_id IS NULL)) AS overdue
		FROM   cases c
		`+join+`
		`+w.SQL()+`
		ORDER  BY c.opened_at DESC, c.id DESC
		LIMIT  `+strconv.Itoa(caseLimit), w.Args...).Query(many(into))
}

func queueSignalDays(batch *pgx.Batch, from time.Time, into *[]dayCount) {
	batch.Queue(`SELECT day, signal_id, n FROM signal_days WHERE day >= $1`, from).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		for rows.Next() {
			var c dayCount
			if err := rows.Scan(&c.Day, &c.SignalID, &c.N); err != nil {
				return err
			}
			*into = append(*into, c)
		}
		return rows.Err()
	})
}
