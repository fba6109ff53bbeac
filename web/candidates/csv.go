package candidates

import (
	"net/http"
	"strconv"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
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
	f := filterOf(parseQuery(r))
	f.After, f.Before, f.Size = "", "", csvChunk
	found, err := h.people.List(r.Context(), request.Actor(r), f)
	if err != nil {
		return err
	}
	out := response.CSV(w, "candidates", "Number", "Name", "Status", "Job", "Stage", "In stage since", "Band", "Known %", "Score", "Open flags", "Missing checks", "Channel", "Changed")
	for rows := 0; ; {
		for _, p := range found.Items {
			_ = out.Line(csvRow(h.lib.Current(), p))
		}
		gone := out.Flush()
		rows += len(found.Items)
		if found.Next == "" || rows >= csvMost || gone != nil {
			return nil // when the reader has gone, nobody is left to tell
		}
		f.After = found.Next
		if found, err = h.people.List(r.Context(), request.Actor(r), f); err != nil {
			out.Fail()
		}
	}
}

func csvRow(ed *catalogue.Edition, p person.Person) []string {
	since := ""
	if p.StageSince != nil {
		since = p.StageSince.Format(time.DateOnly)
	}
	return []string{p.Number.String(), p.Name, p.Status.Title(), p.JobTitle, stageTitle(ed, p.StageID), since,
		string(p.Band), strconv.Itoa(p.Coverage), strconv.Itoa(p.Score), strconv.Itoa(p.OpenFlags), strconv.Itoa(p.Missing),
		channelTitle(ed, p.ChannelID), p.UpdatedAt.UTC().Format(time.RFC3339)}
}
