package seed

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
)

// bareness is what was taken from the tables for the time of the load: indexes are built from sorted rows in a
// fraction of the time that keeping them up row by row takes. Triggers that take sheets away find none yet.
type bareness struct {
	indexes, keys, references, triggers []object
}

// object is an index or a constraint: how to take it away and how to put it back.
type object struct{ drop, restore string }

// strip takes indexes and constraints from the tables.
func strip(ctx context.Context, pool *pgxpool.Pool, tables []string) (bareness, error) {
	var b bareness
	var err error
	// References point at keys, so they go first and come last.
	if b.references, err = constraints(ctx, pool, tables, "f"); err != nil {
		return b, err
	}
	if b.keys, err = constraints(ctx, pool, tables, "p", "u"); err != nil {
		return b, err
	}
	rows, _ := pool.Query(ctx, `
		SELECT 'DROP INDEX ' || i.indexrelid::regclass,
		       replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') -- on a partitioned table and on its partitions
		FROM   pg_index i
		JOIN   pg_class c ON c.oid = i.indrelid
		WHERE  c.relname = ANY ($1) AND c.relnamespace = 'public'::regnamespace
		AND    NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u'))`, tables)
	if b.indexes, err = pgx.CollectRows(rows, toObject); err != nil {
		return b, err
	}
	rows, _ = pool.Query(ctx, `
		SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', t.tgrelid::regclass, t.tgname),
		       format('ALTER TABLE %s ENABLE TRIGGER %I', t.tgrelid::regclass, t.tgname)
		FROM   pg_trigger t
		JOIN   pg_class c ON c.oid = t.tgrelid
		JOIN   pg_proc f ON f.oid = t.tgfoid
		WHERE  c.relname = ANY ($1) AND NOT t.tgisinternal AND (f.proname LIKE 'forget%' OR f.proname LIKE 'new%sheet')`, tables)
	if b.triggers, err = pgx.CollectRows(rows, toObject); err != nil {
		return b, err
	}
	var sql []string
	for _, o := range slices.Concat(b.references, b.keys, b.indexes, b.triggers) {
		sql = append(sql, o.drop)
	}
	if _, err := pool.Exec(ctx, strings.Join(sql, ";\n")); err != nil {
		return bareness{}, fmt.Errorf("take the indexes away: %w", err) // all of it was one transaction
	}
	return b, nil
}

// constraints of the given types (f, p, u) that the tables have, references to them included; those of partitions come
// and go with their parents.
func constraints(ctx context.Context, pool *pgxpool.Pool, tables []string, types ...string) ([]object, error) {
	rows, _ := pool.Query(ctx, `
		SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::regclass, k.conname),
		       format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
		FROM   pg_constraint k
		JOIN   pg_class c ON c.oid = k.conrelid
		LEFT   JOIN pg_class r ON r.oid = k.confrelid
		WHERE  (c.relname = ANY ($1) OR r.relname = ANY ($1)) AND c.relnamespace = 'public'::regnamespace
		AND    k.contype::text = ANY ($2) AND k.conparentid = 0`, tables, types)
	return pgx.CollectRows(rows, toObject)
}

func toObject(row pgx.CollectableRow) (object, error) {
	var o object
	err := row.Scan(&o.drop, &o.restore)
	return o, err
}

// restore puts everything back, step by step of what has to be there first. done is told after each.
func (b bareness) restore(ctx context.Context, pool *pgxpool.Pool, done func(left int)) error {
	var enter, validate []object
	for _, o := range b.references {
		// To add a reference locks both tables; to validate it, which takes the time, does not.
		enter = append(enter, object{restore: o.restore + " NOT VALID"})
		validate = append(validate, object{restore: strings.Replace(o.drop, "DROP", "VALIDATE", 1)})
	}
	left := &countdown{left: len(b.keys) + len(b.indexes) + len(enter) + len(validate) + len(b.triggers), done: done}
	for _, step := range []struct {
		objects  []object
		together int
	}{{b.keys, builders}, {b.indexes, builders}, {enter, 1}, {validate, builders}, {b.triggers, 1}} {
		group, groupCtx := errgroup.WithContext(ctx)
		group.SetLimit(step.together)
		for _, o := range step.objects {
			group.Go(func() error {
				defer left.tick()
				return restoreOne(groupCtx, pool, o)
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// builders is how many indexes are built at a time.
const builders = 2

type countdown struct {
	mu   sync.Mutex
	left int
	done func(int)
}

func (c *countdown) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left--
	c.done(c.left)
}

func restoreOne(ctx context.Context, pool *pgxpool.Pool, o object) error {
	err := pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error {
		// Several statements in one simple query are one transaction: the setting ends with it.
		_, err := c.Exec(ctx, "SET LOCAL maintenance_work_mem = '512MB'; "+o.restore, pgx.QueryExecModeSimpleProtocol)
		return err
	})
	if err != nil {
		return fmt.Errorf("put back %q: %w", o.restore, err)
	}
	return nil
}
