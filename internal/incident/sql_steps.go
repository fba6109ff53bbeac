package incident

import (
	"context"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/db"
)

const stepsSQL = `
	SELECT step_id, position, state, owner_role, owner_id, due_at, done_at, done_by, note, override_reason,
	       overridden_by, overridden_at, ticked, version
	FROM   case_steps
	WHERE  case_id = $1
	ORDER  BY position`

func stepsOf(ctx context.Context, q db.Querier, id ID) ([]Step, error) {
	rows, _ := q.Query(ctx, stepsSQL, id)
	return db.ManyLax[Step](rows)
}

func insertSteps(ctx context.Context, tx *db.Tx, id ID, ed *catalogue.Edition) error {
	n := len(ed.Playbook)
	steps, owners := make([]string, n), make([]string, n)
	positions, dues := make([]int32, n), make([]time.Time, n)
	for i, item := range ed.Playbook {
		steps[i], owners[i] = item.ID, string(item.OwnerRole)
		positions[i], dues[i] = int32(item.Order), item.Due.From(tx.Now)
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO case_steps (case_id, step_id, position, owner_role, due_at)
		SELECT $1, * FROM unnest($2::text[], $3::int[], $4::text[], $5::timestamptz[])`,
		id, steps, positions, owners, dues)
	return err
}

// settle sets a step's state; open clears what settling wrote. An override stays on record until the step reopens.
func settle(ctx context.Context, tx *db.Tx, id ID, s Step, to StepState, note, override string) error {
	var overriddenBy *string
	var overriddenAt *time.Time
	if override != "" {
		overriddenBy, overriddenAt = tx.ActorID(), &tx.Now
	}
	_, err := tx.Exec(ctx, `
		UPDATE case_steps SET state = $4, done_at = $5, done_by = $6, note = $7, override_reason = coalesce(nullif($8, ''), override_reason),
		                      overridden_by = coalesce($9, overridden_by), overridden_at = coalesce($10, overridden_at), version = version + 1
		WHERE  case_id = $1 AND step_id = $2 AND version = $3`,
		id, s.StepID, s.Version, to, tx.Now, tx.ActorID(), note, override, overriddenBy, overriddenAt)
	return err
}

// overrideStep notes that an open step's lock was overridden, or with an empty reason that it was not. The step stays as
// it is, for whoever settles it.
func overrideStep(ctx context.Context, tx *db.Tx, id ID, stepID, reason string) error {
	_, err := tx.Exec(ctx, `
		UPDATE case_steps SET override_reason = $3, overridden_by = CASE WHEN $3 <> '' THEN $4::uuid END,
		                      overridden_at = CASE WHEN $3 <> '' THEN $5::timestamptz END
		WHERE  case_id = $1 AND step_id = $2 AND state = 'open'`, id, stepID, reason, tx.ActorID(), tx.Now)
	return err
}

func reopen(ctx context.Context, tx *db.Tx, id ID, stepID string) error {
	_, err := tx.Exec(ctx, `
		UPDATE case_steps SET state = 'open', done_at = NULL, done_by = NULL, note = '', override_reason = '',
		                      overridden_by = NULL, overridden_at = NULL, version = version + 1
		WHERE  case_id = $1 AND step_id = $2`, id, stepID)
	return err
}

func dropSteps(ctx context.Context, tx *db.Tx, id ID, stepIDs []string) error {
	_, err := tx.Exec(ctx, `
		UPDATE case_steps SET state = 'not-applicable', done_at = $3, version = version + 1
		WHERE  case_id = $1 AND step_id = ANY ($2)`, id, stepIDs, tx.Now)
	return err
}

func setOwner(ctx context.Context, tx *db.Tx, id ID, stepID string, userID *string) error {
	_, err := tx.Exec(ctx, `
		UPDATE case_steps SET owner_id = $3, version = version + 1 WHERE case_id = $1 AND step_id = $2`, id, stepID, userID)
	return err
}

// heldSQL asks whether case $1 holds evidence, collected in it or attached to a step of it, how much its two
// lists hold, and what of that is still kept from its subject.
const heldSQL = `
	SELECT EXISTS (SELECT FROM evidence_items WHERE case_id = $1)
	    OR EXISTS (SELECT FROM evidence_links l
	               WHERE  l.subject_kind = 'step' AND l.subject_id COLLATE "C" >= $1 || '/' AND l.subject_id COLLATE "C" < $1 || '0'),
	       a.*, y.*
	FROM   (SELECT count(*), count(*) FILTER (WHERE revoked_at IS NOT NULL AND restored_at IS NULL)
	        FROM   access_grants WHERE case_id = $1) a,
	       (SELECT count(*), count(*) FILTER (WHERE state = 'stopped') FROM payments WHERE case_id = $1) y`

// Who ticked and when is in the audit log.
func setTick(ctx context.Context, tx *db.Tx, id ID, stepID string, item int) error {
	_, err := tx.Exec(ctx, `
		UPDATE case_steps SET ticked = ticked | (1::bigint << $3) WHERE case_id = $1 AND step_id = $2`, id, stepID, item)
	return err
}

func clearTick(ctx context.Context, tx *db.Tx, id ID, stepID string, item int) error {
	_, err := tx.Exec(ctx, `
		UPDATE case_steps SET ticked = ticked & ~(1::bigint << $3) WHERE case_id = $1 AND step_id = $2`, id, stepID, item)
	return err
}

// at refuses a version that somebody else has left behind.
func (s Step) at(version int) error {
	if s.Version != version {
		return apperr.Conflict("This step has changed since the page was shown. Look again before you decide.")
	}
	return nil
}
