package catalogue

// Kind is a kind of catalogue entry.
type Kind string

// The kinds of entries that have an id.
const (
	KindStage    Kind = "stage"
	KindClaim    Kind = "claim"
	KindChannel  Kind = "channel"
	KindCheck    Kind = "check"
	KindLiveness Kind = "liveness"
	KindSignal   Kind = "signal"
	KindControl  Kind = "control"
	KindLevel    Kind = "level"
	KindStep     Kind = "step"
	KindField    Kind = "field"
	KindRisk     Kind = "risk"
	KindProfile  Kind = "profile"
	KindScenario Kind = "scenario"
	KindLearn    Kind = "learn"
	KindReading  Kind = "reading"
	KindExcluded Kind = "excluded"
	KindSource   Kind = "source"
)

// Item is any entry of the catalogue, reduced to what a list or a search result
// shows. Every id begins with its kind.
type Item struct {
	ID    string `json:"id"`
	Kind  Kind   `json:"kind"`
	Title string `json:"title"`
	Text  string `json:"text"` // the entry's main sentence: its question, statement or body
	Refs  []Ref  `json:"refs,omitempty"`
}

// Item finds an entry of any kind.
func (ed *Edition) Item(id string) (Item, bool) { item, ok := ed.items[id]; return item, ok }

// Items lists every entry in the file's order, sources last.
func (ed *Edition) Items() []Item { return ed.order }

func (ed *Edition) collectItems() []Item {
	var items []Item
	add := func(kind Kind, id, title, text string, refs []Ref) {
		items = append(items, Item{ID: id, Kind: kind, Title: title, Text: text, Refs: refs})
	}
	for _, e := range ed.Stages {
		add(KindStage, e.ID, e.Title, e.Purpose, nil)
	}
	for _, e := range ed.Claims {
		add(KindClaim, e.ID, e.Title, e.Tests, nil)
	}
	for _, e := range ed.Channels {
		add(KindChannel, e.ID, e.Title, e.Risk, e.Refs)
	}
	for _, e := range ed.Checks {
		add(KindCheck, e.ID, e.Title, e.Question, e.Refs)
	}
	for _, e := range ed.Liveness {
		add(KindLiveness, e.ID, e.Title, e.Instruction, e.Refs)
	}
	for _, e := range ed.Signals {
		add(KindSignal, e.ID, e.Title, e.Description, e.Refs)
	}
	for _, e := range ed.Controls {
		add(KindControl, e.ID, e.Title, e.Statement, e.Refs)
	}
	for _, e := range ed.Levels {
		add(KindLevel, e.ID, e.Title, e.Goal, e.Refs)
	}
	for _, e := range ed.Playbook {
		add(KindStep, e.ID, e.Title, e.Why, e.Refs)
	}
	for _, e := range ed.Dossier {
		add(KindField, e.ID, e.Title, e.Note, e.Refs)
	}
	for _, e := range ed.Risks {
		add(KindRisk, e.ID, e.Title, e.Description, e.Refs)
	}
	for _, e := range ed.Profile {
		add(KindProfile, e.ID, e.Question, e.Reading, e.Refs)
	}
	for _, e := range ed.Scenarios {
		add(KindScenario, e.ID, e.Title, e.Summary, e.Refs)
	}
	for _, e := range ed.Learn {
		add(KindLearn, e.ID, e.Title, e.Body, e.Refs)
	}
	for _, e := range ed.Reading {
		add(KindReading, e.ID, e.Title, e.About, e.Refs)
	}
	for _, e := range ed.Excluded {
		add(KindExcluded, e.ID, e.Title, e.Item, e.Refs)
	}
	for _, e := range ed.Meta.Sources {
		add(KindSource, e.ID, e.Title, e.Citation, nil)
	}
	return items
}
