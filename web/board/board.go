// Package board shows the candidates in hiring as columns, one a stage. Cards are moved by the button they carry, by
// the form behind it, or, where a script runs, by dragging; all three post to the application's own address.
package board

import (
	"net/http"
	"strconv"
	"time"

	"gatehouse/internal/candidate"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/id"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
	"gatehouse/web/ui"
)

// Handler answers the board's request.
type Handler struct {
	lib        *catalogue.Library
	hiring     *hiring.Service
	candidates *candidate.Service
}

// New returns a Handler over the services it shows.
func New(lib *catalogue.Library, h *hiring.Service, candidates *candidate.Service) *Handler {
	return &Handler{lib: lib, hiring: h, candidates: candidates}
}

// Show shows the board, narrowed by the address.
func (h *Handler) Show(w http.ResponseWriter, r *http.Request) error {
	actor, q := request.Actor(r), parse(r)
	columns, err := h.hiring.Board(r.Context(), actor, person.Filter{Text: q.Text, JobID: q.Job, OpenFlags: q.Flagged, Missing: q.Missing})
	if err != nil {
		return err
	}
	jobs, err := h.candidates.Jobs(r.Context(), actor)
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, boardPage(newView(h.lib.Current(), q, columns, jobs)))
}

// parse reads what the board can be narrowed by: a name, a job, open flags, a blocked next stage.
func parse(r *http.Request) path.CandidateQuery {
	all := path.ReadCandidateQuery(r.URL.Query())
	job, _ := id.Parse(all.Job)
	return path.CandidateQuery{Text: request.Text(r, "q"), Job: job, Flagged: all.Flagged, Missing: all.Missing}
}

// view is the board with its labels.
type view struct {
	Query   path.CandidateQuery
	Columns []hiring.Column
	Jobs    []ui.Option
	Only    []ui.Chip
	ed      *catalogue.Edition
	now     time.Time
}

func newView(ed *catalogue.Edition, q path.CandidateQuery, columns []hiring.Column, jobs []candidate.JobOption) view {
	v := view{Query: q, Columns: columns, ed: ed, now: time.Now(), Jobs: []ui.Option{{Label: "All jobs"}}}
	for _, j := range jobs {
		v.Jobs = append(v.Jobs, ui.Option{Value: j.ID, Label: j.Title})
	}
	flagged, blocked := q, q
	flagged.Flagged, blocked.Missing = !q.Flagged, !q.Missing
	v.Only = []ui.Chip{chip("Open flags", flagged, q.Flagged), chip("Next stage blocked", blocked, q.Missing)}
	return v
}

func chip(label string, to path.CandidateQuery, on bool) ui.Chip {
	c := ui.Chip{Label: label, Href: path.BoardWhere(to)}
	if on {
		c.State = ui.ChipOn
	}
	return c
}

// next is the stage after the column's, nil for the last of the board: from there one is hired.
func (v view) next(column int) *catalogue.Stage {
	if column+1 >= len(v.Columns) {
		return nil
	}
	return v.Columns[column+1].Stage
}

// count is how many the column holds, as far as it was counted.
func count(c hiring.Column) string {
	if c.More {
		return strconv.Itoa(c.Count) + "+"
	}
	return strconv.Itoa(c.Count)
}

// more is the list of everybody in the column's stage, when the board shows but the newest.
func (v view) more(c hiring.Column) string {
	if len(c.Cards) >= c.Count && !c.More {
		return ""
	}
	q := v.Query
	q.Statuses, q.Stages = []string{string(person.Candidate)}, []string{c.Stage.ID}
	return q.URL()
}

// days is how long the card has been in its stage.
func (v view) days(c hiring.Card) string {
	if c.StageSince == nil {
		return ""
	}
	return ui.Span(v.now.Sub(*c.StageSince))
}

// missing names what blocks the next stage: the first check, and how many more.
func (v view) missing(c hiring.Card) string {
	if len(c.MissingChecks) == 0 {
		return ""
	}
	first := c.MissingChecks[0]
	if check, ok := v.ed.Check(first); ok {
		first = check.Title
	}
	if more := len(c.MissingChecks) - 1; more > 0 {
		return first + " and " + strconv.Itoa(more) + " more"
	}
	return first
}

func version(c hiring.Card) string { return strconv.Itoa(c.Version) }
