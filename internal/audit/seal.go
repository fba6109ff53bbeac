package audit

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"

	"gatehouse/internal/audit/proof"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

const (
	// sealLag is how long an entry rests before it is sealed. An entry gets its id just before it commits; whatever has a
	// smaller id than one of that age is there, unless a commit hung.
	sealLag = 3 * time.Second
	// lateFor is how far back entries are looked for that committed after others with a greater id were sealed.
	lateFor = 24 * time.Hour
	// sealShare is about how long one call of Seal seals. It is called every second: what takes less than a twentieth of the
	// time does not show in the tail of the writes beside it, and some thousand entries a second are more than people write.
	// fullShare is the same when an entry has waited for patience: then the log matters more than the tail.
	sealShare = 40 * time.Millisecond
	fullShare = 250 * time.Millisecond
	patience  = time.Minute
)

// SealBatch is how many entries one transaction seals.
const SealBatch = 1000

// Sealer puts the entries of the log into its tree and signs what came of it. Several processes may seal: one at a time
// does.
type Sealer struct {
	db     *db.DB
	origin string
	signer note.Signer
	key    string
	lag    time.Duration
	// sent and stored are the sizes of the last checkpoint that this process sent to a webhook and put into a bucket.
	sent, stored atomic.Int64
}

// NewSealer returns the sealer of the log with that origin, a name without spaces and plus signs. seed are the 32 secret
// bytes of its signing key.
func NewSealer(d *db.DB, origin string, seed []byte) *Sealer {
	signer, key := proof.Keys(origin, seed)
	return &Sealer{db: d, origin: origin, signer: signer, key: key, lag: sealLag}
}

// Key is the text by which others verify what this log signs. It is public.
func (s *Sealer) Key() string { return s.key }

// State is how far the log is sealed.
type State struct {
	Entries int64     // under the last checkpoint
	At      time.Time // when that was signed; zero without one
	// Behind says that an entry has waited for much longer than it should.
	Behind bool
}

// behindAfter is how long an entry may wait before somebody should look.
const behindAfter = 10 * time.Minute

// State says how far the log is sealed.
func (s *Sealer) State(ctx context.Context) (State, error) { return StateOf(ctx, s.db.Pool()) }

// StateOf is State for whoever has a database and no key.
func StateOf(ctx context.Context, q db.Querier) (State, error) {
	last, err := lastCheckpoint(ctx, q)
	if err != nil {
		return State{}, err
	}
	behind, err := anyBetween(ctx, q, last.Upto, id.Ago(behindAfter))
	return State{Entries: last.Size, At: last.At, Behind: behind}, err
}

// waitsFor reports whether an entry has waited for so long.
func (s *Sealer) waitsFor(ctx context.Context, long time.Duration) (bool, error) {
	last, err := lastCheckpoint(ctx, s.db.Pool())
	if err != nil {
		return false, err
	}
	return anyBetween(ctx, s.db.Pool(), last.Upto, id.Ago(long))
}

// Seal seals what has rested long enough, for a while.
func (s *Sealer) Seal(ctx context.Context) error {
	waiting, err := s.waitsFor(ctx, patience)
	if err != nil {
		return err
	}
	share := sealShare
	if waiting {
		share = fullShare
	}
	return s.sealFor(ctx, share, newSQL, func(upto string) []any { return []any{upto, id.Ago(s.lag)} })
}

// SealAll seals all that has rested long enough, however long that takes: for a log that was never sealed.
func (s *Sealer) SealAll(ctx context.Context) error {
	return s.sealFor(ctx, 24*time.Hour, newSQL, func(upto string) []any { return []any{upto, id.Ago(s.lag)} })
}

// SealNow is SealAll for all that is there now, without waiting for it to rest: for an export. An entry that commits after one with a
// greater id was sealed is found by SealLate.
func (s *Sealer) SealNow(ctx context.Context) error {
	return s.sealFor(ctx, 24*time.Hour, newSQL, func(upto string) []any { return []any{upto, id.Ago(-time.Second)} })
}

// SealLate seals entries of the last day that committed after their turn.
func (s *Sealer) SealLate(ctx context.Context) error {
	return s.sealFor(ctx, sealShare, lateSQL, func(upto string) []any { return []any{id.Ago(lateFor), upto} })
}

// sealFor seals batch after batch for at most so long; what is left is for the next call. args are those of the SQL that
// finds entries, but for its limit.
func (s *Sealer) sealFor(ctx context.Context, most time.Duration, sql string, args func(upto string) []any) error {
	while, done := context.WithTimeout(ctx, most)
	defer done()
	for while.Err() == nil {
		sealed, err := s.sealSome(ctx, sql, args)
		if err != nil || sealed < SealBatch {
			return err
		}
	}
	return nil
}

// sealSome seals a batch in one transaction: leaves, hashes and the checkpoint over them, or nothing.
func (s *Sealer) sealSome(ctx context.Context, sql string, args func(upto string) []any) (sealed int, err error) {
	err = s.db.WriteUnaudited(ctx, "the seal of entries is no entry itself", func(q db.Querier) error {
		mine, err := takeTurn(ctx, q)
		if err != nil || !mine {
			return err
		}
		last, err := lastCheckpoint(ctx, q)
		if err != nil {
			return err
		}
		leaves, err := leavesOf(ctx, q, sql, append(args(last.Upto), SealBatch))
		if err != nil || len(leaves) == 0 {
			return err
		}
		sealed = len(leaves)
		return s.append(ctx, q, last, leaves)
	})
	return sealed, err
}

// Pause keeps every process from sealing until resume is called, and takes a connection for as long.
func Pause(ctx context.Context, d *db.DB) (resume func(), err error) {
	conn, err := d.Pool().Acquire(ctx)
	if err != nil {
		return nil, err
	}
	if err := holdTurn(ctx, conn); err != nil {
		conn.Release()
		return nil, err
	}
	return func() {
		defer conn.Release()
		over := context.WithoutCancel(ctx)
		if releaseTurn(over, conn) != nil {
			_ = conn.Conn().Close(over) // the lock is the connection's, and ends with it
		}
	}, nil
}

func (s *Sealer) append(ctx context.Context, q db.Querier, last checkpoint, leaves []proof.Leaf) error {
	tree := &stored{ctx: ctx, q: q, from: tlog.StoredHashCount(last.Size), known: map[int64]tlog.Hash{}}
	next := last
	own, err := hashesOf(leaves)
	if err != nil {
		return err
	}
	for i, leaf := range leaves {
		hashes, err := tlog.StoredHashesForRecordHash(next.Size, own[i], tree)
		if err != nil {
			return err
		}
		tree.added = append(tree.added, hashes...)
		next.Size++
		next.Upto = max(next.Upto, leaf.ID)
	}
	root, err := tlog.TreeHash(next.Size, tree)
	if err != nil {
		return err
	}
	signed, err := proof.Sign(proof.Checkpoint{Origin: s.origin, Size: next.Size, Root: root}, s.signer)
	if err != nil {
		return err
	}
	return insertSeal(ctx, q, last.Size, leaves, tree, next, root, signed, s.db.Now())
}

// hashesOf works out the hashes of leaves on all processors: a good part of what sealing costs.
func hashesOf(leaves []proof.Leaf) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(leaves))
	part := (len(leaves) + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0)
	var group errgroup.Group
	for from := 0; from < len(leaves); from += part {
		group.Go(func() error {
			for i := from; i < min(from+part, len(leaves)); i++ {
				raw, err := leaves[i].Bytes()
				if err != nil {
					return err
				}
				hashes[i] = proof.Hash(raw)
			}
			return nil
		})
	}
	return hashes, group.Wait()
}

// stored reads the hashes of the tree, those of this transaction from memory.
type stored struct {
	ctx   context.Context
	q     db.Querier
	from  int64 // place of the first of added
	added []tlog.Hash
	known map[int64]tlog.Hash
}

// ReadHashes implements tlog.HashReader.
func (t *stored) ReadHashes(places []int64) ([]tlog.Hash, error) {
	var missing []int64
	for _, p := range places {
		if _, known := t.known[p]; !known && p < t.from {
			missing = append(missing, p)
		}
	}
	if len(missing) > 0 {
		if err := readHashes(t.ctx, t.q, missing, t.known); err != nil {
			return nil, err
		}
	}
	hashes := make([]tlog.Hash, len(places))
	for i, p := range places {
		if p >= t.from {
			if p-t.from >= int64(len(t.added)) {
				return nil, fmt.Errorf("the audit log has no hash %d yet", p)
			}
			hashes[i] = t.added[p-t.from]
			continue
		}
		h, known := t.known[p]
		if !known {
			return nil, fmt.Errorf("the audit log has lost its hash %d", p)
		}
		hashes[i] = h
	}
	return hashes, nil
}
