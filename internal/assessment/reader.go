package assessment

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"gatehouse/internal/catalogue"
)

// reader turns documents into scenarios and collects every fault on the way.
type reader struct {
	ed        *catalogue.Edition
	name      string
	scenarios []Scenario
	warnings  []string
	faults    []error
}

func (r *reader) fault(node *yaml.Node, format string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf("%s:%d: %s", r.name, node.Line, fmt.Sprintf(format, args...)))
}

func (r *reader) document(node *yaml.Node) {
	switch node = resolve(node); node.Kind {
	case yaml.SequenceNode:
		for _, entry := range node.Content {
			r.scenario(resolve(entry))
		}
	case yaml.MappingNode:
		if list := value(node, "scenarios"); list != nil {
			if list.Kind == yaml.MappingNode {
				r.fault(list, "scenarios must be a list")
				return
			}
			r.document(list)
			return
		}
		r.scenario(node)
	default:
		if node.Tag != "!!null" { // an empty document says nothing
			r.fault(node, "expected a scenario or a list of them")
		}
	}
}

// scenarioKeys are the keys of the catalogue's scenarios and of the command's;
// those that are not weighed are allowed because they tell the story.
var scenarioKeys = []string{
	"id", "title", "kind", "outcome_in_fact", "summary", "raised", "evaded", "level", "stage",
	"confirmed_by", "cleared_by", "expected_outcome", "lesson", "refs",
}

func (r *reader) scenario(node *yaml.Node) {
	if node.Kind != yaml.MappingNode {
		r.fault(node, "expected a scenario: a mapping with id, raised and evaded")
		return
	}
	id := value(node, "id")
	if id == nil || id.Kind != yaml.ScalarNode || id.Value == "" {
		r.fault(node, "a scenario without an id")
		return
	}
	s := Scenario{ID: id.Value, Line: id.Line}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, val := node.Content[i], resolve(node.Content[i+1])
		switch key.Value {
		case "raised":
			for _, entry := range r.list(key.Value, val) {
				r.finding(&s, resolve(entry))
			}
		case "evaded":
			for _, entry := range r.list(key.Value, val) {
				r.clear(&s, resolve(entry))
			}
		case "level":
			s.Input.Level = r.prefixed(val, "level", func(id string) bool { _, ok := r.ed.Level(id); return ok })
		case "stage":
			s.Input.Stage = r.prefixed(val, "stage", func(id string) bool { _, ok := r.ed.Stage(id); return ok })
		case "expected_outcome":
			r.expected(&s, val)
		default:
			if !slices.Contains(scenarioKeys, key.Value) {
				r.warnings = append(r.warnings, fmt.Sprintf("%s:%d: %s: key %q is not read", r.name, key.Line, s.ID, key.Value))
			}
		}
	}
	r.scenarios = append(r.scenarios, s)
}

// list gives the entries of a sequence; nothing at all is an empty one.
func (r *reader) list(key string, node *yaml.Node) []*yaml.Node {
	if node.Tag == "!!null" {
		return nil
	}
	if node.Kind != yaml.SequenceNode {
		r.fault(node, "%s must be a list", key)
		return nil
	}
	return node.Content
}

// finding reads {id, answer, disposition?, count?}.
func (r *reader) finding(s *Scenario, node *yaml.Node) {
	if node.Kind != yaml.MappingNode {
		r.fault(node, "%s: expected {id, answer}, got %q", s.ID, node.Value)
		return
	}
	id := value(node, "id")
	if id == nil || id.Kind != yaml.ScalarNode {
		r.fault(node, "%s: a finding without an id", s.ID)
		return
	}
	f := Finding{ID: id.Value, Source: s.ID}
	if !r.known(s, id) {
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		val := resolve(node.Content[i+1])
		switch node.Content[i].Value {
		case "answer":
			f.Answer = catalogue.Answer(val.Value)
		case "disposition":
			f.Disposition = Disposition(val.Value)
			if !slices.Contains([]Disposition{"", Open, Explained, Confirmed}, f.Disposition) {
				r.fault(val, "%s: %s: disposition %q is not open, explained or confirmed", s.ID, f.ID, val.Value)
			}
		case "count":
			n, err := strconv.Atoi(val.Value)
			if err != nil || n < 1 {
				r.fault(val, "%s: %s: count %q is not a whole number from 1", s.ID, f.ID, val.Value)
			}
			f.Count = n
		}
	}
	if r.answer(s, node, &f) {
		s.Input.Findings = append(s.Input.Findings, f)
	}
}

// answer checks the answer. A signal is raised unless somebody judged it.
func (r *reader) answer(s *Scenario, node *yaml.Node, f *Finding) bool {
	allowed := catalogue.Answers()
	if _, isSignal := r.ed.Signal(f.ID); isSignal {
		allowed = append(allowed, catalogue.Raised)
		if f.Answer == "" {
			f.Answer = catalogue.Raised
		}
	}
	if slices.Contains(allowed, f.Answer) {
		return true
	}
	at := node
	if val := value(node, "answer"); val != nil {
		at = val
	}
	words := make([]string, len(allowed))
	for i, a := range allowed {
		words[i] = string(a)
	}
	r.fault(at, "%s: %s: answer %q is not one of %s", s.ID, f.ID, f.Answer, strings.Join(words, ", "))
	return false
}

func (r *reader) clear(s *Scenario, node *yaml.Node) {
	if node.Kind != yaml.ScalarNode {
		r.fault(node, "%s: evaded holds plain ids", s.ID)
		return
	}
	if r.known(s, node) {
		s.Input.Findings = append(s.Input.Findings, Finding{ID: node.Value, Answer: catalogue.Clear, Source: s.ID})
	}
}

func (r *reader) known(s *Scenario, id *yaml.Node) bool {
	if _, ok := r.ed.Check(id.Value); ok {
		return true
	}
	if _, ok := r.ed.Signal(id.Value); ok {
		return true
	}
	if item, ok := r.ed.Item(id.Value); ok {
		r.fault(id, "%s: %q is neither a check nor a signal (kind: %s)", s.ID, id.Value, item.Kind)
		return false
	}
	r.fault(id, "%s: unknown id %q", s.ID, id.Value)
	return false
}

// prefixed reads an id that may be written without its kind: privileged for
// level-privileged.
func (r *reader) prefixed(node *yaml.Node, kind string, exists func(string) bool) string {
	if node.Tag == "!!null" {
		return ""
	}
	for _, id := range []string{node.Value, kind + "-" + node.Value} {
		if exists(id) {
			return id
		}
	}
	r.fault(node, "unknown %s %q", kind, node.Value)
	return ""
}

// expected reads one band or a list of bands.
func (r *reader) expected(s *Scenario, node *yaml.Node) {
	nodes := []*yaml.Node{node}
	switch {
	case node.Tag == "!!null":
		return
	case node.Kind == yaml.SequenceNode:
		nodes, s.Listed = node.Content, true
	}
	for _, n := range nodes {
		n = resolve(n)
		band := catalogue.Band(n.Value)
		if band.Rank() < 0 {
			r.fault(n, "%s: expected_outcome %q is not a band", s.ID, n.Value)
			continue
		}
		s.Expected = append(s.Expected, band)
	}
}

// value finds the value of a key in a mapping.
func value(node *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return resolve(node.Content[i+1])
		}
	}
	return nil
}

// resolve follows an alias to what it stands for.
func resolve(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}
