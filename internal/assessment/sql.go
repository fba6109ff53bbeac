package assessment

import (
	"context"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/flag"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// subjectRow is what an assessment needs to know of the person beside what was reported: how they stand, and what
// the current application asks for.
type subjectRow struct {
	Status  person.Status
	Band    catalogue.Band
	Score   int
	LevelID string
	StageID string
	Edition string
}

// lockSubject locks the person's row, so that two reports about one person are assessed one after the other.
func lockSubject(ctx context.Context, q db.Querier, personID person.ID) (subjectRow, error) {
	rows, _ := q.Query(ctx, `
		SELECT p.status, p.band, p.score, coalesce(j.level_id, '') AS level_id,
		       coalesce(a.stage_id, p.stage_id) AS stage_id, coalesce(a.edition, '') AS edition
		FROM   people p
		LEFT   JOIN applications a ON a.id = p.application_id
		LEFT   JOIN jobs j ON j.id = a.job_id
		WHERE  p.id = $1
		FOR    UPDATE OF p`, personID)
	return db.One[subjectRow](rows, "person")
}

const outcomesSQL = `
		SELECT item_id, origin_kind, origin_id, answer, note, count, noted_at, noted_by
		FROM   outcomes
		WHERE  person_id = $1
		ORDER  BY noted_at, item_id, origin_kind, origin_id`

// ledger reads everything reported of a person in one round trip.
func (s *Service) ledger(ctx context.Context, q db.Querier, personID person.ID) (ledger, error) {
	var batch pgx.Batch
	batch.Queue(outcomesSQL, personID)
	batch.Queue(flag.ForPersonSQL, personID)
	results := q.SendBatch(ctx, &batch)
	defer results.Close()
	rows, _ := results.Query()
	entries, err := db.Many[entry](rows)
	if err != nil {
		return ledger{}, err
	}
	rows, _ = results.Query()
	flags, err := db.Many[flag.Flag](rows)
	if err != nil {
		return ledger{}, err
	}
	return newLedger(entries, flags), results.Close()
}

func upsertOutcome(ctx context.Context, tx *db.Tx, personID person.ID, e entry) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO outcomes (person_id, item_id, origin_kind, origin_id, answer, note, count, noted_at, noted_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON     CONFLICT (person_id, item_id, origin_kind, origin_id) DO UPDATE
		SET    answer = excluded.answer, note = excluded.note, count = excluded.count,
		       noted_at = excluded.noted_at, noted_by = excluded.noted_by`,
		personID, e.ItemID, e.OriginKind, e.OriginID, e.Answer, e.Note, e.Count, e.NotedAt, tx.ActorID())
	return err
}

func saveAssessment(ctx context.Context, tx *db.Tx, personID person.ID, edition string, a Assessment) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO assessments (person_id, edition, score, band, coverage, claims, reasons, next, assessed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON     CONFLICT (person_id) DO UPDATE
		SET    edition = excluded.edition, score = excluded.score, band = excluded.band, coverage = excluded.coverage,
		       claims = excluded.claims, reasons = excluded.reasons, next = excluded.next,
		       assessed_at = excluded.assessed_at`,
		personID, edition, a.Score, a.Band, a.Coverage.Percent(),
		listed(a.Claims), listed(a.Reasons), listed(a.Next), tx.Now)
	return err
}

// listed keeps an empty list an empty JSON array, where nil would become null.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func insertMove(ctx context.Context, tx *db.Tx, personID person.ID, from subjectRow, to Assessment, cause string) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO assessment_moves (id, person_id, at, from_band, to_band, score, coverage, cause)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		id.New(), personID, tx.Now, from.Band, to.Band, to.Score, to.Coverage.Percent(), cause)
	return err
}
