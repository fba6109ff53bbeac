package person

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// explainer is a Querier that keeps the plan of a query and answers with no rows.
type explainer struct {
	db.Querier
	plan string
}

func (e *explainer) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	rows, err := e.Querier.Query(ctx, "EXPLAIN (COSTS OFF) "+sql, args...)
	if err != nil {
		return nil, err
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	e.plan = strings.Join(lines, "\n")
	return e.Querier.Query(ctx, sql, args...)
}

// Plans returns the plans of the main list and its variants.
func Plans(ctx context.Context, q db.Querier, actor authz.Actor) map[string]string {
	first, err := listPeople(ctx, q, actor, Filter{})
	if err != nil {
		return nil
	}
	plans := map[string]string{}
	for name, f := range map[string]Filter{
		"recent": {},
		"cursor": {After: first.Next},
		"score":  {Sort: ByScore},
		"name":   {Sort: ByName},
		"band":   {Bands: []catalogue.Band{catalogue.High}},
		"text":   {Text: "person qx"},
	} {
		e := &explainer{Querier: q}
		if _, err := listPeople(ctx, e, actor, f); err != nil {
			e.plan = err.Error()
		}
		plans[name] = e.plan
	}
	return plans
}
