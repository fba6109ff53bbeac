// Package search is the search from anywhere: the results in the Ctrl-K dialog, and the same as a page.
package search

import (
	"net/http"
	"strings"

	"gatehouse/internal/dashboard"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/request"
	"gatehouse/web/response"
	"gatehouse/web/ui"
)

// Page is a page of the navigation, to be found by its name.
type Page struct {
	Label, Href string
	Icon        ui.IconName
	Permission  authz.Permission
}

// Handlers answers the search.
type Handlers struct {
	dashboards *dashboard.Service
	people     *person.Service
	pages      []Page
}

// New returns the handlers; pages are those that can be found by name.
func New(dashboards *dashboard.Service, people *person.Service, pages []Page) *Handlers {
	return &Handlers{dashboards: dashboards, people: people, pages: pages}
}

// results are what a search turned up.
type results struct {
	text  string
	found dashboard.Found
	pages []Page
}

func (r results) none() bool { return r.found.None() && len(r.pages) == 0 }

// Show answers with the results alone for the dialog, else with the page.
func (h *Handlers) Show(w http.ResponseWriter, r *http.Request) error {
	res := results{text: request.Text(r, "q")}
	if res.text != "" {
		var err error
		if res.found, err = h.dashboards.Search(r.Context(), request.Actor(r), h.people, res.text); err != nil {
			return err
		}
		res.pages = h.named(request.Actor(r), res.text)
	}
	if request.HTMX(r) {
		return response.Page(w, r, http.StatusOK, list(res))
	}
	return response.Page(w, r, http.StatusOK, page(res))
}

// named are the pages that the actor may open and of whose name the text is a part.
func (h *Handlers) named(actor authz.Actor, text string) []Page {
	var pages []Page
	for _, p := range h.pages {
		if actor.May(p.Permission) && strings.Contains(strings.ToLower(p.Label), strings.ToLower(text)) {
			pages = append(pages, p)
		}
	}
	return pages
}
