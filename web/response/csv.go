package response

import (
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/platform/page"
)

// Sheet is a CSV download being written, a line at a time.
type Sheet struct{ out *csv.Writer }

// CSV begins a CSV download called name, with its first line. Read what may fail before: from here on the status is
// sent, and Fail is the only way left to say that the file is not whole.
func CSV(w http.ResponseWriter, name string, heads ...string) *Sheet {
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	s := &Sheet{out: csv.NewWriter(w)}
	_ = s.Line(heads)
	return s
}

// Line adds a line. A cell that a spreadsheet would take for a formula is marked as text, since names and details
// come from people presumed to be adversaries. An error means that the reader has gone.
func (s *Sheet) Line(cells []string) error {
	return s.out.Write(plain(cells))
}

// Flush sends what was written so far. An error means that the reader has gone.
func (s *Sheet) Flush() error {
	s.out.Flush()
	return s.out.Error()
}

// Fail breaks the answer off.
func (s *Sheet) Fail() { panic(http.ErrAbortHandler) }

// ListMost bounds a list as a file: it is for a spreadsheet, not for copying the database.
const ListMost = 10_000

// List answers with a list as a CSV download of at most ListMost lines. read reads the page at a cursor, the first at "",
// so that the file's length costs no memory; its first error is an answer, a later one breaks the file off.
func List[T any](w http.ResponseWriter, name string, heads []string, read func(cursor string) (page.Slice[T], error), line func(T) []string) error {
	found, err := read("")
	if err != nil {
		return err
	}
	out := CSV(w, name, heads...)
	for rows := 0; ; {
		for _, item := range found.Items {
			_ = out.Line(line(item))
		}
		gone := out.Flush()
		rows += len(found.Items)
		if found.Next == "" || rows >= ListMost || gone != nil {
			return nil // when the reader has gone, nobody is left to tell
		}
		if found, err = read(found.Next); err != nil {
			out.Fail()
		}
	}
}

// formula are the characters that begin a formula, some after others that are passed over; the wide ones do where people
// write in wide characters.
const formula = "=+-@\t\r\n＝＋－＠"

func plain(cells []string) []string {
	cells = slices.Clone(cells)
	for i, cell := range cells {
		first, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, " \u00a0\ufeff"))
		if strings.ContainsRune(formula, first) {
			cells[i] = "'" + cell
		}
	}
	return cells
}
