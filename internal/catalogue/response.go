package catalogue

// Step is one item of the response playbook.
type Step struct {
	ID        string    `yaml:"id" json:"id"`
	Title     string    `yaml:"title" json:"title"`
	Phase     Phase     `yaml:"phase" json:"phase"`
	Order     int       `yaml:"order" json:"order"`
	Why       string    `yaml:"why" json:"why"`
	Do        []string  `yaml:"do" json:"do"`
	OwnerRole OwnerRole `yaml:"owner_role" json:"owner_role"`
	Due       Due       `yaml:"due" json:"due"`
	Basis     Basis     `yaml:"basis" json:"basis"`
	After     []string  `yaml:"after" json:"after"`
	OnlyIf    Condition `yaml:"only_if,omitempty" json:"only_if,omitempty"`
	Discreet  bool      `yaml:"discreet" json:"discreet"`
	Evidence  []string  `yaml:"evidence" json:"evidence"`
	Checks    []string  `yaml:"checks,omitempty" json:"checks,omitempty"`
	Fields    string    `yaml:"fields,omitempty" json:"fields,omitempty"` // "all": the whole dossier
	Fairness  string    `yaml:"fairness,omitempty" json:"fairness,omitempty"`
	LegalNote string    `yaml:"legal_note,omitempty" json:"legal_note,omitempty"`
	Refs      []Ref     `yaml:"refs" json:"refs"`
}

// AllFields is the value of Step.Fields that stands for the whole dossier.
const AllFields = "all"

// Field is one entry of the dossier collected before an exit.
type Field struct {
	ID          string      `yaml:"id" json:"id"`
	Title       string      `yaml:"title" json:"title"`
	Type        string      `yaml:"type" json:"type"`
	ValuesFrom  string      `yaml:"values_from,omitempty" json:"values_from,omitempty"`
	Multiple    bool        `yaml:"multiple" json:"multiple"`
	Sensitivity Sensitivity `yaml:"sensitivity" json:"sensitivity"`
	Identifier  bool        `yaml:"identifier" json:"identifier"` // may link people
	Item        string      `yaml:"item" json:"item"`             // number in the framework, or "added"
	Note        string      `yaml:"note,omitempty" json:"note,omitempty"`
	Refs        []Ref       `yaml:"refs" json:"refs"`
}

// Risk is what a fraudulent worker can do to the organisation.
type Risk struct {
	ID                 string   `yaml:"id" json:"id"`
	Title              string   `yaml:"title" json:"title"`
	Description        string   `yaml:"description" json:"description"`
	RaisedBy           []string `yaml:"raised_by" json:"raised_by"`
	MitigatingSteps    []string `yaml:"mitigating_steps" json:"mitigating_steps"`
	MitigatingControls []string `yaml:"mitigating_controls" json:"mitigating_controls"`
	Refs               []Ref    `yaml:"refs" json:"refs"`
}

// Profile is a profile question of the framework and how it is treated here.
type Profile struct {
	ID        string   `yaml:"id" json:"id"`
	Question  string   `yaml:"question" json:"question"`
	Treatment string   `yaml:"treatment" json:"treatment"` // mapped, mapped-in-part, excluded
	Reading   string   `yaml:"reading" json:"reading"`
	Checks    []string `yaml:"checks" json:"checks"`
	Excluded  []string `yaml:"excluded" json:"excluded"`
	Refs      []Ref    `yaml:"refs" json:"refs"`
}

// Scenario is a reported or made-up history with the band it should lead to.
type Scenario struct {
	ID              string            `yaml:"id" json:"id"`
	Title           string            `yaml:"title" json:"title"`
	Kind            string            `yaml:"kind" json:"kind"` // case-study, public-report, unresolved, benign
	OutcomeInFact   string            `yaml:"outcome_in_fact" json:"outcome_in_fact"`
	Summary         string            `yaml:"summary" json:"summary"`
	Raised          []ScenarioFinding `yaml:"raised" json:"raised"`
	Evaded          []string          `yaml:"evaded" json:"evaded"` // came out clear
	ConfirmedBy     string            `yaml:"confirmed_by,omitempty" json:"confirmed_by,omitempty"`
	ClearedBy       string            `yaml:"cleared_by,omitempty" json:"cleared_by,omitempty"`
	ExpectedOutcome Band              `yaml:"expected_outcome" json:"expected_outcome"`
	Lesson          string            `yaml:"lesson" json:"lesson"`
	Refs            []Ref             `yaml:"refs" json:"refs"`
}

// ScenarioFinding is one answer in a scenario.
type ScenarioFinding struct {
	ID     string `yaml:"id" json:"id"`
	Answer Answer `yaml:"answer" json:"answer"`
}

// Lesson is an entry of the help centre.
type Lesson struct {
	ID    string `yaml:"id" json:"id"`
	Title string `yaml:"title" json:"title"`
	Body  string `yaml:"body" json:"body"`
	Refs  []Ref  `yaml:"refs" json:"refs"`
}

// Work is further reading the framework points to.
type Work struct {
	ID        string `yaml:"id" json:"id"`
	Title     string `yaml:"title" json:"title"`
	Publisher string `yaml:"publisher" json:"publisher"`
	About     string `yaml:"about" json:"about"`
	Refs      []Ref  `yaml:"refs" json:"refs"`
}

// Excluded is something the sources mention and Gatehouse must not use. It is
// documentation only: never shown as a question, never scored.
type Excluded struct {
	ID         string   `yaml:"id" json:"id"`
	Title      string   `yaml:"title" json:"title"`
	Item       string   `yaml:"item" json:"item"`
	Kind       string   `yaml:"kind" json:"kind"` // unlawful, unfair, restricted, unwise
	Reason     string   `yaml:"reason" json:"reason"`
	ReplacedBy []string `yaml:"replaced_by" json:"replaced_by"`
	Refs       []Ref    `yaml:"refs" json:"refs"`
}

// Coverage maps one item of the framework to the entries that answer it.
type Coverage struct {
	Source  string   `yaml:"source" json:"source"`
	Section string   `yaml:"section" json:"section"`
	Topic   string   `yaml:"topic" json:"topic"`
	IDs     []string `yaml:"ids" json:"ids"`
}
