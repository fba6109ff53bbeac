package claim

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// row is a claim as it is stored, with its match key.
type row struct {
	Stored
	key string
}

func insertClaims(ctx context.Context, tx *db.Tx, rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	batch := &pgx.Batch{}
	for _, c := range rows {
		batch.Queue(`
			INSERT INTO claims (id, person_id, kind, claim_id, value, sealed, match_key, detail, source, made_at, created_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			c.ID, c.PersonID, c.Kind, c.ClaimID, c.Value, c.Sealed, c.key, c.Detail, c.Source, c.MadeAt, c.CreatedBy)
	}
	return tx.SendBatch(ctx, batch).Close()
}

func retireClaims(ctx context.Context, tx *db.Tx, personID person.ID, ids []ID) error {
	if len(ids) == 0 {
		return nil
	}
	texts := make([]string, len(ids))
	for i, claimID := range ids {
		texts[i] = string(claimID)
	}
	tag, err := tx.Exec(ctx, `
		UPDATE claims SET retired_at = $3
		WHERE  person_id = $1 AND id = ANY ($2::uuid[]) AND retired_at IS NULL`, personID, texts, tx.Now)
	if err == nil && tag.RowsAffected() != int64(len(ids)) {
		return apperr.Missing("claim")
	}
	return err
}

// claimsOf reads what the person says now, and their wrapped data key where some of it lies encrypted.
func claimsOf(ctx context.Context, q db.Querier, personID person.ID) (claims []Stored, wrapped []byte, err error) {
	rows, _ := q.Query(ctx, `
		SELECT c.id, c.person_id, c.kind, c.claim_id, c.value, c.sealed, c.detail, c.source, c.made_at, c.created_by, c.retired_at,
		       CASE WHEN c.sealed IS NOT NULL THEN k.wrapped END AS wrapped
		FROM   claims c
		LEFT   JOIN person_keys k ON k.person_id = c.person_id
		WHERE  c.person_id = $1 AND c.retired_at IS NULL
		ORDER  BY c.made_at, c.id`, personID)
	found, err := db.Many[struct {
		Stored
		Wrapped []byte
	}](rows)
	for _, f := range found {
		claims = append(claims, f.Stored)
		if f.Wrapped != nil {
			wrapped = f.Wrapped
		}
	}
	slices.SortStableFunc(claims, func(a, b Stored) int {
		return cmp.Compare(slices.Index(Kinds(), a.Kind), slices.Index(Kinds(), b.Kind))
	})
	return claims, wrapped, err
}

// openPayments reads payments that lie open.
func openPayments(ctx context.Context, q db.Querier, most int) ([]person.OpenValue, error) {
	rows, _ := q.Query(ctx, `
		SELECT id, person_id, value, kind FROM claims WHERE kind = 'payment' AND value <> '' ORDER BY person_id, id LIMIT $1`, most)
	return db.Many[person.OpenValue](rows)
}

func setSealed(ctx context.Context, tx *db.Tx, v person.OpenValue, sealed []byte, match string) error {
	_, err := tx.Exec(ctx, `UPDATE claims SET value = '', sealed = $3, match_key = $4 WHERE id = $1 AND value = $2`,
		v.ID, v.Value, sealed, match)
	return err
}

// matchLimit bounds what is looked at: a value that hundreds share says nothing about any of them.
const matchLimit = 100

func matching(ctx context.Context, q db.Querier, actor authz.Actor, personID person.ID) (Matches, error) {
	var w db.Where
	person.Visible(actor, &w, "v")
	visible := w.SQL()
	if visible == "" {
		visible = "WHERE true"
	}
	sql := w.Number(`
		SELECT p.id, p.number, p.name, other.kind, other.value,
		       EXISTS (SELECT FROM people v `+visible+` AND v.id = p.id) AS seen
		FROM   claims own
		JOIN   claims other ON other.match_key = own.match_key AND other.person_id <> own.person_id AND other.retired_at IS NULL
		JOIN   people p ON p.id = other.person_id
		WHERE  own.person_id = ? AND own.match_key <> '' AND own.retired_at IS NULL AND other.match_key <> ''
		ORDER  BY p.number DESC, other.kind, other.value
		LIMIT  ?`, personID, matchLimit)
	rows, _ := q.Query(ctx, sql, w.Args...)
	var found Matches
	var m Match
	var seen bool
	unseen := map[person.ID]bool{}
	_, err := pgx.ForEachRow(rows, []any{&m.PersonID, &m.Number, &m.Name, &m.Kind, &m.Value, &seen}, func() error {
		if seen {
			found.Seen = append(found.Seen, m)
		} else {
			unseen[m.PersonID] = true
		}
		return nil
	})
	found.Unseen = len(unseen)
	return found, err
}
