package keystore

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/seal"
)

// row is a row of installation_keys.
type row struct {
	Generation int
	KeyID      string
	RootID     string
	Wrapped    []byte
	MadeAt     time.Time
	SealsFrom  time.Time
	// Seals says of one row that it is the newest in use, by the database's clock.
	Seals     bool
	RotatedAt *time.Time
	RetiredAt *time.Time
}

// open unwraps the row's key.
func (r row) open(ctx context.Context, root seal.Root) (seal.Key, error) {
	key, err := seal.UnwrapKey(ctx, root, r.Wrapped, r.KeyID)
	if err != nil {
		return key, &RootError{Wanted: r.RootID, Found: root.ID(), cause: err}
	}
	return key, nil
}

const rowsSQL = `
	SELECT generation, key_id, root_id, wrapped, made_at, seals_from, rotated_at, retired_at,
	       generation = (SELECT max(n.generation) FROM installation_keys n WHERE n.seals_from <= now() OR n.generation = 1) AS seals
	FROM   installation_keys
	ORDER  BY generation`

func rowsOf(ctx context.Context, q db.Querier) ([]row, error) {
	rows, _ := q.Query(ctx, rowsSQL)
	return db.Many[row](rows)
}

// errThere says that another process was faster.
var errThere = errors.New("there is a first key already")

// insertFirst keeps the first generation, unless another start was faster.
func insertFirst(ctx context.Context, d *db.DB, keyID, rootID string, wrapped []byte) error {
	err := d.Write(ctx, authz.System("keys"), func(tx *db.Tx) error {
		tag, err := tx.Exec(ctx, `
			INSERT INTO installation_keys (generation, key_id, root_id, wrapped, made_at, seals_from, rotated_at)
			VALUES (1, $1, $2, $3, $4, $4, $4)
			ON CONFLICT DO NOTHING`, keyID, rootID, wrapped, tx.Now)
		if err == nil && tag.RowsAffected() == 0 {
			return errThere
		}
		tx.Record(made(1, keyID, rootID))
		return err
	})
	if errors.Is(err, errThere) {
		return nil
	}
	return err
}

func made(generation int, keyID, rootID string) db.Entry {
	return db.Entry{Action: "key.made", SubjectKind: "key", SubjectID: keyID, Detail: map[string]any{"generation": generation, "root": rootID}}
}

// lockRows is rowsOf for whoever changes them: others wait.
func lockRows(ctx context.Context, tx *db.Tx) ([]row, error) {
	if _, err := tx.Exec(ctx, `LOCK TABLE installation_keys IN SHARE ROW EXCLUSIVE MODE`); err != nil {
		return nil, err
	}
	return rowsOf(ctx, tx)
}

func insertNext(ctx context.Context, tx *db.Tx, generation int, key seal.Key, rootID string, wrapped []byte, grace time.Duration) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO installation_keys (generation, key_id, root_id, wrapped, made_at, seals_from)
		VALUES ($1, $2, $3, $4, $5, now() + $6::interval)`, generation, key.ID(), rootID, wrapped, tx.Now, grace)
	return err
}

func setRotated(ctx context.Context, tx *db.Tx, generation int) error {
	_, err := tx.Exec(ctx, `UPDATE installation_keys SET rotated_at = $2 WHERE generation = $1`, generation, tx.Now)
	return err
}

// retire marks what came between the first generation and that one, and returns the ids of the keys.
func retire(ctx context.Context, tx *db.Tx, before int) ([]string, error) {
	rows, _ := tx.Query(ctx, `
		UPDATE installation_keys SET retired_at = $2
		WHERE  generation > 1 AND generation < $1 AND retired_at IS NULL
		RETURNING key_id`, before, tx.Now)
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// setRoot writes what each key is wrapped as under another root key.
func setRoot(ctx context.Context, tx *db.Tx, rootID string, keyIDs []string, wrapped [][]byte) error {
	_, err := tx.Exec(ctx, `
		UPDATE installation_keys k SET root_id = $1, wrapped = n.wrapped
		FROM   unnest($2::text[], $3::bytea[]) AS n (key_id, wrapped)
		WHERE  k.key_id = n.key_id`, rootID, keyIDs, wrapped)
	return err
}
