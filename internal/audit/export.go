package audit

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"gatehouse/internal/audit/proof"
	"gatehouse/internal/platform/db"
)

// Contents says what a bundle holds beside the entries.
type Contents int

// A bundle holds the values that are left, or only the entries, which name nobody.
const (
	WithValues Contents = iota
	EntriesOnly
)

// exportBatch is how many entries are read at a time.
const exportBatch = 1000

// Export writes what is sealed as a bundle that proof.Verify reads, in memory that does not grow with the log.
func (s *Sealer) Export(ctx context.Context, w io.Writer, with Contents) error {
	return s.db.Read(ctx, func(q db.Querier) error { return s.ExportFrom(ctx, q, w, with) })
}

// ExportFrom is Export of the log as a transaction sees it.
func (s *Sealer) ExportFrom(ctx context.Context, q db.Querier, w io.Writer, with Contents) error {
	last, err := lastCheckpoint(ctx, q)
	if err != nil {
		return err
	}
	out, err := proof.NewWriter(w, s.origin)
	if err != nil {
		return err
	}
	for from := int64(0); from < last.Size; from += exportBatch {
		if err := exportSome(ctx, q, out, from, with); err != nil {
			return err
		}
	}
	return out.Close()
}

// CheckpointFrom returns the signed note of the last checkpoint as a transaction sees it; empty without one.
func CheckpointFrom(ctx context.Context, q db.Querier) (string, error) {
	signed, _, err := lastNote(ctx, q)
	return signed, err
}

func exportSome(ctx context.Context, q db.Querier, out *proof.Writer, from int64, with Contents) error {
	leaves, err := leavesOf(ctx, q, sealedSQL, []any{from, from + exportBatch})
	if err != nil {
		return err
	}
	places := make([]int64, len(leaves))
	ids := make([]string, len(leaves))
	for i, l := range leaves {
		places[i], ids[i] = tlog.StoredHashIndex(0, from+int64(i)), l.ID
	}
	hashes := map[int64]tlog.Hash{}
	if err := readHashes(ctx, q, places, hashes); err != nil {
		return err
	}
	values := map[string][]proof.Value{}
	if with == WithValues {
		if values, err = valuesOf(ctx, q, ids); err != nil {
			return err
		}
	}
	notes, err := notesOf(ctx, q, from, from+exportBatch)
	if err != nil {
		return err
	}
	for i, l := range leaves {
		raw, err := l.Bytes()
		if err != nil {
			return err
		}
		hash, there := hashes[places[i]]
		if !there {
			return fmt.Errorf("the audit log has lost the hash of entry %s", l.ID)
		}
		if err := out.Leaf(raw, hash, values[l.ID]); err != nil {
			return err
		}
		if signed, there := notes[from+int64(i)+1]; there {
			if err := out.Checkpoint(signed); err != nil {
				return err
			}
		}
	}
	return nil
}

// sealedSQL finds the entries of the leaves from one place up to, not including, another.
const sealedSQL = leafColumns + `
	JOIN   audit_leaves l ON l.entry_id = e.id
	WHERE  l.idx >= $1 AND l.idx < $2
	ORDER  BY l.idx`

func valuesOf(ctx context.Context, q db.Querier, ids []string) (map[string][]proof.Value, error) {
	rows, _ := q.Query(ctx, `
		SELECT entry_id::text, field, salt, old, new FROM audit_values WHERE entry_id = ANY ($1::uuid[]) ORDER BY entry_id, field`, ids)
	values := map[string][]proof.Value{}
	var entryID string
	var salt []byte
	var v proof.Value
	_, err := pgx.ForEachRow(rows, []any{&entryID, &v.Field, &salt, &v.Old, &v.New}, func() error {
		v.Salt = hex.EncodeToString(salt)
		values[entryID] = append(values[entryID], v)
		return nil
	})
	return values, err
}

// notesOf are the checkpoints of sizes after from and up to to, by size.
func notesOf(ctx context.Context, q db.Querier, from, to int64) (map[int64]string, error) {
	rows, _ := q.Query(ctx, `SELECT size, note FROM audit_checkpoints WHERE size > $1 AND size <= $2`, from, to)
	notes := map[int64]string{}
	var size int64
	var signed string
	_, err := pgx.ForEachRow(rows, []any{&size, &signed}, func() error {
		notes[size] = signed
		return nil
	})
	return notes, err
}
