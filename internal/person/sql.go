package person

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

const personColumns = `p.id, p.number, p.name, p.location, p.time_zone, p.channel_id, p.referrer_name, p.referrer_id,
	p.status, p.application_id, p.job_id, p.job_title, p.manager_id, p.stage_id, p.stage_since, p.missing,
	p.band, p.score, p.coverage, p.open_flags, p.created_at, p.updated_at, p.version, p.erased_at`

func personByID(ctx context.Context, q db.Querier, actor authz.Actor, personID ID, lock string) (Person, error) {
	var w db.Where
	w.Add("p.id = ?", personID)
	Visible(actor, &w, "p")
	rows, _ := q.Query(ctx, `SELECT `+personColumns+` FROM people p `+w.SQL()+` `+lock, w.Args...)
	return db.One[Person](rows, "person")
}

func personByNumber(ctx context.Context, q db.Querier, actor authz.Actor, n Number) (Person, error) {
	var w db.Where
	w.Add("p.number = ?", int64(n))
	Visible(actor, &w, "p")
	rows, _ := q.Query(ctx, `SELECT `+personColumns+` FROM people p `+w.SQL(), w.Args...)
	return db.One[Person](rows, "person")
}

func insertPerson(ctx context.Context, tx *db.Tx, personID ID, n New) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO people (id, name, location, time_zone, channel_id, referrer_name, referrer_id, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)`,
		personID, n.Name, n.Location, n.TimeZone, n.ChannelID, n.ReferrerName, n.ReferrerID, tx.Now)
	return forPeople(err)
}

func insertKey(ctx context.Context, tx *db.Tx, personID ID, wrapped []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO person_keys (person_id, wrapped, created_at) VALUES ($1, $2, $3)`,
		personID, wrapped, tx.Now)
	return err
}

func updatePerson(ctx context.Context, tx *db.Tx, personID ID, n New) error {
	_, err := tx.Exec(ctx, `
		UPDATE people
		SET    name = $2, location = $3, time_zone = $4, channel_id = $5, referrer_name = $6, referrer_id = $7,
		       updated_at = $8, version = version + 1
		WHERE  id = $1`,
		personID, n.Name, n.Location, n.TimeZone, n.ChannelID, n.ReferrerName, n.ReferrerID, tx.Now)
	return forPeople(err)
}

// missingOf tells, of the checks in the SQL expression awaited, which nobody has answered for the person, and how many.
func missingOf(awaited string) string {
	return `(missing_checks, missing) = (
		       SELECT coalesce(array_agg(need.item_id ORDER BY need.item_id), '{}'), count(*)
		       FROM   unnest(` + awaited + `) AS need (item_id)
		       WHERE  NOT EXISTS (SELECT FROM outcomes o
		                          WHERE  o.person_id = p.id AND o.item_id = need.item_id AND o.answer <> 'not-done'))`
}

func setPlace(ctx context.Context, tx *db.Tx, personID ID, place Place) error {
	awaited := place.Awaited
	if awaited == nil {
		awaited = []string{}
	}
	tag, err := tx.Exec(ctx, `
		UPDATE people p
		SET    status = $2, application_id = $3, job_id = $4, job_title = $5, manager_id = $6,
		       stage_id = $7, stage_since = $8, awaited = $9::text[], `+missingOf("$9::text[]")+`, updated_at = $10
		WHERE  id = $1`,
		personID, place.Status, place.ApplicationID, place.JobID, place.JobTitle, place.ManagerID,
		place.StageID, place.StageSince, awaited, tx.Now)
	if err == nil && tag.RowsAffected() == 0 {
		return apperr.Missing("person")
	}
	return err
}

func setStanding(ctx context.Context, tx *db.Tx, personID ID, s Standing) error {
	tag, err := tx.Exec(ctx, `
		UPDATE people p
		SET    band = $2, score = $3, coverage = $4, open_flags = $5, `+missingOf("p.awaited")+`, updated_at = $6
		WHERE  id = $1`,
		personID, s.Band, s.Score, s.Coverage, s.OpenFlags, tx.Now)
	if err == nil && tag.RowsAffected() == 0 {
		return apperr.Missing("person")
	}
	return err
}

// markErased leaves the row without place and standing, so that no list and no count holds it.
func markErased(ctx context.Context, tx *db.Tx, personID ID) error {
	_, err := tx.Exec(ctx, `
		UPDATE people
		SET    status = 'erased', erased_at = $2, application_id = NULL, job_id = NULL, job_title = '', manager_id = NULL,
		       stage_id = '', stage_since = NULL, awaited = '{}', missing_checks = '{}', missing = 0,
		       band = 'low', score = 0, coverage = 0, open_flags = 0, channel_id = '', referrer_id = NULL, version = version + 1
		WHERE  id = $1`, personID, tx.Now)
	return err
}

func destroyKey(ctx context.Context, tx *db.Tx, personID ID) error {
	_, err := tx.Exec(ctx, `UPDATE person_keys SET wrapped = NULL, destroyed_at = $2 WHERE person_id = $1`, personID, tx.Now)
	return err
}

// wrappedKey returns the person's wrapped key, nil when it was destroyed.
func wrappedKey(ctx context.Context, q db.Querier, personID ID) ([]byte, error) {
	var wrapped []byte
	err := q.QueryRow(ctx, `SELECT wrapped FROM person_keys WHERE person_id = $1`, personID).Scan(&wrapped)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, apperr.Missing("person")
	}
	return wrapped, err
}

// forPeople turns violated constraints into messages.
func forPeople(err error) error {
	switch db.Violates(err) {
	case "people_pkey":
		return ErrTaken
	case "people_referrer_id_fkey":
		return apperr.Invalid("referrer", "There is nobody with this number.")
	}
	return err
}
