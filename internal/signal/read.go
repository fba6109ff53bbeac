package signal

import (
	"context"
	"slices"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/page"
)

// PageSize is how many signals a page of the list shows unless the filter says otherwise.
const PageSize = 50

// Filter narrows the list of signals. Zero fields do not narrow; within a field any value may hold, across fields all
// must.
type Filter struct {
	Severities []catalogue.Severity
	SignalIDs  []string
	Source     string
	PersonID   person.ID
	Unresolved bool // only those that name nobody we know
	// From and Until bound the event time; Until is not included.
	From, Until time.Time
	// After and Before are cursors of a page.Slice; at most one is set. One that is not of this list means the start.
	After, Before string
	Size          int
}

// kinds are the kinds of signal that the filter asks for; narrowed is false when it asks for any.
func (f Filter) kinds(ed *catalogue.Edition) (kinds []string, narrowed bool) {
	if len(f.Severities) == 0 && len(f.SignalIDs) == 0 {
		return nil, false
	}
	for i := range ed.Signals {
		sig := ed.Signals[i]
		if len(f.Severities) > 0 && !slices.Contains(f.Severities, sig.Severity) {
			continue
		}
		if len(f.SignalIDs) > 0 && !slices.Contains(f.SignalIDs, sig.ID) {
			continue
		}
		kinds = append(kinds, sig.ID)
	}
	return kinds, true
}

// Source is somebody who sends signals.
type Source struct {
	Source  string
	N       int64
	FirstAt time.Time
	LastAt  time.Time
}

// List returns a page of the signals that the actor sees, the latest first.
func (s *Service) List(ctx context.Context, actor authz.Actor, f Filter) (page.Slice[Signal], error) {
	if f.Size <= 0 {
		f.Size = PageSize
	}
	kinds, narrowed := f.kinds(s.lib.Current())
	if narrowed && len(kinds) == 0 {
		return page.Slice[Signal]{}, nil
	}
	return listSignals(ctx, s.db.Heavy(ctx), actor, f, kinds)
}

// ForPerson returns a page of a person's signals, the latest first. after and before are cursors as in Filter.
func (s *Service) ForPerson(ctx context.Context, actor authz.Actor, personID person.ID, after, before string, size int) (page.Slice[Signal], error) {
	return s.List(ctx, actor, Filter{PersonID: personID, After: after, Before: before, Size: size})
}

// At returns the signal at a place, or NotFound if there is none that the actor sees.
func (s *Service) At(ctx context.Context, actor authz.Actor, place string) (Signal, error) {
	c, err := page.Parse[time.Time](place)
	if err != nil {
		return Signal{}, apperr.Missing("signal")
	}
	return signalAt(ctx, s.db.Pool(), actor, c)
}

// Sources lists who has sent signals, with when they were last heard of.
func (s *Service) Sources(ctx context.Context) ([]Source, error) { return allSources(ctx, s.db.Pool()) }
