// Package keystore keeps the installation's keys, wrapped by the root key, in the table installation_keys, which it owns: it
// loads them at start, makes new generations of them known to running servers, moves what was sealed under older ones, and
// wraps them anew under another root key.
package keystore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/seal"
)

// Every is how often a running server looks for new generations.
const Every = 5 * time.Second

// Grace is how long running servers have, by default, between a new generation and the first thing that only it opens: time
// to learn of it, and then to seal under it.
const Grace = 6 * Every

// Store is the installation's keys in use.
type Store struct {
	db   *db.DB
	root seal.Root
	keys *seal.Keyring
	// batch is how many rows a rotation moves at a time.
	batch int

	mu   sync.Mutex // of held and of what the keyring is given
	held map[int]seal.Key

	asking sync.Mutex
	asked  time.Time
}

// RootError says that another root key wrapped the installation's keys than the one in use, or that the one in use is lost.
type RootError struct {
	// Wanted is the id of the root key that wrapped them.
	Wanted string
	// Found is the id of the one in use; empty without one.
	Found string
	cause error
}

// Error says which root key is needed, which is there, and what to do.
func (e *RootError) Error() string {
	return fmt.Sprintf("the keys of this database are wrapped by the root key %s, %s: put back the root key that goes with the database "+
		"(GATEHOUSE_MASTER_KEY, GATEHOUSE_MASTER_KEY_FILE, GATEHOUSE_KMS_COMMAND, or master.key in the data folder); nothing was changed", e.Wanted, e.found())
}

func (e *RootError) found() string {
	switch {
	case e.Found == "":
		return "which is lost: " + e.cause.Error()
	case e.Found == e.Wanted:
		return "which does not open them: " + e.cause.Error()
	case e.cause == nil || errors.Is(e.cause, seal.ErrOtherKey) || errors.Is(e.cause, seal.ErrWrapped):
		return "but the one in use is " + e.Found // to say how it failed would only confuse
	}
	return "but the one in use is " + e.Found + ": " + e.cause.Error()
}

func (e *RootError) Unwrap() error { return e.cause }

// oneKey is what the database of an installation with a single key remembered that key's id as.
const oneKey = "key_id"

// WantedRoot is the id of the root key that the database needs; empty before the first start.
func WantedRoot(ctx context.Context, d *db.DB) (string, error) {
	rows, err := rowsOf(ctx, d.Pool())
	if err != nil || len(rows) > 0 {
		return rootOf(rows), err
	}
	return d.Recall(ctx, oneKey)
}

func rootOf(rows []row) string {
	if len(rows) == 0 {
		return ""
	}
	return rows[len(rows)-1].RootID
}

// Open loads the keys. A first start makes the first generation, and a root key in the data folder where none is set; the key
// of an installation that had only one becomes its first generation. A RootError means that the root key is lost or another.
func Open(ctx context.Context, d *db.DB, src seal.Source) (*Store, error) {
	wanted, err := WantedRoot(ctx, d)
	if err != nil {
		return nil, err
	}
	find := seal.FindRoot
	if wanted == "" {
		find = seal.FindOrMakeRoot
	}
	root, err := find(src)
	switch {
	case errors.Is(err, seal.ErrNoRoot) && wanted != "":
		return nil, &RootError{Wanted: wanted, cause: err}
	case err != nil:
		return nil, err
	}
	s := &Store{db: d, root: root, batch: batchSize, held: map[int]seal.Key{}}
	if err := s.first(ctx, wanted); err != nil {
		return nil, err
	}
	if err := s.Refresh(ctx); err != nil {
		return nil, err
	}
	s.keys.AskWhenUnknown(s.learn)
	return s, nil
}

// Check reports whether the root key opens what the database has, as a start would: a RootError where it does not.
func Check(ctx context.Context, d *db.DB, root seal.Root) error {
	rows, err := rowsOf(ctx, d.Pool())
	if err != nil {
		return err
	}
	for _, r := range rows {
		if _, err := r.open(ctx, root); err != nil {
			return err
		}
	}
	if len(rows) > 0 {
		return nil
	}
	kept, err := d.Recall(ctx, oneKey)
	if err == nil && kept != "" && kept != root.ID() {
		err = &RootError{Wanted: kept, Found: root.ID()}
	}
	return err
}

// first sees to it that there is a first generation.
func (s *Store) first(ctx context.Context, wanted string) error {
	rows, err := rowsOf(ctx, s.db.Pool())
	if err != nil || len(rows) > 0 {
		return err
	}
	key := seal.NewKey()
	if wanted != "" {
		local, is := s.root.(seal.Local)
		if !is || local.ID() != wanted {
			return &RootError{Wanted: wanted, Found: s.root.ID()}
		}
		key = local.Key()
	}
	wrapped, err := key.WrappedBy(ctx, s.root)
	if err != nil {
		return fmt.Errorf("wrap the first key: %w", err)
	}
	return insertFirst(ctx, s.db, key.ID(), s.root.ID(), wrapped)
}

// Keyring is the keyring of the installation. It follows what Refresh finds.
func (s *Store) Keyring() *seal.Keyring { return s.keys }

// Root names the root key in use.
func (s *Store) Root() string { return s.root.ID() }

// Refresh learns of new generations, and which of them seals. Those that are known already ask nothing of the root key.
func (s *Store) Refresh(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := rowsOf(ctx, s.db.Pool())
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return errors.New("the table of the installation's keys is empty")
	}
	keys := make([]seal.Key, len(rows))
	seals := 0
	for i, r := range rows {
		key, known := s.held[r.Generation]
		if !known || key.ID() != r.KeyID {
			if key, err = r.open(ctx, s.root); err != nil {
				return fmt.Errorf("generation %d of the installation's keys: %w", r.Generation, err)
			}
			s.held[r.Generation] = key
		}
		keys[i] = key
		if r.Seals {
			seals = i
		}
	}
	if s.keys == nil {
		s.keys = seal.KeyringOf(keys[0])
	}
	s.keys.Hold(keys, keys[seals])
	return nil
}

// learn is Refresh for a keyring that met something it cannot open, at most once a second: what is forged is no reason to ask
// again and again. Whoever comes while another asks waits for the answer.
func (s *Store) learn() {
	s.asking.Lock()
	defer s.asking.Unlock()
	if time.Since(s.asked) < time.Second {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), Every)
	defer cancel()
	_ = s.Refresh(ctx) // the keyring says which key it lacks
	s.asked = time.Now()
}

// Generation is one of the installation's keys, without the key.
type Generation struct {
	Number    int
	KeyID     string
	RootID    string
	MadeAt    time.Time
	SealsFrom time.Time
	Seals     bool
	RotatedAt *time.Time
	RetiredAt *time.Time
}

// Generations lists the installation's keys, the first one first.
func (s *Store) Generations(ctx context.Context) ([]Generation, error) {
	rows, err := rowsOf(ctx, s.db.Pool())
	all := make([]Generation, len(rows))
	for i, r := range rows {
		all[i] = r.public()
	}
	return all, err
}

// public is the row without the key.
func (r row) public() Generation {
	return Generation{Number: r.Generation, KeyID: r.KeyID, RootID: r.RootID, MadeAt: r.MadeAt, SealsFrom: r.SealsFrom,
		Seals: r.Seals, RotatedAt: r.RotatedAt, RetiredAt: r.RetiredAt}
}
