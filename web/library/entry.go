package library

import (
	"slices"
	"strings"

	"gatehouse/internal/catalogue"
	"gatehouse/web/ui"
)

// entry is one entry of the framework as its page shows it: whatever its kind, some blocks of text, some facts, notes
// that belong beside it, entries it goes with, and where it comes from.
type entry struct {
	ed     *catalogue.Edition
	item   catalogue.Item
	lead   string
	blocks []block
	facts  []ui.KV
	notes  []note
	links  []links
	refs   []ref
}

// block is a titled text, or a list when it has several lines.
type block struct {
	title string
	lines []string
	// answer marks a block that says what an answer means.
	answer  catalogue.Answer
	ordered bool
}

// note is a remark on fairness or law.
type note struct {
	title, text string
	fairness    bool
}

// links are entries that go with this one, for one reason.
type links struct {
	title string
	items []catalogue.Item
}

// ref is a source with the part of it that the entry rests on.
type ref struct {
	source  *catalogue.Source
	section string
}

func newEntry(ed *catalogue.Edition, item catalogue.Item) entry {
	e := entry{ed: ed, item: item, lead: item.Text}
	for _, r := range item.Refs {
		if source, known := ed.Source(r.Source); known {
			e.refs = append(e.refs, ref{source, r.Section})
		}
	}
	describe[item.Kind](&e)
	e.relate()
	return e
}

// describe fills the page by kind of entry.
var describe = map[catalogue.Kind]func(*entry){
	catalogue.KindStage: (*entry).stage, catalogue.KindClaim: func(*entry) {}, catalogue.KindChannel: (*entry).channel,
	catalogue.KindCheck: (*entry).check, catalogue.KindLiveness: (*entry).challenge, catalogue.KindSignal: (*entry).signal,
	catalogue.KindControl: (*entry).control, catalogue.KindLevel: (*entry).level, catalogue.KindStep: (*entry).step,
	catalogue.KindField: (*entry).field, catalogue.KindRisk: (*entry).risk, catalogue.KindProfile: (*entry).profile,
	catalogue.KindScenario: (*entry).scenario, catalogue.KindLearn: (*entry).learn, catalogue.KindReading: (*entry).reading,
	catalogue.KindExcluded: (*entry).excluded, catalogue.KindSource: (*entry).source,
}

func (e *entry) text(title, text string) {
	if text != "" {
		e.blocks = append(e.blocks, block{title: title, lines: []string{text}})
	}
}

func (e *entry) list(title string, lines []string) {
	if len(lines) > 0 {
		e.blocks = append(e.blocks, block{title: title, lines: lines})
	}
}

func (e *entry) fact(key, value string) {
	if value != "" {
		e.facts = append(e.facts, ui.KV{Key: key, Value: ui.Text(value)})
	}
}

func (e *entry) remarks(fairness, legal string) {
	if fairness != "" {
		e.notes = append(e.notes, note{"Fairness", fairness, true})
	}
	if legal != "" {
		e.notes = append(e.notes, note{"Legal note, a prompt for counsel", legal, false})
	}
}

func (e *entry) to(title string, ids []string) {
	var items []catalogue.Item
	for _, id := range ids {
		if item, known := e.ed.Item(id); known && id != e.item.ID && !slices.ContainsFunc(items, func(i catalogue.Item) bool { return i.ID == id }) {
			items = append(items, item)
		}
	}
	if len(items) > 0 {
		e.links = append(e.links, links{title, items})
	}
}

// group and strength are explained where they are shown: the words alone say too little.
func (e *entry) groupFacts(group catalogue.Group, strength catalogue.Strength) {
	v := e.ed.Meta.Vocabularies
	e.facts = append(e.facts,
		ui.KV{Key: "Strength", Value: explained(ui.Strength(strength), v.Strength.Meaning(string(strength)))},
		ui.KV{Key: "Group", Value: explained(ui.Text(words(string(group))), v.Groups.Meaning(string(group)))})
}

func (e *entry) check() {
	c, _ := e.ed.Check(e.item.ID)
	e.text("How", c.How)
	for _, a := range []catalogue.Answer{catalogue.Clear, catalogue.Concern, catalogue.RedFlag} {
		e.blocks = append(e.blocks, block{lines: []string{c.Meaning(a)}, answer: a})
	}
	e.text("Innocent explanations", c.FalsePositives)
	var attach []string
	for _, a := range c.Evidence {
		attach = append(attach, words(string(a.Kind))+": "+a.What)
	}
	e.list("What to attach", attach)
	e.text("How far it could be automated: "+strings.ToLower(words(string(c.Automatable.Level))), c.Automatable.How)
	e.groupFacts(c.Group, c.Strength)
	e.remarks(c.Fairness, c.LegalNote)
	e.to("Asked in", append([]string{c.Stage}, c.AlsoStages...))
	e.to("Tests the claim", []string{c.Claim})
}

func (e *entry) signal() {
	s, _ := e.ed.Signal(e.item.ID)
	e.text("Innocent explanations", s.FalsePositives)
	e.text("What to do first", s.RecommendedAction)
	e.list("Where it is seen", mapped(s.TypicalSource, words))
	e.facts = append(e.facts, ui.KV{Key: "Severity", Value: ui.Severity(s.Severity)})
	e.groupFacts(s.Group, s.Strength)
	e.remarks(s.Fairness, s.LegalNote)
}

func (e *entry) step() {
	s, _ := e.ed.Step(e.item.ID)
	e.list("Do", s.Do)
	e.list("Evidence to keep", s.Evidence)
	e.fact("Phase", words(string(s.Phase)))
	e.fact("Owner", sentence(ownerTitle(s.OwnerRole)))
	e.facts = append(e.facts, ui.KV{Key: "Due", Value: explained(ui.Text(s.Due.Words()+" after the case opens"),
		e.ed.Meta.Vocabularies.DueBasis.Meaning(string(s.Basis)))})
	switch s.OnlyIf {
	case catalogue.OnlyConfirmed:
		e.fact("Only if", "misrepresentation is confirmed")
	case catalogue.OnlyCleared:
		e.fact("Only if", "the person is cleared")
	}
	if s.Discreet {
		e.fact("Discreet", "Nothing in this step may tip off the person.")
	}
	if s.Fields == catalogue.AllFields {
		e.fact("Dossier", "Every field")
	}
	e.remarks(s.Fairness, s.LegalNote)
	e.to("Locked until these are done or skipped", s.After)
	e.to("Checks used", s.Checks)
}

func (e *entry) control() {
	c, _ := e.ed.Control(e.item.ID)
	if len(c.Sequence) > 0 {
		e.blocks = append(e.blocks, block{title: "In this order", lines: c.Sequence, ordered: true})
	}
	e.text("How to verify", c.HowToVerify)
	e.fact("Area", words(c.Area))
	e.fact("Cadence", words(c.Cadence))
	e.remarks(c.Fairness, c.LegalNote)
	e.to("For the levels", c.Levels)
}

func (e *entry) level() {
	l, _ := e.ed.Level(e.item.ID)
	e.list("Applies to", l.AppliesTo)
	e.text("Also", l.Extra)
	e.text("Access", l.AccessLimit)
	e.text("Verify again", l.Reverify)
	e.to("Required checks", l.RequiredChecks)
	e.to("Required controls", l.RequiredControls)
}

func (e *entry) stage() {
	var ids []string
	for _, c := range e.ed.ChecksFor(e.item.ID) {
		ids = append(ids, c.ID)
	}
	e.to("Kit of this stage", ids)
}

func (e *entry) channel() {
	c, _ := e.ed.Channel(e.item.ID)
	e.text("Due diligence", c.DueDiligence)
	e.to("Checks to begin with", c.Checks)
}

func (e *entry) challenge() {
	l, _ := e.ed.Challenge(e.item.ID)
	e.text("Passes when", l.Pass)
	e.text("Fails when", l.Fail)
	e.text("If that is not possible for somebody", l.AccessibilityAlternative)
	e.text("Avoid", l.Avoid)
	e.to("Part of", []string{"check-liveness-challenge"})
}

func (e *entry) field() {
	f, _ := e.ed.Field(e.item.ID)
	e.fact("Item in the framework", f.Item)
	e.fact("Kind of value", words(f.Type))
	e.fact("Several values", map[bool]string{true: "Yes", false: "No"}[f.Multiple])
	e.facts = append(e.facts, ui.KV{Key: "Sensitivity", Value: explained(ui.Text(words(string(f.Sensitivity))),
		e.ed.Meta.Vocabularies.Sensitivity.Meaning(string(f.Sensitivity)))})
	if f.Identifier {
		e.fact("May link people", "Two people who share it are worth a look.")
	}
}

func (e *entry) risk() {
	r, _ := byID(e.ed.Risks, func(r *catalogue.Risk) string { return r.ID }, e.item.ID)
	e.to("Raised by", r.RaisedBy)
	e.to("Lessened by these steps", r.MitigatingSteps)
	e.to("Lessened by these controls", r.MitigatingControls)
}

func (e *entry) profile() {
	p, _ := byID(e.ed.Profile, func(p *catalogue.Profile) string { return p.ID }, e.item.ID)
	treatments := map[string]string{"mapped": "Asked, through the checks below", "mapped-in-part": "Asked in part, through the checks below", "excluded": "Left out"}
	e.fact("Treatment", treatments[p.Treatment])
	e.to("Checks", p.Checks)
	e.to("Left out of it", p.Excluded)
}

func (e *entry) scenario() {
	s, _ := byID(e.ed.Scenarios, func(s *catalogue.Scenario) string { return s.ID }, e.item.ID)
	e.text("Lesson", s.Lesson)
	e.text("What confirmed it", s.ConfirmedBy)
	e.text("What cleared it", s.ClearedBy)
	e.fact("Kind", strings.TrimSuffix(scenarioTitles[s.Kind], "s"))
	e.fact("Outcome in fact", words(s.OutcomeInFact))
	e.fact("Expected band", words(string(s.ExpectedOutcome)))
	var raised []string
	for _, f := range s.Raised {
		raised = append(raised, f.ID)
	}
	e.to("Raised", raised)
	e.to("Came out clear", s.Evaded)
}

func (e *entry) learn() {}

func (e *entry) reading() {
	r, _ := byID(e.ed.Reading, func(r *catalogue.Work) string { return r.ID }, e.item.ID)
	e.fact("Publisher", r.Publisher)
}

func (e *entry) excluded() {
	x, _ := byID(e.ed.Excluded, func(x *catalogue.Excluded) string { return x.ID }, e.item.ID)
	e.text("Why we leave it out", x.Reason)
	e.fact("Kind", excludedTitles[x.Kind])
	e.to("What we do instead", x.ReplacedBy)
}

func (e *entry) source() {
	s, _ := e.ed.Source(e.item.ID)
	readings := map[string]string{"full": "Read in full", "excerpt": "Read in part", "secondary": "Known through reports by others", "own": "Our own"}
	e.fact("Publisher", s.Publisher)
	e.fact("Date", s.Date)
	e.fact("Read", readings[s.Read])
	var ids []string
	for _, item := range e.ed.Items() {
		if slices.ContainsFunc(item.Refs, func(r catalogue.Ref) bool { return r.Source == s.ID }) {
			ids = append(ids, item.ID)
		}
	}
	e.to("Entries that rest on it", ids)
}

func byID[T any](list []*T, id func(*T) string, want string) (*T, bool) {
	for _, v := range list {
		if id(v) == want {
			return v, true
		}
	}
	return new(T), false
}

func mapped(list []string, f func(string) string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = f(s)
	}
	return out
}

// words gives "code-host-history" as "Code host history".
func words(s string) string { return sentence(strings.ReplaceAll(s, "-", " ")) }

func sentence(s string) string {
	if s == "" {
		return s
	}
	if s == "id document" {
		return "ID document"
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func kindTitle(kind catalogue.Kind) string {
	switch kind {
	case catalogue.KindStep:
		return "Playbook step"
	case catalogue.KindField:
		return "Dossier field"
	case catalogue.KindLevel:
		return "Verification level"
	case catalogue.KindLiveness:
		return "Live challenge"
	case catalogue.KindProfile:
		return "Profile question"
	case catalogue.KindReading:
		return "Further reading"
	case catalogue.KindExcluded:
		return "Left out"
	}
	return sentence(string(kind))
}
