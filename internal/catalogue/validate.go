package catalogue

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// validator collects every fault of an edition, so that an author sees them all
// at once.
type validator struct {
	ed     *Edition
	faults []error
}

func (v *validator) fault(format string, args ...any) {
	v.faults = append(v.faults, fmt.Errorf(format, args...))
}

func (ed *Edition) validate() error {
	v := &validator{ed: ed}
	v.vocabularies()
	v.ids()
	v.hiring()
	v.telemetry()
	v.levels()
	v.playbook()
	v.references()
	v.scenarios()
	return errors.Join(v.faults...)
}

// vocabularies holds the file's closed lists against the words the code knows:
// a new word needs code that understands it.
func (v *validator) vocabularies() {
	voc := v.ed.Meta.Vocabularies
	sameWords(v, "answers", voc.Answers.Names(), Answers())
	sameWords(v, "strength", voc.Strength.Names(), Strengths())
	sameWords(v, "groups", voc.Groups.Names(), Groups())
	sameWords(v, "bands", voc.Bands.Names(), Bands())
	sameWords(v, "severity", voc.Severity, Severities())
	sameWords(v, "automatable_levels", voc.AutomatableLevels.Names(),
		[]Automation{AutomationNo, AutomationAssisted, AutomationYes})
	sameWords(v, "sensitivity", voc.Sensitivity.Names(),
		[]Sensitivity{SensitivityNormal, SensitivityPersonal, SensitivitySpecial})
	sameWords(v, "due_basis", voc.DueBasis.Names(),
		[]Basis{BasisFramework, BasisRegulation, BasisJudgement})
	if v.ed.Meta.Version == "" {
		v.fault("meta: no version")
	}
}

func sameWords[F, C ~string](v *validator, name string, file []F, code []C) {
	inFile, inCode := make([]string, len(file)), make([]string, len(code))
	for i, word := range file {
		inFile[i] = string(word)
	}
	for i, word := range code {
		inCode[i] = string(word)
	}
	if !slices.Equal(inFile, inCode) {
		v.fault("vocabulary %s is %v, the program knows %v", name, inFile, inCode)
	}
}

var idPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)

// ids checks form, prefix, uniqueness over the whole file, titles and sources.
func (v *validator) ids() {
	seen := map[string]bool{}
	for _, item := range v.ed.order {
		if !idPattern.MatchString(item.ID) || !strings.HasPrefix(item.ID, string(item.Kind)+"-") {
			v.fault("%s %q: an id is kebab-case and begins with its kind", item.Kind, item.ID)
		}
		if seen[item.ID] {
			v.fault("%s: the id is used twice", item.ID)
		}
		seen[item.ID] = true
		if item.Title == "" {
			v.fault("%s: no title", item.ID)
		}
		for _, ref := range item.Refs {
			v.known(item.ID, "refs", ref.Source, KindSource)
		}
	}
}

// known checks that an id exists and is of one of the kinds that may stand there.
func (v *validator) known(owner, key, id string, kinds ...Kind) {
	item, ok := v.ed.items[id]
	if !ok {
		v.fault("%s: %s: %q does not exist", owner, key, id)
		return
	}
	if len(kinds) > 0 && !slices.Contains(kinds, item.Kind) {
		v.fault("%s: %s: %s is a %s", owner, key, id, item.Kind)
	}
}

func (v *validator) allKnown(owner, key string, ids []string, kinds ...Kind) {
	for _, id := range ids {
		v.known(owner, key, id, kinds...)
	}
}

// word checks that a value is one of a closed list.
func word[T ~string](v *validator, owner, key string, value T, allowed ...T) {
	if !slices.Contains(allowed, value) {
		v.fault("%s: %s %q is not one of %v", owner, key, value, allowed)
	}
}

func (v *validator) hiring() {
	kinds := v.ed.Meta.Vocabularies.EvidenceKinds.Names()
	for _, c := range v.ed.Channels {
		v.allKnown(c.ID, "checks", c.Checks, KindCheck)
	}
	for _, c := range v.ed.Checks {
		v.known(c.ID, "stage", c.Stage, KindStage)
		v.allKnown(c.ID, "also_stages", c.AlsoStages, KindStage)
		if slices.Contains(c.AlsoStages, c.Stage) {
			v.fault("%s: also_stages repeats its stage", c.ID)
		}
		v.known(c.ID, "claim", c.Claim, KindClaim)
		word(v, c.ID, "group", c.Group, Groups()...)
		word(v, c.ID, "strength", c.Strength, Strengths()...)
		word(v, c.ID, "automatable", c.Automatable.Level, AutomationNo, AutomationAssisted, AutomationYes)
		for _, evidence := range c.Evidence {
			word(v, c.ID, "evidence", string(evidence.Kind), kinds...)
		}
		if c.Question == "" || c.How == "" || c.Clear == "" || c.Concern == "" || c.RedFlag == "" {
			v.fault("%s: question, how and the three meanings must be there", c.ID)
		}
	}
}

func (v *validator) telemetry() {
	for _, s := range v.ed.Signals {
		word(v, s.ID, "group", s.Group, Groups()...)
		word(v, s.ID, "strength", s.Strength, Strengths()...)
		word(v, s.ID, "severity", s.Severity, Severities()...)
	}
}

func (v *validator) levels() {
	for _, l := range v.ed.Levels {
		v.allKnown(l.ID, "required_checks", l.RequiredChecks, KindCheck)
		v.allKnown(l.ID, "required_controls", l.RequiredControls, KindControl)
	}
	for _, c := range v.ed.Controls {
		v.allKnown(c.ID, "levels", c.Levels, KindLevel)
	}
}

// references covers the entries that only point to others.
func (v *validator) references() {
	for _, f := range v.ed.Dossier {
		word(v, f.ID, "sensitivity", f.Sensitivity, SensitivityNormal, SensitivityPersonal, SensitivitySpecial)
		word(v, f.ID, "values_from", f.ValuesFrom, "", "channels")
	}
	for _, r := range v.ed.Risks {
		v.allKnown(r.ID, "raised_by", r.RaisedBy, KindCheck, KindSignal)
		v.allKnown(r.ID, "mitigating_steps", r.MitigatingSteps, KindStep)
		v.allKnown(r.ID, "mitigating_controls", r.MitigatingControls, KindControl)
	}
	for _, p := range v.ed.Profile {
		word(v, p.ID, "treatment", p.Treatment, "mapped", "mapped-in-part", "excluded")
		v.allKnown(p.ID, "checks", p.Checks, KindCheck)
		v.allKnown(p.ID, "excluded", p.Excluded, KindExcluded)
	}
	for _, e := range v.ed.Excluded {
		word(v, e.ID, "kind", e.Kind, "unlawful", "unfair", "restricted", "unwise")
		v.allKnown(e.ID, "replaced_by", e.ReplacedBy)
	}
	for _, s := range v.ed.Meta.Sources {
		word(v, s.ID, "read", s.Read, "full", "excerpt", "secondary", "own")
	}
	for _, c := range v.ed.Coverage {
		where := "coverage of " + c.Section
		v.known(where, "source", c.Source, KindSource)
		v.allKnown(where, "ids", c.IDs)
		if len(c.IDs) == 0 {
			v.fault("%s: %s: no ids", where, c.Topic)
		}
	}
}

func (v *validator) scenarios() {
	for _, s := range v.ed.Scenarios {
		word(v, s.ID, "kind", s.Kind, "case-study", "public-report", "unresolved", "benign")
		word(v, s.ID, "expected_outcome", s.ExpectedOutcome, Bands()...)
		v.allKnown(s.ID, "evaded", s.Evaded, KindCheck, KindSignal)
		for _, finding := range s.Raised {
			v.known(s.ID, "raised", finding.ID, KindCheck, KindSignal)
			if _, isSignal := v.ed.signals[finding.ID]; isSignal {
				word(v, s.ID, finding.ID, finding.Answer, Raised)
			} else {
				word(v, s.ID, finding.ID, finding.Answer, Concern, RedFlag)
			}
		}
	}
}

// playbook checks the steps' words and that following them can never deadlock:
// a step comes later than the steps it waits for, and is due no earlier.
func (v *validator) playbook() {
	phase := 0
	for i, s := range v.ed.Playbook {
		word(v, s.ID, "phase", s.Phase, Phases()...)
		word(v, s.ID, "owner_role", s.OwnerRole, OwnerRoles()...)
		word(v, s.ID, "basis", s.Basis, BasisFramework, BasisRegulation, BasisJudgement)
		word(v, s.ID, "only_if", s.OnlyIf, Always, OnlyConfirmed, OnlyCleared)
		word(v, s.ID, "fields", s.Fields, "", AllFields)
		v.allKnown(s.ID, "checks", s.Checks, KindCheck)
		v.allKnown(s.ID, "after", s.After, KindStep)
		due, err := ParseDue(string(s.Due))
		if err != nil {
			v.fault("%s: %w", s.ID, err)
		}
		if s.Order != i+1 {
			v.fault("%s: order %d at place %d", s.ID, s.Order, i+1)
		}
		if at := slices.Index(Phases(), s.Phase); at < phase {
			v.fault("%s: phase %s comes back", s.ID, s.Phase)
		} else {
			phase = at
		}
		for _, id := range s.After {
			before, ok := v.ed.steps[id]
			if !ok {
				continue
			}
			if before.Order >= s.Order {
				v.fault("%s: waits for %s, which is no earlier step", s.ID, id)
			}
			if before.Due.Duration() > due {
				v.fault("%s: is due before %s, which it waits for", s.ID, id)
			}
		}
	}
}
