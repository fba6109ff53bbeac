package privacy

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/claim"
	"gatehouse/internal/evidence"
	"gatehouse/internal/incident"
	"gatehouse/internal/payment"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/seal"
)

// Disclosure is what is given to a person who asks what is kept about them: a ZIP with a page to read, the same as JSON, and the
// files. What is withheld from everybody who asks, and whatever belongs to a case that was not chosen, is not part of it, and that it is
// not leaves no mark in it.
type Disclosure struct {
	Number person.Number
	Made   time.Time

	s        *Service
	actor    authz.Actor
	personID person.ID
	cases    []string
	items    []evidence.ID
	key      seal.DataKey // of the person's most sensitive values
}

// Cases says whether the closed cases of which the actor is a member go along with a Disclosure.
type Cases bool

// The choices.
const (
	WithoutCases Cases = false
	WithCases    Cases = true
)

// Disclose records that what is kept about a person is given out, and returns it. Each piece of evidence has a custody event when it
// is read. A person who was erased is a Conflict.
func (s *Service) Disclose(ctx context.Context, actor authz.Actor, personID person.ID, with Cases) (*Disclosure, error) {
	d := &Disclosure{s: s, actor: actor, personID: personID, cases: []string{}, Made: s.db.Now()}
	err := s.db.Write(ctx, actor, func(tx *db.Tx) error {
		p, err := s.people.Lock(ctx, tx, personID)
		if err != nil {
			return err
		}
		d.Number = p.Number
		if d.key, err = s.people.DataKey(ctx, tx, personID); err != nil {
			return err
		}
		if with {
			if d.cases, err = casesOf(ctx, tx, actor, personID); err != nil {
				return err
			}
			for i := range d.cases {
				if err := evidence.Sealed(ctx, tx, actor, &d.cases[i]); err != nil {
					return err
				}
			}
		}
		if d.items, err = itemsOf(ctx, tx, personID, d.cases); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "person.disclosed", SubjectKind: "person", SubjectID: string(personID), PersonID: string(personID),
			Detail: map[string]any{"items": len(d.items), "cases": len(d.cases)}})
		return nil
	})
	return d, err
}

// WriteTo writes the ZIP, in bounded memory. A file that cannot be read is named in it with the reason; any other error leaves
// half a ZIP, which no program opens.
func (d *Disclosure) WriteTo(ctx context.Context, w io.Writer) error {
	archive := zip.NewWriter(w)
	if err := d.writeRecords(ctx, archive); err != nil {
		return err
	}
	unread, err := d.writeFiles(ctx, archive)
	if err != nil {
		return err
	}
	if err := d.writeAbout(archive, unread); err != nil {
		return err
	}
	return archive.Close()
}

func (d *Disclosure) writeAbout(archive *zip.Writer, unread []string) error {
	out, err := archive.Create("README.txt")
	if err != nil {
		return err
	}
	text := fmt.Sprintf("What is kept about %s, as of %s.\n\n"+
		"records.html  to read\nrecords.json  the same for programs, complete\nevidence/     files and texts\n\n"+
		"What the law allows or demands to withhold is not part of it.\n", d.Number, d.Made.UTC().Format("2 January 2006 15:04 UTC"))
	if len(unread) > 0 {
		text += "\nThese could not be read and are missing:\n  " + strings.Join(unread, "\n  ") + "\n"
	}
	_, err = io.WriteString(out, text)
	return err
}

// writeRecords writes the rows twice, for people and for programs, as they are at one moment.
func (d *Disclosure) writeRecords(ctx context.Context, archive *zip.Writer) error {
	return d.s.db.Read(ctx, func(q db.Querier) error {
		register, err := registerOf(ctx, q)
		if err != nil {
			return err
		}
		for _, part := range []struct {
			name  string
			write func(context.Context, io.Writer, db.Querier, Register) error
		}{{"records.html", d.writeHTML}, {"records.json", d.writeJSON}} {
			out, err := archive.Create(part.name)
			if err != nil {
				return err
			}
			if err := part.write(ctx, out, q, register); err != nil {
				return fmt.Errorf("%s: %w", part.name, err)
			}
		}
		return nil
	})
}

// disclosed lists the tables and columns that are given out.
func (r Register) disclosed() []Table {
	var all []Table
	for _, t := range r.About() {
		if t.Fate == Withheld {
			continue
		}
		var columns []Column
		for _, c := range t.Columns {
			sealed := c.bytes && owners[t.Name] == nil // what an item holds comes as a file
			if !(sealed && c.Sort == Personal) && (c.Sort == Personal || c.Sort == Facts || c.Sort == Staff) {
				columns = append(columns, c)
			}
		}
		if t.Columns = columns; len(t.Columns) > 0 {
			all = append(all, t)
		}
	}
	return all
}

// rowsOf reads the rows of a table about the person as JSON objects.
func (d *Disclosure) rowsOf(ctx context.Context, q db.Querier, register Register, t Table, most int, each func(row []byte) error) error {
	where, err := register.whereOpen(t)
	if err != nil {
		return err
	}
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = ident(c.Name)
	}
	limit := ""
	if most > 0 {
		limit = fmt.Sprintf(" LIMIT %d", most)
	}
	rows, _ := q.Query(ctx, fmt.Sprintf("SELECT convert_to(to_json(r)::text, 'UTF8') FROM (SELECT %s FROM %s WHERE ($2::uuid[] IS NOT NULL) AND %s%s) r",
		strings.Join(names, ", "), ident(t.Name), where, limit), d.personID, d.cases)
	var row []byte
	_, err = pgx.ForEachRow(rows, []any{&row}, func() error {
		opened, err := d.opened(t, row)
		if err != nil {
			return err
		}
		return each(opened)
	})
	return err
}

// owners say, by table, what a sealed value of a row is bound to.
var owners = map[string]func(rowID string) string{
	"claims":          func(rowID string) string { return claim.ID(rowID).Owner() },
	"payments":        func(rowID string) string { return payment.ID(rowID).Owner() },
	"dossier_entries": incident.OwnerOfEntry,
}

// opened is the row with its sealed values in the open: they are the person's own. One that does not open is left out.
func (d *Disclosure) opened(t Table, row []byte) ([]byte, error) {
	owner, sealing := owners[t.Name]
	if !sealing {
		return row, nil
	}
	fields := map[string]any{}
	decoder := json.NewDecoder(bytes.NewReader(row))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return nil, err
	}
	rowID, _ := fields["id"].(string)
	for _, c := range t.Columns {
		text, there := fields[c.Name].(string)
		if c.Sort != Personal || !c.bytes || !there {
			continue
		}
		fields[c.Name] = nil
		sealed, err := hex.DecodeString(strings.TrimPrefix(text, `\x`))
		if err != nil {
			return nil, err
		}
		if value, err := d.key.OpenValue(sealed, owner(rowID)); err == nil {
			fields[c.Name] = value
		}
	}
	return json.Marshal(fields)
}

func (d *Disclosure) writeJSON(ctx context.Context, w io.Writer, q db.Querier, register Register) error {
	out := &failing{w: w}
	fmt.Fprintf(out, "{\n\"number\": %q,\n\"made\": %q,\n\"records\": {", d.Number, d.Made.UTC().Format(time.RFC3339))
	between := ""
	for _, t := range register.disclosed() {
		fmt.Fprintf(out, "%s\n%q: [", between, t.Name)
		between = ","
		comma := ""
		err := d.rowsOf(ctx, q, register, t, 0, func(row []byte) error {
			fmt.Fprintf(out, "%s\n  %s", comma, row)
			comma = ","
			return out.err
		})
		if err != nil {
			return err
		}
		fmt.Fprint(out, "]")
	}
	fmt.Fprint(out, "\n}}\n")
	return out.err
}

// failing keeps the first error of a writer, so that many small writes are checked once.
type failing struct {
	w   io.Writer
	err error
}

func (f *failing) Write(p []byte) (int, error) {
	if f.err == nil {
		_, f.err = f.w.Write(p)
	}
	return len(p), f.err
}

// writeFiles writes what the evidence holds, and returns the names of what could not be read.
func (d *Disclosure) writeFiles(ctx context.Context, archive *zip.Writer) (unread []string, err error) {
	for i, itemID := range d.items {
		item, content, err := d.s.evidence.Open(ctx, d.actor, itemID, evidence.Opening{How: evidence.Exported})
		if e, ok := apperr.As(err); ok {
			unread = append(unread, fmt.Sprintf("%s: %s", itemID, e.Error()))
			continue
		}
		if err != nil {
			unread = append(unread, fmt.Sprintf("%s: could not be read", itemID))
			continue
		}
		name := fmt.Sprintf("evidence/%03d-%s", i+1, fileName(item))
		err = copyInto(archive, name, content)
		if ctx.Err() != nil {
			return unread, ctx.Err()
		}
		if errors.Is(err, errArchive) {
			return unread, err
		}
		if err != nil {
			unread = append(unread, name+": what was stored is not what was collected, or not whole; what is here may be cut off")
		}
	}
	return unread, nil
}

// errArchive says that the ZIP itself cannot be written any more.
var errArchive = errors.New("archive cannot be written")

func copyInto(archive *zip.Writer, name string, content io.ReadCloser) error {
	defer content.Close()
	out, err := archive.Create(name)
	if err != nil {
		return errors.Join(errArchive, err)
	}
	to := &failing{w: out}
	_, err = io.Copy(to, content)
	if to.err != nil {
		return errors.Join(errArchive, to.err)
	}
	return err
}

// fileName is a name for an item that means itself in every archive.
func fileName(item evidence.Item) string {
	name := item.FileName
	if name == "" {
		name = item.Title + ".txt"
	}
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`<>:"/|?*`, r) {
			return '_'
		}
		return r
	}, name)
	if runes := []rune(name); len(runes) > 100 {
		name = string(runes[len(runes)-100:])
	}
	return strings.TrimLeft(name, ".")
}

func itemsOf(ctx context.Context, q db.Querier, personID person.ID, cases []string) ([]evidence.ID, error) {
	rows, _ := q.Query(ctx, `
		SELECT id FROM evidence_items
		WHERE  person_id = $1 AND erased_at IS NULL AND (case_id IS NULL OR case_id = ANY ($2::uuid[]))
		ORDER  BY id`, personID, cases)
	return pgx.CollectRows(rows, pgx.RowTo[evidence.ID])
}
