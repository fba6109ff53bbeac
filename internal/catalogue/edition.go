package catalogue

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// Edition is one version of the catalogue with lookups over its content.
type Edition struct {
	Content

	raw      []byte // the file, for an export that loses nothing
	order    []Item // every item in the file's order
	items    map[string]Item
	sources  map[string]*Source
	stages   map[string]*Stage
	claims   map[string]*Claim
	channels map[string]*Channel
	checks   map[string]*Check
	liveness map[string]*Liveness
	signals  map[string]*Signal
	controls map[string]*Control
	levels   map[string]*Level
	steps    map[string]*Step
	fields   map[string]*Field
	kits     map[string][]*Check
	required map[string][]*Check
	index    []searchEntry
}

// Parse reads one edition strictly: unknown keys, unknown words, duplicate ids
// and references to nothing are errors, reported all at once.
func Parse(raw []byte) (*Edition, error) {
	ed := &Edition{raw: raw}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&ed.Content); err != nil {
		return nil, err
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("an edition is a single document")
	}
	if hasHole(reflect.ValueOf(ed.Content)) {
		return nil, errors.New("an edition has no empty entries in its lists")
	}
	ed.build()
	if err := ed.validate(); err != nil {
		return nil, err
	}
	return ed, nil
}

// build fills the lookups. It assumes nothing, so that validate can run on the
// result and name every fault.
func (ed *Edition) build() {
	for i, stage := range ed.Stages {
		stage.Order = i
	}
	ed.sources = byID(ed.Meta.Sources, func(s *Source) string { return s.ID })
	ed.stages = byID(ed.Stages, func(s *Stage) string { return s.ID })
	ed.claims = byID(ed.Claims, func(c *Claim) string { return c.ID })
	ed.channels = byID(ed.Channels, func(c *Channel) string { return c.ID })
	ed.checks = byID(ed.Checks, func(c *Check) string { return c.ID })
	ed.liveness = byID(ed.Liveness, func(l *Liveness) string { return l.ID })
	ed.signals = byID(ed.Signals, func(s *Signal) string { return s.ID })
	ed.controls = byID(ed.Controls, func(c *Control) string { return c.ID })
	ed.levels = byID(ed.Levels, func(l *Level) string { return l.ID })
	ed.steps = byID(ed.Playbook, func(s *Step) string { return s.ID })
	ed.fields = byID(ed.Dossier, func(f *Field) string { return f.ID })
	ed.order = ed.collectItems()
	ed.items = byID(ed.order, func(i Item) string { return i.ID })
	ed.kits = ed.collectKits()
	ed.required = map[string][]*Check{}
	for _, level := range ed.Levels {
		for _, id := range level.RequiredChecks {
			if check, ok := ed.checks[id]; ok {
				ed.required[level.ID] = append(ed.required[level.ID], check)
			}
		}
	}
	ed.index = indexItems(ed.order)
}

// hasHole reports whether a list somewhere below v has an entry that is nothing.
func hasHole(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return !v.IsNil() && hasHole(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if hasHole(v.Field(i)) {
				return true
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if entry := v.Index(i); entry.Kind() == reflect.Pointer && entry.IsNil() || hasHole(entry) {
				return true
			}
		}
	}
	return false
}

func byID[T any](list []T, id func(T) string) map[string]T {
	m := make(map[string]T, len(list))
	for _, entry := range list {
		m[id(entry)] = entry
	}
	return m
}

// collectKits gathers the checks of each stage: those at home in it first, then
// those that are also worth asking there, each part in the catalogue's order.
func (ed *Edition) collectKits() map[string][]*Check {
	kits := map[string][]*Check{}
	for _, check := range ed.Checks {
		kits[check.Stage] = append(kits[check.Stage], check)
	}
	for _, check := range ed.Checks {
		for _, stage := range check.AlsoStages {
			kits[stage] = append(kits[stage], check)
		}
	}
	return kits
}

// Version is the edition's number.
func (ed *Edition) Version() string { return ed.Meta.Version }

// Check finds a check.
func (ed *Edition) Check(id string) (*Check, bool) { c, ok := ed.checks[id]; return c, ok }

// Signal finds a signal.
func (ed *Edition) Signal(id string) (*Signal, bool) { s, ok := ed.signals[id]; return s, ok }

// Step finds a playbook step.
func (ed *Edition) Step(id string) (*Step, bool) { s, ok := ed.steps[id]; return s, ok }

// Stage finds a hiring stage.
func (ed *Edition) Stage(id string) (*Stage, bool) { s, ok := ed.stages[id]; return s, ok }

// Level finds a verification level.
func (ed *Edition) Level(id string) (*Level, bool) { l, ok := ed.levels[id]; return l, ok }

// Channel finds a channel.
func (ed *Edition) Channel(id string) (*Channel, bool) { c, ok := ed.channels[id]; return c, ok }

// Claim finds a claim.
func (ed *Edition) Claim(id string) (*Claim, bool) { c, ok := ed.claims[id]; return c, ok }

// Control finds a hardening measure.
func (ed *Edition) Control(id string) (*Control, bool) { c, ok := ed.controls[id]; return c, ok }

// Field finds a dossier field.
func (ed *Edition) Field(id string) (*Field, bool) { f, ok := ed.fields[id]; return f, ok }

// Challenge finds a liveness challenge.
func (ed *Edition) Challenge(id string) (*Liveness, bool) { l, ok := ed.liveness[id]; return l, ok }

// Source finds a publication.
func (ed *Edition) Source(id string) (*Source, bool) { s, ok := ed.sources[id]; return s, ok }

// Sources lists the publications the catalogue draws on.
func (ed *Edition) Sources() []*Source { return ed.Meta.Sources }

// ChecksFor is the kit of a stage: the checks at home in it, then those that
// may also be asked there.
func (ed *Edition) ChecksFor(stage string) []*Check { return ed.kits[stage] }

// Required is what a verification level demands, in the level's order.
func (ed *Edition) Required(level string) []*Check { return ed.required[level] }
