package signal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/flag"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

const (
	// fullShare is how long one call of TakeUp works at most. It is called every second, and leaves the rest of it to
	// those who wait for a page.
	fullShare = 400 * time.Millisecond
	// smallShare is the same while signals are arriving: whoever sends them waits, and counting can be made up for.
	smallShare = 100 * time.Millisecond
	// patience is how long a batch waits to be counted before the full share is worked again, whatever arrives.
	patience = 30 * time.Second
)

// share is how long to work now.
func (s *Service) share(ctx context.Context) (time.Duration, error) {
	if s.arriving.Load() == 0 {
		return fullShare, nil
	}
	oldest, waits, err := oldestWaiting(ctx, s.db.Pool())
	if waits && s.db.Now().Sub(oldest) > patience {
		return fullShare, err
	}
	return smallShare, err
}

// TakeUp counts the batches that came in and has the people concerned assessed again, for at most a moment; what is
// left is for the next call. Any number of processes may call it. A person whose assessment fails keeps nobody
// waiting, and is tried again by the next call.
func (s *Service) TakeUp(ctx context.Context) error {
	share, err := s.share(ctx)
	if err != nil {
		return err
	}
	counting, done := context.WithTimeout(ctx, share/2)
	defer done()
	for counting.Err() == nil {
		took, err := s.fold(ctx)
		if err != nil {
			return fmt.Errorf("count signals: %w", err)
		}
		if !took {
			break
		}
	}
	assessing, done := context.WithTimeout(ctx, share/2)
	defer done()
	return s.noteDue(ctx, assessing)
}

// fold adds the oldest batch that nobody else is at to the counts. It reports whether there was one.
func (s *Service) fold(ctx context.Context) (took bool, err error) {
	err = s.db.WriteUnaudited(ctx, "counts of signals, whose batch has its entry", func(q db.Querier) error {
		batch, err := lockWaiting(ctx, q)
		if err != nil || batch == "" {
			return err
		}
		took = true
		return foldBatch(ctx, q, batch, s.db.Now())
	})
	return took, err
}

// noteDue assesses people with signals that the assessment does not know of, until there are none or while
// has ended; what has begun is finished.
func (s *Service) noteDue(ctx, while context.Context) error {
	failed := []person.ID{}
	var errs []error
	for {
		due, err := peopleDue(ctx, s.db.Pool(), failed, 20)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		for _, personID := range due {
			if err := s.noteOne(ctx, personID); err != nil && !errors.Is(err, errNothingDue) {
				failed = append(failed, personID)
				errs = append(errs, fmt.Errorf("assess after signals: %w", err))
			}
			if while.Err() != nil {
				return errors.Join(errs...)
			}
		}
		if len(due) == 0 {
			return errors.Join(errs...)
		}
	}
}

// errNothingDue ends a transaction that another process was faster than.
var errNothingDue = errors.New("nothing due")

// noteOne reports to the assessment what is new of one person.
func (s *Service) noteOne(ctx context.Context, personID person.ID) error {
	return s.db.Write(ctx, authz.System("signals"), func(tx *db.Tx) error {
		if _, err := s.people.Lock(ctx, tx, personID); err != nil {
			return err
		}
		return s.note(ctx, tx, personID, nil)
	})
}

// note reports the person's totals that the assessment does not know of yet. The person is locked by the caller, so
// totals are always locked after people. words, by kind, replaces the sentence made from the total.
func (s *Service) note(ctx context.Context, tx *db.Tx, personID person.ID, words map[string]string) error {
	due, err := lockDue(ctx, tx, personID)
	if err != nil {
		return err
	}
	if len(due) == 0 {
		return errNothingDue
	}
	outcomes := make([]assessment.Outcome, len(due))
	counts := map[string]any{}
	for i, d := range due {
		text := words[d.SignalID]
		if text == "" {
			text = fmt.Sprintf("Last reported by %s, %s.", d.LastSource, d.LastAt.UTC().Format("2 Jan 2006, 15:04 UTC"))
		}
		outcomes[i] = assessment.Outcome{ItemID: d.SignalID, Answer: catalogue.Raised, OriginKind: flag.FromSignal,
			OriginID: d.SignalID, Note: text, Count: d.N, At: d.LastAt}
		counts[d.SignalID] = d.N
	}
	if err := s.assess.Note(ctx, tx, personID, outcomes...); err != nil {
		return err
	}
	tx.Record(db.Entry{Action: "signals.assessed", SubjectKind: "person", SubjectID: string(personID),
		PersonID: string(personID), Detail: map[string]any{"signals": counts}})
	return markNoted(ctx, tx, personID, due)
}
