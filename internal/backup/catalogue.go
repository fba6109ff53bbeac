package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/db"
)

// versions is the table in which the migrations note what they did. It is not part of a backup: migrating writes it.
const versions = "goose_db_version"

// table is a table that holds rows, with the columns that are copied: not those that are worked out from others, and not
// numbers of transactions (xid8), which mean something only in the database they come from.
type table struct {
	Name    string
	Columns []string
	// Parent and Bound say of which table this is a partition, and which.
	Parent, Bound string
}

func (t table) ident() string { return pgx.Identifier{t.Name}.Sanitize() }

func (t table) columns() string {
	quoted := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		quoted[i] = pgx.Identifier{c}.Sanitize()
	}
	return strings.Join(quoted, ", ")
}

// tablesOf lists the tables that hold rows, by name.
func tablesOf(ctx context.Context, q db.Querier) ([]table, error) {
	rows, _ := q.Query(ctx, `
		SELECT c.relname::text AS name,
		       ARRAY(SELECT a.attname::text FROM pg_attribute a
		             WHERE  a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.atttypid <> 'xid8'::regtype
		             ORDER  BY a.attnum) AS columns,
		       coalesce(p.relname::text, '') AS parent,
		       coalesce(pg_get_expr(c.relpartbound, c.oid), '') AS bound
		FROM   pg_class c
		LEFT   JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relispartition
		LEFT   JOIN pg_class p ON p.oid = i.inhparent
		WHERE  c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> $1
		ORDER  BY c.relname`, versions)
	return db.Many[table](rows)
}

// sequence is how far a sequence has counted.
type sequence struct {
	Name string
	Last int64
}

// sequencesOf lists the sequences that have counted. They do not follow the snapshot: they may be ahead of the rows, never
// behind.
func sequencesOf(ctx context.Context, q db.Querier) ([]sequence, error) {
	rows, _ := q.Query(ctx, `
		SELECT sequencename::text AS name, last_value AS last
		FROM   pg_sequences
		WHERE  schemaname = 'public' AND last_value IS NOT NULL AND NOT starts_with(sequencename, $1)
		ORDER  BY sequencename`, versions)
	return db.Many[sequence](rows)
}

// version is the number of the last migration; 0 in a database without any.
func version(ctx context.Context, q db.Querier) (v int64, err error) {
	var migrated bool
	err = q.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_class WHERE relname = $1 AND relnamespace = 'public'::regnamespace)`, versions).Scan(&migrated)
	if err != nil || !migrated {
		return 0, err
	}
	err = q.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM `+versions+` WHERE is_applied`).Scan(&v)
	return v, err
}

// steady has the server write values in the same way whatever it is set up with.
func steady(ctx context.Context, q db.Querier) error {
	_, err := q.Exec(ctx, `SELECT set_config(name, value, true) FROM (VALUES ('timezone', 'UTC'), ('datestyle', 'ISO, MDY'),
		('intervalstyle', 'postgres'), ('extra_float_digits', '3'), ('bytea_output', 'hex'), ('statement_timeout', '0'), ('lock_timeout', '0'),
		('idle_in_transaction_session_timeout', '0')) s (name, value)`)
	return err
}

// fingerprint is how many rows a table has, and a number that stands for what they say, in whatever order: the sum of their
// hashes. Two tables with the same one hold the same rows, byte for byte.
type fingerprint struct {
	Rows int64
	Sum  string
}

func fingerprintOf(ctx context.Context, q db.Querier, t table) (f fingerprint, err error) {
	err = q.QueryRow(ctx, `
		SELECT count(*), coalesce(sum(('x' || left(h, 16))::bit(64)::bigint::numeric), 0)::text || ' ' ||
		       coalesce(sum(('x' || substr(h, 17, 16))::bit(64)::bigint::numeric), 0)::text
		FROM   (SELECT encode(sha256(convert_to(ROW(`+t.columns()+`)::text, 'UTF8')), 'hex') AS h FROM ONLY `+t.ident()+`) hashed`).Scan(&f.Rows, &f.Sum)
	return f, err
}

// Fingerprints are those of all tables, as text by name, for comparing two installations.
func Fingerprints(ctx context.Context, d *db.DB) (map[string]string, error) {
	all := map[string]string{}
	err := d.Read(ctx, func(q db.Querier) error {
		if err := steady(ctx, q); err != nil {
			return err
		}
		tables, err := tablesOf(ctx, q)
		if err != nil {
			return err
		}
		for _, t := range tables {
			f, err := fingerprintOf(ctx, q, t)
			if err != nil {
				return fmt.Errorf("table %s: %w", t.Name, err)
			}
			all[t.Name] = fmt.Sprintf("%d rows, %s", f.Rows, f.Sum)
		}
		return nil
	})
	return all, err
}

// NotEmptyError says that there is something in the place where a backup is to be put back.
type NotEmptyError struct{ What string }

func (e *NotEmptyError) Error() string {
	return e.What + ": a backup is put back only where nothing is. Choose another data folder or database, and another bucket or folder of it; nothing was changed"
}

// made are the tables whose one row a migration makes: it is there in an empty database too, and goes before a backup's is put in.
var made = map[string]bool{"retention_policy": true, "opening_policy": true, "sso_rules": true}

// withoutMade deletes the rows that migrations made.
func withoutMade(ctx context.Context, q db.Querier, tables []table) error {
	for _, t := range tables {
		if made[t.Name] {
			if _, err := q.Exec(ctx, `DELETE FROM `+t.ident()); err != nil {
				return err
			}
		}
	}
	return nil
}

// mustBeEmpty refuses a database that has a row in any table, but for those that migrations made.
func mustBeEmpty(ctx context.Context, q db.Querier) error {
	tables, err := tablesOf(ctx, q)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if made[t.Name] {
			continue
		}
		var there bool
		if err := q.QueryRow(ctx, `SELECT EXISTS (SELECT FROM `+t.ident()+`)`).Scan(&there); err != nil {
			return err
		}
		if there {
			return &NotEmptyError{"the database is not empty (table " + t.Name + " has rows)"}
		}
	}
	return nil
}

// unlinked drops the foreign keys, which would be looked up row by row and want an order of the tables, and rests the
// triggers. relink undoes both: each foreign key is then verified as a whole, against all rows.
func unlinked(ctx context.Context, q db.Querier) (relink func() error, err error) {
	rows, _ := q.Query(ctx, `
		SELECT conrelid::regclass::text AS name, quote_ident(conname) AS constraint_name, pg_get_constraintdef(oid) AS definition
		FROM   pg_constraint
		WHERE  contype = 'f' AND connamespace = 'public'::regnamespace AND conparentid = 0
		ORDER  BY 1, 2`)
	links, err := db.Many[struct{ Name, ConstraintName, Definition string }](rows)
	if err != nil {
		return nil, err
	}
	rows, _ = q.Query(ctx, `
		SELECT DISTINCT tgrelid::regclass::text AS name
		FROM   pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
		WHERE  NOT tgisinternal AND c.relnamespace = 'public'::regnamespace
		ORDER  BY 1`)
	triggered, err := db.Many[struct{ Name string }](rows)
	if err != nil {
		return nil, err
	}
	var before, after []string
	for _, l := range links {
		before = append(before, `ALTER TABLE `+l.Name+` DROP CONSTRAINT `+l.ConstraintName)
		after = append(after, `ALTER TABLE `+l.Name+` ADD CONSTRAINT `+l.ConstraintName+` `+l.Definition)
	}
	for _, t := range triggered {
		before = append(before, `ALTER TABLE `+t.Name+` DISABLE TRIGGER USER`)
		after = append(after, `ALTER TABLE `+t.Name+` ENABLE TRIGGER USER`)
	}
	return func() error { return each(ctx, q, after) }, each(ctx, q, before)
}

func each(ctx context.Context, q db.Querier, statements []string) error {
	for _, sql := range statements {
		if _, err := q.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// partitioned makes the partitions those of the backup: migrating makes its own, and where rows of a month lay in the
// default partition they must lie there again.
func partitioned(ctx context.Context, q db.Querier, there []table, want []table) error {
	kept := map[string]string{}
	for _, t := range want {
		kept[t.Name] = t.Parent + " " + t.Bound
	}
	var statements []string
	for _, t := range there {
		if t.Parent != "" && kept[t.Name] != t.Parent+" "+t.Bound {
			statements = append(statements, `DROP TABLE `+t.ident())
			continue
		}
		delete(kept, t.Name)
	}
	for _, t := range want {
		if _, missing := kept[t.Name]; !missing {
			continue
		}
		if t.Parent == "" {
			return errors.New("the migrations make no table " + t.Name)
		}
		statements = append(statements, `CREATE TABLE `+t.ident()+` PARTITION OF `+pgx.Identifier{t.Parent}.Sanitize()+` `+t.Bound)
	}
	return each(ctx, q, statements)
}
