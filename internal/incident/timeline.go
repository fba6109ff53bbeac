package incident

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/flag"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/page"
)

// Event is one line of the timeline: what the system wrote as the case went on, and what was known of the person from
// their application onwards.
type Event struct {
	ID string
	At time.Time
	// Kind is the audit action, such as "case.step_done" or "flag.raised".
	Kind   string
	Text   string
	Actor  string
	StepID string
	// EvidenceID is set where the line is about one item of evidence.
	EvidenceID string
	// Before says that it happened before the case was opened.
	Before bool
}

// row is an event as it is stored: the words are put together in Go, in the terms of the case's edition.
type row struct {
	ID         string
	At         time.Time
	Kind       string
	Actor      string
	StepID     string
	EvidenceID *string
	// What the kind needs: an id of the catalogue, a state, a free text.
	Item, State, Text string
}

const timelineSize = 100

// byHand is the source of signals that somebody recorded.
const byHand = "by hand"

// Timeline reads the case's history, the newest first, with the person's history before it.
func (s *Service) Timeline(ctx context.Context, actor authz.Actor, caseID ID, cursor string) (View, page.Slice[Event], error) {
	v, err := s.whole(ctx, actor, caseID)
	if err != nil {
		return v, page.Slice[Event]{}, err
	}
	from := page.Cursor[time.Time]{Key: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), ID: lastID}
	if cursor != "" {
		if from, err = page.Parse[time.Time](cursor); err != nil {
			return v, page.Slice[Event]{}, apperr.Missing("page")
		}
	}
	rows, err := historyOf(ctx, s.db.Pool(), v.Case, from, timelineSize+1)
	if err != nil {
		return v, page.Slice[Event]{}, err
	}
	cut := page.Cut(rows, timelineSize, func(r row) page.Cursor[time.Time] {
		return page.Cursor[time.Time]{Key: r.At, ID: r.ID}
	})
	events := s.events(v.Case, cut.Items)
	causesFirst(events, true)
	return v, page.Slice[Event]{Items: events, Next: cut.Next}, nil
}

func (s *Service) events(c Case, rows []row) []Event {
	ed := s.lib.At(c.Edition)
	events := make([]Event, len(rows))
	for i, r := range rows {
		events[i] = Event{ID: r.ID, At: r.At, Kind: r.Kind, Text: tellRow(ed, r), Actor: doer(r), StepID: r.StepID,
			Before: r.At.Before(c.OpenedAt)}
		if r.EvidenceID != nil {
			events[i].EvidenceID = *r.EvidenceID
		}
	}
	return events
}

// causesFirst puts what happened in one moment in the order of its meaning: what was collected, what was done with it, the
// flag that came of it, the band. Elsewhere the order stays. newest says that the events run backwards.
func causesFirst(events []Event, newest bool) {
	slices.SortStableFunc(events, func(a, b Event) int {
		order := cmp.Or(a.At.Compare(b.At), cmp.Compare(meaning(a.Kind), meaning(b.Kind)))
		if newest {
			return -order
		}
		return order
	})
}

func meaning(kind string) int {
	switch kind {
	case "evidence.collected":
		return 0
	case "flag.raised":
		return 2
	case "assessment.moved":
		return 3
	}
	return 1
}

// doer names who did it: a person, the system that reported it, or Gatehouse itself.
func doer(r row) string {
	switch {
	case r.Actor != "":
		return r.Actor
	case r.Kind == "signal.received":
		return r.Text
	}
	return "Gatehouse"
}

// tellRow says a row in a sentence. The case's own rows come with theirs.
func tellRow(ed *catalogue.Edition, r row) string {
	title := r.Item
	if item, known := ed.Item(r.Item); known {
		title = item.Title
	}
	switch r.Kind {
	case "person.added":
		return "The person was entered as a candidate" + through(ed, r.Item) + "."
	case "application.added":
		return "The person applied for " + r.Text + "."
	case "application.moved":
		to := r.State
		if stage, known := ed.Stage(r.State); known {
			to = stage.Title
		}
		return sentence("The application moved to the stage “"+to+"”", r.Text)
	case "gate.overridden":
		return sentence("The application was allowed to go on without “"+title+"”", r.Text)
	case "application.ended":
		return sentence(endWords(r.State), r.Text)
	case "engagement.started":
		return "The engagement began: " + r.Text + "."
	case "engagement.ended":
		return strings.TrimSuffix("The engagement ended: "+r.Text, ": ") + "."
	case "scorecard.submitted":
		return scorecardWords(ed, r)
	case "check.recorded":
		return sentence("The check “"+title+"” was recorded as "+answerWords(r.State), r.Text)
	case "flag.raised":
		return sentence(raisedWords(r.State)+" on “"+title+"”", r.Text)
	case "flag.disposed":
		return sentence("The flag on “"+title+"” was "+disposedWords(r.State), r.Text)
	case "flag.seconded":
		return "A second person agreed that “" + title + "” is confirmed."
	case "assessment.moved":
		if r.Text == "" {
			return "The band moved to " + r.State + "."
		}
		return "The band moved to " + r.State + ", because of this: " + strings.TrimSuffix(r.Text, ".") + "."
	case "signal.received":
		if r.Text == byHand {
			return "The signal “" + title + "” was recorded by hand."
		}
		return "The signal “" + title + "” came from " + r.Text + "."
	case "evidence.collected":
		return "“" + r.Text + "” was collected as evidence."
	}
	return r.Text
}

func through(ed *catalogue.Edition, channelID string) string {
	if channel, known := ed.Channel(channelID); known {
		return ", through the channel “" + channel.Title + "”"
	}
	return ""
}

// endWords says how an application ended.
func endWords(status string) string {
	switch status {
	case "hired":
		return "The application ended with the hire"
	case "withdrawn":
		return "The candidate withdrew the application"
	}
	return "The application was closed"
}

// scorecardWords says which interview's scorecard came in; later versions amend the first.
func scorecardWords(ed *catalogue.Edition, r row) string {
	text := "A scorecard was "
	if stage, known := ed.Stage(r.Item); known {
		text = "A scorecard of the stage “" + stage.Title + "” was "
	}
	if r.State == "1" {
		return text + "submitted."
	}
	return text + "amended; this is version " + r.State + "."
}

func answerWords(answer string) string {
	switch catalogue.Answer(answer) {
	case catalogue.Concern:
		return "a concern"
	case catalogue.RedFlag:
		return "a red flag"
	case catalogue.NotDone:
		return "not done"
	}
	return answer
}

func raisedWords(answer string) string {
	switch catalogue.Answer(answer) {
	case catalogue.Concern:
		return "A concern was noted"
	case catalogue.RedFlag:
		return "A red flag was raised"
	}
	return "A flag was raised"
}

func disposedWords(state string) string {
	if flag.State(state) == flag.Open {
		return "opened again"
	}
	return state
}

// sentence ends a statement with a full stop and what somebody said about it.
func sentence(statement, said string) string {
	if said = strings.TrimSpace(said); said == "" {
		return statement + "."
	}
	return statement + ". " + said
}

// historyOf reads the rows below from, the newest first. Every part pages by the same key, so that a person with many
// signals costs no more than one with few.
func historyOf(ctx context.Context, q db.Querier, c Case, from page.Cursor[time.Time], limit int) ([]row, error) {
	parts := make([]string, len(historyParts))
	for i, part := range historyParts {
		parts[i] = `(SELECT * FROM (` + part + `) AS part (id, at, kind, actor_id, step_id, evidence_id, item, state, text)
			WHERE (at, id) < ($3::timestamptz, $4::uuid) ORDER BY at DESC, id DESC LIMIT $5)`
	}
	rows, _ := q.Query(ctx, `
		SELECT h.id, h.at, h.kind, coalesce(u.name, '') AS actor, h.step_id, h.evidence_id, h.item, h.state, h.text
		FROM  (`+strings.Join(parts, " UNION ALL ")+`) h
		LEFT   JOIN users u ON u.id = h.actor_id
		WHERE  h.at <= $6
		ORDER  BY h.at DESC, h.id DESC
		LIMIT  $5`, c.ID, c.PersonID, from.Key, from.ID, limit, historyEnd(c))
	return db.Many[row](rows)
}

// historyEnd is the last moment a timeline shows: what happens to the person after the case is closed is none of it.
func historyEnd(c Case) time.Time {
	if c.ClosedAt != nil {
		return *c.ClosedAt
	}
	return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
}

// auditedBy finds who did what a row does not name the doer of: its audit entry does. The index audit_entries_made names
// each action that is asked for here.
func auditedBy(subjectKind, subjectID, action string) string {
	return `(SELECT l.actor_id FROM audit_entries l
	         WHERE  l.subject_kind = '` + subjectKind + `' AND l.subject_id = ` + subjectID + `::text AND l.action = '` + action + `'
	         ORDER  BY l.id DESC LIMIT 1)`
}

// enteredBy is who made the first entry about person p.
const enteredBy = `(SELECT l.actor_id FROM audit_entries l WHERE l.person_id = p.id ORDER BY l.id LIMIT 1)`

// historyParts are the sources of a timeline: $1 is the case, $2 the person. A second event of one row gets an id of
// its own, since the id decides between events of the same moment.
var historyParts = []string{
	`SELECT t.id, t.at, t.kind, t.actor_id, t.step_id, t.evidence_id, '', '', t.text
	 FROM   case_timeline t WHERE t.case_id = $1`,
	`SELECT e.id, e.collected_at, 'evidence.collected', e.collected_by, '', e.id, e.kind, e.form, e.title
	 FROM   evidence_items e WHERE e.person_id = $2 AND (e.case_id IS NULL OR e.case_id = $1)`,
	`SELECT p.id, p.created_at, 'person.added', ` + enteredBy + `, '', NULL::uuid, p.channel_id, '', ''
	 FROM   people p WHERE p.id = $2`,
	`SELECT a.id, a.applied_at, 'application.added', ` + auditedBy("application", "a.id", "application.added") + `, '', NULL::uuid, '', '', j.title
	 FROM   applications a JOIN jobs j ON j.id = a.job_id WHERE a.person_id = $2`,
	`SELECT m.id, m.at, 'application.moved', m.moved_by, '', NULL::uuid, '', m.to_stage, m.reason
	 FROM   application_moves m JOIN applications a ON a.id = m.application_id WHERE a.person_id = $2`,
	`SELECT md5(o.application_id::text || o.check_id)::uuid, o.overridden_at, 'gate.overridden', o.overridden_by, '',
	        NULL::uuid, o.check_id, '', o.reason
	 FROM   gate_overrides o JOIN applications a ON a.id = o.application_id WHERE a.person_id = $2`,
	`SELECT md5(a.id::text || 'ended')::uuid, a.ended_at, 'application.ended', a.ended_by, '', NULL::uuid, '', a.status,
	        a.ended_reason
	 FROM   applications a WHERE a.person_id = $2 AND a.ended_at IS NOT NULL`,
	`SELECT g.id, g.created_at, 'engagement.started', ` + auditedBy("engagement", "g.id", "engagement.begun") + `, '', NULL::uuid, '', g.kind,
	        concat_ws(', ', nullif(g.title, ''), g.kind, 'from ' || to_char(g.started_on, 'FMDD Mon YYYY'))
	 FROM   engagements g WHERE g.person_id = $2`,
	// An end is a day: within it, it stands where it was recorded.
	`SELECT md5(g.id::text || 'ended')::uuid,
	        greatest(g.ended_on::timestamptz, least(coalesce(l.at, g.ended_on::timestamptz), g.ended_on + interval '1 day - 1 microsecond')),
	        'engagement.ended', l.actor_id, '', NULL::uuid, '', g.kind, g.title
	 FROM   engagements g
	 LEFT   JOIN LATERAL (SELECT l.at, l.actor_id FROM audit_entries l
	        WHERE  l.subject_kind = 'engagement' AND l.subject_id = g.id::text AND l.action = 'engagement.ended'
	        ORDER  BY l.id DESC LIMIT 1) l ON true
	 WHERE  g.person_id = $2 AND g.ended_on IS NOT NULL`,
	`SELECT s.id, s.submitted_at, 'scorecard.submitted', s.user_id, '', NULL::uuid, i.stage_id, s.number::text,
	        coalesce((SELECT w.words FROM scorecard_words w WHERE w.scorecard_id = s.id AND w.field = 'summary'), '')
	 FROM   scorecards s JOIN interviews i ON i.id = s.interview_id WHERE i.person_id = $2`,
	`SELECT md5(o.item_id || o.origin_id || o.noted_at::text)::uuid, o.noted_at, 'check.recorded', o.noted_by, '',
	        NULL::uuid, o.item_id, o.answer, o.note
	 FROM   outcomes o WHERE o.person_id = $2 AND o.origin_kind = 'check'`,
	`SELECT f.id, f.raised_at, 'flag.raised', f.raised_by, '', NULL::uuid, f.item_id, f.answer, f.summary
	 FROM   flags f WHERE f.person_id = $2`,
	`SELECT md5(f.id::text || 'disposed')::uuid, f.disposed_at, 'flag.disposed', f.disposed_by, '', NULL::uuid, f.item_id,
	        f.state, f.reason
	 FROM   flags f WHERE f.person_id = $2 AND f.disposed_at IS NOT NULL`,
	`SELECT md5(f.id::text || 'seconded')::uuid, f.seconded_at, 'flag.seconded', f.seconded_by, '', NULL::uuid, f.item_id,
	        f.state, ''
	 FROM   flags f WHERE f.person_id = $2 AND f.seconded_at IS NOT NULL`,
	`SELECT m.id, m.at, 'assessment.moved', NULL::uuid, '', NULL::uuid, '', m.to_band || ' with ' || m.coverage || ' % known of what was asked by then',
	        m.cause
	 FROM   assessment_moves m WHERE m.person_id = $2 AND m.from_band <> m.to_band`,
	`SELECT s.id, s.occurred_at, 'signal.received', CASE WHEN s.source = '` + byHand + `' THEN ` + auditedBy("signal", "s.id", "signal.recorded") + ` END,
	        '', NULL::uuid, s.signal_id, '', s.source
	 FROM   signals s WHERE s.person_id = $2`,
}
