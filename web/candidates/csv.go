package candidates

import (
	"net/http"
	"strconv"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/page"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// csvChunk is how many rows are read at a time.
const csvChunk = 1_000

// CSV answers with the list as it is narrowed, from its first page on.
func (h *Handler) CSV(w http.ResponseWriter, r *http.Request) error {
	f := filterOf(parseQuery(r))
	f.Before, f.Size = "", csvChunk
	return response.List(w, "candidates", []string{"Number", "Name", "Status", "Job", "Stage", "In stage since", "Band", "Known %", "Score", "Open flags", "Missing checks", "Channel", "Changed"},
		func(cursor string) (page.Slice[person.Person], error) {
			f.After = cursor
			return h.people.List(r.Context(), request.Actor(r), f)
		},
		func(p person.Person) []string { return csvRow(h.lib.Current(), p) })
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
