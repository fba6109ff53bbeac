package incident

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// collected says which fields of a dossier have an entry (a field of several entries comes several times) and which an
// explained gap.
type collected struct{ Filled, Explained []string }

// collectedColumns reads it along with a case c.
const collectedColumns = `,
	ARRAY(SELECT d.field_id FROM dossier_entries d WHERE d.case_id = c.id AND d.removed_at IS NULL) AS filled,
	ARRAY(SELECT d.field_id FROM dossier_gaps d WHERE d.case_id = c.id) AS explained`

func collectedOf(ctx context.Context, q db.Querier, id ID) (collected, error) {
	rows, _ := q.Query(ctx, `SELECT `+strings.TrimPrefix(collectedColumns, ",")+` FROM cases c WHERE c.id = $1`, id)
	return db.One[collected](rows, "case")
}

// storedEntry is an entry with its value as that is stored, and the key for it.
type storedEntry struct {
	Entry
	Sealed, Wrapped []byte
}

const entryColumns = `
	d.id, d.field_id, d.value, d.evidence_id, d.source, d.added_at, d.added_by, d.match_key, d.sealed,
	CASE WHEN d.sealed IS NOT NULL THEN k.wrapped END AS wrapped`

func entriesOf(ctx context.Context, q db.Querier, c Case) ([]storedEntry, error) {
	rows, _ := q.Query(ctx, `
		SELECT `+entryColumns+`
		FROM   dossier_entries d
		LEFT   JOIN person_keys k ON k.person_id = $2
		WHERE  d.case_id = $1 AND d.removed_at IS NULL
		ORDER  BY d.field_id, d.added_at, d.id`, c.ID, c.PersonID)
	return db.Many[storedEntry](rows)
}

func gapsOf(ctx context.Context, q db.Querier, id ID) ([]Gap, error) {
	rows, _ := q.Query(ctx, `
		SELECT field_id, reason, explained_at, explained_by FROM dossier_gaps WHERE case_id = $1 ORDER BY field_id`, id)
	return db.ManyLax[Gap](rows)
}

func insertEntry(ctx context.Context, tx *db.Tx, id ID, e storedEntry) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO dossier_entries (id, case_id, field_id, value, sealed, match_key, evidence_id, source, added_at, added_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		e.ID, id, e.FieldID, e.Value, e.Sealed, e.MatchKey, e.EvidenceID, e.Source, tx.Now, tx.ActorID())
	return err
}

// lockEntry finds an entry that was not removed.
func lockEntry(ctx context.Context, tx *db.Tx, c Case, entryID string) (storedEntry, error) {
	rows, _ := tx.Query(ctx, `
		SELECT `+entryColumns+`
		FROM   dossier_entries d
		LEFT   JOIN person_keys k ON k.person_id = $3
		WHERE  d.id = $1 AND d.case_id = $2 AND d.removed_at IS NULL
		FOR    UPDATE OF d`, entryID, c.ID, c.PersonID)
	return db.One[storedEntry](rows, "entry")
}

// openEntries reads entries of those fields that lie open.
func openEntries(ctx context.Context, q db.Querier, fields []string, most int) ([]person.OpenValue, error) {
	rows, _ := q.Query(ctx, `
		SELECT d.id, c.person_id, d.value, d.field_id AS kind
		FROM   dossier_entries d
		JOIN   cases c ON c.id = d.case_id
		WHERE  d.value <> '' AND d.field_id = ANY ($1)
		ORDER  BY c.person_id, d.id
		LIMIT  $2`, fields, most)
	return db.Many[person.OpenValue](rows)
}

func setEntrySealed(ctx context.Context, tx *db.Tx, v person.OpenValue, row storedEntry) error {
	_, err := tx.Exec(ctx, `
		UPDATE dossier_entries SET value = '', sealed = $3, match_key = $4 WHERE id = $1 AND value = $2`,
		v.ID, v.Value, row.Sealed, row.MatchKey)
	return err
}

func removeEntry(ctx context.Context, tx *db.Tx, entryID string) error {
	_, err := tx.Exec(ctx, `
		UPDATE dossier_entries SET removed_at = $2, removed_by = $3 WHERE id = $1`, entryID, tx.Now, tx.ActorID())
	return err
}

func putGap(ctx context.Context, tx *db.Tx, id ID, fieldID, reason string) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO dossier_gaps (case_id, field_id, reason, explained_at, explained_by)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (case_id, field_id) DO UPDATE SET
		    reason = excluded.reason, explained_at = excluded.explained_at, explained_by = excluded.explained_by`,
		id, fieldID, reason, tx.Now, tx.ActorID())
	return err
}

func dropGap(ctx context.Context, tx *db.Tx, id ID, fieldID string) (bool, error) {
	tag, err := tx.Exec(ctx, `DELETE FROM dossier_gaps WHERE case_id = $1 AND field_id = $2`, id, fieldID)
	return tag.RowsAffected() > 0, err
}

// evidenceOf reports whether the item belongs to the person, outside cases or in this one.
func evidenceOf(ctx context.Context, q db.Querier, c Case, evidenceID string) (bool, error) {
	if _, err := id.Parse(evidenceID); err != nil {
		return false, nil
	}
	var ok bool
	err := q.QueryRow(ctx, `
		SELECT EXISTS (SELECT 1 FROM evidence_items
		               WHERE id = $1 AND person_id = $2 AND (case_id IS NULL OR case_id = $3))`,
		evidenceID, c.PersonID, c.ID).Scan(&ok)
	return ok, err
}

// toldAccount is where money of the subject went or is to go, as somebody told, encrypted. Its table says whose it is.
type toldAccount struct {
	Source, ID, Method string
	Sealed, Wrapped    []byte
}

// Where an account is told.
const (
	byClaim   = "A claim of the person"
	byPayment = "A payment of this case"
)

// accountsOf reads what the subject says of payments, and the destinations of the case's own.
func accountsOf(ctx context.Context, q db.Querier, c Case) ([]toldAccount, error) {
	rows, _ := q.Query(ctx, `
		SELECT t.source, t.id, t.method, t.sealed, k.wrapped
		FROM  (SELECT $3 AS source, cl.id, '' AS method, cl.sealed
		       FROM   claims cl
		       WHERE  cl.person_id = $1 AND cl.kind = 'payment' AND cl.retired_at IS NULL
		       UNION ALL
		       SELECT $4, pm.id, pm.method, pm.destination_sealed
		       FROM   payments pm
		       WHERE  pm.case_id = $2 AND pm.method IN ('on-chain', 'bank-transfer')) t
		JOIN   person_keys k ON k.person_id = $1 AND k.wrapped IS NOT NULL
		WHERE  t.sealed IS NOT NULL
		ORDER  BY t.source, t.id`, c.PersonID, c.ID, byClaim, byPayment)
	return db.Many[toldAccount](rows)
}

// suggestionsOf gathers what is known of the person elsewhere and lies open, in the catalogue's field ids.
func suggestionsOf(ctx context.Context, q db.Querier, c Case) ([]Suggestion, error) {
	rows, _ := q.Query(ctx, `
		SELECT 'field-legal-name' AS field_id, p.name AS value, 'The person''s record' AS source, NULL::uuid AS evidence_id
		FROM   people p WHERE p.id = $1
		UNION ALL
		SELECT 'field-location', p.location, 'The person''s record', NULL FROM people p WHERE p.id = $1
		UNION ALL
		SELECT 'field-sourcing', p.channel_id, 'The person''s record', NULL FROM people p WHERE p.id = $1
		UNION ALL
		SELECT 'field-referred-by', coalesce(r.name, p.referrer_name), 'The person''s record', NULL
		FROM   people p LEFT JOIN people r ON r.id = p.referrer_id WHERE p.id = $1
		UNION ALL
		SELECT 'field-referred-others', o.name, 'Their record names the subject as referrer', NULL
		FROM   people o WHERE o.referrer_id = $1
		UNION ALL
		SELECT CASE cl.kind
		           WHEN 'name' THEN 'field-alias'
		           WHEN 'email' THEN 'field-email'
		           WHEN 'phone' THEN 'field-phone'
		           WHEN 'address' THEN 'field-home-address'
		           WHEN 'location' THEN 'field-location'
		           WHEN 'employer' THEN 'field-claimed-employer'
		           WHEN 'handle' THEN CASE
		               WHEN cl.value ILIKE '%telegram%' OR cl.detail->>'host' ILIKE '%telegram%' THEN 'field-telegram'
		               WHEN cl.value ILIKE '%discord%' OR cl.detail->>'host' ILIKE '%discord%' THEN 'field-discord'
		               ELSE 'field-other-handle' END
		           WHEN 'profile' THEN CASE
		               WHEN cl.value ~* 'linkedin\.' THEN 'field-professional-network'
		               WHEN cl.value ~* 'github\.' THEN 'field-code-host'
		               ELSE 'field-social-profile' END
		       END,
		       CASE WHEN cl.kind = 'profile' AND cl.value ~* 'github\.'
		            THEN regexp_replace(cl.value, '^.*github\.[a-z]+/([^/?#]+).*$', '\1', 'i') ELSE cl.value END,
		       'A claim of the person', NULL
		FROM   claims cl
		WHERE  cl.person_id = $1 AND cl.retired_at IS NULL
		AND    cl.kind IN ('name', 'email', 'phone', 'address', 'location', 'employer', 'handle', 'profile')
		UNION ALL
		SELECT v.field_id, v.value, 'The engagement', NULL
		FROM  (SELECT * FROM engagements WHERE person_id = $1 ORDER BY started_on DESC LIMIT 1) e,
		LATERAL (VALUES
		    ('field-date-hired', e.started_on::text),
		    ('field-managed-laptop', CASE WHEN e.device <> '' THEN 'yes' ELSE '' END),
		    ('field-device-serial', e.device_serial),
		    ('field-last-day', e.ended_on::text)) AS v (field_id, value)
		UNION ALL
		SELECT v.field_id, v.value, 'An account of the engagement', NULL
		FROM   engagements e
		JOIN   engagement_accounts a ON a.engagement_id = e.id,
		LATERAL (VALUES
		    ('field-company-email', CASE WHEN a.account LIKE '%@%' THEN 'yes' ELSE '' END),
		    ('field-company-email-address', CASE WHEN a.account LIKE '%@%' THEN a.account ELSE '' END)) AS v (field_id, value)
		WHERE  e.person_id = $1
		UNION ALL
		SELECT 'field-payments-made', 'Ledger of this case: ' || count(*) || ' payments', 'Payments of this case', NULL
		FROM   payments WHERE case_id = $2 HAVING count(*) > 0
		UNION ALL
		SELECT CASE i.kind WHEN 'document' THEN 'field-resume' ELSE 'field-photo' END, i.title, 'Evidence of the person', i.id
		FROM   evidence_items i
		WHERE  i.person_id = $1 AND (i.case_id IS NULL OR i.case_id = $2) AND i.form = 'file' AND i.erased_at IS NULL
		AND   (i.kind = 'screenshot' OR i.kind = 'document' AND (i.title ILIKE '%cv%' OR i.title ILIKE '%résumé%'
		       OR i.title ILIKE '%resume%'))`, c.PersonID, c.ID)
	return scanSuggestions(rows)
}

// scanSuggestions passes over sources that have nothing to say.
func scanSuggestions(rows pgx.Rows) ([]Suggestion, error) {
	var found []Suggestion
	var fieldID, value *string
	var s Suggestion
	_, err := pgx.ForEachRow(rows, []any{&fieldID, &value, &s.Source, &s.EvidenceID}, func() error {
		if fieldID != nil && value != nil && *value != "" {
			s.FieldID, s.Value = *fieldID, *value
			found = append(found, s)
		}
		return nil
	})
	return found, err
}
