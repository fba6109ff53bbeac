package candidates

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"gatehouse/internal/assessment"
	"gatehouse/internal/candidate"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/flag"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
	"gatehouse/web/ui"
)

// showView is one candidate's page with its labels.
type showView struct {
	candidate.View
	ed       *catalogue.Edition
	maxBytes int64            // how long a file of evidence may be
	Next     *catalogue.Stage // nil at the end of the way, or without an application under way
	// Open are the flags without an answer, Settled the others.
	Open, Settled []candidate.Flag
}

func newShowView(ed *catalogue.Edition, v candidate.View, maxBytes int64) showView {
	s := showView{View: v, ed: ed, maxBytes: maxBytes}
	if v.Head.ApplicationStatus == "active" {
		s.Next = nextStage(ed, v.Head.StageID)
	}
	for _, f := range v.Flags {
		if f.Unanswered() || f.NeedsSecond() {
			s.Open = append(s.Open, f)
			continue
		}
		s.Settled = append(s.Settled, f)
	}
	return s
}

// resting reports whether open flags wait for nobody because hiring has ended.
func (v showView) resting() bool {
	return slices.ContainsFunc(v.Open, func(f candidate.Flag) bool { return f.Rests })
}

func nextStage(ed *catalogue.Edition, stageID string) *catalogue.Stage {
	stage, ok := ed.Stage(stageID)
	if !ok || stage.Order+1 >= len(ed.Stages) {
		return nil
	}
	return ed.Stages[stage.Order+1]
}

// gateAhead is the stage whose gate somebody with the right to do so is asked about: the offer, which asks for all
// that comes before it, or what follows for whoever has come that far.
func (v showView) gateAhead() string {
	if offer, ok := v.ed.Stage(hiring.StageOffer); ok && v.Next.Order < offer.Order {
		return offer.ID
	}
	return v.Next.ID
}

// blocked reports whether something has to be done before the next stage.
func (v showView) blocked() bool { return len(v.Missing) > 0 || len(v.Blocking) > 0 }

// move is what the one primary action of the page is.
type move string

const (
	moveNone   move = ""
	moveOn     move = "on"     // to the next stage
	moveHire   move = "hire"   // make it an engagement
	moveRecord move = "record" // answer the first of the missing checks
	moveAnswer move = "answer" // answer the first of the flags that block
)

// primary chooses the action that takes this candidate further, for whoever looks.
func (v showView) primary(actor authz.Actor) move {
	switch {
	case v.Next == nil || v.Withheld:
		return moveNone
	case len(v.Missing) > 0 && actor.May(authz.CheckRecord):
		return moveRecord
	case len(v.Missing) == 0 && v.blocked() && actor.May(authz.FlagDispose):
		return moveAnswer
	case v.blocked() || !actor.May(authz.ApplicationMove):
		return moveNone
	case v.Next.Order >= hireFrom(v.ed):
		return moveHire
	}
	return moveOn
}

// hireFrom is the place of the stage from which somebody is engaged: the one after the offer.
func hireFrom(ed *catalogue.Edition) int {
	if s, ok := ed.Stage("stage-onboarding"); ok {
		return s.Order
	}
	return len(ed.Stages) - 1
}

func (v showView) tabs() []ui.Tab {
	tab := func(t candidate.Tab, label string, count int) ui.Tab {
		tab := ui.Tab{Label: label, Href: path.CandidateTab(v.Head.ID, string(t))}
		if count >= 0 {
			tab.Count = strconv.Itoa(count)
		}
		if v.Tab == t {
			tab.Here = ui.Current
		}
		return tab
	}
	return []ui.Tab{
		tab(candidate.TabClaims, "Claims", v.Claims),
		tab(candidate.TabInterviews, "Interviews", v.Head.InterviewCount),
		tab(candidate.TabEvidence, "Evidence", v.Evidence),
		tab(candidate.TabHistory, "History", -1),
	}
}

func (v showView) coverage() float64 { return float64(v.Head.Coverage) / 100 }

// title is the title of a check or signal.
func (v showView) title(itemID string) string {
	if item, ok := v.ed.Item(itemID); ok {
		return item.Title
	}
	return itemID
}

// stage is where the candidate stands, in words.
func (v showView) stage() string {
	switch {
	case v.Head.Status != person.Candidate:
		return v.Head.Status.Title()
	case v.Head.StageID == "":
		return "No application"
	}
	return stageTitle(v.ed, v.Head.StageID)
}

// ended says how the application ended; the day follows.
func (v showView) ended() string {
	words := "This application has ended. "
	switch {
	case v.Head.EndedAt == nil:
		return words
	case v.Head.ApplicationStatus == "withdrawn":
		return words + "The candidate withdrew on "
	}
	return words + "Closed on "
}

// because is the heading over the reasons: with nothing to show it says what that means.
func (v showView) because() string { return "Why " + strings.ToLower(bandWord(v.Head.Band)) }

// gone reports whether nobody checks this person any more.
func (v showView) gone() bool {
	return v.Head.Status == person.Closed || v.Head.Status == person.Former
}

// allAsked says that nothing is left of what is asked by now, and who asks next: known in full up to a stage is not known
// in full.
func (v showView) allAsked() string {
	const answered = "All checks that are asked by now are answered. "
	if next := v.asksNext(); next != nil {
		return answered + "The stage " + next.Title + " asks next."
	}
	return answered + "No later stage asks for more."
}

// asksNext is the stage that asks for checks after those that are asked by now, or nil.
func (v showView) asksNext() *catalogue.Stage {
	all := v.ed.Checks
	if level, ok := v.ed.Level(v.Head.LevelID); ok {
		all = v.ed.Required(level.ID)
	}
	asked := 0
	for _, c := range v.Assessment.Claims {
		asked += c.Total
	}
	at, ok := v.ed.Stage(v.Head.StageID)
	if !ok || asked >= len(all) { // a level that asks for nothing so early is asked whole
		return nil
	}
	for _, stage := range v.ed.Stages[at.Order+1:] {
		if slices.ContainsFunc(all, func(c *catalogue.Check) bool { return c.Stage == stage.ID }) {
			return stage
		}
	}
	return nil
}

// effort is how much work a check is for a person, in words. All of it is a person's work: what the catalogue says
// could be automated is comparing and looking up, which is quickly done by hand, not something done already.
func effort(e assessment.Effort) string {
	switch e {
	case assessment.EffortAutomatic:
		return "Little work"
	case assessment.EffortAssisted:
		return "Some work"
	}
	return "Much work"
}

// agreementMark is a claim's state as shape, word and colour.
func agreementMark(a candidate.Agreement) templ.Component {
	switch a {
	case candidate.Agrees:
		return ui.BadgeIcon(ui.Good, ui.IconCheck, "Agrees")
	case candidate.AgreesSoFar:
		return ui.BadgeIcon(ui.Neutral, ui.IconCircleDashed, "Agrees so far")
	case candidate.Explained:
		return ui.BadgeIcon(ui.Neutral, ui.IconCheck, "Explained")
	case candidate.Doubtful:
		return ui.BadgeIcon(ui.Warn, ui.IconAlertTriangle, "In doubt")
	case candidate.Conflicts:
		return ui.BadgeIcon(ui.High, ui.IconFlag, "Conflict")
	}
	return ui.BadgeIcon(ui.Neutral, ui.IconMinus, "Unproven")
}

// originOf says where a finding comes from, in words.
func originOf(kind string) string {
	switch kind {
	case flag.FromAnswer:
		return "Interview"
	case flag.FromSignal:
		return "Signal"
	}
	return "Recorded check"
}

// clearedUp reports that nothing is open and something was explained: the explanation is then what the file says.
func (v showView) clearedUp() bool {
	return len(v.Open) == 0 && slices.ContainsFunc(v.Settled, func(f candidate.Flag) bool { return f.State == flag.Explained && f.WithdrawnAt == nil })
}

// answered reports whether somebody gave the flag a disposition that stands.
func answered(f candidate.Flag) bool {
	return f.DisposedAt != nil && f.WithdrawnAt == nil && f.State != flag.Open
}

// mostNoted and longNoted bound what stands beside a reason: the flag itself has all of it.
const mostNoted, longNoted = 2, 240

// noted is what was written down where the reason was found, of the findings that count; not what its sentence says anyway.
func (v showView) noted(r assessment.Reason) []string {
	var all []string
	for _, f := range v.Flags {
		if f.ItemID != r.ID || strings.Contains(r.Sentence, strings.TrimSuffix(f.Summary, ".")) || f.State == flag.Explained || f.WithdrawnAt != nil || f.Summary == "" || len(all) == mostNoted {
			continue
		}
		words := []rune(f.Summary)
		if len(words) > longNoted {
			words = append(words[:longNoted], '…')
		}
		all = append(all, string(words))
	}
	return all
}

// explanation is what the finding was explained with, or nothing.
func (v showView) explanation(s candidate.Seen) string {
	for _, f := range v.Flags {
		if s.State == flag.Explained && f.ItemID == s.ItemID && f.OriginKind == s.OriginKind && f.OriginID == s.OriginID && answered(f) {
			return f.Reason
		}
	}
	return ""
}

// settledAs says what became of a flag that waits no more.
func settledAs(f candidate.Flag) string {
	switch {
	case f.WithdrawnAt != nil:
		return "Taken back: the answer was amended."
	case f.State == flag.Open:
		return "Noted as a concern; nobody is asked to answer it."
	}
	text := f.Reason
	if f.DisposedByName != "" {
		text += " – " + f.DisposedByName
	}
	if f.SecondedByName != "" {
		text += ", agreed by " + f.SecondedByName
	}
	return text
}

// settledAt is when that came about; zero for a concern that was only noted.
func settledAt(f candidate.Flag) time.Time {
	switch {
	case f.WithdrawnAt != nil:
		return *f.WithdrawnAt
	case f.SecondedAt != nil:
		return *f.SecondedAt
	case f.DisposedAt != nil:
		return *f.DisposedAt
	}
	return time.Time{}
}

// may asks for the viewer's permission; templates hide by it what would be refused.
func may(ctx context.Context, p authz.Permission) bool { return authz.Can(ctx, p) }

// deeds are audit actions whose own words mean little to whoever does not read logs.
var deeds = map[string]string{
	"flag.disposed": "Flag answered", "flag.seconded": "Second person agreed", "flag.withdrawn": "Finding taken back",
	"assessment.moved": "Band changed", "gate.overridden": "Check let pass", "signals.assessed": "Signals taken up",
}

// happened says in words what an audit action was.
func happened(action string) string {
	if deed, ok := deeds[action]; ok {
		return deed
	}
	noun, verb, ok := strings.Cut(action, ".")
	if !ok {
		return action
	}
	words := strings.ReplaceAll(noun+" "+verb, "-", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}

// doer is who did it, for people: parts of the program and machines are known to the log by labels of their own.
func doer(by string) string {
	if strings.HasPrefix(by, "system:") {
		return "Gatehouse"
	}
	return strings.TrimPrefix(by, "token:")
}

// eventIcon goes by what was acted on.
func eventIcon(action string) ui.IconName {
	noun, _, _ := strings.Cut(action, ".")
	switch noun {
	case "flag":
		return ui.IconFlag
	case "assessment":
		return ui.IconGauge
	case "evidence":
		return ui.IconPaperclip
	case "interview", "scorecard":
		return ui.IconMessage2
	case "application", "gate":
		return ui.IconArrowRight
	case "check":
		return ui.IconClipboardCheck
	case "signal", "signals":
		return ui.IconActivity
	}
	return ui.IconHistory
}

// eventDetail puts an entry's facts into one line: which check, from where to where.
func (v showView) eventDetail(e candidate.Event) string {
	var parts []string
	for _, key := range []string{"item", "check"} {
		if id, ok := e.Detail[key].(string); ok {
			parts = append(parts, v.title(id))
			break
		}
	}
	if answer, ok := e.Detail["answer"].(string); ok {
		parts = append(parts, strings.ReplaceAll(answer, "-", " "))
	}
	from, _ := e.Detail["from"].(string)
	to, _ := e.Detail["to"].(string)
	if to != "" {
		change := v.word(to)
		if from != "" {
			change = v.word(from) + " → " + change
		}
		parts = append(parts, change)
	}
	return strings.Join(parts, " · ")
}

// word is a stage's title, or the value itself.
func (v showView) word(value string) string { return stageTitle(v.ed, value) }
