package signals

import (
	"net/http"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/signal"
	"gatehouse/web/request"
	"gatehouse/web/response"
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
	out := response.CSV(w, "signals", "Occurred", "Severity", "Signal", "Number", "Name", "Account", "Source", "External id", "Detail")
	for rows := 0; ; {
		for _, s := range found.Items {
			_ = out.Line(csvRow(h.lib.Current(), s))
		}
		gone := out.Flush()
		rows += len(found.Items)
		if found.Next == "" || rows >= csvMost || gone != nil {
			return nil // when the reader has gone, nobody is left to tell
		}
		f.After = found.Next
		if found, err = h.signals.List(r.Context(), request.Actor(r), f); err != nil {
			out.Fail()
		}
	}
}

func csvRow(ed *catalogue.Edition, s signal.Signal) []string {
	number := ""
	if s.PersonID != nil {
		number = s.PersonNumber.String()
	}
	return []string{s.OccurredAt.UTC().Format(time.RFC3339), string(severity(ed, s.SignalID)), title(ed, s.SignalID), number, s.PersonName,
		s.Account, s.Source, s.ExternalID, string(s.Detail)}
}
