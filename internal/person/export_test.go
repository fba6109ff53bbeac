package person

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

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
func Plans(ctx context.Context, pool *pgxpool.Pool, actor authz.Actor) map[string]string {
	q := db.Querier(pool)
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
		"text":   {Text: "person qxz"},
	} {
		plans[name] = planOf(ctx, q, actor, f)
	}
	plans["short text"] = planByBitmap(ctx, pool, actor, Filter{Text: "person qx"})
	return plans
}

func planOf(ctx context.Context, q db.Querier, actor authz.Actor, f Filter) string {
	e := &explainer{Querier: q}
	if _, err := listPeople(ctx, e, actor, f); err != nil {
		return err.Error()
	}
	return e.plan
}

// planByBitmap is the plan when the list's own order is not to be had: how common the planner takes two letters to be
// decides whether it would use it, but it must be able to do without.
func planByBitmap(ctx context.Context, pool *pgxpool.Pool, actor authz.Actor, f Filter) string {
	tx, err := pool.Begin(ctx)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = tx.Rollback(ctx) }() // it has changed nothing but the planner's settings
	for _, off := range []string{"enable_seqscan", "enable_indexscan", "enable_indexonlyscan"} {
		if _, err := tx.Exec(ctx, "SET LOCAL "+off+" = off"); err != nil {
			return err.Error()
		}
	}
	return planOf(ctx, tx, actor, f)
}
