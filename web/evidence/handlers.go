// Package evidence holds the pages of evidence: adding an item, the item with its custody, and giving out what it
// holds, from an answer in which a browser can do nothing but save it.
package evidence

import (
	"bufio"
	"io"
	"log/slog"
	"net/http"
	"strconv"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/upload"
	"gatehouse/web/parts"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// Handlers answers the routes of evidence.
type Handlers struct {
	evidence *evidence.Service
	people   *person.Service
	lib      *catalogue.Library
	log      *slog.Logger
}

// New returns the handlers.
func New(s *evidence.Service, people *person.Service, lib *catalogue.Library, log *slog.Logger) *Handlers {
	return &Handlers{evidence: s, people: people, lib: lib, log: log}
}

// New shows the empty form.
func (h *Handlers) New(w http.ResponseWriter, r *http.Request) error {
	return h.form(w, r, http.StatusOK, formOf(r.URL.Query()))
}

func (h *Handlers) form(w http.ResponseWriter, r *http.Request, status int, f parts.EvidenceForm) error {
	f.MaxBytes = h.evidence.MaxBytes()
	return response.Page(w, r, status, newPage(f))
}

// Add takes in one item: a link, a text or a file. The file is read as it arrives and straight into the store.
func (h *Handlers) Add(w http.ResponseWriter, r *http.Request) error {
	a, err := parts.ReadArrival(r)
	if err == nil {
		_, err = a.Collect(r.Context(), h.evidence, request.Actor(r))
	}
	if err == nil {
		return response.See(w, r, back(a.EvidenceForm), "Evidence added.")
	}
	parts.Drain(r, h.evidence)
	if invalid, ok := apperr.AsInvalid(err); ok && a.PersonID != "" {
		a.Errors = invalid.Fields
		if len(a.Errors) == 0 {
			a.Errors = map[string]string{"file": invalid.Message}
		}
		return h.form(w, r, http.StatusUnprocessableEntity, a.EvidenceForm)
	}
	return err
}

// Show shows what an item is, what it is attached to and who touched it. What it holds is not shown.
func (h *Handlers) Show(w http.ResponseWriter, r *http.Request) error {
	v, err := h.view(r)
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, showPage(v))
}

// View shows the text or the link that an item holds. It is a POST, since looking leaves a trace.
func (h *Handlers) View(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[evidence.ID](r, "id")
	if err != nil {
		return err
	}
	item, err := h.evidence.ByID(r.Context(), request.Actor(r), id)
	if err != nil {
		return err
	}
	if item.Form == evidence.File {
		return apperr.Conflict("A file is never shown here. Download it, and open it where it can do no harm.")
	}
	content, err := h.read(r, id)
	if err != nil {
		return err
	}
	v, err := h.view(r)
	if err != nil {
		return err
	}
	v.opened, v.content = true, content
	return response.Page(w, r, http.StatusOK, showPage(v))
}

func (h *Handlers) read(r *http.Request, id evidence.ID) (string, error) {
	_, content, err := h.evidence.Open(r.Context(), request.Actor(r), id, evidence.Viewed)
	if err != nil {
		return "", err
	}
	defer content.Close()
	all, err := io.ReadAll(content)
	return string(all), err
}

// harmless are the types that are named to the browser as they are. Everything else is a heap of bytes to it, though
// nothing but saving is possible anyway.
var harmless = map[string]bool{
	"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true,
	"application/pdf": true, "application/zip": true, "text/plain": true,
}

// Download gives out a file, or a text or link as one. What is wrong from the first byte on has an answer in words. A file
// that turns out to be altered later breaks the connection off: a browser must not take a part for the whole.
func (h *Handlers) Download(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[evidence.ID](r, "id")
	if err != nil {
		return err
	}
	item, content, err := h.evidence.Open(r.Context(), request.Actor(r), id, evidence.Downloaded)
	if err != nil {
		return err
	}
	defer content.Close()
	begun := bufio.NewReader(content)
	if _, err := begun.Peek(1); err != nil && err != io.EOF {
		return err
	}
	lockDown(w.Header(), item)
	if _, err := io.Copy(w, begun); err != nil {
		if r.Context().Err() == nil {
			h.log.ErrorContext(r.Context(), "download broken off", "evidence", id, "error", err)
		}
		panic(http.ErrAbortHandler)
	}
	return nil
}

// lockDown makes of an answer one that a browser can only save: no script, no frame, no guess at its type.
func lockDown(header http.Header, item evidence.Item) {
	mediaType := "application/octet-stream"
	if harmless[item.MediaType] {
		mediaType = item.MediaType
	}
	name := item.FileName
	if name == "" {
		name = item.Title + ".txt"
	}
	header.Set("Content-Type", mediaType)
	header.Set("Content-Disposition", upload.Attachment(name))
	header.Set("Content-Length", strconv.FormatInt(item.Size, 10))
	header.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
}

// Verify reads the item through and compares it with the hash from its arrival.
func (h *Handlers) Verify(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[evidence.ID](r, "id")
	if err != nil {
		return err
	}
	result, err := h.evidence.Verify(r.Context(), request.Actor(r), id)
	if err != nil {
		return err
	}
	message := "Verified: this is what arrived."
	if result != evidence.Intact {
		message = "Not what arrived: the content was altered or is gone. Tell whoever runs Gatehouse."
	}
	return response.See(w, r, path.Evidence(id), message)
}

// view gathers what the item's page shows.
func (h *Handlers) view(r *http.Request) (view, error) {
	id, err := request.ID[evidence.ID](r, "id")
	if err != nil {
		return view{}, err
	}
	ctx, actor := r.Context(), request.Actor(r)
	look, err := h.evidence.Look(ctx, actor, id)
	if err != nil {
		return view{}, err
	}
	v := view{Look: look, lib: h.lib, mayOpen: look.Item.OpensFor(actor) && look.Item.ErasedAt == nil}
	p, err := h.people.ByID(ctx, actor, look.Item.PersonID)
	if err == nil {
		v.personName = p.Name
	} else if apperr.KindOf(err) != apperr.NotFound { // finance and legal see the item, not the candidate
		return view{}, err
	}
	return v, nil
}
