package candidates

import (
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
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
	f := filterOf(parseQuery(r))
	f.After, f.Before, f.Size = "", "", csvChunk
	found, err := h.people.List(r.Context(), request.Actor(r), f)
	if err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", "text/csv; charset=utf-8")
	header.Set("Content-Disposition", `attachment; filename="candidates.csv"`)
	out := csv.NewWriter(w)
	_ = out.Write([]string{"Number", "Name", "Status", "Job", "Stage", "In stage since", "Band", "Known %", "Score", "Open flags", "Missing checks", "Channel", "Changed"})
	for rows := 0; ; {
		for _, p := range found.Items {
			_ = out.Write(csvRow(h.lib.Current(), p))
		}
		out.Flush()
		rows += len(found.Items)
		if found.Next == "" || rows >= csvMost || out.Error() != nil {
			return nil // a writer's error is the reader gone: nobody is left to tell
		}
		f.After = found.Next
		if found, err = h.people.List(r.Context(), request.Actor(r), f); err != nil {
			// The status is sent: breaking off is the only way left to say that the file is not whole.
			panic(http.ErrAbortHandler)
		}
	}
}

func csvRow(ed *catalogue.Edition, p person.Person) []string {
	since := ""
	if p.StageSince != nil {
		since = p.StageSince.Format(time.DateOnly)
	}
	row := []string{p.Number.String(), p.Name, p.Status.Title(), p.JobTitle, stageTitle(ed, p.StageID), since,
		string(p.Band), strconv.Itoa(p.Coverage), strconv.Itoa(p.Score), strconv.Itoa(p.OpenFlags), strconv.Itoa(p.Missing),
		channelTitle(ed, p.ChannelID), p.UpdatedAt.UTC().Format(time.RFC3339)}
	for i := range row {
		row[i] = harmless(row[i])
	}
	return row
}

// harmless keeps a spreadsheet from taking a text for a formula. Names come from candidates.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
