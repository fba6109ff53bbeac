package assessment

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/flag"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// Outcome is what a check or a signal said of a person, as other features report it. Reporting is idempotent: an
// outcome replaces what the same origin said of the same item before.
type Outcome struct {
	ItemID     string // check or signal of the catalogue
	Answer     catalogue.Answer
	OriginKind string // flag.FromAnswer, flag.FromCheck or flag.FromSignal
	OriginID   string
	Note       string
	Count      int // how often it was seen in all, the times reported before included; below 1 means once
	At         time.Time
}

// RecordedCheck is the answer to a check that was made outside an interview.
type RecordedCheck struct {
	CheckID     string
	Answer      catalogue.Answer
	Note        string
	EvidenceIDs []evidence.ID
}

// Service keeps what was reported of people, and their assessments.
type Service struct {
	db     *db.DB
	lib    *catalogue.Library
	people *person.Service
	flags  *flag.Service
}

// NewService returns a Service over the database, the catalogue, and the features it reports to.
func NewService(d *db.DB, lib *catalogue.Library, people *person.Service, flags *flag.Service) *Service {
	return &Service{db: d, lib: lib, people: people, flags: flags}
}

// Note takes up what was reported of a person: it stores the outcomes, raises and withdraws flags, and assesses
// again, all in the caller's transaction. The caller records what happened; Note adds entries of its own only for
// flags and for a band that moved.
func (s *Service) Note(ctx context.Context, tx *db.Tx, personID person.ID, outcomes ...Outcome) error {
	sub, err := lockSubject(ctx, tx, personID)
	if err != nil {
		return err
	}
	ledger, err := s.ledger(ctx, tx, personID)
	if err != nil {
		return err
	}
	ed := s.edition(sub.Edition)
	causes := make([]string, 0, len(outcomes))
	for _, o := range outcomes {
		title, err := s.titleOf(ed, o)
		if err != nil {
			return err
		}
		e, changed := ledger.enter(o)
		if !changed {
			continue
		}
		causes = append(causes, title+": "+answerWord(o.Answer))
		if err := s.store(ctx, tx, personID, ed, e); err != nil {
			return err
		}
	}
	return s.assess(ctx, tx, personID, sub, strings.Join(shorten(causes), "; "))
}

// shorten keeps a cause readable when a whole scorecard arrives at once.
func shorten(causes []string) []string {
	if len(causes) <= 3 {
		return causes
	}
	return append(causes[:3:3], fmt.Sprintf("and %d more", len(causes)-3))
}

// store writes one entry of the ledger and raises or withdraws its flag.
func (s *Service) store(ctx context.Context, tx *db.Tx, personID person.ID, ed *catalogue.Edition, e entry) error {
	if err := upsertOutcome(ctx, tx, personID, e); err != nil {
		return err
	}
	if !finding(e.Answer) {
		return s.flags.Withdraw(ctx, tx, personID, e.ItemID, e.OriginKind, e.OriginID)
	}
	return s.flags.Report(ctx, tx, flag.Raise{
		PersonID: personID, ItemID: e.ItemID, Answer: e.Answer,
		OriginKind: e.OriginKind, OriginID: e.OriginID,
		Summary: e.Note, At: e.NotedAt, Edition: ed.Version(),
	})
}

// Reassess assesses a person again because what the assessment is measured against changed: the job or the stage.
func (s *Service) Reassess(ctx context.Context, tx *db.Tx, personID person.ID) error {
	return s.ReassessAfter(ctx, tx, personID, "Job or stage changed")
}

// ReassessAfter assesses a person again after something the caller did, such as settling several flags at once.
func (s *Service) ReassessAfter(ctx context.Context, tx *db.Tx, personID person.ID, cause string) error {
	sub, err := lockSubject(ctx, tx, personID)
	if err != nil {
		return err
	}
	return s.assess(ctx, tx, personID, sub, cause)
}

// assess reads everything reported of a person whose row is locked, and stores what follows from it.
func (s *Service) assess(ctx context.Context, tx *db.Tx, personID person.ID, sub subjectRow, cause string) error {
	ledger, err := s.ledger(ctx, tx, personID)
	if err != nil {
		return err
	}
	// Whoever is not in hiring any more and was never hired has nothing that waits.
	if ended := sub.Status == person.Closed; ledger.rest(ended) {
		if err := s.flags.Rest(ctx, tx, personID, ended); err != nil {
			return err
		}
	}
	ed := s.edition(sub.Edition)
	a := Assess(ed, Input{Findings: ledger.findings(), Level: sub.LevelID, Stage: sub.StageID})
	if err := saveAssessment(ctx, tx, personID, ed.Version(), a); err != nil {
		return err
	}
	if a.Band != sub.Band || a.Score != sub.Score {
		if err := insertMove(ctx, tx, personID, sub, a, cause); err != nil {
			return err
		}
	}
	if a.Band != sub.Band {
		tx.Record(db.Entry{Action: "assessment.moved", SubjectKind: "person", SubjectID: string(personID),
			PersonID: string(personID), Detail: map[string]any{
				"from": sub.Band, "to": a.Band, "score": a.Score, "coverage": a.Coverage.Percent()}})
	}
	return s.people.SetStanding(ctx, tx, personID, person.Standing{
		Band: a.Band, Score: a.Score, Coverage: a.Coverage.Percent(), OpenFlags: ledger.waiting(),
	})
}

// RecordCheck records the answer to a check made outside an interview, with the evidence for it.
func (s *Service) RecordCheck(ctx context.Context, actor authz.Actor, personID person.ID, c RecordedCheck) error {
	c.Note = strings.TrimSpace(c.Note)
	if err := s.Check(c); err != nil {
		return err
	}
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		if _, err := s.people.Lock(ctx, tx, personID); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "check.recorded", SubjectKind: "check", SubjectID: c.CheckID,
			PersonID: string(personID), Detail: map[string]any{"check": c.CheckID, "answer": c.Answer},
			Changes: []db.Change{db.Changed("note", "", c.Note)}})
		if err := evidence.Attach(ctx, tx, c.EvidenceIDs,
			evidence.Subject{Kind: evidence.OnAnswer, ID: string(personID) + "/" + c.CheckID}); err != nil {
			return err
		}
		return s.Note(ctx, tx, personID, Outcome{ItemID: c.CheckID, Answer: c.Answer, OriginKind: flag.FromCheck,
			OriginID: string(personID), Note: c.Note, At: tx.Now})
	})
}

// maxNote bounds a note, in bytes.
const maxNote = 4000

// Check says what is wrong with a check that is to be recorded, as InvalidInput, or returns nil.
func (s *Service) Check(c RecordedCheck) error {
	var p apperr.Problems
	_, known := s.lib.Current().Check(c.CheckID)
	p.Check(known, "check", "Choose a check.")
	p.Check(checkAnswer(c.Answer), "answer", "Choose an answer.")
	p.Check(len(c.Note) <= maxNote, "note", "Keep it under %d characters.", maxNote)
	p.Check(strings.TrimSpace(c.Note) != "" || !finding(c.Answer), "note", "Say what was seen: whoever reads this later has only your words.")
	return p.Err()
}

// Dispose gives a flag a disposition, with the evidence for it, and assesses the person again. Explaining needs evidence,
// given now or before: it seals the flag for good, and a reason alone is somebody's word.
func (s *Service) Dispose(ctx context.Context, actor authz.Actor, flagID flag.ID, version int, to flag.State, reason string, evidenceIDs []evidence.ID) error {
	return s.settle(ctx, actor, flagID, version, func(tx *db.Tx, f flag.Flag) (string, error) {
		on := evidence.Subject{Kind: evidence.OnFlag, ID: string(flagID)}
		if err := evidence.Attach(ctx, tx, evidenceIDs, on); err != nil {
			return "", err
		}
		f, err := s.flags.SetDisposition(ctx, tx, f, to, reason)
		if to == flag.Explained {
			err = apperr.Both(err, explains(ctx, tx, on))
		}
		return "flag " + string(f.State), err
	})
}

func explains(ctx context.Context, tx *db.Tx, on evidence.Subject) error {
	found, err := evidence.Supports(ctx, tx, on)
	if err == nil && !found {
		err = apperr.Invalid("evidence", "Choose or add what shows it. An explained flag is sealed for good, so it must not rest on a word alone.")
	}
	return err
}

// Second notes that a second person agrees with the confirmation of a decisive finding, which counts from then on.
func (s *Service) Second(ctx context.Context, actor authz.Actor, flagID flag.ID, version int) error {
	return s.settle(ctx, actor, flagID, version, func(tx *db.Tx, f flag.Flag) (string, error) {
		return "confirmed by a second person", s.flags.SetSeconded(ctx, tx, f)
	})
}

// settle changes one flag under the locks of its person and itself, then assesses the person again. change
// returns what happened, in words.
func (s *Service) settle(ctx context.Context, actor authz.Actor, flagID flag.ID, version int, change func(*db.Tx, flag.Flag) (string, error)) error {
	seen, err := s.flags.ByID(ctx, s.db.Pool(), flagID)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		if _, err := s.people.Lock(ctx, tx, seen.PersonID); err != nil {
			return hideAs("flag", err)
		}
		f, err := s.flags.Lock(ctx, tx, flagID, version)
		if err != nil {
			return err
		}
		what, err := change(tx, f)
		if err != nil {
			return err
		}
		sub, err := lockSubject(ctx, tx, f.PersonID)
		if err != nil {
			return err
		}
		return s.assess(ctx, tx, f.PersonID, sub, s.Title(f.ItemID)+": "+what)
	})
}

// hideAs says that the thing asked for is missing when its person may not be seen.
func hideAs(what string, err error) error {
	if apperr.KindOf(err) == apperr.NotFound {
		return apperr.Missing(what)
	}
	return err
}

// edition is the edition a person's application began with, or the current one.
func (s *Service) edition(version string) *catalogue.Edition {
	if version == "" {
		return s.lib.Current()
	}
	return s.lib.At(version)
}

// Title is the title of a check or signal, or its id when no edition at hand has it.
func (s *Service) Title(itemID string) string {
	if item, ok := s.lib.Current().Item(itemID); ok {
		return item.Title
	}
	return itemID
}

// titleOf checks that the outcome names an item of its kind and carries an answer of its kind. An item that the
// person's edition does not have yet is taken from the current one: its flag can be answered, though not weighed.
func (s *Service) titleOf(ed *catalogue.Edition, o Outcome) (string, error) {
	for _, ed := range []*catalogue.Edition{ed, s.lib.Current()} {
		if c, ok := ed.Check(o.ItemID); ok && checkAnswer(o.Answer) {
			return c.Title, nil
		}
		if sig, ok := ed.Signal(o.ItemID); ok && signalAnswer(o.Answer) {
			return sig.Title, nil
		}
	}
	return "", apperr.Invalid("answer", "%q is no answer to %q.", o.Answer, o.ItemID)
}
