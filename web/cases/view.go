package cases

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/incident"
	"gatehouse/internal/inventory"
	"gatehouse/internal/payment"
	"gatehouse/internal/platform/page"
	"gatehouse/web/parts"
	"gatehouse/web/path"
	"gatehouse/web/ui"
)

// form describes the form for new evidence on a step or on the case.
func (h *Handlers) form(c incident.Case, kind, subject, back string) parts.EvidenceForm {
	return parts.EvidenceForm{PersonID: c.PersonID, CaseID: string(c.ID), SubjectKind: kind, SubjectID: subject,
		Back: back, MaxBytes: h.evidence.MaxBytes()}
}

func within(sv incident.StepView) string { return string(sv.Case.ID) + "/" + sv.Step.StepID }

// dossierView is the dossier with what may be chosen as a file.
type dossierView struct {
	incident.View
	Fields  []incident.FieldView
	Items   []evidence.Item
	Edition *catalogue.Edition
}

// workplaces are the parts of the case that steps are worked on in.
var workplaces = map[string]struct {
	tab, title string
	register   incident.Register // whose readers see the part; none means whole members alone
}{
	"step-stop-payments":        {"money", "Money", incident.RegisterMoney},
	"step-collect-payment-data": {"money", "Money", incident.RegisterMoney},
	"step-list-access":          {"access", "Access", incident.RegisterAccess},
	"step-trim-top-rights":      {"access", "Access", incident.RegisterAccess},
	"step-review-permissions":   {"access", "Access", incident.RegisterAccess},
	"step-revoke-access":        {"access", "Access", incident.RegisterAccess},
	"step-collect-dossier":      {"dossier", "Dossier", incident.RegisterDossier},
	"step-clear-subject":        {"outcome", "Outcome", ""},
	"step-decide":               {"outcome", "Outcome", ""},
	"step-close-case":           {"outcome", "Outcome", ""},
}

// workplace leads to where the step is worked on, if that is elsewhere in the case and the reader sees it.
func workplace(v incident.StepView) ui.Action {
	at, found := workplaces[v.Step.StepID]
	if !found || v.Case.Sees != incident.Whole && !v.Case.SeesRegister(at.register) {
		return ui.Action{}
	}
	return ui.Action{Label: at.title, Href: path.CaseTab(v.Case.ID, at.tab)}
}

// phase is one phase of the playbook with its steps.
type phase struct {
	Phase   catalogue.Phase
	Steps   []*incident.Step
	Settled int
}

// anchor is the phase's place on the page of the playbook.
func (p phase) anchor() string { return "phase-" + string(p.Phase) }

// progress is how many of the phase's steps are settled, in words.
func (p phase) progress() string {
	return strconv.Itoa(p.Settled) + " of " + strconv.Itoa(len(p.Steps))
}

func phaseTitle(p catalogue.Phase) string { return strings.ToUpper(string(p)[:1]) + string(p)[1:] }

// phases groups the steps; phases without any are left out.
func phases(steps []incident.Step) []phase {
	known := catalogue.Phases()
	all := make([]phase, len(known))
	for i := range all {
		all[i].Phase = known[i]
	}
	for i := range steps {
		s := &steps[i]
		p := &all[slices.Index(known, s.Item.Phase)]
		p.Steps = append(p.Steps, s)
		if s.State.Settled() {
			p.Settled++
		}
	}
	return slices.DeleteFunc(all, func(p phase) bool { return len(p.Steps) == 0 })
}

// stepper shows how far each phase is.
func stepper(v incident.View) []ui.Step {
	var steps []ui.Step
	for _, p := range phases(v.Steps) {
		s := ui.Step{Label: phaseTitle(p.Phase), Note: p.progress(), Href: path.Case(v.Case.ID) + "#" + p.anchor()}
		switch {
		case p.Settled == len(p.Steps):
			s.State = ui.StepDone
		case p.Phase == v.Case.Phase:
			s.State = ui.StepNow
		}
		steps = append(steps, s)
	}
	return steps
}

// tabs are the views that the reader has of the case.
func tabs(v incident.View, here string) []ui.Tab {
	c := v.Case
	var all []ui.Tab
	add := func(name, label string, count int) {
		t := ui.Tab{Label: label, Href: path.Case(c.ID)}
		if name != "" {
			t.Href = path.CaseTab(c.ID, name)
		}
		if count > 0 {
			t.Count = strconv.Itoa(count)
		}
		if name == here {
			t.Here = ui.Current
		}
		all = append(all, t)
	}
	whole := c.Sees == incident.Whole
	if whole {
		add("", "Playbook", 0)
		add("timeline", "Timeline", 0)
	} else {
		add("", "Tasks", 0)
	}
	if c.SeesRegister(incident.RegisterAccess) {
		add("access", "Access", v.Access.Total)
	}
	if c.SeesRegister(incident.RegisterMoney) {
		add("money", "Money", v.Payments)
	}
	if c.SeesRegister(incident.RegisterDossier) {
		add("dossier", "Dossier", 0)
	}
	if whole {
		add("evidence", "Evidence", v.Evidence)
		add("notes", "Notes", v.Notes)
		add("outcome", "Outcome", 0)
		add("members", "Members", len(v.Members))
	}
	return all
}

// seenBy says who can see the case.
func seenBy(v incident.View) string {
	if v.Case.Sees != incident.Whole {
		return "You see your own tasks of this case"
	}
	if len(v.Members) == 1 {
		return "Only you can see this case"
	}
	return fmt.Sprintf("Only these %d people can see this case", len(v.Members))
}

func memberNames(v incident.View) []string {
	names := make([]string, len(v.Members))
	for i, m := range v.Members {
		names[i] = m.Name
	}
	return names
}

func crumbs(v incident.View, last string) []ui.Crumb {
	all := []ui.Crumb{{Label: "Cases", Href: path.Cases}}
	if last == "" {
		return append(all, ui.Crumb{Label: v.Case.CodeName})
	}
	return append(all, ui.Crumb{Label: v.Case.CodeName, Href: path.Case(v.Case.ID)}, ui.Crumb{Label: last})
}

func stepIcon(s *incident.Step) ui.IconName {
	switch {
	case s.State == incident.Done:
		return ui.IconCircleCheck
	case s.State == incident.Skipped, s.State == incident.NotApplicable:
		return ui.IconMinus
	case s.Locked():
		return ui.IconLock
	}
	return ui.IconCircle
}

func ownerWords(s *incident.Step) string {
	role := functionTitle(s.OwnerRole)
	if s.Owner != "" {
		return role + ", " + s.Owner
	}
	return role
}

func functionTitle(role catalogue.OwnerRole) string { return incident.Function(role).Title() }

// lower brings a sentence into the middle of another; quoted words and abbreviations stay as they are.
func lower(s string) string {
	if s == "" || s[0] < 'A' || s[0] > 'Z' || len(s) > 1 && s[1] >= 'A' && s[1] <= 'Z' {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// decisionLocks is what comes before an outcome in the playbook.
func decisionLocks(v incident.View) []incident.Lock {
	s, _ := v.Step("step-decide")
	return s.Locks
}

// undecided is the playbook's own step of deciding where the outcome is agreed and the step still open, else nil.
func undecided(v incident.View) *incident.Step {
	if s, found := v.Step("step-decide"); found && v.Case.Agreed() != "" && v.Case.Works() && s.State == incident.Open {
		return &s
	}
	return nil
}

// decidedEarly is who gave which reason for deciding before the steps that the decision follows, if somebody did.
func decidedEarly(v incident.View) string {
	s, _ := v.Step("step-decide")
	if s.OverrideReason == "" || v.Case.Proposed() == "" && v.Case.Agreed() == "" {
		return ""
	}
	return s.Overrider + ": " + s.OverrideReason
}

// tooEarly is what comes before taking all access away, as long as any is left to take.
func tooEarly(v incident.View) []incident.Lock {
	s, found := v.Step("step-revoke-access")
	if !found || !s.Locked() || v.Case.Closed() || len(v.Facts.OpenGrants) == 0 {
		return nil
	}
	return s.Locks
}

func lockTexts(locks []incident.Lock) []string {
	return incident.Sentences(locks)
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func grantTone(s inventory.State) ui.Tone {
	switch s {
	case inventory.Listed:
		return ui.Warn
	case inventory.Revoked:
		return ui.Info
	case inventory.Attested:
		return ui.Good
	}
	return ui.Neutral
}

func grantTitle(s inventory.State) string {
	switch s {
	case inventory.Listed:
		return "In place"
	case inventory.Revoked:
		return "Revoked, to be attested"
	case inventory.Attested:
		return "Attested as gone"
	}
	return "Restored"
}

func paymentTone(p payment.Payment) ui.Tone {
	switch {
	case p.Unstopped():
		return ui.Warn
	case p.State == payment.Stopped, p.State == payment.Returned:
		return ui.Good
	}
	return ui.Neutral
}

// answerWords is what was answered, or that a signal raised it, in words.
func answerWords(a catalogue.Answer) string { return sentence(strings.ReplaceAll(string(a), "-", " ")) }

func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// findingState says in a word how a finding stands.
func findingState(f incident.Finding) string { return sentence(string(f.Standing())) }

// moveVerb is the button that brings a payment into the state.
func moveVerb(from, to payment.State) string {
	switch {
	case to == payment.Stopped:
		return "Stop"
	case to == payment.Recalled:
		return "Recall"
	case to == payment.Returned:
		return "Mark as returned"
	case to == payment.Planned:
		return "Plan again"
	case from == payment.Recalled:
		return "Recall refused"
	}
	return "Mark as paid"
}

func paymentMethods() []ui.Option {
	var options []ui.Option
	for _, m := range payment.Methods() {
		options = append(options, ui.Option{Value: string(m), Label: m.Title()})
	}
	return options
}

func paymentStates() []ui.Option {
	var options []ui.Option
	for _, s := range payment.States() {
		options = append(options, ui.Option{Value: string(s), Label: sentence(string(s))})
	}
	return options
}

func outcomeOptions() []ui.Option {
	var options []ui.Option
	for _, o := range incident.Outcomes() {
		options = append(options, ui.Option{Value: string(o), Label: o.Title(), Help: o.Meaning()})
	}
	return options
}

func functionOptions() []ui.Option {
	var options []ui.Option
	for _, f := range incident.Functions() {
		options = append(options, ui.Option{Value: string(f), Label: f.Title()})
	}
	return options
}

func candidateOptions(v incident.View, candidates []incident.Candidate) []ui.Option {
	options := []ui.Option{{Label: "Choose…"}}
	for _, c := range candidates {
		titles := make([]string, len(c.Roles))
		for i, r := range c.Roles {
			titles[i] = r.Title()
		}
		options = append(options, ui.Option{Value: c.UserID, Label: c.Name + " (" + strings.Join(titles, ", ") + ")"})
	}
	for _, m := range v.Members {
		options = append(options, ui.Option{Value: m.UserID, Label: m.Name + " (member: " + m.Function.Title() + ")"})
	}
	return options
}

func ownerOptions(owners []incident.Member) []ui.Option {
	options := []ui.Option{{Label: "Nobody yet"}}
	for _, m := range owners {
		options = append(options, ui.Option{Value: m.UserID, Label: m.Name + " (" + m.Function.Title() + ")"})
	}
	return options
}

func itemOptions(items []evidence.Item) []ui.Option {
	options := []ui.Option{{Label: "Choose…"}}
	for _, i := range items {
		options = append(options, ui.Option{Value: string(i.ID), Label: i.Title + " (" + evidence.KindTitle(i.Kind) + ")"})
	}
	return options
}

// insideCase divides the evidence into what was collected in the case and what the subject's record holds.
func insideCase(items []evidence.Item) (inside, record []evidence.Item) {
	for _, i := range items {
		if i.CaseID != nil {
			inside = append(inside, i)
			continue
		}
		record = append(record, i)
	}
	return inside, record
}

// shownValue is an entry's value for people: a channel has a title, yes and no are words.
func shownValue(ed *catalogue.Edition, field *catalogue.Field, value string) string {
	switch field.Type {
	case "enum":
		if channel, known := ed.Channel(value); known {
			return channel.Title
		}
	case "bool":
		return sentence(value)
	}
	return value
}

func channelOptions(ed *catalogue.Edition) []ui.Option {
	options := []ui.Option{{Label: "Choose…"}}
	for _, c := range ed.Channels {
		options = append(options, ui.Option{Value: c.ID, Label: c.Title})
	}
	return options
}

var yesNo = []ui.Option{{Value: incident.Yes, Label: "Yes"}, {Value: incident.No, Label: "No"}}

// isOpen reports whether a field of the dossier stands unfolded: while something is wrong with one of its forms.
func isOpen(again retry, fieldID string) bool {
	return slices.Contains([]string{"entry-" + fieldID, "gap-" + fieldID}, again.At)
}

func fieldState(f incident.FieldView) (ui.Tone, string) {
	switch {
	case len(f.Entries) > 0:
		return ui.Good, ui.Plural(len(f.Entries), "entry", "entries")
	case f.Gap != nil:
		return ui.Neutral, "Gap explained"
	}
	return ui.Warn, "Open"
}

// byOpening divides a page of the timeline at the opening of the case.
func byOpening(events []incident.Event) (since, before []incident.Event) {
	for i, e := range events {
		if e.Before {
			return events[:i], events[i:]
		}
	}
	return events, nil
}

func eventIcon(e incident.Event) ui.IconName {
	noun, _, _ := strings.Cut(e.Kind, ".")
	switch noun {
	case "flag":
		return ui.IconFlag
	case "evidence":
		return ui.IconPaperclip
	case "grant":
		return ui.IconKey
	case "payment":
		return ui.IconCash
	case "dossier":
		return ui.IconFileText
	case "signal":
		return ui.IconActivity
	case "check", "scorecard":
		return ui.IconChecklist
	case "assessment":
		return ui.IconGauge
	case "case":
		return ui.IconShieldLock
	}
	return ui.IconUser
}

func eventHref(c incident.Case, e incident.Event) string {
	switch {
	case e.EvidenceID != "":
		return path.Evidence(e.EvidenceID)
	case e.StepID != "":
		return path.CaseStep(c.ID, e.StepID)
	}
	return ""
}

func eventTone(e incident.Event) ui.Tone {
	switch e.Kind {
	case "case.opened", "case.closed", "case.outcome_agreed":
		return ui.Info
	case "flag.raised":
		return ui.Warn
	}
	return ui.Neutral
}

func pages[T any](s page.Slice[T], base string) ui.Pages {
	if s.Next == "" {
		return ui.Pages{}
	}
	sep := "?"
	if strings.Contains(base, "?") {
		sep = "&"
	}
	return ui.Pages{Next: base + sep + "after=" + s.Next}
}

func statusChips(f incident.Filter) []ui.Chip {
	var chips []ui.Chip
	for _, s := range []incident.Status{incident.StatusOpen, incident.StatusClosed} {
		c := ui.Chip{Label: sentence(string(s)), Href: path.Cases + "?status=" + string(s)}
		if f.Status == s {
			c.State, c.Href = ui.ChipOn, path.Cases
		}
		chips = append(chips, c)
	}
	return chips
}

func listBase(f incident.Filter) string {
	if f.Status == "" {
		return path.Cases
	}
	return path.Cases + "?status=" + string(f.Status)
}

// exhibit names an item of the evidence register, as every line of a report does.
func exhibit(r incident.Report, id string) string {
	if place, there := r.Places[id]; there {
		return fmt.Sprintf("E%d", place)
	}
	return ""
}
