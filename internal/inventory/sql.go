package inventory

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/db"
)

const columns = `
	g.id, g.person_id, g.case_id, g.system, g.level, g.account, g.granted_on, g.note, g.listed_at, g.listed_by,
	g.revoked_at, g.revoked_by, g.attested_at, g.attested_by, g.restored_at, g.restored_by, g.version,
	coalesce(lister.name, '') AS lister, coalesce(revoker.name, '') AS revoker,
	coalesce(attester.name, '') AS attester, coalesce(restorer.name, '') AS restorer`

const tables = `
	access_grants g
	LEFT   JOIN users lister ON lister.id = g.listed_by
	LEFT   JOIN users revoker ON revoker.id = g.revoked_by
	LEFT   JOIN users attester ON attester.id = g.attested_by
	LEFT   JOIN users restorer ON restorer.id = g.restored_by`

// left is the condition of a grant g that is neither attested as gone nor given back.
const left = `g.attested_at IS NULL AND g.restored_at IS NULL`

// OpenJSON aggregates the grants g that are not attested into a JSON list that reads into Grant, null when there are
// none; for pages that read a case in one row.
const OpenJSON = `
	json_agg(json_build_object('id', g.id, 'system', g.system, 'level', g.level, 'account', g.account, 'revokedat', g.revoked_at)
	         ORDER BY g.listed_at, g.id) FILTER (WHERE ` + left + `)`

func openOf(ctx context.Context, q db.Querier, caseID string) ([]Grant, error) {
	rows, _ := q.Query(ctx, `
		SELECT g.id, g.system, g.level, g.account, g.revoked_at
		FROM   access_grants g
		WHERE  g.case_id = $1 AND `+left+`
		ORDER  BY g.listed_at, g.id`, caseID)
	return db.ManyLax[Grant](rows)
}

func ofCase(ctx context.Context, q db.Querier, caseID string) ([]Grant, error) {
	rows, _ := q.Query(ctx, `
		SELECT `+columns+`
		FROM   `+tables+`
		WHERE  g.case_id = $1
		ORDER  BY g.attested_at IS NOT NULL, g.revoked_at IS NOT NULL, g.listed_at, g.id`, caseID)
	return db.Many[Grant](rows)
}

func byID(ctx context.Context, q db.Querier, caseID string, grantID ID) (Grant, error) {
	rows, _ := q.Query(ctx, `
		SELECT `+columns+`
		FROM   `+tables+`
		WHERE  g.id = $1 AND g.case_id = $2`, grantID, caseID)
	return db.One[Grant](rows, "access")
}

// lock holds the row and refuses a version that somebody else has left behind.
func lock(ctx context.Context, tx *db.Tx, caseID string, grantID ID, version int) (Grant, error) {
	var current int
	err := tx.QueryRow(ctx, `
		SELECT version FROM access_grants WHERE id = $1 AND case_id = $2 FOR UPDATE`, grantID, caseID).Scan(&current)
	if errors.Is(err, pgx.ErrNoRows) {
		return Grant{}, apperr.Missing("access")
	}
	if err != nil {
		return Grant{}, err
	}
	if current != version {
		return Grant{}, apperr.Conflict("This access has changed since the page was shown. Look again before you decide.")
	}
	return byID(ctx, tx, caseID, grantID)
}

func keysOf(ctx context.Context, q db.Querier, caseID string) (map[string]bool, error) {
	rows, _ := q.Query(ctx, `SELECT system, level, account FROM access_grants WHERE case_id = $1`, caseID)
	listed, err := db.ManyLax[New](rows)
	keys := make(map[string]bool, len(listed))
	for _, n := range listed {
		keys[n.key()] = true
	}
	return keys, err
}

func insertGrants(ctx context.Context, tx *db.Tx, caseID, personID string, ids []ID, grants []New) error {
	systems, levels, accounts := make([]string, len(grants)), make([]string, len(grants)), make([]string, len(grants))
	notes, granted := make([]string, len(grants)), make([]*time.Time, len(grants))
	for i, n := range grants {
		systems[i], levels[i], accounts[i], notes[i], granted[i] = n.System, n.Level, n.Account, n.Note, n.GrantedOn
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO access_grants (id, person_id, case_id, system, level, account, granted_on, note, listed_at, listed_by)
		SELECT t.id, $1, $2, t.system, t.level, t.account, t.granted_on, t.note, $3, $4
		FROM   unnest($5::uuid[], $6::text[], $7::text[], $8::text[], $9::date[], $10::text[])
		       AS t (id, system, level, account, granted_on, note)`,
		personID, caseID, tx.Now, tx.ActorID(), ids, systems, levels, accounts, granted, notes)
	return err
}

func setRevoked(ctx context.Context, tx *db.Tx, grantID ID) error {
	_, err := tx.Exec(ctx, `
		UPDATE access_grants SET revoked_at = $2, revoked_by = $3, version = version + 1 WHERE id = $1`,
		grantID, tx.Now, tx.ActorID())
	return err
}

func clearRevoked(ctx context.Context, tx *db.Tx, grantID ID) error {
	_, err := tx.Exec(ctx, `
		UPDATE access_grants SET revoked_at = NULL, revoked_by = NULL, version = version + 1 WHERE id = $1`, grantID)
	return err
}

func setAttested(ctx context.Context, tx *db.Tx, grantID ID) error {
	_, err := tx.Exec(ctx, `
		UPDATE access_grants SET attested_at = $2, attested_by = $3, version = version + 1 WHERE id = $1`,
		grantID, tx.Now, tx.ActorID())
	return err
}

func setRestored(ctx context.Context, tx *db.Tx, grantID ID) error {
	_, err := tx.Exec(ctx, `
		UPDATE access_grants SET restored_at = $2, restored_by = $3, version = version + 1 WHERE id = $1`,
		grantID, tx.Now, tx.ActorID())
	return err
}
