package library

import (
	"slices"
	"strconv"

	"gatehouse/internal/catalogue"
	"gatehouse/web/path"
	"gatehouse/web/ui"
)

// section is one chapter of the library.
type section struct {
	name, title, about string
	icon               ui.IconName
	kinds              []catalogue.Kind
}

// sections are the chapters in the order in which people need them. coverage has no entries of its own.
var sections = []section{
	{"checks", "Checks", "What we ask and look at before and after a hire, stage by stage. Each check compares a claim with evidence.", ui.IconClipboardCheck, []catalogue.Kind{catalogue.KindCheck}},
	{"signals", "Signals", "What systems may show about somebody who works here. A signal is a reason to look, not a finding.", ui.IconActivity, []catalogue.Kind{catalogue.KindSignal}},
	{"playbook", "Response playbook", "What to do when a case is opened, phase by phase, and what must come first.", ui.IconRoute, []catalogue.Kind{catalogue.KindStep}},
	{"controls", "Controls", "Hardening measures of the organisation, and how to verify each.", ui.IconShieldCheck, []catalogue.Kind{catalogue.KindControl}},
	{"levels", "Verification levels", "Three depths of identity checking. A job's level says which checks are required.", ui.IconScale, []catalogue.Kind{catalogue.KindLevel}},
	{"liveness", "Live challenges", "Small requests during a call that a live person meets easily.", ui.IconVideo, []catalogue.Kind{catalogue.KindLiveness}},
	{"channels", "Channels", "How candidates arrive, and the diligence each way asks for.", ui.IconAffiliate, []catalogue.Kind{catalogue.KindChannel}},
	{"stages", "Stages and claims", "The stages of hiring, and what candidates claim that checks test.", ui.IconLayoutKanban, []catalogue.Kind{catalogue.KindStage, catalogue.KindClaim}},
	{"dossier", "Dossier", "What to collect before an exit, with what may link people.", ui.IconFileText, []catalogue.Kind{catalogue.KindField}},
	{"risks", "Risks", "What a worker under a false identity can do, and what lessens it.", ui.IconAlertTriangle, []catalogue.Kind{catalogue.KindRisk}},
	{"scenarios", "Scenarios", "Reported histories and honest look-alikes, with the band they should lead to.", ui.IconNotes, []catalogue.Kind{catalogue.KindScenario}},
	{"learn", "Learn", "Background, one question at a time.", ui.IconBulb, []catalogue.Kind{catalogue.KindLearn}},
	{"profile", "Profile questions", "The framework's profile questions, and how each is treated here.", ui.IconUserSearch, []catalogue.Kind{catalogue.KindProfile}},
	{"reading", "Further reading", "Works that the framework points to.", ui.IconBook2, []catalogue.Kind{catalogue.KindReading}},
	{"excluded", "What we leave out and why", "What the sources mention and we do not use. None of it is asked, recorded or scored.", ui.IconBan, []catalogue.Kind{catalogue.KindExcluded}},
	{"coverage", "Coverage map", "Every item of the framework, and the entries that answer it.", ui.IconTable, nil},
	{"sources", "Sources", "The publications this edition draws on, and how far each was read.", ui.IconLink, []catalogue.Kind{catalogue.KindSource}},
}

func sectionNamed(name string) section {
	i := slices.IndexFunc(sections, func(s section) bool { return s.name == name })
	return sections[max(i, 0)]
}

func sectionOf(kind catalogue.Kind) section {
	i := slices.IndexFunc(sections, func(s section) bool { return slices.Contains(s.kinds, kind) })
	return sections[max(i, 0)]
}

// index is what the index page shows.
type index struct {
	ed      *catalogue.Edition
	q       query
	section section
	hits    []catalogue.Item
	groups  []group
}

// group is a titled part of a section.
type group struct {
	title, about string
	lines        []line
}

// line is one entry in a list.
type line struct {
	id, title, text string
	strength        string
	severity        string
	badge           string
}

func newIndex(ed *catalogue.Edition, q query) index {
	v := index{ed: ed, q: q, section: sectionNamed(q.Section)}
	if q.Text != "" {
		v.hits = ed.Search(q.Text)
		return v
	}
	v.groups = groupsOf(ed, q)
	return v
}

// groupsOf cuts a section into its parts.
func groupsOf(ed *catalogue.Edition, q query) []group {
	switch q.Section {
	case "checks":
		return checkGroups(ed, q)
	case "signals":
		return signalGroups(ed, q)
	case "playbook":
		return stepGroups(ed)
	case "controls":
		return controlGroups(ed)
	case "dossier":
		return []group{{lines: fieldLines(ed)}}
	case "excluded":
		return excludedGroups(ed)
	case "scenarios":
		return scenarioGroups(ed)
	case "coverage":
		return nil
	}
	return plainGroups(ed, sectionNamed(q.Section))
}

func plainGroups(ed *catalogue.Edition, s section) []group {
	var groups []group
	for _, kind := range s.kinds {
		g := group{}
		if len(s.kinds) > 1 {
			g.title = kindTitle(kind) + "s"
		}
		for _, item := range ed.Items() {
			if item.Kind == kind {
				g.lines = append(g.lines, line{id: item.ID, title: item.Title, text: item.Text})
			}
		}
		groups = append(groups, g)
	}
	return groups
}

func checkGroups(ed *catalogue.Edition, q query) []group {
	var groups []group
	for _, stage := range ed.Stages {
		g := group{title: stage.Title, about: stage.Purpose}
		for _, c := range ed.Checks {
			if c.Stage == stage.ID && q.keeps(c.Group, c.Strength) {
				g.lines = append(g.lines, line{id: c.ID, title: c.Title, text: c.Question, strength: string(c.Strength)})
			}
		}
		groups = addGroup(groups, g)
	}
	return groups
}

func signalGroups(ed *catalogue.Edition, q query) []group {
	var groups []group
	for _, term := range ed.Meta.Vocabularies.Groups {
		g := group{title: words(term.Name), about: term.Meaning}
		for _, s := range ed.Signals {
			if string(s.Group) == term.Name && q.keeps(s.Group, s.Strength) {
				g.lines = append(g.lines, line{id: s.ID, title: s.Title, text: s.Description,
					strength: string(s.Strength), severity: string(s.Severity)})
			}
		}
		groups = addGroup(groups, g)
	}
	return groups
}

func addGroup(groups []group, g group) []group {
	if len(g.lines) == 0 {
		return groups
	}
	return append(groups, g)
}

func (q query) keeps(g catalogue.Group, s catalogue.Strength) bool {
	return (q.Group == "" || string(g) == q.Group) && (q.Strength == "" || string(s) == q.Strength)
}

func stepGroups(ed *catalogue.Edition) []group {
	var groups []group
	for _, phase := range catalogue.Phases() {
		g := group{title: words(string(phase))}
		for _, s := range ed.Playbook {
			if s.Phase == phase {
				g.lines = append(g.lines, line{id: s.ID, title: s.Title, text: s.Why,
					badge: "within " + s.Due.Words() + ", " + ownerTitle(s.OwnerRole)})
			}
		}
		groups = addGroup(groups, g)
	}
	return groups
}

func controlGroups(ed *catalogue.Edition) []group {
	var groups []group
	for _, c := range ed.Controls {
		i := slices.IndexFunc(groups, func(g group) bool { return g.title == words(c.Area) })
		if i < 0 {
			groups = append(groups, group{title: words(c.Area)})
			i = len(groups) - 1
		}
		groups[i].lines = append(groups[i].lines, line{id: c.ID, title: c.Title, text: c.Statement, badge: c.Cadence})
	}
	return groups
}

func fieldLines(ed *catalogue.Edition) []line {
	var lines []line
	for _, f := range ed.Dossier {
		l := line{id: f.ID, title: f.Title, text: f.Note, badge: "item " + f.Item}
		if f.Item == "added" {
			l.badge = "added by us"
		}
		lines = append(lines, l)
	}
	return lines
}

var excludedTitles = map[string]string{
	"unlawful": "Unlawful in most places", "unfair": "Unfair to honest people",
	"restricted": "Restricted by law", "unwise": "Unwise",
}

func excludedGroups(ed *catalogue.Edition) []group {
	var groups []group
	for _, kind := range []string{"unlawful", "unfair", "restricted", "unwise"} {
		g := group{title: excludedTitles[kind]}
		for _, e := range ed.Excluded {
			if e.Kind == kind {
				g.lines = append(g.lines, line{id: e.ID, title: e.Title, text: e.Reason})
			}
		}
		groups = addGroup(groups, g)
	}
	return groups
}

var scenarioTitles = map[string]string{
	"case-study": "Case studies", "public-report": "Public reports", "unresolved": "Unresolved", "benign": "Honest look-alikes",
}

func scenarioGroups(ed *catalogue.Edition) []group {
	var groups []group
	for _, kind := range []string{"case-study", "public-report", "unresolved", "benign"} {
		g := group{title: scenarioTitles[kind]}
		for _, s := range ed.Scenarios {
			if s.Kind == kind {
				g.lines = append(g.lines, line{id: s.ID, title: s.Title, text: s.Lesson})
			}
		}
		groups = addGroup(groups, g)
	}
	return groups
}

// size is how many entries a section has.
func (s section) size(ed *catalogue.Edition) int {
	if s.name == "coverage" {
		return len(ed.Coverage)
	}
	n := 0
	for _, item := range ed.Items() {
		if slices.Contains(s.kinds, item.Kind) {
			n++
		}
	}
	return n
}

// shown is how many entries the groups hold, after the filters.
func (v index) shown() int {
	n := 0
	for _, g := range v.groups {
		n += len(g.lines)
	}
	return n
}

func (v index) filtered() bool { return v.section.name == "checks" || v.section.name == "signals" }

// groupOptions and strengthOptions are the filters of checks and signals.
func (v index) groupOptions() []ui.Option {
	options := []ui.Option{{Label: "Every group"}}
	for _, term := range v.ed.Meta.Vocabularies.Groups {
		options = append(options, ui.Option{Value: term.Name, Label: words(term.Name)})
	}
	return options
}

func (v index) strengthOptions() []ui.Option {
	options := []ui.Option{{Label: "Every strength"}}
	for _, s := range catalogue.Strengths() {
		options = append(options, ui.Option{Value: string(s), Label: words(string(s))})
	}
	return options
}

func (v index) counted() string { return ui.Plural(v.shown(), "entry", "entries") }

func found(n int) string { return ui.Plural(n, "entry", "entries") + " found" }

func sectionURL(s section) string { return query{Section: s.name}.url() }

func excludedURL() string { return path.LibraryExcluded }

func ownerTitle(role catalogue.OwnerRole) string {
	if role == catalogue.OwnerHR {
		return "HR"
	}
	return string(role)
}

func itoa(n int) string { return strconv.Itoa(n) }
