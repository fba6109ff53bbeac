package keystore

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/seal"
)

// Table is a column of a feature's table that holds what a key of the installation sealed, one value a row. Rows without a
// value, such as those of erased people, are passed over.
type Table struct {
	// Name is the table, Key its primary key, an uuid, and Column the column.
	Name, Key, Column string
	// Owner is an SQL expression for what the value is bound to.
	Owner string
	// Reseal seals a value under the newest key.
	Reseal func(sealed []byte, owner string) ([]byte, error)
}

// batchSize is how many rows are moved in one transaction: some milliseconds of locks.
const batchSize = 500

// stale is the condition that a row is not sealed under the key whose id is $1. The id stands behind the format's byte.
func (t Table) stale() string { return fmt.Sprintf(`substring(t.%s FROM 2 FOR 4) <> $1`, t.Column) }

// count is how many rows have to be moved.
func (t Table) count(ctx context.Context, q db.Querier, seals []byte) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT count(*) FROM `+t.Name+` t WHERE `+t.stale(), seals).Scan(&n)
	return n, err
}

// sealed is a row to be moved.
type sealed struct {
	key, owner string
	old        []byte
}

// after reads the next rows to be moved.
func (t Table) after(ctx context.Context, q db.Querier, seals []byte, last string, most int) ([]sealed, error) {
	rows, _ := q.Query(ctx, fmt.Sprintf(`
		SELECT t.%[2]s::text, %[4]s, t.%[3]s
		FROM   %[1]s t
		WHERE  t.%[2]s > $2::uuid AND %[5]s
		ORDER  BY t.%[2]s
		LIMIT  $3`, t.Name, t.Key, t.Column, t.Owner, t.stale()), seals, last, most)
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (s sealed, err error) {
		return s, row.Scan(&s.key, &s.owner, &s.old)
	})
}

// put replaces the values that are still what was read, and returns how many were: who changed a value or erased it meanwhile
// has the last word.
func (t Table) put(ctx context.Context, d *db.DB, keys []string, old, again [][]byte) (moved int, err error) {
	err = d.WriteUnaudited(ctx, "the rotation that moves it has its entries", func(q db.Querier) error {
		tag, err := q.Exec(ctx, fmt.Sprintf(`
			UPDATE %[1]s t SET %[3]s = n.again
			FROM   unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS n (key, old, again)
			WHERE  t.%[2]s = n.key AND t.%[3]s = n.old`, t.Name, t.Key, t.Column), keys, old, again)
		moved = int(tag.RowsAffected())
		return err
	})
	return moved, err
}

const firstUUID = "00000000-0000-0000-0000-000000000000"

// move goes through a table until a whole pass finds nothing to move.
func (s *Store) move(ctx context.Context, t Table, r *Rotation, tell Progress) error {
	seals := s.keys.Seals()
	of, err := t.count(ctx, s.db.Pool(), seals)
	if err != nil {
		return err
	}
	tell.Moving(t.Name, 0, of)
	for {
		moved, err := s.pass(ctx, t, seals, func(n int) {
			r.Moved[t.Name] += n
			tell.Moving(t.Name, r.Moved[t.Name], max(of, r.Moved[t.Name]))
		}, r)
		if err != nil || moved == 0 {
			return err
		}
	}
}

// pass goes through a table once and returns how many rows it met that had to be moved and could be.
func (s *Store) pass(ctx context.Context, t Table, seals []byte, tell func(int), r *Rotation) (met int, err error) {
	last := firstUUID
	for {
		rows, err := t.after(ctx, s.db.Pool(), seals, last, s.batch)
		if err != nil || len(rows) == 0 {
			return met, err
		}
		last = rows[len(rows)-1].key
		var keys []string
		var old, again [][]byte
		for _, row := range rows {
			value, err := t.Reseal(row.old, row.owner)
			switch {
			case errors.Is(err, seal.ErrWrapped), errors.Is(err, seal.ErrAltered), errors.Is(err, seal.ErrOtherKey):
				r.damaged(t.Name + " " + row.key)
				continue
			case err != nil:
				return met, err
			}
			keys, old, again = append(keys, row.key), append(old, row.old), append(again, value)
		}
		moved, err := t.put(ctx, s.db, keys, old, again)
		if err != nil {
			return met, err
		}
		met += len(keys)
		tell(moved)
	}
}

func (r *Rotation) damaged(name string) {
	for _, known := range r.Damaged {
		if known == name {
			return
		}
	}
	if r.More = len(r.Damaged) == mostDamaged; !r.More {
		r.Damaged = append(r.Damaged, name)
	}
}
