package interviews

import (
	"errors"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/interview"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/page"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/ui"
)

const section = "interviews"

// livenessCheck is the check beside which the challenges are shown.
const livenessCheck = "check-liveness-challenge"

// listView is the page of lists.
type listView struct {
	Mine   interview.Mine
	All    page.Slice[interview.Listed]
	Filter interview.Filter
}

func (v listView) where(when interview.When, status interview.Status, after string) string {
	return path.InterviewsWhere(string(when), string(status), v.Filter.Text, after)
}

func (v listView) chips() []ui.Chip {
	var chips []ui.Chip
	for _, c := range []struct {
		label string
		when  interview.When
	}{{"Upcoming", interview.Upcoming}, {"Past", interview.Past}} {
		chip := ui.Chip{Label: c.label, Href: v.where(c.when, v.Filter.Status, "")}
		if v.Filter.When == c.when {
			chip.State, chip.Href = ui.ChipOn, v.where(interview.AnyTime, v.Filter.Status, "")
		}
		chips = append(chips, chip)
	}
	for _, status := range []interview.Status{interview.Scheduled, interview.Done, interview.Cancelled} {
		chip := ui.Chip{Label: statusWord(status), Href: v.where(v.Filter.When, status, "")}
		if v.Filter.Status == status {
			chip.State, chip.Href = ui.ChipOn, v.where(v.Filter.When, "", "")
		}
		chips = append(chips, chip)
	}
	return chips
}

func (v listView) next() string {
	if v.All.Next == "" {
		return ""
	}
	return v.where(v.Filter.When, v.Filter.Status, v.All.Next)
}

func statusWord(s interview.Status) string {
	switch s {
	case interview.Scheduled:
		return "Scheduled"
	case interview.Done:
		return "All scorecards in"
	case interview.Cancelled:
		return "Cancelled"
	}
	return string(s)
}

// owed reports whether the call is over and scorecards are missing: to call it scheduled would say that it is to come.
func owed(l interview.Listed, now time.Time) bool {
	return l.Status == interview.Scheduled && l.StartsAt.Add(time.Duration(l.Minutes)*time.Minute).Before(now)
}

func statusTone(s interview.Status) ui.Tone {
	if s == interview.Done {
		return ui.Good
	}
	return ui.Neutral
}

// titleOf names an interview: "Screening call with Robin Castell".
func titleOf(stage, personName string) string { return stage + " with " + personName }

func stageTitle(ed *catalogue.Edition, stage string) string {
	if s, ok := ed.Stage(stage); ok {
		return s.Title
	}
	return "Interview"
}

// roomView is the room with one check in front.
type roomView struct {
	interview.Room
	Checks  []checkView
	Current int
	// Problem is what was wrong with the form just sent; EvidenceProblem with the evidence.
	Problem, EvidenceProblem string
}

// checkView is one check of the kit with the viewer's answer.
type checkView struct {
	*catalogue.Check
	Number   int
	Required bool
	Answer   interview.Answer
	Evidence []evidence.Item
	// Stored is what another window has stored meanwhile, while Answer holds what was typed here.
	Stored *interview.Answer
}

func newRoomView(room interview.Room, current string) roomView {
	v := roomView{Room: room}
	required := map[string]bool{}
	for _, c := range room.Edition.Required(room.LevelID) {
		required[c.ID] = true
	}
	first := -1
	for i, c := range room.Interview.Checks(room.Edition) {
		a := room.Draft[c.ID]
		v.Checks = append(v.Checks, checkView{Check: c, Number: i + 1, Required: required[c.ID], Answer: a,
			Evidence: room.EvidenceFor(c.ID, *room.Own)})
		if first < 0 && a.Verdict == interview.Open {
			first = i
		}
	}
	// Without a wish, the first check without an answer is in front: where one left off.
	v.Current = max(first, 0)
	if at := slices.IndexFunc(v.Checks, func(c checkView) bool { return c.ID == current }); at >= 0 {
		v.Current = at
	}
	return v
}

// typed puts what was just sent back into its form, and what stands against it beside it.
func (v *roomView) typed(a interview.Answer, cause error) {
	c := &v.Checks[v.Current]
	if c.ID != a.CheckID {
		return
	}
	var clash *interview.Clash
	if errors.As(cause, &clash) {
		c.Stored = &clash.Current
		a.Revision = clash.Current.Revision // sending again keeps what was typed, over what is now known
	}
	c.Answer = a
	v.Problem = problemOf(cause)
}

func (v roomView) title() string { return titleOf(stageTitle(v.Edition, v.StageID), v.PersonName) }

func (v roomView) answered() int { return len(v.Checks) - len(v.Draft.Left(v.Kit)) }

func (v roomView) now() checkView { return v.Checks[v.Current] }

// after names the check after the current one, or the way to submitting.
func (v roomView) after() string {
	if v.Current+1 < len(v.Checks) {
		return v.Checks[v.Current+1].ID
	}
	return "submit"
}

func (v roomView) before() string {
	if v.Current > 0 {
		return v.Checks[v.Current-1].ID
	}
	return v.Checks[v.Current].ID
}

// choice is one answer button: a radio with its meaning.
type choice struct {
	Answer catalogue.Answer
	Key    string
	Means  string
}

func (c checkView) choices(ed *catalogue.Edition) []choice {
	return []choice{
		{catalogue.Clear, "1", c.Clear}, {catalogue.Concern, "2", c.Concern}, {catalogue.RedFlag, "3", c.RedFlag},
		{catalogue.NotDone, "0", ed.Meta.Vocabularies.Answers.Meaning(string(catalogue.NotDone))},
	}
}

func (c checkView) position(total int) string {
	return strconv.Itoa(c.Number) + " of " + strconv.Itoa(total)
}

// challenges are the liveness challenges, two suggested ones first. Which two follows from the interview, so that
// they stay the same when the page is loaded again, and differ from one interview to the next.
func (v roomView) challenges() (suggested, others []*catalogue.Liveness) {
	all := v.Edition.Liveness
	if len(all) < 3 {
		return all, nil
	}
	sum := fnv.New64a()
	sum.Write([]byte(v.ID)) // a hash never fails
	n := len(all)
	first := int(sum.Sum64() % uint64(n))
	second := (first + 1 + int(sum.Sum64()>>32)%(n-1)) % n
	for i, c := range all {
		if i == first || i == second {
			suggested = append(suggested, c)
		} else {
			others = append(others, c)
		}
	}
	return suggested, others
}

// zoneOf names the person's claimed zone as a script and a person read it; empty when none is known.
func zoneOf(iv interview.Interview) string {
	if iv.PersonZone() == nil {
		return ""
	}
	return iv.PersonTimeZone
}

// submitView is the page before a scorecard is frozen.
type submitView struct {
	interview.Review
	Summary, Problem string
}

func (v submitView) title() string { return titleOf(stageTitle(v.Edition, v.StageID), v.PersonName) }

// count says how many answers of the draft have the verdict.
func (v submitView) count(verdict catalogue.Answer) int {
	n := 0
	for _, checkID := range v.Kit {
		if v.Draft[checkID].Verdict == verdict {
			n++
		}
	}
	return n
}

// wordless are the findings that the draft has no note on, in the order of the kit.
func (v submitView) wordless() []*catalogue.Check {
	var all []*catalogue.Check
	for _, c := range v.Checks(v.Edition) {
		a := v.Draft[c.ID]
		if (a.Verdict == catalogue.Concern || a.Verdict == catalogue.RedFlag) && a.Note == "" {
			all = append(all, c)
		}
	}
	return all
}

func (v submitView) counts(c *catalogue.Check) bool { return slices.Contains(v.Counting, c) }

// cardsView is the scorecards after submitting.
type cardsView struct {
	interview.Room
	Latest  []interview.Scorecard
	Problem string
}

func newCardsView(room interview.Room) cardsView {
	return cardsView{Room: room, Latest: interview.Latest(room.Cards)}
}

func (v cardsView) title() string { return titleOf(stageTitle(v.Edition, v.StageID), v.PersonName) }

func (v cardsView) checks() []*catalogue.Check { return v.Interview.Checks(v.Edition) }

// differing lists the checks on which the interviewers do not agree.
func (v cardsView) differing() []*catalogue.Check {
	return slices.DeleteFunc(v.checks(), func(c *catalogue.Check) bool { return !interview.Differs(v.Latest, c.ID) })
}

// versions are all numbers of one interviewer's card, oldest first.
func (v cardsView) versions(of account.ID) []interview.Scorecard {
	return slices.DeleteFunc(slices.Clone(v.Cards), func(c interview.Scorecard) bool { return c.UserID != of })
}

// changed lists the checks that differ between the versions of one card.
func (v cardsView) changed(versions []interview.Scorecard) []*catalogue.Check {
	return slices.DeleteFunc(v.checks(), func(c *catalogue.Check) bool {
		first, _ := versions[0].Answer(c.ID)
		return !slices.ContainsFunc(versions[1:], func(s interview.Scorecard) bool {
			a, _ := s.Answer(c.ID)
			return !a.Same(first) || len(a.Evidence) != len(first.Evidence)
		})
	})
}

func (v cardsView) own(c interview.Scorecard) bool { return v.Own != nil && v.Own.UserID == c.UserID }

// items are what is attached to one interviewer's answer, later additions included.
func (v cardsView) items(c interview.Scorecard, checkID string) []evidence.Item {
	return v.EvidenceFor(checkID, interview.Interviewer{UserID: c.UserID})
}

// amendView is the form for one answer of one's scorecard.
type amendView struct {
	interview.Room
	Check    checkView
	Versions []interview.Scorecard
	Form     amendForm
}

func newAmendView(room interview.Room, form amendForm) (amendView, error) {
	v := amendView{Room: room, Versions: room.OwnCards(), Form: form}
	check, known := room.Edition.Check(form.CheckID)
	if !known || len(v.Versions) == 0 {
		return v, apperr.Missing("answer")
	}
	last := v.Versions[len(v.Versions)-1]
	a, there := last.Answer(form.CheckID)
	if !there {
		return v, apperr.Missing("answer")
	}
	if form.errors == nil && form.problem == "" {
		v.Form.Verdict, v.Form.Note = a.Verdict, a.Note
	}
	v.Form.Number = last.Number
	v.Check = checkView{Check: check, Answer: interview.Answer{CheckID: check.ID, Verdict: v.Form.Verdict, Note: v.Form.Note},
		Evidence: room.EvidenceFor(check.ID, *room.Own)}
	return v, nil
}

// scheduleView is the form that plans an interview.
type scheduleView struct {
	interview.Offer
	Form planForm
}

// newScheduleView fills the form with a time tomorrow, the manager's usual length and the stage's kit.
func newScheduleView(r *http.Request, offer interview.Offer) scheduleView {
	f := planForm{minutes: "45", zone: request.User(r).TimeZone}
	tomorrow := offer.At.In(f.location()).AddDate(0, 0, 1)
	f.starts = time.Date(tomorrow.Year(), tomorrow.Month(), tomorrow.Day(), 10, 0, 0, 0, f.location()).Format(startLayout)
	for _, c := range offer.Kit {
		f.kit = append(f.kit, c.ID)
	}
	return scheduleView{Offer: offer, Form: f}
}

func holderOptions(holders []interview.Holder) []ui.Option {
	options := make([]ui.Option, len(holders))
	for i, h := range holders {
		options[i] = ui.Option{Value: string(h.ID), Label: h.Name, Help: account.User{Roles: h.Roles}.RoleTitles()}
	}
	return options
}

// planView is the page that changes a plan or calls the interview off.
type planView struct {
	interview.Room
	Offer               interview.Offer
	Form                planForm
	Reason, ReasonError string
}

func (v planView) title() string { return titleOf(stageTitle(v.Edition, v.StageID), v.PersonName) }

// problems are the messages of a refused form in the order of its fields.
func problems(fields map[string]string, order ...string) []ui.FieldError {
	var all []ui.FieldError
	for _, name := range order {
		if message := fields[name]; message != "" {
			all = append(all, ui.FieldError{Field: name, Message: message})
		}
	}
	return all
}
