package signal

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// Service takes in, lists and counts signals.
type Service struct {
	db     *db.DB
	lib    *catalogue.Library
	people *person.Service
	hiring *hiring.Service
	assess *assessment.Service
	walk   walk
	// arriving is how many batches are being taken in.
	arriving atomic.Int32
}

// NewService returns the service on d.
func NewService(d *db.DB, lib *catalogue.Library, people *person.Service, h *hiring.Service, assess *assessment.Service) *Service {
	return &Service{db: d, lib: lib, people: people, hiring: h, assess: assess}
}

// ByHand is a signal that somebody saw and no machine reported.
type ByHand struct {
	EngagementID hiring.EngagementID
	SignalID     string
	OccurredAt   time.Time
	Note         string
	EvidenceIDs  []evidence.ID
}

const maxNote = 2000

func (s *Service) checkByHand(r *ByHand) error {
	r.Note = strings.TrimSpace(r.Note)
	var p apperr.Problems
	_, known := s.lib.Current().Signal(r.SignalID)
	p.Check(known, "signal", "Choose a signal.")
	p.Check(!r.OccurredAt.IsZero(), "occurred_at", "Say when it was seen.")
	p.Check(r.OccurredAt.IsZero() || !r.OccurredAt.Before(earliest) && !r.OccurredAt.After(s.db.Now().Add(time.Minute)),
		"occurred_at", "This lies in the future, or before 2000.")
	p.Check(r.Note != "", "note", "Say what was seen, and where: whoever answers the flag has only this.")
	p.Check(utf8.RuneCountInString(r.Note) <= maxNote, "note", "Use at most %d characters.", maxNote)
	p.Check(utf8.ValidString(r.Note) && !strings.ContainsRune(r.Note, 0), "note", "Remove the characters that cannot be shown.")
	return p.Err()
}

// Record takes in one signal about an engagement by hand. The person is assessed again at once. It returns the
// signal's place.
func (s *Service) Record(ctx context.Context, actor authz.Actor, r ByHand) (string, error) {
	if err := s.checkByHand(&r); err != nil {
		return "", err
	}
	e, err := s.hiring.Engagement(ctx, actor, r.EngagementID)
	if err != nil {
		return "", err
	}
	detail, err := json.Marshal(map[string]string{"note": r.Note})
	if err != nil {
		return "", err
	}
	rows := []row{{Line: &Line{Source: byHand, ExternalID: id.New(), SignalID: r.SignalID, Detail: detail,
		OccurredAt: r.OccurredAt.UTC().Truncate(time.Microsecond)},
		person: uuid(string(e.PersonID)), engagement: uuid(string(r.EngagementID))}}
	numberRows(rows)
	recorded := Signal{ID: ID(id.FromBytes(rows[0].key.Bytes)), OccurredAt: rows[0].OccurredAt}
	err = s.db.Write(ctx, actor, func(tx *db.Tx) error {
		if _, err := s.people.Lock(ctx, tx, e.PersonID); err != nil {
			return err
		}
		if err := s.store(ctx, tx, rows); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "signal.recorded", SubjectKind: "signal", SubjectID: string(recorded.ID), PersonID: string(e.PersonID),
			Detail:  map[string]any{"signal": r.SignalID, "occurred_at": recorded.OccurredAt, "engagement": r.EngagementID},
			Changes: []db.Change{db.Changed("note", "", r.Note)}})
		if err := evidence.Attach(ctx, tx, r.EvidenceIDs, evidence.Subject{Kind: evidence.OnSignal, ID: recorded.Place()}); err != nil {
			return err
		}
		return s.note(ctx, tx, e.PersonID, map[string]string{r.SignalID: "Seen by hand: " + r.Note})
	})
	return recorded.Place(), err
}

// store keeps rows as a batch that is taken up at once.
func (s *Service) store(ctx context.Context, tx *db.Tx, rows []row) error {
	batch := Receipt{Batch: BatchID(id.New()), Accepted: len(rows)}
	fresh, err := storeRows(ctx, tx, batch.Batch, rows)
	if err != nil {
		return err
	}
	if err := insertBatch(ctx, tx, batch, len(rows), tallyOf(fresh), nil); err != nil {
		return err
	}
	return foldBatch(ctx, tx, batch.Batch, tx.Now)
}
