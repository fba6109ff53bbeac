package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/assessment"
	"gatehouse/internal/cast"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/claim"
	"gatehouse/internal/evidence"
	"gatehouse/internal/flag"
	"gatehouse/internal/hiring"
	"gatehouse/internal/interview"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
)

// tale is one person's way, from the application to where they stand.
type tale struct {
	title   string
	story   string // id of the catalogue's scenario; empty for an ordinary candidate
	who     cast.Person
	number  int
	job     string
	channel string
	// daysAgo is when they applied; pace is how long a stage takes.
	daysAgo int
	pace    time.Duration
	// until is the last stage they reached; hired ones reach hiring.StageEmployed.
	until   string
	ending  ending
	reason  string
	found   []found
	clear   []string
	skipped []string // required checks that nobody answered: the gate is overridden
	// call is how far the interview of the last stage has come, where that stage is held as one.
	call call
	// partly says that not everything which is due at the last stage was answered yet.
	partly bool
	// later are findings that then brings.
	later []string
	// foundAgo is how long before now the findings of the last stage were made; zero is right after it was reached.
	foundAgo time.Duration
	// then is what happens once they stand where they stand.
	then func(context.Context, *teller, *walk) error
}

// ending is how an application ended, if it did.
type ending int

const (
	open ending = iota
	closed
	withdrawn
)

// call is how far an interview has come.
type call int

const (
	held     call = iota
	owed          // held, and one of two scorecards is still to come
	upcoming      // in the next days
	soon          // today, in a few minutes
)

// Soon is how long after the demo's moment the next interview begins.
const Soon = 12 * time.Minute

// found is a finding: what was answered, and what people made of it later.
type found struct {
	item   string
	answer catalogue.Answer
	note   string
	state  flag.State // empty leaves it open
	reason string
}

// walk is a person on their way.
type walk struct {
	tale
	person      person.ID
	application hiring.ApplicationID
	engagement  hiring.EngagementID
	job         job
	stage       string
	account     string
}

// walk tells one tale.
func (t *teller) walk(ctx context.Context, told tale) error {
	w := &walk{tale: told, job: t.jobs[told.job]}
	t.at(t.Now.AddDate(0, 0, -told.daysAgo).Add(-time.Duration(told.number%7) * time.Hour))
	t.after(0)
	if err := t.apply(ctx, w); err != nil {
		return fmt.Errorf("apply: %w", err)
	}
	for _, stage := range t.app.Features.Catalogue.Current().Stages {
		w.stage = stage.ID
		if stage.ID == w.until && w.foundAgo > 0 {
			t.at(t.Now.Add(-w.foundAgo))
		}
		if err := t.answer(ctx, w, t.dueAt(w, stage.ID)); err != nil {
			return fmt.Errorf("at %s: %w", stage.ID, err)
		}
		if stage.ID == w.until {
			break
		}
		t.after(w.pace)
		if err := t.advance(ctx, w); err != nil {
			return fmt.Errorf("after %s: %w", stage.ID, err)
		}
	}
	if err := t.settle(ctx, w); err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	if err := t.end(ctx, w); err != nil {
		return fmt.Errorf("end: %w", err)
	}
	if w.then == nil {
		return nil
	}
	return w.then(ctx, t, w)
}

// apply enters the candidate with what they say of themselves.
func (t *teller) apply(ctx context.Context, w *walk) (err error) {
	referrer := ""
	if w.channel == "channel-recommendation" {
		referrer = cast.NewDeck(uint64(w.number)).Deal().Name()
	}
	w.person, w.application, err = t.f.Hiring.AddCandidate(ctx, t.staff.of(authz.HR), hiring.NewCandidate{
		Person: person.New{Name: w.who.Name(), Location: w.who.Place.String(), TimeZone: w.who.Place.Zone,
			ChannelID: w.channel, ReferrerName: referrer},
		Claims: claimsOf(w.who, w.number), JobID: w.job.id})
	return err
}

// claimsOf is what everybody says of themselves.
func claimsOf(who cast.Person, n int) []claim.New {
	firm := func(i int) string { return firms[(n*3+i)%len(firms)] }
	return []claim.New{
		{Kind: claim.Name, Value: who.Name(), Source: "Application form"},
		{Kind: claim.Email, Value: who.Email(n), Source: "Application form"},
		{Kind: claim.Phone, Value: fmt.Sprintf("+999 555 %06d", n), Source: "Application form"},
		{Kind: claim.Location, Value: who.Place.String(), Source: "Application form"},
		{Kind: claim.TimeZone, Value: who.Place.Zone, Source: "Application form"},
		{Kind: claim.Employer, Value: firm(0), Detail: claim.Detail{Role: "Engineer", From: "2022-03"}, Source: "CV"},
		{Kind: claim.Employer, Value: firm(1), Detail: claim.Detail{Role: "Junior engineer", From: "2018-09", To: "2022-02"}, Source: "CV"},
		{Kind: claim.Education, Value: schools[n%len(schools)], Detail: claim.Detail{Role: "BSc Computing", From: "2014-10", To: "2018-07"}, Source: "CV"},
		{Kind: claim.Language, Value: "English", Detail: claim.Detail{Fluency: "fluent"}, Source: "CV"},
		{Kind: claim.Handle, Value: who.Handle(), Detail: claim.Detail{Service: "code host"}, Source: "CV"},
		{Kind: claim.Profile, Value: "https://people.example.com/" + who.Handle(), Source: "CV"},
	}
}

var (
	firms = []string{"Northwind Ledger", "Quarrel & Sons", "Halcyon Labs", "Bluefin Systems", "Tamarind Software", "Ostrich Robotics",
		"Cobalt Freight", "Meridian Maps", "Juniper Health", "Lantern Games", "Pebble Payments", "Saffron Cloud"}
	schools = []string{"Riverside Technical University", "Harbour College", "Institute of Applied Sciences", "Open Polytechnic", "Hillcrest University"}
)

// dueAt lists what is answered at a stage: findings, clear answers and required checks whose home it is, and at the
// last stage everything whose home lies beyond.
func (t *teller) dueAt(w *walk, stage string) []found {
	ed := t.app.Features.Catalogue.Current()
	var due []found
	taken := map[string]bool{}
	here := func(item string) bool {
		check, ok := ed.Check(item)
		return ok && !taken[item] && (check.Stage == stage || stage == w.until && t.beyond(check.Stage, w.until))
	}
	for _, f := range w.found {
		if here(f.item) {
			taken[f.item] = true
			due = append(due, f)
		}
	}
	for _, item := range w.clear {
		if here(item) {
			taken[item] = true
			due = append(due, found{item: item, answer: catalogue.Clear})
		}
	}
	for i, check := range ed.Required(w.job.level) {
		if check.Stage == stage && !taken[check.ID] && !slices.Contains(w.skipped, check.ID) && !(w.partly && stage == w.until && i%2 == 0) {
			due = append(due, found{item: check.ID, answer: catalogue.Clear})
		}
	}
	return due
}

// beyond reports whether a stage comes after another.
func (t *teller) beyond(stage, other string) bool {
	stages := t.app.Features.Catalogue.Current().Stages
	at := func(id string) int {
		return slices.IndexFunc(stages, func(s *catalogue.Stage) bool { return s.ID == id })
	}
	return at(stage) > at(other)
}

// calls are the stages that are held as interviews, and who holds them.
var calls = map[string][]string{
	"stage-screening-call":      {"interviewer"},
	"stage-technical-interview": {"interviewer2"},
}

// answer records what is due: on a call by its interviewers, else by whoever looks into it.
func (t *teller) answer(ctx context.Context, w *walk, due []found) error {
	if len(due) == 0 {
		return nil
	}
	t.after(w.pace / 3)
	if by := calls[w.stage]; by != nil {
		return t.hold(ctx, w, due, by)
	}
	for _, f := range due {
		if err := t.record(ctx, w, f); err != nil {
			return fmt.Errorf("%s: %w", f.item, err)
		}
	}
	return nil
}

// record is a check made outside an interview. A finding brings what it rests on.
func (t *teller) record(ctx context.Context, w *walk, f found) error {
	by := t.staff.of(authz.HR)
	if w.stage == hiring.StageEmployed {
		by = t.staff.of(authz.SecurityAnalyst)
	}
	t.after(7 * time.Minute)
	err := t.f.Assess.RecordCheck(ctx, by, w.person, assessment.RecordedCheck{CheckID: f.item, Answer: f.answer, Note: t.noteOf(f)})
	if err != nil || f.answer == catalogue.Clear {
		return err
	}
	return t.bring(ctx, w, by, f, evidence.Subject{Kind: evidence.OnAnswer, ID: string(w.person) + "/" + f.item})
}

// noteOf is what was written down: the story's words, or what the answer means.
func (t *teller) noteOf(f found) string {
	if f.note != "" {
		return f.note
	}
	if check, ok := t.app.Features.Catalogue.Current().Check(f.item); ok && f.answer != catalogue.Clear {
		return check.Meaning(f.answer)
	}
	return ""
}

// hold plans an interview and lets its interviewers answer and submit.
func (t *teller) hold(ctx context.Context, w *walk, due []found, by []string) error {
	plan := interview.Plan{StartsAt: atWork(t.now.Add(24 * time.Hour)).Truncate(time.Hour), Minutes: 45, Place: "Video call"}
	plan.Kit = t.kitOf(w, due)
	if w.stage == w.until {
		t.arrange(w, &plan)
	}
	if w.call != held && w.stage == w.until {
		by = []string{"interviewer", "interviewer2"}
	}
	for _, key := range by {
		plan.Interviewers = append(plan.Interviewers, account.ID(t.staff[key].ID))
	}
	interviewID, err := t.f.Interviews.Schedule(ctx, w.job.manager, w.application, plan)
	if err != nil || plan.StartsAt.After(t.Now) {
		return err
	}
	t.at(plan.StartsAt)
	if w.stage == w.until && w.call == owed {
		by = by[1:]
	}
	for _, key := range by {
		if err := t.sit(ctx, w, interviewID, t.staff[key], due); err != nil {
			return err
		}
	}
	return nil
}

// arrange puts an interview that is not over to its time.
func (t *teller) arrange(w *walk, plan *interview.Plan) {
	switch w.call {
	case owed:
		plan.StartsAt = t.Now.Add(-time.Duration(20+w.number%30) * time.Hour).Truncate(time.Hour)
	case upcoming:
		plan.StartsAt = atWork(t.Now.AddDate(0, 0, 1+w.number%5).Truncate(24 * time.Hour).Add(time.Duration(9+w.number%8) * time.Hour))
	case soon:
		plan.StartsAt = t.Now.Add(Soon).Truncate(time.Minute)
	}
}

// kitOf is what an interview asks: what is due, and what the job's level wants asked at the stage. What of that is
// settled only later stays unanswered for now.
func (t *teller) kitOf(w *walk, due []found) []string {
	var kit []string
	for _, f := range due {
		kit = append(kit, f.item)
	}
	ed := t.app.Features.Catalogue.Current()
	for _, check := range ed.Required(w.job.level) {
		if !slices.Contains(kit, check.ID) && (check.Stage == w.stage || slices.Contains(check.AlsoStages, w.stage)) {
			kit = append(kit, check.ID)
		}
	}
	return kit
}

// sit answers every check of an interview as one interviewer, and submits.
func (t *teller) sit(ctx context.Context, w *walk, interviewID interview.ID, actor authz.Actor, due []found) error {
	for _, f := range due {
		t.after(4 * time.Minute)
		if _, err := t.f.Interviews.SaveAnswer(ctx, actor, interviewID, interview.Answer{CheckID: f.item, Verdict: f.answer, Note: t.noteOf(f)}); err != nil {
			return err
		}
		if f.answer == catalogue.RedFlag {
			if err := t.bring(ctx, w, actor, f, interview.AnswerSubject(interviewID, f.item, account.ID(actor.ID))); err != nil {
				return err
			}
		}
	}
	t.after(5 * time.Minute)
	return t.f.Interviews.Submit(ctx, actor, interviewID, interview.Submission{Mark: len(due), Summary: summaryOf(due)})
}

func summaryOf(due []found) string {
	doubts := 0
	for _, f := range due {
		if f.answer != catalogue.Clear {
			doubts++
		}
	}
	if doubts == 0 {
		return "A good talk; nothing left open."
	}
	return fmt.Sprintf("%d of %d checks left a question, see the notes.", doubts, len(due))
}

// advance moves the application one stage on, or hires. What blocks is let pass by the security lead where the tale
// says that checks were skipped or findings accepted.
func (t *teller) advance(ctx context.Context, w *walk) error {
	err := t.next(ctx, w)
	blocked, ok := hiring.AsBlocked(err)
	if !ok {
		return err
	}
	a, err := t.f.Hiring.Application(ctx, t.staff.of(authz.HR), w.application)
	if err != nil {
		return err
	}
	lead := t.staff.of(authz.SecurityLead)
	err = t.f.Hiring.Override(ctx, lead, hiring.Override{ApplicationID: w.application, Version: a.Version, To: blocked.Gate.To.ID,
		Items: blocked.Gate.Items(), Reason: "The team needs the person before the end of the quarter; to be made good in the first month."})
	if err != nil {
		return fmt.Errorf("override %s: %w", strings.Join(blocked.Gate.Items(), ", "), err)
	}
	t.after(20 * time.Minute)
	return t.next(ctx, w)
}

func (t *teller) next(ctx context.Context, w *walk) error {
	a, err := t.f.Hiring.Application(ctx, t.staff.of(authz.HR), w.application)
	if err != nil {
		return err
	}
	if w.stage == hiring.StageOnboarding {
		return t.hire(ctx, w, a)
	}
	stages := t.app.Features.Catalogue.Current().Stages
	at := slices.IndexFunc(stages, func(s *catalogue.Stage) bool { return s.ID == w.stage })
	return t.f.Hiring.Move(ctx, w.job.manager, hiring.Move{ApplicationID: w.application, Version: a.Version, To: stages[at+1].ID})
}

func (t *teller) hire(ctx context.Context, w *walk, a hiring.Application) (err error) {
	w.account = w.who.Handle() + "@corp.example.com"
	kinds := hiring.EngagementKinds()
	w.engagement, err = t.f.Hiring.Hire(ctx, t.staff.of(authz.HR), hiring.Hire{ApplicationID: w.application, Version: a.Version, Terms: hiring.Terms{
		Kind: kinds[w.number%len(kinds)], Title: w.job.title, ManagerID: w.job.manager.ID, StartedOn: t.now,
		Device: "Laptop, 14 inch", DeviceSerial: fmt.Sprintf("GH-%05d", 20_000+w.number),
		Accounts: []hiring.Account{{System: "Mail", Account: w.account}, {System: "Code host", Account: w.who.Handle()}}}})
	return err
}

// settle gives findings the disposition that the tale has for them.
func (t *teller) settle(ctx context.Context, w *walk) error {
	if err := t.hear(ctx, w); err != nil {
		return err
	}
	for _, f := range w.found {
		if f.state == "" || f.state == flag.Open {
			continue
		}
		t.after(3 * time.Hour)
		if err := t.dispose(ctx, w, f); err != nil {
			return fmt.Errorf("dispose %s: %w", f.item, err)
		}
	}
	return nil
}

func (t *teller) dispose(ctx context.Context, w *walk, f found) error {
	flagged, err := t.flagOf(ctx, w, f.item)
	if err != nil {
		return err
	}
	analyst := t.staff.of(authz.SecurityAnalyst)
	if err := t.bring(ctx, w, analyst, f, evidence.Subject{Kind: evidence.OnFlag, ID: string(flagged.ID)}); err != nil {
		return err
	}
	if err := t.f.Assess.Dispose(ctx, analyst, flagged.ID, flagged.Version, f.state, f.reason, nil); err != nil {
		return err
	}
	if flagged, err = t.flagOf(ctx, w, f.item); err != nil || !flagged.NeedsSecond() {
		return err
	}
	t.after(time.Hour)
	return t.f.Assess.Second(ctx, t.staff.of(authz.SecurityLead), flagged.ID, flagged.Version)
}

func (t *teller) flagOf(ctx context.Context, w *walk, item string) (flag.Flag, error) {
	flags, err := t.f.Flags.ForPerson(ctx, t.db.Pool(), w.person)
	if err != nil {
		return flag.Flag{}, err
	}
	at := slices.IndexFunc(flags, func(f flag.Flag) bool { return f.ItemID == item && f.WithdrawnAt == nil })
	if at < 0 {
		return flag.Flag{}, errors.New("no flag of this finding")
	}
	return flags[at], nil
}

// end closes the application where the tale says so.
func (t *teller) end(ctx context.Context, w *walk) error {
	if w.ending == open {
		return nil
	}
	t.after(w.pace)
	a, err := t.f.Hiring.Application(ctx, t.staff.of(authz.HR), w.application)
	if err != nil {
		return err
	}
	return t.f.Hiring.CloseApplication(ctx, t.staff.of(authz.HR), hiring.Closing{
		ApplicationID: w.application, Version: a.Version, Withdrawn: w.ending == withdrawn, Reason: w.reason})
}
