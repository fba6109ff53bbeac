package catalogue

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Answer is what came of a check or a signal.
type Answer string

// The answers to a check, and Raised, the answer a signal carries.
const (
	Clear   Answer = "clear"
	Concern Answer = "concern"
	RedFlag Answer = "red-flag"
	NotDone Answer = "not-done"
	Raised  Answer = "raised"
)

// Answers are the four answers to a check, in the order people choose from.
func Answers() []Answer { return []Answer{Clear, Concern, RedFlag, NotDone} }

// Strength says how much a red flag or a raised signal counts.
type Strength string

// Strengths, weakest first.
const (
	Weak     Strength = "weak"
	Moderate Strength = "moderate"
	Strong   Strength = "strong"
	Decisive Strength = "decisive"
)

// Strengths lists the strengths, weakest first.
func Strengths() []Strength { return []Strength{Weak, Moderate, Strong, Decisive} }

// Rank orders strengths: 0 for weak up to 3 for decisive, -1 for anything else.
func (s Strength) Rank() int {
	switch s {
	case Weak:
		return 0
	case Moderate:
		return 1
	case Strong:
		return 2
	case Decisive:
		return 3
	}
	return -1
}

// AtLeast reports whether s is as strong as other or stronger.
func (s Strength) AtLeast(other Strength) bool { return s.Rank() >= other.Rank() }

// Band is the conclusion of an assessment.
type Band string

// Bands, calmest first.
const (
	Low      Band = "low"
	Elevated Band = "elevated"
	High     Band = "high"
	Critical Band = "critical"
)

// Bands lists the bands, calmest first.
func Bands() []Band { return []Band{Low, Elevated, High, Critical} }

// Rank orders bands: 0 for low up to 3 for critical, -1 for anything else.
func (b Band) Rank() int { return slices.Index(Bands(), b) }

// Severity says how fast a signal wants an answer.
type Severity string

// Severities, mildest first. They share their words with two of the bands but
// are another scale: a signal of critical severity is not yet a critical person.
const (
	SeverityLow      Severity = "low"
	SeverityMedium   Severity = "medium"
	SeverityHigh     Severity = "high"
	SeverityCritical Severity = "critical"
)

// Severities lists the severities, mildest first.
func Severities() []Severity {
	return []Severity{SeverityLow, SeverityMedium, SeverityHigh, SeverityCritical}
}

// Rank orders severities: 0 for low up to 3 for critical, -1 for anything else.
func (s Severity) Rank() int { return slices.Index(Severities(), s) }

// Group is a family of findings that often share one cause.
type Group string

// The groups of the catalogue.
const (
	GroupCamera          Group = "camera"
	GroupConversation    Group = "conversation"
	GroupContinuity      Group = "continuity"
	GroupIDDocument      Group = "id-document"
	GroupLocation        Group = "location"
	GroupWorkHistory     Group = "work-history"
	GroupCodeHostHistory Group = "code-host-history"
	GroupCodeHostNetwork Group = "code-host-network"
	GroupFootprint       Group = "footprint"
	GroupContact         Group = "contact"
	GroupLogistics       Group = "logistics"
	GroupPayment         Group = "payment"
	GroupConduct         Group = "conduct"
	GroupEndpoint        Group = "endpoint"
	GroupAccess          Group = "access"
	GroupCode            Group = "code"
)

// Groups lists the groups in the catalogue's order.
func Groups() []Group {
	return []Group{
		GroupCamera, GroupConversation, GroupContinuity, GroupIDDocument, GroupLocation,
		GroupWorkHistory, GroupCodeHostHistory, GroupCodeHostNetwork, GroupFootprint, GroupContact,
		GroupLogistics, GroupPayment, GroupConduct, GroupEndpoint, GroupAccess, GroupCode,
	}
}

// Phase is a part of the response playbook.
type Phase string

// The phases, in the order a case passes through them.
const (
	Triage      Phase = "triage"
	Contain     Phase = "contain"
	Investigate Phase = "investigate"
	Confirm     Phase = "confirm"
	Exit        Phase = "exit"
	Report      Phase = "report"
	Recover     Phase = "recover"
)

// Phases lists the phases in order.
func Phases() []Phase {
	return []Phase{Triage, Contain, Investigate, Confirm, Exit, Report, Recover}
}

// OwnerRole is the function that owns a playbook step.
type OwnerRole string

// The owners of playbook steps.
const (
	OwnerSecurity    OwnerRole = "security"
	OwnerLegal       OwnerRole = "legal"
	OwnerEngineering OwnerRole = "engineering"
	OwnerHR          OwnerRole = "hr"
	OwnerFinance     OwnerRole = "finance"
)

// OwnerRoles lists the owners of playbook steps.
func OwnerRoles() []OwnerRole {
	return []OwnerRole{OwnerSecurity, OwnerLegal, OwnerEngineering, OwnerHR, OwnerFinance}
}

// Condition limits a playbook step to one outcome of the case.
type Condition string

// The conditions; Always is the zero value.
const (
	Always        Condition = ""
	OnlyConfirmed Condition = "confirmed"
	OnlyCleared   Condition = "cleared"
)

// Basis says where a due time comes from.
type Basis string

// The bases of due times.
const (
	BasisFramework  Basis = "framework"
	BasisRegulation Basis = "regulation"
	BasisJudgement  Basis = "our-judgement"
)

// EvidenceKind is a kind of thing to attach.
type EvidenceKind string

// Sensitivity says how a dossier field is protected.
type Sensitivity string

// The sensitivities.
const (
	SensitivityNormal   Sensitivity = "normal"
	SensitivityPersonal Sensitivity = "personal"
	SensitivitySpecial  Sensitivity = "special"
)

// Automation says how much of a check the application may do.
type Automation string

// The levels of automation.
const (
	AutomationNo       Automation = "no"
	AutomationAssisted Automation = "assisted"
	AutomationYes      Automation = "yes"
)

// Term is one word of a vocabulary and what it means.
type Term struct {
	Name    string
	Meaning string
}

// Terms is a closed vocabulary in the catalogue's order; a mapping in the file.
type Terms []Term

// Meaning explains a word, or is empty for a word outside the vocabulary.
func (t Terms) Meaning(name string) string {
	for _, term := range t {
		if term.Name == name {
			return term.Meaning
		}
	}
	return ""
}

// Names lists the words in order.
func (t Terms) Names() []string {
	names := make([]string, len(t))
	for i, term := range t {
		names[i] = term.Name
	}
	return names
}

// UnmarshalYAML reads a mapping and keeps its order.
func (t *Terms) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: a vocabulary must be a mapping", node.Line)
	}
	for i := 0; i < len(node.Content); i += 2 {
		*t = append(*t, Term{Name: node.Content[i].Value, Meaning: node.Content[i+1].Value})
	}
	return nil
}

// MarshalJSON writes the mapping back, in order.
func (t Terms) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, term := range t {
		if i > 0 {
			out.WriteByte(',')
		}
		name, err := json.Marshal(term.Name)
		if err != nil {
			return nil, err
		}
		meaning, err := json.Marshal(term.Meaning)
		if err != nil {
			return nil, err
		}
		out.Write(name)
		out.WriteByte(':')
		out.Write(meaning)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}
