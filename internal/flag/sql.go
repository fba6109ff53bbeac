package flag

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/db"
)

const columns = `id, person_id, item_id, answer, strength, group_id, origin_kind, origin_id, summary, state,
		       raised_at, raised_by, disposed_at, disposed_by, reason, seconded_at, seconded_by, withdrawn_at, rests,
		       version`

// byOrigin finds the flag of one finding. The person's row is locked by the caller, so nobody adds it meanwhile.
func byOrigin(ctx context.Context, q db.Querier, personID person.ID, itemID, originKind, originID string) (Flag, bool, error) {
	rows, _ := q.Query(ctx, `
		SELECT `+columns+`
		FROM   flags
		WHERE  person_id = $1 AND item_id = $2 AND origin_kind = $3 AND origin_id = $4`,
		personID, itemID, originKind, originID)
	f, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Flag])
	if errors.Is(err, pgx.ErrNoRows) {
		return Flag{}, false, nil
	}
	return f, err == nil, err
}

func byID(ctx context.Context, q db.Querier, id ID) (Flag, error) {
	rows, _ := q.Query(ctx, `SELECT `+columns+` FROM flags WHERE id = $1`, id)
	return db.One[Flag](rows, "flag")
}

func lock(ctx context.Context, q db.Querier, id ID) (Flag, error) {
	rows, _ := q.Query(ctx, `SELECT `+columns+` FROM flags WHERE id = $1 FOR UPDATE`, id)
	return db.One[Flag](rows, "flag")
}

func insert(ctx context.Context, q db.Querier, f Flag) error {
	_, err := q.Exec(ctx, `
		INSERT INTO flags (id, person_id, item_id, answer, strength, group_id, origin_kind, origin_id,
		                   summary, state, raised_at, raised_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		f.ID, f.PersonID, f.ItemID, f.Answer, f.Strength, f.GroupID, f.OriginKind, f.OriginID,
		f.Summary, f.State, f.RaisedAt, f.RaisedBy)
	return err
}

func update(ctx context.Context, q db.Querier, f Flag) error {
	_, err := q.Exec(ctx, `
		UPDATE flags
		SET    answer = $2, summary = $3, state = $4, reason = $5, disposed_at = $6, disposed_by = $7,
		       seconded_at = $8, seconded_by = $9, withdrawn_at = $10, version = version + 1
		WHERE  id = $1`,
		f.ID, f.Answer, f.Summary, f.State, f.Reason, f.DisposedAt, f.DisposedBy,
		f.SecondedAt, f.SecondedBy, f.WithdrawnAt)
	return err
}

// rest leaves the version as it is: an answer that somebody is typing meanwhile still fits.
func rest(ctx context.Context, q db.Querier, personID person.ID, rests bool) error {
	_, err := q.Exec(ctx, `UPDATE flags SET rests = $2 WHERE person_id = $1 AND rests <> $2`, personID, rests)
	return err
}
