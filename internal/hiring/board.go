package hiring

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// The board shows the newest cards of each stage and counts no further than anybody would read: both keep it as
// fast with a million candidates as with a hundred.
const (
	boardCards = 30
	boardMost  = 500
)

// Card is a candidate on the board. The application's version is what a move from the card must name.
type Card struct {
	person.Person
	Version int
	// MissingChecks are the required checks that block the next stage.
	MissingChecks []string
}

// Column is a stage of the board.
type Column struct {
	Stage *catalogue.Stage
	Cards []Card
	// Count is how many there are, at most 500; More says that there are more than that.
	Count int
	More  bool
}

// Board returns the candidates whom the actor sees, by stage. Of the filter, sort, statuses, cursors and size do not
// apply.
func (s *Service) Board(ctx context.Context, actor authz.Actor, f person.Filter) ([]Column, error) {
	moving := s.Stages()
	columns := make([]Column, len(moving))
	at := make(map[string]*Column, len(moving))
	ids := make([]string, len(moving))
	for i, stage := range moving {
		columns[i].Stage = stage
		at[stage.ID], ids[i] = &columns[i], stage.ID
	}
	var w db.Where
	w.Add("p.status = 'candidate'")
	w.Add("p.stage_id = s.id")
	person.Visible(actor, &w, "p")
	f.Statuses = nil
	f.Narrow(&w)
	stagesArg := w.Number("?::text[]", ids)
	cards, most := strconv.Itoa(boardCards), strconv.Itoa(boardMost+1)

	batch := &pgx.Batch{}
	batch.Queue(`
		SELECT `+person.ListColumns+`, p.application_id, coalesce(a.version, 0), p.missing_checks
		FROM   unnest(`+stagesArg+`) AS s (id)
		CROSS  JOIN LATERAL (SELECT `+person.ListColumns+`, p.application_id, p.missing_checks FROM people p `+w.SQL()+` ORDER BY p.updated_at DESC, p.id DESC LIMIT `+cards+`) p
		LEFT   JOIN applications a ON a.id = p.application_id
		ORDER  BY p.updated_at DESC, p.id DESC`, w.Args...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var c Card
			if err := rows.Scan(append(c.ScanInto(nil), &c.ApplicationID, &c.Version, &c.MissingChecks)...); err != nil {
				return err
			}
			column := at[c.StageID]
			column.Cards = append(column.Cards, c)
		}
		return rows.Err()
	})
	batch.Queue(`
		SELECT s.id, (SELECT count(*) FROM (SELECT FROM people p `+w.SQL()+` LIMIT `+most+`) AS counted)
		FROM   unnest(`+stagesArg+`) AS s (id)`, w.Args...).Query(func(rows pgx.Rows) error {
		var stageID string
		var n int
		_, err := pgx.ForEachRow(rows, []any{&stageID, &n}, func() error {
			at[stageID].Count, at[stageID].More = min(n, boardMost), n > boardMost
			return nil
		})
		return err
	})
	if err := s.db.Pool().SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	return columns, nil
}
