package catalogue

// Content is an edition as the file has it, section by section and with the
// file's own key names. Edition adds the lookups.
type Content struct {
	Meta      Meta        `yaml:"meta" json:"meta"`
	Stages    []*Stage    `yaml:"stages" json:"stages"`
	Claims    []*Claim    `yaml:"claims" json:"claims"`
	Channels  []*Channel  `yaml:"channels" json:"channels"`
	Checks    []*Check    `yaml:"checks" json:"checks"`
	Liveness  []*Liveness `yaml:"liveness" json:"liveness"`
	Signals   []*Signal   `yaml:"signals" json:"signals"`
	Controls  []*Control  `yaml:"controls" json:"controls"`
	Levels    []*Level    `yaml:"verification_levels" json:"verification_levels"`
	Playbook  []*Step     `yaml:"playbook" json:"playbook"`
	Dossier   []*Field    `yaml:"dossier" json:"dossier"`
	Risks     []*Risk     `yaml:"risks" json:"risks"`
	Profile   []*Profile  `yaml:"profile" json:"profile"`
	Scenarios []*Scenario `yaml:"scenarios" json:"scenarios"`
	Learn     []*Lesson   `yaml:"learn" json:"learn"`
	Reading   []*Work     `yaml:"reading" json:"reading"`
	Excluded  []*Excluded `yaml:"excluded" json:"excluded"`
	Coverage  []*Coverage `yaml:"coverage" json:"coverage"`
}

// Meta describes the edition, its rules, its closed vocabularies and its sources.
type Meta struct {
	Version      string       `yaml:"version" json:"version"`
	Title        string       `yaml:"title" json:"title"`
	Language     string       `yaml:"language" json:"language"`
	Purpose      string       `yaml:"purpose" json:"purpose"`
	GuidingRule  string       `yaml:"guiding_rule" json:"guiding_rule"`
	FairnessRule string       `yaml:"fairness_rule" json:"fairness_rule"`
	Vocabularies Vocabularies `yaml:"vocabularies" json:"vocabularies"`
	Sources      []*Source    `yaml:"sources" json:"sources"`
}

// Vocabularies are the closed lists of words with their meanings.
type Vocabularies struct {
	Answers           Terms      `yaml:"answers" json:"answers"`
	Strength          Terms      `yaml:"strength" json:"strength"`
	Groups            Terms      `yaml:"groups" json:"groups"`
	GroupsNote        string     `yaml:"groups_note" json:"groups_note"`
	Bands             Terms      `yaml:"bands" json:"bands"`
	Severity          []Severity `yaml:"severity" json:"severity"`
	EvidenceKinds     Terms      `yaml:"evidence_kinds" json:"evidence_kinds"`
	AutomatableLevels Terms      `yaml:"automatable_levels" json:"automatable_levels"`
	Sensitivity       Terms      `yaml:"sensitivity" json:"sensitivity"`
	DueBasis          Terms      `yaml:"due_basis" json:"due_basis"`
}

// Source is a publication the catalogue draws on.
type Source struct {
	ID        string `yaml:"id" json:"id"`
	Title     string `yaml:"title" json:"title"`
	Publisher string `yaml:"publisher" json:"publisher"`
	Date      string `yaml:"date" json:"date"`
	Read      string `yaml:"read" json:"read"` // full, excerpt, secondary, own
	Citation  string `yaml:"citation" json:"citation"`
}

// Ref points to the part of a source an entry rests on.
type Ref struct {
	Source  string `yaml:"source" json:"source"`
	Section string `yaml:"section" json:"section"`
}

// Stage is a step of hiring.
type Stage struct {
	ID      string `yaml:"id" json:"id"`
	Title   string `yaml:"title" json:"title"`
	Purpose string `yaml:"purpose" json:"purpose"`
	Order   int    `yaml:"-" json:"-"` // place in hiring, from 0
}

// Claim is something a candidate asserts and a check tests.
type Claim struct {
	ID    string `yaml:"id" json:"id"`
	Title string `yaml:"title" json:"title"`
	Tests string `yaml:"tests" json:"tests"`
}

// Channel is a way candidates arrive.
type Channel struct {
	ID           string   `yaml:"id" json:"id"`
	Title        string   `yaml:"title" json:"title"`
	Risk         string   `yaml:"risk" json:"risk"`
	DueDiligence string   `yaml:"due_diligence" json:"due_diligence"`
	Checks       []string `yaml:"checks" json:"checks"`
	Refs         []Ref    `yaml:"refs" json:"refs"`
}

// Check is one question about one claim.
type Check struct {
	ID             string       `yaml:"id" json:"id"`
	Title          string       `yaml:"title" json:"title"`
	Stage          string       `yaml:"stage" json:"stage"`
	AlsoStages     []string     `yaml:"also_stages" json:"also_stages"`
	Claim          string       `yaml:"claim" json:"claim"`
	Group          Group        `yaml:"group" json:"group"`
	Question       string       `yaml:"question" json:"question"`
	How            string       `yaml:"how" json:"how"`
	Clear          string       `yaml:"clear" json:"clear"`
	Concern        string       `yaml:"concern" json:"concern"`
	RedFlag        string       `yaml:"red_flag" json:"red_flag"`
	Strength       Strength     `yaml:"strength" json:"strength"`
	FalsePositives string       `yaml:"false_positives" json:"false_positives"`
	Fairness       string       `yaml:"fairness,omitempty" json:"fairness,omitempty"`
	LegalNote      string       `yaml:"legal_note,omitempty" json:"legal_note,omitempty"`
	Evidence       []Attachment `yaml:"evidence" json:"evidence"`
	Automatable    Automatable  `yaml:"automatable" json:"automatable"`
	Refs           []Ref        `yaml:"refs" json:"refs"`
}

// Meaning is what an answer to this check says, in the check's own words.
func (c *Check) Meaning(a Answer) string {
	switch a {
	case Clear:
		return c.Clear
	case Concern:
		return c.Concern
	case RedFlag:
		return c.RedFlag
	}
	return ""
}

// Attachment is a piece of evidence a check asks for.
type Attachment struct {
	Kind EvidenceKind `yaml:"kind" json:"kind"`
	What string       `yaml:"what" json:"what"`
}

// Automatable says how far the application may answer a check itself.
type Automatable struct {
	Level Automation `yaml:"level" json:"level"`
	How   string     `yaml:"how" json:"how"`
}

// Liveness is an interactive challenge on a call.
type Liveness struct {
	ID                       string `yaml:"id" json:"id"`
	Title                    string `yaml:"title" json:"title"`
	Instruction              string `yaml:"instruction" json:"instruction"`
	Pass                     string `yaml:"pass" json:"pass"`
	Fail                     string `yaml:"fail" json:"fail"`
	AccessibilityAlternative string `yaml:"accessibility_alternative" json:"accessibility_alternative"`
	Avoid                    string `yaml:"avoid" json:"avoid"`
	Refs                     []Ref  `yaml:"refs" json:"refs"`
}

// Signal is a kind of telemetry after hiring.
type Signal struct {
	ID                string   `yaml:"id" json:"id"`
	Title             string   `yaml:"title" json:"title"`
	Description       string   `yaml:"description" json:"description"`
	TypicalSource     []string `yaml:"typical_source" json:"typical_source"`
	Group             Group    `yaml:"group" json:"group"`
	Severity          Severity `yaml:"severity" json:"severity"`
	Strength          Strength `yaml:"strength" json:"strength"`
	FalsePositives    string   `yaml:"false_positives" json:"false_positives"`
	RecommendedAction string   `yaml:"recommended_action" json:"recommended_action"`
	Fairness          string   `yaml:"fairness,omitempty" json:"fairness,omitempty"`
	LegalNote         string   `yaml:"legal_note,omitempty" json:"legal_note,omitempty"`
	Refs              []Ref    `yaml:"refs" json:"refs"`
}

// Control is a hardening measure of the organisation.
type Control struct {
	ID          string   `yaml:"id" json:"id"`
	Title       string   `yaml:"title" json:"title"`
	Area        string   `yaml:"area" json:"area"`
	Statement   string   `yaml:"statement" json:"statement"`
	HowToVerify string   `yaml:"how_to_verify" json:"how_to_verify"`
	Cadence     string   `yaml:"cadence" json:"cadence"`
	Sequence    []string `yaml:"sequence,omitempty" json:"sequence,omitempty"`
	Levels      []string `yaml:"levels,omitempty" json:"levels,omitempty"`
	Fairness    string   `yaml:"fairness,omitempty" json:"fairness,omitempty"`
	LegalNote   string   `yaml:"legal_note,omitempty" json:"legal_note,omitempty"`
	Refs        []Ref    `yaml:"refs" json:"refs"`
}

// Level is a depth of identity checking that a job asks for.
type Level struct {
	ID               string   `yaml:"id" json:"id"`
	Title            string   `yaml:"title" json:"title"`
	AppliesTo        []string `yaml:"applies_to" json:"applies_to"`
	Goal             string   `yaml:"goal" json:"goal"`
	RequiredChecks   []string `yaml:"required_checks" json:"required_checks"`
	RequiredControls []string `yaml:"required_controls,omitempty" json:"required_controls,omitempty"`
	Extra            string   `yaml:"extra,omitempty" json:"extra,omitempty"`
	AccessLimit      string   `yaml:"access_limit" json:"access_limit"`
	Reverify         string   `yaml:"reverify" json:"reverify"`
	Refs             []Ref    `yaml:"refs" json:"refs"`
}
