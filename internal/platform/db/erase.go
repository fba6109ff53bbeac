package db

import (
	"context"
	"errors"

	"gatehouse/internal/platform/authz"
)

var errNothing = errors.New("nothing to do")

// EraseValues takes away what entries of the audit log keep beside them: of the values v and their entries e, those that the SQL
// condition names. The entries stay as they are, and provable; one about the table that the values came from is added.
func (d *DB) EraseValues(ctx context.Context, actor authz.Actor, table, condition string, args ...any) error {
	err := d.Write(ctx, actor, func(tx *Tx) error {
		tag, err := tx.Exec(ctx, `
			DELETE FROM audit_values v USING audit_entries e WHERE e.id = v.entry_id AND (`+condition+`)`, args...)
		if err == nil && tag.RowsAffected() == 0 {
			return errNothing
		}
		tx.Record(Entry{Action: "values.erased", SubjectKind: "installation", SubjectID: table, Detail: map[string]any{"values": tag.RowsAffected()}})
		return err
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}
