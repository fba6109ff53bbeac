package demo

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/privacy"
)

// forget erases one of the ordinary candidates who were turned down, as they asked: the record says so from then on.
func (w *world) forget(ctx context.Context) error {
	t := w.tellers[0]
	t.at(w.Now.AddDate(0, 0, -2))
	t.after(0)
	var asked person.ID
	err := t.db.Pool().QueryRow(ctx, `
		SELECT p.id
		FROM   people p
		WHERE  EXISTS (SELECT FROM applications a WHERE a.person_id = p.id AND a.status IN ('closed', 'withdrawn') AND a.ended_at < $1)
		AND    NOT EXISTS (SELECT FROM applications a WHERE a.person_id = p.id AND a.status NOT IN ('closed', 'withdrawn'))
		AND    NOT EXISTS (SELECT FROM engagements e WHERE e.person_id = p.id)
		AND    NOT EXISTS (SELECT FROM flags f WHERE f.person_id = p.id)
		ORDER  BY p.number
		LIMIT  1`, t.now).Scan(&asked)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // a demo of few people may have nobody of that kind
	}
	if err != nil {
		return fmt.Errorf("who asks to be erased: %w", err)
	}
	by := t.staff.of(authz.HR)
	p, err := t.f.People.ByID(ctx, by, asked)
	if err != nil {
		return err
	}
	return t.f.Privacy.Erase(ctx, by, asked, p.Version, privacy.Request)
}
