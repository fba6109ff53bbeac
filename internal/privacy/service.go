package privacy

import (
	"context"
	"strings"

	"gatehouse/internal/account"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/dashboard"
	"gatehouse/internal/evidence"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// Service erases, holds and gives out what is kept about people.
type Service struct {
	db       *db.DB
	lib      *catalogue.Library
	people   *person.Service
	evidence *evidence.Service
	accounts *account.Service
	views    *dashboard.Service
}

// NewService returns the service on d. What is given out names the framework's items by the library's current edition.
func NewService(d *db.DB, lib *catalogue.Library, people *person.Service, items *evidence.Service, accounts *account.Service, views *dashboard.Service) *Service {
	return &Service{db: d, lib: lib, people: people, evidence: items, accounts: accounts, views: views}
}

// Register says what personal data is where.
func (s *Service) Register(ctx context.Context) (Register, error) {
	return registerOf(ctx, s.db.Pool())
}

// Of says whether a person's data may be erased, as far as the actor may know.
func (s *Service) Of(ctx context.Context, actor authz.Actor, personID person.ID) (Standing, error) {
	return standingOf(ctx, s.db.Pool(), actor, personID)
}

// Preview says what erasing a person would do. Nothing changes.
func (s *Service) Preview(ctx context.Context, actor authz.Actor, personID person.ID) (Preview, error) {
	q := s.db.Pool()
	standing, err := standingOf(ctx, q, actor, personID)
	if err != nil {
		return Preview{}, err
	}
	register, err := registerOf(ctx, q)
	if err != nil {
		return Preview{}, err
	}
	cases, err := casesOf(ctx, q, actor, personID)
	if err != nil {
		return Preview{}, err
	}
	p := Preview{Standing: standing}
	if p.Parts, err = partsOf(ctx, q, register, personID, cases); err != nil {
		return Preview{}, err
	}
	p.Items, p.Bytes, err = contentOf(ctx, q, personID, cases)
	return p, err
}

// Erase empties all that says who a person was, and destroys the key of their files. It is refused, as a Conflict that says
// why, while something stops it. There is no way back.
func (s *Service) Erase(ctx context.Context, actor authz.Actor, personID person.ID, version int, basis Basis) error {
	if basis != Request && basis != Consent && basis != Unlawful {
		return apperr.Invalid("basis", "Say why it is erased.")
	}
	err := s.db.Write(ctx, actor, func(tx *db.Tx) error {
		p, err := s.people.Lock(ctx, tx, personID)
		if err != nil {
			return err
		}
		if p.Version != version {
			return apperr.Conflict("This person was changed meanwhile. Look at what would go, and try again.")
		}
		standing, err := standingOf(ctx, tx, actor, personID)
		if err != nil {
			return err
		}
		if stops := standing.Stops(); stops != "" {
			return apperr.Conflict("%s Nothing was erased.", stops)
		}
		return s.eraseRecord(ctx, tx, p, basis, nil)
	})
	if err != nil {
		return err
	}
	return s.evidence.DeleteErased(ctx)
}

// eraseRecord erases the locked person, whom nothing holds.
func (s *Service) eraseRecord(ctx context.Context, tx *db.Tx, p person.Person, basis Basis, runID *string) error {
	items, err := s.evidence.Erase(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	register, err := registerOf(ctx, tx)
	if err != nil {
		return err
	}
	rows, err := empty(ctx, tx, register, p.ID)
	if err != nil {
		return err
	}
	users, err := s.accounts.Forget(ctx, tx, string(p.ID))
	if err != nil {
		return err
	}
	if err := forgetUsers(ctx, tx, users); err != nil {
		return err
	}
	if err := s.views.ForgetName(ctx, tx, p.Name); err != nil {
		return err
	}
	if err := s.people.Erase(ctx, tx, p.ID); err != nil {
		return err
	}
	e := Erasure{PersonID: p.ID, Scope: Record, Basis: basis, Rows: rows, Items: int64(items)}
	return note(ctx, tx, e, runID)
}

// eraseContent erases what the evidence of the locked person holds, and nothing else.
func (s *Service) eraseContent(ctx context.Context, tx *db.Tx, p person.Person, basis Basis, runID *string) error {
	items, err := s.evidence.Erase(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	return note(ctx, tx, Erasure{PersonID: p.ID, Scope: Evidence, Basis: basis, Items: int64(items)}, runID)
}

// note keeps the record of an erasure: when, by whom, on what basis, how much.
func note(ctx context.Context, tx *db.Tx, e Erasure, runID *string) error {
	e.ID = id.New()
	if err := insertErasure(ctx, tx, e, runID); err != nil {
		return err
	}
	tx.Record(db.Entry{Action: "person.erased", SubjectKind: "person", SubjectID: string(e.PersonID), PersonID: string(e.PersonID),
		Detail: map[string]any{"erasure": e.ID, "scope": e.Scope, "basis": e.Basis, "rows": e.Rows, "items": e.Items, "run": runID}})
	return nil
}

// Place puts a person's data on hold until it is lifted.
func (s *Service) Place(ctx context.Context, actor authz.Actor, personID person.ID, reason string) error {
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		p, err := s.people.Lock(ctx, tx, personID)
		if err != nil {
			return err
		}
		return place(ctx, tx, Hold{PersonID: p.ID, Reason: reason})
	})
}

// PlaceCase puts the subject of a case on hold by that case: only its members learn of it. A case that the actor does not see
// whole is NotFound, one that is sealed to them an evidence.SealedError.
func (s *Service) PlaceCase(ctx context.Context, actor authz.Actor, caseID, reason string) error {
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		personID, erased, err := subjectOf(ctx, tx, actor, caseID)
		if err != nil {
			return err
		}
		if err := evidence.Sealed(ctx, tx, actor, &caseID); err != nil {
			return err
		}
		if erased {
			return apperr.Conflict("The subject's data was erased already.")
		}
		return place(ctx, tx, Hold{PersonID: personID, CaseID: &caseID, Reason: reason})
	})
}

func place(ctx context.Context, tx *db.Tx, h Hold) error {
	var err error
	if h.Reason, err = reasonOf(h.Reason); err != nil {
		return err
	}
	h.ID = id.New()
	if err := insertHold(ctx, tx, h); err != nil {
		return err
	}
	tx.Record(entryOf("hold.placed", h, h.Reason))
	return nil
}

// Lift ends a hold. One that the actor may not see is NotFound; that of a case which is sealed to them, an evidence.SealedError.
func (s *Service) Lift(ctx context.Context, actor authz.Actor, holdID, reason string) (Hold, error) {
	var h Hold
	err := s.db.Write(ctx, actor, func(tx *db.Tx) error {
		reason, err := reasonOf(reason)
		if err != nil {
			return err
		}
		if h, err = holdByID(ctx, tx, actor, holdID, "FOR UPDATE OF h"); err != nil {
			return err
		}
		if err := evidence.Sealed(ctx, tx, actor, h.CaseID); err != nil {
			return err
		}
		if h.LiftedAt != nil {
			return apperr.Conflict("This hold was lifted already.")
		}
		if err := liftHold(ctx, tx, h.ID, reason); err != nil {
			return err
		}
		tx.Record(entryOf("hold.lifted", h, reason))
		return nil
	})
	return h, err
}

func entryOf(action string, h Hold, reason string) db.Entry {
	e := db.Entry{Action: action, SubjectKind: "person", SubjectID: string(h.PersonID), PersonID: string(h.PersonID),
		Detail: map[string]any{"hold": h.ID}, Reason: reason}
	if h.CaseID != nil {
		e.CaseID = *h.CaseID
	}
	return e
}

const maxReason = 1000

func reasonOf(text string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", apperr.Invalid("reason", "Say why, for whoever looks at it later.")
	case len([]rune(text)) > maxReason:
		return "", apperr.Invalid("reason", "Use at most %d characters.", maxReason)
	case strings.ContainsRune(text, 0):
		return "", apperr.Invalid("reason", "Remove the characters that cannot be shown.")
	}
	return text, nil
}

// Hold is one hold, with who placed it. One that the actor may not see is NotFound; that of a case which is sealed to them, an
// evidence.SealedError.
func (s *Service) Hold(ctx context.Context, actor authz.Actor, holdID string) (Hold, error) {
	h, err := holdByID(ctx, s.db.Pool(), actor, holdID, "")
	if err == nil {
		err = evidence.Sealed(ctx, s.db.Pool(), actor, h.CaseID)
	}
	return h, err
}

// Holds lists the holds in force that the actor may see, the newest first.
func (s *Service) Holds(ctx context.Context, actor authz.Actor) ([]Hold, error) {
	return holdsInForce(ctx, s.db.Pool(), actor)
}

// Erasures lists the last erasures.
func (s *Service) Erasures(ctx context.Context) ([]Erasure, error) {
	return lastErasures(ctx, s.db.Pool())
}

// ErasuresOf lists what was erased of one person, the last first.
func (s *Service) ErasuresOf(ctx context.Context, personID person.ID) ([]Erasure, error) {
	return erasuresOf(ctx, s.db.Pool(), personID)
}

// CaseStanding is a case whose members may hold the data of its subject, and its hold in force, if there is one.
type CaseStanding struct {
	ID, CodeName string
	Open         bool
	Erased       bool
	Hold         *Hold
}

// CaseOf says how a case stands to the data of its subject. A case that the actor does not see whole is NotFound, one that is
// sealed to them an evidence.SealedError.
func (s *Service) CaseOf(ctx context.Context, actor authz.Actor, caseID string) (CaseStanding, error) {
	c, err := caseStanding(ctx, s.db.Pool(), actor, caseID)
	if err != nil {
		return c, err
	}
	if err := evidence.Sealed(ctx, s.db.Pool(), actor, &caseID); err != nil {
		return CaseStanding{}, err
	}
	holds, err := holdsWhere(ctx, s.db.Pool(), actor, "h.lifted_at IS NULL AND h.case_id = ?", caseID)
	if len(holds) > 0 {
		c.Hold = &holds[0]
	}
	return c, err
}
