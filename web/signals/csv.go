package signals

import (
	"net/http"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/page"
	"gatehouse/internal/signal"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// csvChunk is how many rows are read at a time.
const csvChunk = 1_000

// CSV answers with the list as it is narrowed, from its first page on.
func (h *Handler) CSV(w http.ResponseWriter, r *http.Request) error {
	f := parseQuery(r).filter()
	f.Before, f.Size = "", csvChunk
	return response.List(w, "signals", []string{"Occurred", "Severity", "Signal", "Number", "Name", "Account", "Source", "External id", "Detail"},
		func(cursor string) (page.Slice[signal.Signal], error) {
			f.After = cursor
			return h.signals.List(r.Context(), request.Actor(r), f)
		},
		func(s signal.Signal) []string { return csvRow(h.lib.Current(), s) })
}

func csvRow(ed *catalogue.Edition, s signal.Signal) []string {
	number := ""
	if s.PersonID != nil {
		number = s.PersonNumber.String()
	}
	return []string{s.OccurredAt.UTC().Format(time.RFC3339), string(severity(ed, s.SignalID)), title(ed, s.SignalID), number, s.PersonName,
		s.Account, s.Source, s.ExternalID, string(s.Detail)}
}
