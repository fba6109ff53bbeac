package db

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatehouse/internal/platform/apperr"
)

// One collects exactly one row into T by column name. No row is a NotFound error for what ("job").
func One[T any](rows pgx.Rows, what string) (v T, err error) {
	found, err := collect[T](rows, strictly, 1)
	switch {
	case err != nil:
		return v, err
	case len(found) == 0:
		return v, apperr.Missing(what)
	case len(found) > 1:
		return v, pgx.ErrTooManyRows
	}
	return found[0], nil
}

// Many collects all rows into a slice of T by column name; the slice is empty, not nil, when there are none.
func Many[T any](rows pgx.Rows) ([]T, error) { return collect[T](rows, strictly, roomFor) }

// ManyLax is Many for rows that fill only some fields of T.
func ManyLax[T any](rows pgx.Rows) ([]T, error) { return collect[T](rows, laxly, roomFor) }

// roomFor is how many rows are made room for at first: most lists of a page are short.
const roomFor = 8

// strictness says whether each field needs a column.
type strictness bool

const (
	strictly strictness = true
	laxly    strictness = false
)

// collect reads by column name, as pgx.RowToStructByName does, but works out what goes where once for all rows, and
// scans named strings and numbers as plain ones, for which pgx has short ways.
func collect[T any](rows pgx.Rows, s strictness, capacity int) ([]T, error) {
	defer rows.Close()
	list := []T{}
	var fields []field
	var targets []any
	for rows.Next() {
		if fields == nil {
			var err error
			if fields, err = fieldsOf(reflect.TypeFor[T](), rows.FieldDescriptions(), s); err != nil {
				return nil, err
			}
			targets = make([]any, len(fields))
			list = make([]T, 0, capacity)
		}
		var zero T
		list = append(list, zero)
		v := reflect.ValueOf(&list[len(list)-1]).Elem()
		for i, f := range fields {
			at := v.FieldByIndex(f.path).Addr()
			if f.plain != nil {
				at = at.Convert(f.plain)
			}
			targets[i] = at.Interface()
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
	}
	return list, rows.Err()
}

// field is where a column goes. plain is the pointer type to scan it as, nil for the field's own.
type field struct {
	path  []int
	plain reflect.Type
}

// known remembers the fields by type, strictness and columns.
var known sync.Map

type knownKey struct {
	t       reflect.Type
	s       strictness
	columns string
}

func fieldsOf(t reflect.Type, columns []pgconn.FieldDescription, s strictness) ([]field, error) {
	var names strings.Builder
	for _, c := range columns {
		names.WriteString(c.Name)
		names.WriteByte(0)
	}
	key := knownKey{t, s, names.String()}
	if found, ok := known.Load(key); ok {
		return found.([]field), nil
	}
	named := map[string]field{}
	if err := nameFields(t, nil, named); err != nil {
		return nil, err
	}
	fields := make([]field, len(columns))
	for i, c := range columns {
		f, ok := named[plainName(c.Name)]
		if !ok {
			return nil, fmt.Errorf("%s has no field for the column %s, or it comes twice", t, c.Name)
		}
		fields[i] = f
		delete(named, plainName(c.Name))
	}
	if s == strictly && len(named) > 0 {
		for name := range named {
			return nil, fmt.Errorf("no column for the field %s of %s", name, t)
		}
	}
	known.Store(key, fields)
	return fields, nil
}

// nameFields notes the exported fields of t by their columns, those of embedded structs too.
func nameFields(t reflect.Type, path []int, named map[string]field) error {
	if t.Kind() != reflect.Struct {
		return errors.New("rows are collected into structs, not into " + t.String())
	}
	for i := range t.NumField() {
		sf := t.Field(i)
		at := append(slices.Clone(path), i)
		if sf.Anonymous && sf.Type.Kind() == reflect.Struct {
			if err := nameFields(sf.Type, at, named); err != nil {
				return err
			}
			continue
		}
		tag, _, _ := strings.Cut(sf.Tag.Get("db"), ",")
		if !sf.IsExported() || tag == "-" {
			continue
		}
		if tag == "" {
			tag = sf.Name
		}
		named[plainName(tag)] = field{at, plain(sf.Type)}
	}
	return nil
}

func plainName(s string) string { return strings.ToLower(strings.ReplaceAll(s, "_", "")) }

// plain is the pointer type of the basic type below t, unless t reads columns in a way of its own.
func plain(t reflect.Type) reflect.Type {
	pointer := reflect.PointerTo(t)
	for i := range pointer.NumMethod() {
		if name := pointer.Method(i).Name; strings.HasPrefix(name, "Scan") || strings.HasPrefix(name, "Unmarshal") {
			return nil
		}
	}
	switch t.Kind() {
	case reflect.String:
		return reflect.TypeFor[*string]()
	case reflect.Int:
		return reflect.TypeFor[*int]()
	case reflect.Int64:
		return reflect.TypeFor[*int64]()
	}
	return nil
}
