package library

import (
	"slices"

	"gatehouse/internal/catalogue"
)

// relate adds the entries that name this one: which level requires it, which step uses it, what it replaces.
func (e *entry) relate() {
	id := e.item.ID
	ed := e.ed
	e.to("Required by", naming(ed.Levels, func(l *catalogue.Level) (string, []string) {
		return l.ID, slices.Concat(l.RequiredChecks, l.RequiredControls)
	}, id))
	e.to("Used in these steps", naming(ed.Playbook, func(s *catalogue.Step) (string, []string) { return s.ID, s.Checks }, id))
	e.to("Opens these steps", naming(ed.Playbook, func(s *catalogue.Step) (string, []string) { return s.ID, s.After }, id))
	e.to("Checks that test it", naming(ed.Checks, func(c *catalogue.Check) (string, []string) { return c.ID, []string{c.Claim} }, id))
	e.to("Asked of these channels", naming(ed.Channels, func(c *catalogue.Channel) (string, []string) { return c.ID, c.Checks }, id))
	e.to("Risks it shows", naming(ed.Risks, func(r *catalogue.Risk) (string, []string) { return r.ID, r.RaisedBy }, id))
	e.to("Risks it lessens", naming(ed.Risks, func(r *catalogue.Risk) (string, []string) {
		return r.ID, slices.Concat(r.MitigatingSteps, r.MitigatingControls)
	}, id))
	e.to("Controls for this level", naming(ed.Controls, func(c *catalogue.Control) (string, []string) { return c.ID, c.Levels }, id))
	e.to("Answers these profile questions", naming(ed.Profile, func(p *catalogue.Profile) (string, []string) {
		return p.ID, slices.Concat(p.Checks, p.Excluded)
	}, id))
	e.to("Stands in for what we leave out", naming(ed.Excluded, func(x *catalogue.Excluded) (string, []string) { return x.ID, x.ReplacedBy }, id))
	e.to("In these scenarios", naming(ed.Scenarios, func(s *catalogue.Scenario) (string, []string) {
		named := slices.Clone(s.Evaded)
		for _, f := range s.Raised {
			named = append(named, f.ID)
		}
		return s.ID, named
	}, id))
}

// naming lists the ids of the entries that name id.
func naming[T any](list []*T, of func(*T) (string, []string), id string) []string {
	var ids []string
	for _, v := range list {
		if own, named := of(v); slices.Contains(named, id) {
			ids = append(ids, own)
		}
	}
	return ids
}
