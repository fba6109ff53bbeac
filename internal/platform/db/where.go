package db

import (
	"strconv"
	"strings"
)

// Where collects optional conditions and their arguments. Conditions write ? for each argument.
// The zero value is ready to use; Args goes to the query.
type Where struct {
	conditions []string
	Args       []any
}

// Add notes a condition; all conditions must hold.
func (w *Where) Add(condition string, args ...any) {
	w.conditions = append(w.conditions, w.Number(condition, args...))
}

// Number replaces each ? of the text by the number of its argument and keeps the arguments, for clauses
// outside WHERE such as LIMIT.
func (w *Where) Number(text string, args ...any) string {
	if strings.Count(text, "?") != len(args) {
		panic("db.Where: " + text + " has another number of ? than arguments")
	}
	var b strings.Builder
	for _, arg := range args {
		before, after, _ := strings.Cut(text, "?")
		w.Args = append(w.Args, arg)
		b.WriteString(before)
		b.WriteString("$" + strconv.Itoa(len(w.Args)))
		text = after
	}
	b.WriteString(text)
	return b.String()
}

// SQL is the WHERE clause with its keyword, or empty without conditions.
func (w *Where) SQL() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return "WHERE " + strings.Join(w.conditions, " AND ")
}
