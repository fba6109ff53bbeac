package privacy

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/db"
)

// Sort is what a column holds, as its comment in the schema says.
type Sort string

// The sorts of columns.
const (
	Personal Sort = "personal" // about the person that the table leads to
	Staff    Sort = "staff"    // about a user of Gatehouse
	Secret   Sort = "secret"   // never leaves: keys, hashes of passwords and tokens
	Copy     Sort = "copy"     // repeats other tables, and is made anew from them
	Facts    Sort = "facts"    // nobody's: ids, counts, states, times
)

// Title is the sort as shown to people.
func (s Sort) Title() string {
	switch s {
	case Personal:
		return "Personal"
	case Staff:
		return "About a user"
	case Secret:
		return "Secret"
	case Copy:
		return "Copy"
	}
	return "Facts"
}

// Fate is what erasing a person does to the rows about them.
type Fate string

// The fates.
const (
	Emptied  Fate = ""         // rows stay, and what is personal in them goes
	Deleted  Fate = "deleted"  // rows go
	Withheld Fate = "withheld" // as Emptied; the rows are no part of what is given to the person
)

// Column is one column of a table in the register.
type Column struct {
	Name string
	Sort Sort
	What string
	// Also names another column of the table that leads to one more person the value is about.
	Also string

	nullable, hasDefault, text, bytes bool
}

// Table is one table of the register: what it holds, and how its rows lead to a person.
type Table struct {
	Name, What string
	// Key is the column that leads to the person: it holds their id, or, where Of is set, the id of a row of that table.
	// Empty for a table that is about nobody in particular.
	Key, Of string
	Fate    Fate
	Columns []Column

	ofCase bool // the rows may belong to a case, by their column case_id
}

// Personal lists the columns that hold what is personal.
func (t Table) Personal() []Column { return t.having(Personal) }

// Declared lists the columns that hold something of somebody.
func (t Table) Declared() []Column { return t.having(Personal, Staff, Secret, Copy) }

func (t Table) having(sorts ...Sort) []Column {
	var all []Column
	for _, c := range t.Columns {
		if slices.Contains(sorts, c.Sort) {
			all = append(all, c)
		}
	}
	return all
}

// Register says what personal data is where. It is read from the comments of the database's schema, so that it is never
// another than the schema's; erasing and subject access go by it.
type Register []Table

// aboutPattern reads the bracket of a table's comment: [person: KEY of TABLE, FATE].
var aboutPattern = regexp.MustCompile(`^(.*?)\s*\[person: ([a-z_]+)(?: of ([a-z_]+))?(?:, (deleted|withheld))?\]$`)

// columnPattern reads a column's comment: SORT, also of COLUMN: WHAT.
var columnPattern = regexp.MustCompile(`^(personal|staff|secret|copy|facts)(?:, also of ([a-z_]+))?(?:: (.+))?$`)

func registerOf(ctx context.Context, q db.Querier) (Register, error) {
	rows, _ := q.Query(ctx, `
		SELECT c.relname, coalesce(obj_description(c.oid, 'pg_class'), ''), a.attname, format_type(a.atttypid, a.atttypmod),
		       NOT a.attnotnull, a.atthasdef, coalesce(col_description(c.oid, a.attnum), '')
		FROM   pg_class c
		JOIN   pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE  c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'goose_db_version'
		ORDER  BY c.relname, a.attnum`)
	var all Register
	var table, about, column, kind, comment string
	var nullable, hasDefault bool
	_, err := pgx.ForEachRow(rows, []any{&table, &about, &column, &kind, &nullable, &hasDefault, &comment}, func() error {
		if len(all) == 0 || all[len(all)-1].Name != table {
			all = append(all, tableOf(table, about))
		}
		t := &all[len(all)-1]
		t.ofCase = t.ofCase || column == "case_id"
		c, err := columnOf(column, comment)
		if err != nil {
			return fmt.Errorf("comment of %s.%s: %w", table, column, err)
		}
		c.nullable, c.hasDefault, c.text, c.bytes = nullable, hasDefault, kind == "text", kind == "bytea"
		t.Columns = append(t.Columns, c)
		return nil
	})
	return all, err
}

func tableOf(name, comment string) Table {
	m := aboutPattern.FindStringSubmatch(comment)
	if m == nil {
		return Table{Name: name, What: comment}
	}
	return Table{Name: name, What: m[1], Key: m[2], Of: m[3], Fate: Fate(m[4])}
}

func columnOf(name, comment string) (Column, error) {
	if comment == "" {
		return Column{Name: name, Sort: Facts}, nil
	}
	m := columnPattern.FindStringSubmatch(comment)
	if m == nil {
		return Column{}, fmt.Errorf("%q does not say what the column holds", comment)
	}
	return Column{Name: name, Sort: Sort(m[1]), Also: m[2], What: m[3]}, nil
}

// table finds a table by name.
func (r Register) table(name string) (Table, bool) {
	i := slices.IndexFunc(r, func(t Table) bool { return t.Name == name })
	if i < 0 {
		return Table{}, false
	}
	return r[i], true
}

// About lists the tables whose rows lead to a person.
func (r Register) About() []Table {
	return slices.DeleteFunc(slices.Clone(r), func(t Table) bool { return t.Key == "" })
}

// Where is the condition under which a row of the table leads to the person $1.
func (r Register) Where(t Table) (string, error) {
	return r.condition(t, "", map[string]bool{})
}

// whereOpen is Where, without the rows of cases other than those in $2.
func (r Register) whereOpen(t Table) (string, error) {
	return r.condition(t, "$2", map[string]bool{})
}

func (r Register) condition(t Table, cases string, seen map[string]bool) (string, error) {
	if seen[t.Name] || t.Key == "" {
		return "", fmt.Errorf("table %s leads to nobody", t.Name)
	}
	seen[t.Name] = true
	condition := ident(t.Key) + " = $1"
	if t.Of != "" {
		parent, known := r.table(t.Of)
		if !known {
			return "", fmt.Errorf("table %s leads to %s, which does not exist", t.Name, t.Of)
		}
		inner, err := r.condition(parent, cases, seen)
		if err != nil {
			return "", err
		}
		condition = fmt.Sprintf("%s IN (SELECT id FROM %s WHERE %s)", ident(t.Key), ident(t.Of), inner)
	}
	switch {
	case cases == "":
	case t.Name == "cases":
		condition += " AND id = ANY (" + cases + "::uuid[])"
	case t.ofCase:
		condition += " AND (case_id IS NULL OR case_id = ANY (" + cases + "::uuid[]))"
	}
	return condition, nil
}

// ident quotes a name of the schema.
func ident(name string) string { return pgx.Identifier{name}.Sanitize() }

// emptied is what an erased value is replaced by.
func (c Column) emptied() string {
	switch {
	case c.nullable:
		return "NULL"
	case c.hasDefault:
		return "DEFAULT"
	case c.text:
		return "'Erased'"
	}
	return "''"
}

// changes lists, for the columns, what an UPDATE sets.
func changes(columns []Column) string {
	sets := make([]string, len(columns))
	for i, c := range columns {
		sets[i] = ident(c.Name) + " = " + c.emptied()
	}
	return strings.Join(sets, ", ")
}
