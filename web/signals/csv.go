package signals

import (
	"encoding/csv"
	"net/http"
	"strings"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/signal"
	"gatehouse/web/request"
)

// csvMost bounds the file: it is for a spreadsheet, not for copying the database. csvChunk is how many rows are read
// at a time, so that the file's length costs no memory.
const (
	csvMost  = 10_000
	csvChunk = 1_000
)

// CSV answers with the list as it is narrowed, from its first page on.
func (h *Handler) CSV(w http.ResponseWriter, r *http.Request) error {
	f := parseQuery(r).filter()
	f.After, f.Before, f.Size = "", "", csvChunk
	found, err := h.signals.List(r.Context(), request.Actor(r), f)
	if err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", "text/csv; charset=utf-8")
	header.Set("Content-Disposition", `attachment; filename="signals.csv"`)
	out := csv.NewWriter(w)
	_ = out.Write([]string{"Occurred", "Severity", "Signal", "Number", "Name", "Account", "Source", "External id", "Detail"})
	for rows := 0; ; {
		for _, s := range found.Items {
			_ = out.Write(csvRow(h.lib.Current(), s))
		}
		out.Flush()
		rows += len(found.Items)
		if found.Next == "" || rows >= csvMost || out.Error() != nil {
			return nil // a writer's error is the reader gone: nobody is left to tell
		}
		f.After = found.Next
		if found, err = h.signals.List(r.Context(), request.Actor(r), f); err != nil {
			// The status is sent: breaking off is the only way left to say that the file is not whole.
			panic(http.ErrAbortHandler)
		}
	}
}

func csvRow(ed *catalogue.Edition, s signal.Signal) []string {
	number := ""
	if s.PersonID != nil {
		number = s.PersonNumber.String()
	}
	row := []string{s.OccurredAt.UTC().Format(time.RFC3339), string(severity(ed, s.SignalID)), title(ed, s.SignalID), number, s.PersonName,
		s.Account, s.Source, s.ExternalID, string(s.Detail)}
	for i := range row {
		row[i] = harmless(row[i])
	}
	return row
}

// harmless keeps a spreadsheet from taking a text for a formula. What sources send may come from the person watched.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
