package privacy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/db"
)

// shownRows is how many rows of a table the page that people read shows; the file for machines has them all.
const shownRows = 500

var pageStart = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Records about {{.Number}}</title><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b2430;background:#fff}
h2{margin-top:2.5rem;font-size:1.1rem}dl{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:.2rem 1rem;border-top:1px solid #d5dae1;padding:.6rem 0;margin:0}
dt{color:#5a6675}dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}
@media(max-width:40rem){dl{display:block}dd{margin-bottom:.4rem}}
</style></head><body><h1>Records about {{.Number}}</h1>
<p>As of {{.Made.UTC.Format "2 January 2006 15:04 UTC"}}. The file records.json has the same for programs.</p>
`))

var pageTable = template.Must(template.New("").Parse(`<h2>{{.}}</h2>
`))

var pageRow = template.Must(template.New("").Parse(`<dl>{{range .}}<dt>{{.Label}}</dt><dd>{{.Value}}</dd>{{end}}</dl>
`))

func (d *Disclosure) writeHTML(ctx context.Context, w io.Writer, q db.Querier, register Register) error {
	if err := pageStart.Execute(w, d); err != nil {
		return err
	}
	words := reader{d.s.lib.Current()}
	for _, t := range register.disclosed() {
		shown := 0
		err := d.rowsOf(ctx, q, register, t, shownRows+1, func(row []byte) error {
			if shown++; shown == 1 {
				if err := pageTable.Execute(w, heading(t)); err != nil {
					return err
				}
			}
			if shown > shownRows {
				_, err := fmt.Fprintf(w, "<p>There is more: records.json has all of it.</p>\n")
				return err
			}
			values, err := words.rowOf(t, row)
			if err != nil {
				return err
			}
			return pageRow.Execute(w, values)
		})
		if err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "</body></html>\n")
	return err
}

// labelled is one value of a row, as people read it.
type labelled struct{ Label, Value string }

// reader puts what tables hold into words: the framework's ids by their titles, times and states as people write them. Ids of rows
// mean nothing to anybody and are left out.
type reader struct{ ed *catalogue.Edition }

// rowOf turns a row into what people read, without what is empty.
func (r reader) rowOf(t Table, row []byte) ([]labelled, error) {
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(row))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return nil, err
	}
	var all []labelled
	for _, c := range t.Columns {
		text := r.value(fields[c.Name], c.Sort == Facts)
		if text != "" && !strings.HasPrefix(text, "encrypted:") {
			all = append(all, labelled{Label: label(c), Value: text})
		}
	}
	return all, nil
}

// value words a value; one that is coded stands for a state or a kind, and was not typed by anybody.
func (r reader) value(v any, coded bool) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		if v {
			return "Yes"
		}
		return "No"
	case string:
		return r.text(v, coded)
	case []any:
		var all []string
		for _, one := range v {
			if text := r.value(one, coded); text != "" {
				all = append(all, text)
			}
		}
		return strings.Join(all, "\n")
	case map[string]any:
		var all []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if text := r.value(v[key], coded); text != "" {
				all = append(all, r.text(key, true)+": "+text)
			}
		}
		return strings.Join(all, "\n")
	}
	return fmt.Sprint(v)
}

var (
	rowID = regexp.MustCompile(`^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`)
	code  = regexp.MustCompile(`^[a-z][a-z0-9]*([._-][a-z0-9]+)*$`)
)

func (r reader) text(s string, coded bool) string {
	if rowID.MatchString(s) {
		return ""
	}
	if item, ok := r.ed.Item(s); ok {
		return item.Title
	}
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return at.UTC().Format("2 January 2006, 15:04 UTC")
	}
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		return day.Format("2 January 2006")
	}
	if coded && code.MatchString(s) {
		return spoken(s)
	}
	return s
}

// heading is what a table is called for people: the first sentence of what it says of itself.
func heading(t Table) string {
	first, _, _ := strings.Cut(t.What, ". ")
	return strings.TrimSuffix(first, ".")
}

// label is what a column is called for people.
func label(c Column) string {
	if c.What != "" {
		return strings.ToUpper(c.What[:1]) + c.What[1:]
	}
	name := c.Name
	for _, suffix := range []string{"_id", "_at", "_on"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return spoken(name)
}

// spoken spells a name of ours as words.
func spoken(name string) string {
	name = strings.NewReplacer("_", " ", "-", " ", ".", " ").Replace(name)
	return strings.ToUpper(name[:1]) + name[1:]
}
