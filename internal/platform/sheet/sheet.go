// Package sheet keeps what a page reads about one subject as one document beside the rows it is made of: reading ten
// short lists costs many times what reading one row does. Triggers of the database take a document away in the
// transaction that changes one of its rows, whoever writes; here it is read, and made anew where it is missing. It owns
// no table: each feature names its own.
package sheet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	gojson "github.com/goccy/go-json"
	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/db"
)

// Sheet is a kind of document, which reads into T.
type Sheet[T any] struct {
	table, key, rows, shape string
}

// New returns the kind of document that the table keeps by the column key. rows is an SQL expression that makes it from
// the rows, for the subject $1::uuid, and is NULL where there is no subject.
//
// The table has the columns changed (xid8), shape (text) and doc (json, NULL while it is out of date).
func New[T any](table, key, rows string) *Sheet[T] {
	sum := sha256.Sum256([]byte(rows))
	return &Sheet[T]{table, key, rows, hex.EncodeToString(sum[:8])}
}

// Kept is an SQL expression for the document of the subject whose id another expression gives; it reads into *T. NULL
// means that it has to be made.
func (s *Sheet[T]) Kept(subject string) string {
	return fmt.Sprintf(`(SELECT k.doc FROM %s k WHERE k.%s = %s AND k.shape = '%s')`, s.table, s.key, subject, s.shape)
}

// Make makes the subject's document from its rows and keeps it, unless one of them changed meanwhile. Where it cannot be
// kept, as on a standby, it is made again for the next reader.
func (s *Sheet[T]) Make(ctx context.Context, d *db.DB, subject string) (T, error) {
	var made T
	var doc []byte
	var changed *string
	err := d.Pool().QueryRow(ctx, fmt.Sprintf(`SELECT (%s)::text, (SELECT changed::text FROM %s WHERE %s = $1)`, s.rows, s.table, s.key), subject).
		Scan(&doc, &changed)
	if err != nil {
		return made, err
	}
	if doc == nil {
		return made, pgx.ErrNoRows
	}
	if err := gojson.Unmarshal(doc, &made); err != nil {
		return made, fmt.Errorf("sheet of %s: %w", s.table, err)
	}
	if changed != nil {
		err = d.WriteUnaudited(ctx, "a copy of rows that have their entries", func(q db.Querier) error {
			_, err := q.Exec(ctx, fmt.Sprintf(`UPDATE %s SET doc = $2::text::json, shape = $3 WHERE %s = $1 AND changed = $4::text::xid8 AND (doc IS NULL OR shape <> $3)`,
				s.table, s.key), subject, string(doc), s.shape, *changed)
			return err
		})
		if !db.ReadOnly(err) {
			return made, err
		}
	}
	return made, nil
}

// Or gives the subject's document as it was kept, or makes it where that is nil; see [Sheet.Make].
func (s *Sheet[T]) Or(ctx context.Context, d *db.DB, subject string, kept *T) (*T, error) {
	if kept != nil {
		return kept, nil
	}
	made, err := s.Make(ctx, d, subject)
	return &made, err
}

// Check makes kept documents again, at most so many, those of the last changes first, and returns an error that names
// those which differ from their rows: then a trigger is missing.
func (s *Sheet[T]) Check(ctx context.Context, d *db.DB, most int) error {
	rows, _ := d.Pool().Query(ctx, fmt.Sprintf(`
		SELECT %s::text, doc::text FROM %s WHERE doc IS NOT NULL AND shape = $1 ORDER BY changed DESC LIMIT $2`, s.key, s.table), s.shape, most)
	type kept struct{ Subject, Doc string }
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[kept])
	if err != nil {
		return err
	}
	var wrong []error
	for _, k := range all {
		var now *string
		if err := d.Pool().QueryRow(ctx, `SELECT (`+s.rows+`)::text`, k.Subject).Scan(&now); err != nil {
			return err
		}
		if now == nil || *now != k.Doc {
			wrong = append(wrong, fmt.Errorf("%s of %s is out of date", s.table, k.Subject)) // what it says is personal
		}
	}
	return errors.Join(wrong...)
}
