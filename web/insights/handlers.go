// Package insights holds the dashboards, the lists behind their numbers, and the views saved of them and of lists.
package insights

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/dashboard"
	"gatehouse/internal/platform/apperr"
	"gatehouse/web/parts"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// Handlers answers the routes of the dashboards.
type Handlers struct {
	lib        *catalogue.Library
	dashboards *dashboard.Service
}

// New returns the handlers.
func New(lib *catalogue.Library, dashboards *dashboard.Service) *Handlers {
	return &Handlers{lib: lib, dashboards: dashboards}
}

// bandsOf are the bands that the address narrows the figures about people to.
func bandsOf(r *http.Request) []string {
	var bands []string
	for _, b := range catalogue.Bands() {
		if slices.Contains(r.URL.Query()["band"], string(b)) {
			bands = append(bands, string(b))
		}
	}
	return bands
}

// Hiring shows the hiring dashboard, or the part of it about verification.
func (h *Handlers) Hiring(w http.ResponseWriter, r *http.Request) error {
	actor, bands := request.Actor(r), bandsOf(r)
	data, err := h.dashboards.Hiring(r.Context(), actor, bands...)
	if err != nil {
		return err
	}
	views, err := h.dashboards.Views(r.Context(), actor, dashboard.ViewHiring)
	if err != nil {
		return err
	}
	v := hiringView{Hiring: data, bands: bands, verification: r.URL.Query().Get("view") == "verification"}
	v.views = parts.SavedViews{Page: dashboard.ViewHiring, Query: v.query().Encode(), Views: views, Actor: actor}
	return response.Page(w, r, http.StatusOK, hiringPage(v))
}

// Response shows the response dashboard.
func (h *Handlers) Response(w http.ResponseWriter, r *http.Request) error {
	actor := request.Actor(r)
	data, err := h.dashboards.Response(r.Context(), actor)
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, responsePage(responseView{Response: data}))
}

func flagFilter(r *http.Request) dashboard.FlagFilter {
	q := r.URL.Query()
	return dashboard.FlagFilter{ItemID: q.Get("item"), Waiting: q.Get("waiting") != "", From: day(q, "from"), Before: day(q, "before"), Cursor: q.Get("after")}
}

// Flags lists the flags behind a number.
func (h *Handlers) Flags(w http.ResponseWriter, r *http.Request) error {
	f := flagFilter(r)
	list, err := h.dashboards.Flags(r.Context(), request.Actor(r), f)
	if err != nil {
		return err
	}
	v := flagsView{list: list, filter: f, next: onwards(r, list.Next), csv: asFile(r, path.InsightsFlagsCSV), title: "Flags that wait for an answer"}
	if item, known := h.lib.Current().Item(f.ItemID); known {
		v.title, v.item = "Open findings: "+item.Title, item.ID
	} else if !f.Waiting {
		v.title = "Open findings"
	}
	return response.Page(w, r, http.StatusOK, flagsPage(v))
}

// Movement lists changes of band.
func (h *Handlers) Movement(w http.ResponseWriter, r *http.Request) error {
	from, way := movementFilter(r)
	list, err := h.dashboards.Movement(r.Context(), request.Actor(r), from, way, r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, movementPage(movementView{list: list, way: way, from: from, next: onwards(r, list.Next),
		csv: asFile(r, path.InsightsMovementCSV)}))
}

func movementFilter(r *http.Request) (from time.Time, way dashboard.Direction) {
	q := r.URL.Query()
	way = dashboard.Direction(q.Get("way"))
	if way != dashboard.Upwards && way != dashboard.Down {
		way = dashboard.BothWays
	}
	return day(q, "from"), way
}

// Overrides lists the gates passed without a check.
func (h *Handlers) Overrides(w http.ResponseWriter, r *http.Request) error {
	check, known := h.lib.Current().Item(r.URL.Query().Get("check"))
	if !known {
		return apperr.Missing("check")
	}
	list, err := h.dashboards.Overrides(r.Context(), request.Actor(r), check.ID, r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, overridesPage(overridesView{ed: h.lib.Current(), check: check, list: list, next: onwards(r, list.Next), csv: asFile(r, path.InsightsOverridesCSV)}))
}

// Job compares what the candidates of a job were asked.
func (h *Handlers) Job(w http.ResponseWriter, r *http.Request) error {
	jobID, err := request.ID[string](r, "id")
	if err != nil {
		return err
	}
	checks, err := h.dashboards.JobChecks(r.Context(), request.Actor(r), jobID)
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, jobPage(h.lib.Current(), checks))
}

// Views shows the saved views of a list, and keeps its present filters under a name.
func (h *Handlers) Views(w http.ResponseWriter, r *http.Request) error {
	of := dashboard.ViewPage(r.URL.Query().Get("page"))
	if !slices.Contains(dashboard.ViewPages(), of) {
		return apperr.Missing("page")
	}
	return h.views(w, r, http.StatusOK, dashboard.NewView{Page: of, Query: r.URL.Query().Get("query")}, nil)
}

// views shows the views of a page, with what was typed to save one more.
func (h *Handlers) views(w http.ResponseWriter, r *http.Request, status int, typed dashboard.NewView, problems map[string]string) error {
	actor := request.Actor(r)
	found, err := h.dashboards.Views(r.Context(), actor, typed.Page)
	if err != nil {
		return err
	}
	query, err := url.ParseQuery(typed.Query)
	if err != nil {
		query = nil
	}
	return response.Page(w, r, status, viewsPage(parts.SavedViews{Page: typed.Page, Query: query.Encode(), Views: found, Actor: actor,
		Form: typed, Errors: problems}))
}

// SaveView keeps the filters of a page under a name.
func (h *Handlers) SaveView(w http.ResponseWriter, r *http.Request) error {
	n := dashboard.NewView{Page: dashboard.ViewPage(request.Text(r, "page")), Name: request.Text(r, "name"),
		Query: request.Text(r, "query"), Shared: r.FormValue("shared") != "", Replace: r.FormValue("replace") != ""}
	err := h.dashboards.SaveView(r.Context(), request.Actor(r), n)
	if invalid, ok := apperr.AsInvalid(err); ok && slices.Contains(dashboard.ViewPages(), n.Page) {
		return h.views(w, r, http.StatusUnprocessableEntity, n, invalid.Fields)
	}
	if err != nil {
		return err
	}
	return response.See(w, r, parts.ViewURL(n.Page, n.Query), "View “"+n.Name+"” saved.")
}

// ShareView shares one's view with everybody, or no longer.
func (h *Handlers) ShareView(w http.ResponseWriter, r *http.Request) error {
	viewID, err := request.ID[dashboard.ViewID](r, "id")
	if err != nil {
		return err
	}
	with := dashboard.Myself
	message := "Only you see the view now."
	if dashboard.Audience(r.FormValue("with")) == dashboard.Everybody {
		with, message = dashboard.Everybody, "Everybody who may open the page sees the view now."
	}
	if err := h.dashboards.ShareView(r.Context(), request.Actor(r), viewID, with); err != nil {
		return err
	}
	return response.See(w, r, viewBack(r), message)
}

// RemoveView forgets one's view.
func (h *Handlers) RemoveView(w http.ResponseWriter, r *http.Request) error {
	viewID, err := request.ID[dashboard.ViewID](r, "id")
	if err != nil {
		return err
	}
	if err := h.dashboards.RemoveView(r.Context(), request.Actor(r), viewID); err != nil {
		return err
	}
	return response.See(w, r, viewBack(r), "View removed.")
}

// viewBack is the page that a view's form was on.
func viewBack(r *http.Request) string {
	query, err := url.ParseQuery(request.Text(r, "query"))
	if err != nil {
		query = nil
	}
	return parts.ViewURL(dashboard.ViewPage(request.Text(r, "page")), query.Encode())
}

// day reads a day of the address; anything else is open.
func day(q url.Values, name string) time.Time {
	t, err := time.Parse(time.DateOnly, q.Get(name))
	if err != nil {
		return time.Time{}
	}
	return t
}

// onwards is the same address with the cursor of the next page.
func onwards(r *http.Request, next string) string {
	if next == "" {
		return ""
	}
	q := r.URL.Query()
	q.Set("after", next)
	return r.URL.Path + "?" + q.Encode()
}

// asFile is the address of the list as a file, narrowed as it is, from its first page on.
func asFile(r *http.Request, file string) string {
	q := r.URL.Query()
	q.Del("after")
	return path.WithQuery(file, q)
}
