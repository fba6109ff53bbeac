package incident

import (
	"context"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/db"
)

// lastID sorts behind every id.
const lastID = "ffffffff-ffff-ffff-ffff-ffffffffffff"

// pairs collects rows of (key, value) into lists by key.
func pairs(rows pgx.Rows) (map[string][]string, error) {
	m := map[string][]string{}
	var key, value string
	_, err := pgx.ForEachRow(rows, []any{&key, &value}, func() error {
		m[key] = append(m[key], value)
		return nil
	})
	return m, err
}

func stepEvidence(ctx context.Context, q db.Querier, c Case) (map[string][]string, error) {
	rows, _ := q.Query(ctx, `
		SELECT s.step_id, l.evidence_id::text
		FROM   case_steps s
		JOIN   evidence_links l ON l.subject_kind = 'step' AND l.subject_id = s.case_id || '/' || s.step_id
		WHERE  s.case_id = $1
		ORDER  BY l.linked_at, l.evidence_id`, c.ID)
	return pairs(rows)
}

// flagEvidence reads what is attached to a person's flags, and to the answer or check each flag came from. A check
// that was recorded anew has an origin of its own, while its evidence is the person's.
func flagEvidence(ctx context.Context, q db.Querier, personID string) (map[string][]string, error) {
	rows, _ := q.Query(ctx, `
		SELECT DISTINCT f.id::text, l.evidence_id::text
		FROM   flags f
		JOIN   evidence_links l
		       ON l.subject_kind = 'flag' AND l.subject_id = f.id::text
		       OR l.subject_kind = 'answer' AND l.subject_id IN (f.origin_id || '/' || f.item_id, f.person_id || '/' || f.item_id)
		       OR l.subject_kind = 'signal' AND l.subject_id = f.origin_id
		WHERE  f.person_id = $1
		ORDER  BY 1, 2`, personID)
	return pairs(rows)
}

func touchesOf(ctx context.Context, q db.Querier, ids []string) (map[string]int, error) {
	rows, _ := q.Query(ctx, `
		SELECT evidence_id::text, count(*) FROM custody_events WHERE evidence_id = ANY ($1::uuid[]) GROUP BY 1`, ids)
	m := map[string]int{}
	var key string
	var n int
	_, err := pgx.ForEachRow(rows, []any{&key, &n}, func() error {
		m[key] = n
		return nil
	})
	return m, err
}

// relatedSQL finds who is tied to person $1 by a referral: in either direction, or through the same referrer, linked or
// only named alike. Each way is a query of its own, so that each finds its index; of several, the nearest is told.
const relatedSQL = `
		SELECT DISTINCT ON (o.number) o.id AS person_id, o.number, o.name, o.status, found.relation, found.rank
		FROM  (SELECT p.referrer_id AS id, 'referred the subject' AS relation, 1 AS rank
		       FROM   people p WHERE p.id = $1 AND p.referrer_id IS NOT NULL
		       UNION ALL
		       SELECT r.id, 'referred by the subject', 2
		       FROM   people r WHERE r.referrer_id = $1
		       UNION ALL
		       SELECT r.id, 'names the subject as referrer', 3
		       FROM   people p
		       JOIN   people r ON lower(r.referrer_name) = lower(p.name) AND r.referrer_name <> ''
		       WHERE  p.id = $1 AND r.referrer_id IS NULL
		       UNION ALL
		       SELECT r.id, 'referred by the same person', 4
		       FROM   people p JOIN people r ON r.referrer_id = p.referrer_id WHERE p.id = $1
		       UNION ALL
		       SELECT r.id, 'names the same referrer', 5
		       FROM   people p
		       JOIN   people r ON lower(r.referrer_name) = lower(p.referrer_name) AND r.referrer_name <> ''
		       WHERE  p.id = $1) found
		JOIN   people o ON o.id = found.id
		WHERE  o.id <> $1 AND o.erased_at IS NULL
		ORDER  BY o.number, found.rank`

// relatedOf lists who is tied to the subject by a referral, as far as they were entered before the case was closed: a
// report says the same whenever it is printed.
func relatedOf(ctx context.Context, q db.Querier, c Case) ([]Related, error) {
	rows, _ := q.Query(ctx, `
		SELECT person_id, number, name, status, relation
		FROM  (`+relatedSQL+` LIMIT 200) related
		WHERE  EXISTS (SELECT FROM people e WHERE e.id = related.person_id AND e.created_at <= $2)
		ORDER  BY number`, c.PersonID, historyEnd(c))
	return db.Many[Related](rows)
}
