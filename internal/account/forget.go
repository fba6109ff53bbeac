package account

import (
	"context"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/db"
)

// Forget empties the accounts that belong to a person whose data is erased: their name, address and password. What they did
// keeps the account's id. An account that is still enabled is a Conflict. The caller records the audit entry.
func (s *Service) Forget(ctx context.Context, tx *db.Tx, personID string) (forgotten []ID, err error) {
	rows, _ := tx.Query(ctx, `SELECT `+userColumns+` FROM users WHERE person_id = $1 FOR UPDATE`, personID)
	users, err := db.Many[User](rows)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		if u.DisabledAt == nil {
			return nil, apperr.Conflict("They still have an account here, with the address %s. An administrator disables it first.", u.Email)
		}
		if _, err := tx.Exec(ctx, `
			UPDATE users
			SET    name = 'Erased', email = $2, password_hash = NULL, time_zone = 'UTC', version = version + 1
			WHERE  id = $1`, u.ID, "erased-"+string(u.ID)+"@invalid"); err != nil {
			return nil, err
		}
		if err := deleteLinks(ctx, tx, u.ID); err != nil {
			return nil, err
		}
		forgotten = append(forgotten, u.ID)
	}
	return forgotten, nil
}
