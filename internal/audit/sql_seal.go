package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"gatehouse/internal/audit/proof"
	"gatehouse/internal/platform/db"
)

// sealLock is the advisory lock of whoever seals.
const sealLock = 0x6761746573 // "gates"

// takeTurn reports whether nobody else seals, and keeps others from it until the transaction ends.
func takeTurn(ctx context.Context, q db.Querier) (mine bool, err error) {
	err = q.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1)`, sealLock).Scan(&mine)
	return mine, err
}

// holdTurn takes the turn of whoever seals for as long as the connection lives.
func holdTurn(ctx context.Context, q db.Querier) error {
	_, err := q.Exec(ctx, `SELECT pg_advisory_lock($1)`, sealLock)
	return err
}

func releaseTurn(ctx context.Context, q db.Querier) error {
	_, err := q.Exec(ctx, `SELECT pg_advisory_unlock($1)`, sealLock)
	return err
}

// checkpoint is how far the log is sealed, and since when.
type checkpoint struct {
	Size int64
	Upto string
	At   time.Time
}

const noID = "00000000-0000-0000-0000-000000000000"

func lastCheckpoint(ctx context.Context, q db.Querier) (checkpoint, error) {
	c := checkpoint{Upto: noID}
	err := q.QueryRow(ctx, `SELECT size, upto::text, at FROM audit_checkpoints ORDER BY size DESC LIMIT 1`).Scan(&c.Size, &c.Upto, &c.At)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return c, err
}

// lastNote returns the signed note of the last checkpoint with its size; empty without one.
func lastNote(ctx context.Context, q db.Querier) (signed string, size int64, err error) {
	err = q.QueryRow(ctx, `SELECT note, size FROM audit_checkpoints ORDER BY size DESC LIMIT 1`).Scan(&signed, &size)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return signed, size, err
}

// anyBetween reports whether there is an entry between two ids.
func anyBetween(ctx context.Context, q db.Querier, after, before string) (there bool, err error) {
	err = q.QueryRow(ctx, `SELECT EXISTS (SELECT FROM audit_entries WHERE id > $1 AND id < $2)`, after, before).Scan(&there)
	return there, err
}

const leafColumns = `
	SELECT e.id::text, e.at, e.actor_kind, e.actor_id::text, e.actor_label, e.action, e.subject_kind, e.subject_id,
	       e.person_id::text, e.case_id::text, e.detail::text, e.commitments
	FROM   audit_entries e`

// newSQL finds entries after the last sealed id and before another. lateSQL finds those between two ids that are not sealed.
const (
	newSQL = leafColumns + `
	WHERE  e.id > $1 AND e.id < $2
	ORDER  BY e.id
	LIMIT  $3`
	lateSQL = leafColumns + `
	WHERE  e.id > $1 AND e.id <= $2 AND NOT EXISTS (SELECT FROM audit_leaves l WHERE l.entry_id = e.id)
	ORDER  BY e.id
	LIMIT  $3`
)

func leavesOf(ctx context.Context, q db.Querier, sql string, args []any) ([]proof.Leaf, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, toLeaf)
}

func toLeaf(row pgx.CollectableRow) (l proof.Leaf, err error) {
	var detail string
	err = row.Scan(&l.ID, &l.At, &l.ActorKind, &l.ActorID, &l.ActorLabel, &l.Action, &l.SubjectKind, &l.SubjectID,
		&l.PersonID, &l.CaseID, &detail, &l.Commitments)
	if err == nil {
		l.Detail, err = proof.DetailOf([]byte(detail))
	}
	return l, err
}

func readHashes(ctx context.Context, q db.Querier, places []int64, into map[int64]tlog.Hash) error {
	rows, _ := q.Query(ctx, `
		SELECT p.place, substr(r.hashes, ((p.place - r.idx) * 32 + 1)::int, 32)
		FROM   unnest($1::bigint[]) AS p (place)
		CROSS  JOIN LATERAL (SELECT idx, hashes FROM audit_hash_runs WHERE idx <= p.place ORDER BY idx DESC LIMIT 1) r
		WHERE  p.place - r.idx < octet_length(r.hashes) / 32`, places)
	var place int64
	var hash []byte
	_, err := pgx.ForEachRow(rows, []any{&place, &hash}, func() error {
		if len(hash) != tlog.HashSize {
			return fmt.Errorf("the audit log's hash %d has %d bytes", place, len(hash))
		}
		into[place] = tlog.Hash(hash)
		return nil
	})
	return err
}

// insertSeal appends leaves from the place on, the hashes that came with them, and the checkpoint over all.
func insertSeal(ctx context.Context, q db.Querier, place int64, leaves []proof.Leaf, tree *stored, next checkpoint,
	root tlog.Hash, signed string, at time.Time) error {
	ids := make([]string, len(leaves))
	for i, l := range leaves {
		ids[i] = l.ID
	}
	hashes := make([]byte, 0, len(tree.added)*tlog.HashSize)
	for i := range tree.added {
		hashes = append(hashes, tree.added[i][:]...)
	}
	var b pgx.Batch
	b.Queue(`INSERT INTO audit_leaves (idx, entry_id) SELECT $1 + n - 1, id FROM unnest($2::uuid[]) WITH ORDINALITY AS t (id, n)`, place, ids)
	b.Queue(`INSERT INTO audit_hash_runs (idx, hashes) VALUES ($1, $2)`, tree.from, hashes)
	b.Queue(`INSERT INTO audit_checkpoints (size, root, note, upto, at) VALUES ($1, $2, $3, $4, $5)`, next.Size, root[:], signed, next.Upto, at)
	return q.SendBatch(ctx, &b).Close()
}
