package response

import (
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
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

func plain(cells []string) []string {
	cells = slices.Clone(cells)
	for i, cell := range cells {
		if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
			cells[i] = "'" + cell
		}
	}
	return cells
}
