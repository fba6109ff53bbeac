package interview

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// Prepare describes the next interview of an application for the planner to change.
func (s *Service) Prepare(ctx context.Context, actor authz.Actor, app hiring.ApplicationID) (Offer, error) {
	var o Offer
	err := s.db.Read(ctx, func(q db.Querier) error {
		a, err := plannedFor(ctx, q, actor, app, "")
		if err != nil {
			return err
		}
		holders, err := holdersFor(ctx, q, a.PersonID)
		o = s.offer(a, holders)
		o.At = s.db.Now()
		return err
	})
	return o, err
}

func (s *Service) offer(a planned, holders []Holder) Offer {
	ed := s.catalogue.At(a.Edition)
	o := Offer{ApplicationID: a.ID, PersonID: a.PersonID, PersonName: a.PersonName, PersonTimeZone: a.PersonTimeZone,
		JobTitle: a.JobTitle, ManagerID: a.ManagerID, Holders: holders, fixed: requiredAt(ed, a.StageID, a.LevelID)}
	o.Stage, _ = ed.Stage(a.StageID)
	o.Level, _ = ed.Level(a.LevelID)
	kit := StageKit(ed, a.StageID, a.LevelID)
	o.Kit = checksOf(ed, kit)
	for _, c := range ed.Checks {
		if !slices.Contains(kit, c.ID) {
			o.Others = append(o.Others, c)
		}
	}
	return o
}

// Room is an interview as one person sees it.
type Room struct {
	Interview
	// At is when the room was read.
	At           time.Time
	Edition      *catalogue.Edition
	Interviewers []Interviewer
	// Own is the viewer's place among the interviewers, nil for others.
	Own *Interviewer
	// Draft is the viewer's own, empty once submitted.
	Draft Draft
	// Cards are the scorecards the viewer may read, every version, by interviewer and number.
	Cards []Scorecard
	// Evidence is what is attached to the answers the viewer may read, by subject id.
	Evidence map[string][]evidence.Item
	// MayPlan says that the viewer may change the plan, if it still changes.
	MayPlan bool
}

// Answering reports whether the viewer still owes a scorecard: then they judge alone.
func (r Room) Answering() bool {
	return r.Own != nil && r.Own.SubmittedAt == nil && r.Status != Cancelled
}

// Veiled counts the scorecards that are in but not the viewer's to see yet.
func (r Room) Veiled() int {
	if r.Own == nil || r.Own.SubmittedAt != nil {
		return 0
	}
	n := 0
	for _, p := range r.Interviewers {
		if p.SubmittedAt != nil {
			n++
		}
	}
	return n
}

// EvidenceFor lists what is attached to one interviewer's answer to a check.
func (r Room) EvidenceFor(checkID string, by Interviewer) []evidence.Item {
	return r.Evidence[AnswerSubject(r.ID, checkID, by.UserID).ID]
}

// OwnCards are the versions of the viewer's scorecard, the first first.
func (r Room) OwnCards() []Scorecard {
	var own []Scorecard
	for _, c := range r.Cards {
		if r.Own != nil && c.UserID == r.Own.UserID {
			own = append(own, c)
		}
	}
	return own
}

// Enter reads an interview as the actor may see it, in one round trip and one more for evidence.
func (s *Service) Enter(ctx context.Context, actor authz.Actor, interviewID ID) (Room, error) {
	room := Room{At: s.db.Now()}
	b := &pgx.Batch{}
	sql, args := interviewQuery(actor, interviewID, "")
	b.Queue(sql, args...)
	b.Queue(interviewersSQL, interviewID)
	b.Queue(draftSQL, interviewID, me(actor))
	queueCards(b, actor, "c.interview_id = @scope", interviewID)
	results := s.db.Pool().SendBatch(ctx, b)
	err := readRoom(results, &room)
	if closeErr := results.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return Room{}, err
	}
	room.Edition = s.catalogue.At(room.Interview.Edition)
	if own, is := isInterviewer(room.Interviewers, actor); is {
		room.Own = &own
	}
	room.MayPlan = room.Status == Scheduled && actor.May(authz.InterviewPlan) &&
		(actor.SeesAllPeople() || string(room.ManagerID) == actor.ID)
	room.Evidence, err = s.evidence.ForMany(ctx, actor, "answer", room.subjects())
	return room, err
}

func readRoom(results pgx.BatchResults, room *Room) error {
	rows, _ := results.Query()
	var err error
	if room.Interview, err = db.One[Interview](rows, "interview"); err != nil {
		return err
	}
	rows, _ = results.Query()
	if room.Interviewers, err = db.Many[Interviewer](rows); err != nil {
		return fmt.Errorf("read interviewers: %w", err)
	}
	rows, _ = results.Query()
	if room.Draft, err = collectDraft(rows); err != nil {
		return fmt.Errorf("read draft: %w", err)
	}
	room.Cards, err = collectCards(results)
	return err
}

// subjects are the answers whose evidence the viewer may see: their own, and those of the cards shown.
func (r Room) subjects() []string {
	var ids []string
	for _, p := range r.Interviewers {
		shown := slices.ContainsFunc(r.Cards, func(c Scorecard) bool { return c.UserID == p.UserID })
		if !shown && (r.Own == nil || r.Own.UserID != p.UserID) {
			continue
		}
		for _, checkID := range r.Kit {
			ids = append(ids, AnswerSubject(r.ID, checkID, p.UserID).ID)
		}
	}
	return ids
}

func interviewByID(ctx context.Context, q db.Querier, actor authz.Actor, interviewID ID) (Interview, error) {
	sql, args := interviewQuery(actor, interviewID, "")
	rows, _ := q.Query(ctx, sql, args...)
	return db.One[Interview](rows, "interview")
}

// ByID reads an interview's plan, or a NotFound error when it is not the actor's to see.
func (s *Service) ByID(ctx context.Context, actor authz.Actor, interviewID ID) (Interview, error) {
	return interviewByID(ctx, s.db.Pool(), actor, interviewID)
}

// Review is a room before submitting: what is left, and what that means for coverage.
type Review struct {
	Room
	Left []*catalogue.Check
	// Counting are those of Left that coverage is measured against at the job's level and stage.
	Counting []*catalogue.Check
	// Before is the person's coverage without this interview, Now with the answers given, Full if Left were
	// answered too. Other interviewers' answers are in none of them: whoever submits judges alone.
	Before, Now, Full assessment.Coverage
}

// Review reads the room with what submitting it now would mean.
func (s *Service) Review(ctx context.Context, actor authz.Actor, interviewID ID) (Review, error) {
	room, err := s.Enter(ctx, actor, interviewID)
	if err != nil {
		return Review{}, err
	}
	answers, err := known(ctx, s.db.Pool(), room.Interview)
	if err != nil {
		return Review{}, fmt.Errorf("read what is known: %w", err)
	}
	return review(room, answers), nil
}

// review works out what is left. Only whether a check has an answer matters to coverage, not which one.
func review(room Room, answers map[string]catalogue.Answer) Review {
	v := Review{Room: room, Left: checksOf(room.Edition, room.Draft.Left(room.Kit))}
	var findings []assessment.Finding
	for item, answer := range answers {
		findings = append(findings, assessment.Finding{ID: item, Answer: answer})
	}
	v.Before = coverage(room, findings)
	for _, a := range room.Draft {
		if a.Verdict != Open {
			findings = append(findings, assessment.Finding{ID: a.CheckID, Answer: a.Verdict})
		}
	}
	v.Now = coverage(room, findings)
	v.Full = v.Now
	for _, c := range v.Left {
		findings = append(findings, assessment.Finding{ID: c.ID, Answer: catalogue.Clear})
		with := coverage(room, findings)
		if with.Done > v.Full.Done {
			v.Counting = append(v.Counting, c)
		}
		v.Full = with
	}
	return v
}

func coverage(room Room, findings []assessment.Finding) assessment.Coverage {
	return assessment.Assess(room.Edition, assessment.Input{Findings: findings, Level: room.LevelID, Stage: room.StageID}).Coverage
}

// ended is SQL for when an interview i is planned to end.
const ended = `i.starts_at + make_interval(mins => i.minutes)`

// Listed is an interview as lists show it.
type Listed struct {
	ID         ID
	PersonID   person.ID
	PersonName string
	JobTitle   string
	StageID    string
	// Stage is the stage's title in the interview's edition.
	Stage     string `db:"-"`
	Edition   string
	StartsAt  time.Time
	Minutes   int
	Place     string
	Status    Status
	Questions int
	// Holders are the interviewers' names; Submitted counts the scorecards that are in.
	Holders   []string
	Submitted int
	// Own says that the viewer interviews, OwnIn that their scorecard is in, Answered how many verdicts they have drafted.
	Own      bool
	OwnIn    bool
	Answered int
}

// EndsAt is when the interview is planned to end.
func (l Listed) EndsAt() time.Time { return l.StartsAt.Add(time.Duration(l.Minutes) * time.Minute) }
