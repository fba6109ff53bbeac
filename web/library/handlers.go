// Package library holds the pages of the framework: what Gatehouse checks, why, and what it leaves out. It reads the
// catalogue only and needs no database.
package library

import (
	"net/http"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/apperr"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// Handlers answers the library's routes.
type Handlers struct{ lib *catalogue.Library }

// New returns the handlers.
func New(lib *catalogue.Library) *Handlers { return &Handlers{lib: lib} }

// Index shows the contents, one section at a time, or what a search found. A search as one types gets the results
// alone.
func (h *Handlers) Index(w http.ResponseWriter, r *http.Request) error {
	v := newIndex(h.lib.Current(), parseQuery(r))
	if request.HTMX(r) {
		return response.Page(w, r, http.StatusOK, contents(v))
	}
	return response.Page(w, r, http.StatusOK, indexPage(v))
}

// Show shows one entry. An entry of an earlier edition that the current one no longer has is shown as it was.
func (h *Handlers) Show(w http.ResponseWriter, r *http.Request) error {
	id := request.Param(r, "id")
	versions := h.lib.Versions()
	for i := len(versions) - 1; i >= 0; i-- {
		ed := h.lib.At(versions[i])
		if item, known := ed.Item(id); known {
			return response.Page(w, r, http.StatusOK, entryPage(newEntry(ed, item)))
		}
	}
	return apperr.Missing("entry")
}
