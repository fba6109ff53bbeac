package keystore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/seal"
)

// Rotation is what came of moving everything under the newest generation.
type Rotation struct {
	Generation Generation
	// Resumed says that an earlier rotation was taken up again instead of beginning one.
	Resumed bool
	// Moved counts rows by table.
	Moved map[string]int
	// Damaged names rows that no key opens, at most mostDamaged; More says that there are others.
	Damaged []string
	More    bool
	// Retired are the ids of the keys that nothing needs any more.
	Retired []string
}

// mostDamaged is how many damaged rows are named.
const mostDamaged = 20

// Progress is told of a rotation as it goes on.
type Progress interface {
	// Begun tells which generation everything goes under, and when moving begins: at once, or after the grace that running
	// servers have.
	Begun(g Generation, resumed bool, wait time.Duration)
	// Moving tells how much of a table is moved.
	Moving(table string, moved, of int)
}

// Rotate makes a new generation and moves what older ones sealed under it; a rotation that was not finished is taken up where it
// stopped, which the rows themselves say. Servers may run and write meanwhile: the new generation seals after half the grace,
// and nothing is moved before its end.
func (s *Store) Rotate(ctx context.Context, actor authz.Actor, tables []Table, grace time.Duration, tell Progress) (Rotation, error) {
	r := Rotation{Moved: map[string]int{}}
	if err := s.begin(ctx, actor, grace, &r); err != nil {
		return r, err
	}
	wait := r.Generation.MadeAt.Add(grace).Sub(s.db.Now())
	wait = max(0, min(wait, grace))
	tell.Begun(r.Generation, r.Resumed, wait)
	if err := pause(ctx, wait); err != nil {
		return r, err
	}
	if err := s.sealing(ctx, r.Generation); err != nil {
		return r, err
	}
	for _, t := range tables {
		if err := s.move(ctx, t, &r, tell); err != nil {
			return r, fmt.Errorf("%s: %w", t.Name, err)
		}
	}
	if len(r.Damaged) > 0 {
		return r, nil // older generations may be needed for them
	}
	return r, s.finish(ctx, actor, &r)
}

// begin finds the generation of a rotation that goes on, or makes the next. The key service is asked outside the transaction.
func (s *Store) begin(ctx context.Context, actor authz.Actor, grace time.Duration, r *Rotation) error {
	before, err := rowsOf(ctx, s.db.Pool())
	if err != nil {
		return err
	}
	newest := before[len(before)-1]
	if newest.RotatedAt == nil {
		r.Generation, r.Resumed = newest.public(), true
		return nil
	}
	// A root key that was changed beside this process would leave the new key where no start finds it.
	if _, err := newest.open(ctx, s.root); err != nil {
		return err
	}
	key, next := seal.NewKey(), newest.Generation+1
	wrapped, err := key.WrappedBy(ctx, s.root)
	if err != nil {
		return fmt.Errorf("wrap the new key: %w", err)
	}
	err = s.db.Write(ctx, actor, func(tx *db.Tx) error {
		now, err := lockRows(ctx, tx)
		if err != nil {
			return err
		}
		if !slices.EqualFunc(before, now, sameKey) {
			return ErrBusy
		}
		tx.Record(made(next, key.ID(), s.root.ID()))
		return insertNext(ctx, tx, next, key, s.root.ID(), wrapped, grace/2)
	})
	if err != nil {
		return err
	}
	all, err := s.Generations(ctx)
	if err == nil {
		r.Generation = all[len(all)-1]
	}
	return err
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// sealing makes sure that this process seals under the generation.
func (s *Store) sealing(ctx context.Context, g Generation) error {
	if err := s.Refresh(ctx); err != nil {
		return err
	}
	all, err := s.Generations(ctx)
	if err != nil {
		return err
	}
	if newest := all[len(all)-1]; newest.Number != g.Number || !newest.Seals {
		return errors.New("the new generation is not in use yet by the clock of the database: try again in a minute")
	}
	return nil
}

// finish notes that nothing is left under older generations.
func (s *Store) finish(ctx context.Context, actor authz.Actor, r *Rotation) error {
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		if err := setRotated(ctx, tx, r.Generation.Number); err != nil {
			return err
		}
		var err error
		if r.Retired, err = retire(ctx, tx, r.Generation.Number); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "key.rotated", SubjectKind: "key", SubjectID: r.Generation.KeyID,
			Detail: map[string]any{"generation": r.Generation.Number, "moved": r.Moved, "retired": r.Retired}})
		return nil
	})
}

// ErrBusy says that somebody else made a generation, or changed the root key, at the same moment.
var ErrBusy = errors.New("the keys were changed meanwhile: run this again")

// ChangeRoot wraps every generation under another root key, in one transaction, and returns how many it had to. Whoever runs
// goes on with the keys it holds; whoever starts needs the other root key from then on.
func (s *Store) ChangeRoot(ctx context.Context, actor authz.Actor, other seal.Root) (int, error) {
	before, err := rowsOf(ctx, s.db.Pool())
	if err != nil {
		return 0, err
	}
	var ids []string
	var wrapped [][]byte
	for _, r := range before {
		if r.RootID == other.ID() {
			continue
		}
		again, err := s.wrapAgain(ctx, r, other)
		if err != nil {
			return 0, err
		}
		ids, wrapped = append(ids, r.KeyID), append(wrapped, again)
	}
	if len(ids) == 0 {
		return 0, nil
	}
	return len(ids), s.db.Write(ctx, actor, func(tx *db.Tx) error {
		now, err := lockRows(ctx, tx)
		if err != nil {
			return err
		}
		if !slices.EqualFunc(before, now, sameKey) {
			return ErrBusy
		}
		tx.Record(db.Entry{Action: "key.root_changed", SubjectKind: "installation", SubjectID: s.keys.ID(),
			Detail: map[string]any{"from": s.root.ID(), "to": other.ID(), "keys": ids}})
		return setRoot(ctx, tx, other.ID(), ids, wrapped)
	})
}

// wrapAgain wraps a generation under another root key, and tries whether that gives it back.
func (s *Store) wrapAgain(ctx context.Context, r row, other seal.Root) ([]byte, error) {
	key, err := r.open(ctx, s.root)
	if err != nil {
		return nil, err
	}
	wrapped, err := key.WrappedBy(ctx, other)
	if err != nil {
		return nil, fmt.Errorf("the new root key does not wrap: %w", err)
	}
	if _, err := seal.UnwrapKey(ctx, other, wrapped, r.KeyID); err != nil {
		return nil, fmt.Errorf("the new root key does not unwrap what it wrapped: %w", err)
	}
	return wrapped, nil
}

func sameKey(a, b row) bool {
	return a.Generation == b.Generation && a.KeyID == b.KeyID && string(a.Wrapped) == string(b.Wrapped)
}
