package flag

import (
	"context"
	"strings"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// Service raises, withdraws and settles flags. It changes nobody's assessment: internal/assessment calls it and
// assesses again in the same transaction.
type Service struct {
	db  *db.DB
	lib *catalogue.Library
}

// NewService returns a Service over the database and the catalogue.
func NewService(d *db.DB, lib *catalogue.Library) *Service { return &Service{db: d, lib: lib} }

// Report raises a flag for a finding. A finding that is already flagged keeps its flag and disposition; if it was
// withdrawn, or its answer changed, it is open again unless it is sealed.
func (s *Service) Report(ctx context.Context, tx *db.Tx, r Raise) error {
	strength, group, err := s.weightOf(r)
	if err != nil {
		return err
	}
	before, found, err := byOrigin(ctx, tx, r.PersonID, r.ItemID, r.OriginKind, r.OriginID)
	if err != nil {
		return err
	}
	if !found {
		f := Flag{ID: ID(id.New()), PersonID: r.PersonID, ItemID: r.ItemID, Answer: r.Answer,
			Strength: strength, GroupID: group, OriginKind: r.OriginKind, OriginID: r.OriginID,
			Summary: r.Summary, State: Open, RaisedAt: r.At, RaisedBy: tx.ActorID()}
		tx.Record(entry(f, "flag.raised"))
		return insert(ctx, tx, f)
	}
	after := before.reported(r)
	switch {
	case after.WithdrawnAt != before.WithdrawnAt || after.Answer != before.Answer:
		tx.Record(entry(after, "flag.raised"))
	case after.Summary == before.Summary:
		return nil
	}
	return update(ctx, tx, after)
}

// reported is the flag after its own finding was reported again.
func (f Flag) reported(r Raise) Flag {
	if (f.WithdrawnAt != nil || f.Answer != r.Answer) && f.State != Explained {
		f.State, f.Reason = Open, ""
		f.DisposedAt, f.DisposedBy, f.SecondedAt, f.SecondedBy = nil, nil, nil, nil
	}
	f.Answer, f.Summary, f.WithdrawnAt = r.Answer, r.Summary, nil
	return f
}

// weightOf finds strength and group of the reported item in its edition, or in the current one.
func (s *Service) weightOf(r Raise) (catalogue.Strength, catalogue.Group, error) {
	editions := []*catalogue.Edition{s.lib.Current()}
	if ed, ok := s.lib.Lookup(r.Edition); ok {
		editions = []*catalogue.Edition{ed, s.lib.Current()}
	}
	for _, ed := range editions {
		if c, ok := ed.Check(r.ItemID); ok {
			return c.Strength, c.Group, nil
		}
		if sig, ok := ed.Signal(r.ItemID); ok {
			return sig.Strength, sig.Group, nil
		}
	}
	return "", "", apperr.Invalid("item", "%q is no check or signal of the catalogue.", r.ItemID)
}

// Withdraw takes a finding's flag back, because its answer was amended. Without such a flag it does nothing.
func (s *Service) Withdraw(ctx context.Context, tx *db.Tx, personID person.ID, itemID, originKind, originID string) error {
	f, found, err := byOrigin(ctx, tx, personID, itemID, originKind, originID)
	if err != nil || !found || f.WithdrawnAt != nil {
		return err
	}
	f.WithdrawnAt = &tx.Now
	tx.Record(entry(f, "flag.withdrawn"))
	return update(ctx, tx, f)
}

// Rest lets all flags of a person rest, or wait again. It needs no entry of its own: it follows from how the person's
// applications stand, which the caller records.
func (s *Service) Rest(ctx context.Context, tx *db.Tx, personID person.ID, rests bool) error {
	return rest(ctx, tx, personID, rests)
}

// Lock locks a flag for a change and refuses a stale version. Lock the person first.
func (s *Service) Lock(ctx context.Context, tx *db.Tx, id ID, version int) (Flag, error) {
	f, err := lock(ctx, tx, id)
	if err != nil {
		return Flag{}, err
	}
	if f.Version != version {
		return Flag{}, apperr.Conflict("Somebody answered this flag meanwhile. Look at it again before you change it.")
	}
	return f, nil
}

// SetDisposition gives a locked flag its new state, with the reason for it. The caller assesses the person again.
func (s *Service) SetDisposition(ctx context.Context, tx *db.Tx, f Flag, to State, reason string) (Flag, error) {
	reason = strings.TrimSpace(reason)
	if err := f.Disposable(to, reason); err != nil {
		return Flag{}, err
	}
	e := entry(f, "flag.disposed")
	e.Detail["from"], e.Detail["to"], e.Reason = f.State, to, reason
	tx.Record(e)
	f.State, f.Reason = to, reason
	f.DisposedAt, f.DisposedBy = &tx.Now, tx.ActorID()
	f.SecondedAt, f.SecondedBy = nil, nil
	return f, update(ctx, tx, f)
}

// SetSeconded notes that a second person agrees with a locked flag's confirmation. The caller assesses the person again.
func (s *Service) SetSeconded(ctx context.Context, tx *db.Tx, f Flag) error {
	switch {
	case !f.NeedsSecond():
		return apperr.Conflict("This flag does not wait for a second person.")
	case tx.Actor.Kind != authz.KindUser || f.DisposedBy != nil && *f.DisposedBy == tx.Actor.ID:
		return apperr.Forbidden("Somebody else than who confirmed it has to agree.")
	}
	f.SecondedAt, f.SecondedBy = &tx.Now, tx.ActorID()
	tx.Record(entry(f, "flag.seconded"))
	return update(ctx, tx, f)
}

func entry(f Flag, action string) db.Entry {
	return db.Entry{Action: action, SubjectKind: "flag", SubjectID: string(f.ID), PersonID: string(f.PersonID),
		Detail: map[string]any{"item": f.ItemID, "answer": f.Answer, "origin": f.OriginKind}}
}
