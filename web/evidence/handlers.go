// Package evidence holds the pages of evidence: adding an item, the item with its custody, and giving out what it
// holds, from an answer in which a browser can do nothing but save it.
package evidence

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/preview"
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
	previews *preview.Maker
	// scanner says whether there is one for malware.
	scanner bool
}

// New returns the handlers.
func New(s *evidence.Service, people *person.Service, lib *catalogue.Library, scanner bool, log *slog.Logger) *Handlers {
	return &Handlers{evidence: s, people: people, lib: lib, scanner: scanner, log: log, previews: preview.NewMaker()}
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

// View shows the text or the link that an item holds, or a preview of its image. It is a POST, since looking leaves a trace.
func (h *Handlers) View(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[evidence.ID](r, "id")
	if err != nil {
		return err
	}
	if err := request.Form(w, r); err != nil {
		return err
	}
	item, err := h.evidence.ByID(r.Context(), request.Actor(r), id)
	if err != nil {
		return err
	}
	if item.Form == evidence.File {
		return h.preview(w, r, item)
	}
	content, err := h.read(r, id)
	if err != nil {
		return h.unreasoned(w, r, err)
	}
	v, err := h.view(r)
	if err != nil {
		return err
	}
	v.opened, v.content = true, content
	return response.Page(w, r, http.StatusOK, showPage(v))
}

// preview shows a small picture of an image, drawn anew by a worker of its own and put into the page itself: there is no
// address at which a browser would be given the file, or anything made of it, to show. That no preview could be made is said
// on the page, since the try is on record.
func (h *Handlers) preview(w http.ResponseWriter, r *http.Request, item evidence.Item) error {
	if !previewed(item) {
		return apperr.Conflict("There is no preview of such a file. Download it, and open it where it can do no harm.")
	}
	_, content, err := h.evidence.Open(r.Context(), request.Actor(r), item.ID, opening(r, evidence.Viewed))
	if err != nil {
		return h.unreasoned(w, r, err)
	}
	defer content.Close()
	picture, err := h.previews.Make(r.Context(), content)
	problem := ""
	switch {
	case errors.Is(err, preview.ErrBusy):
		problem = "Too many previews are being made just now. Try again in a moment."
	case errors.Is(err, preview.ErrNone):
		problem = "No preview could be made of this file: it is damaged, too large, or no picture after all."
		h.log.InfoContext(r.Context(), "no preview", "evidence", item.ID, "error", err)
	case err != nil:
		return err
	}
	v, err := h.view(r)
	if err != nil {
		return err
	}
	v.opened, v.picture, v.problem = true, picture, problem
	return response.Page(w, r, http.StatusOK, showPage(v))
}

// previewed reports whether previews are made of an item.
func previewed(i evidence.Item) bool {
	return i.Form == evidence.File && preview.Of(i.MediaType) && i.Malware != evidence.Found &&
		i.Size <= preview.MaxBytes && i.Facts.Width*i.Facts.Height <= preview.MaxPixels
}

func (h *Handlers) read(r *http.Request, id evidence.ID) (string, error) {
	_, content, err := h.evidence.Open(r.Context(), request.Actor(r), id, opening(r, evidence.Viewed))
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

// reasonName is the field that says why an item is opened.
const reasonName = "reason"

func opening(r *http.Request, how evidence.Touch) evidence.Opening {
	return evidence.Opening{How: how, Reason: request.Text(r, reasonName)}
}

// unreasoned shows the item's page again to whoever gave no reason that counts. Other errors go on.
func (h *Handlers) unreasoned(w http.ResponseWriter, r *http.Request, err error) error {
	invalid, ok := apperr.AsInvalid(err)
	if !ok || invalid.Fields[reasonName] == "" {
		return err
	}
	v, err := h.view(r)
	if err != nil {
		return err
	}
	v.reasonProblem = invalid.Fields[reasonName]
	return response.Page(w, r, http.StatusUnprocessableEntity, showPage(v))
}

// knowingly is the field that says that somebody knows of the malware in a file and wants it all the same.
const knowingly = "knowingly"

// Download gives out a file, or a text or link as one. What is wrong from the first byte on has an answer in words. A file
// that turns out to be altered later breaks the connection off: a browser must not take a part for the whole.
func (h *Handlers) Download(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[evidence.ID](r, "id")
	if err != nil {
		return err
	}
	if err := request.Form(w, r); err != nil {
		return err
	}
	var item evidence.Item
	var content io.ReadCloser
	if request.Text(r, knowingly) != "" {
		item, content, err = h.evidence.DownloadMalware(r.Context(), request.Actor(r), id, opening(r, evidence.Downloaded).Reason)
	} else {
		item, content, err = h.evidence.Open(r.Context(), request.Actor(r), id, opening(r, evidence.Downloaded))
	}
	if err != nil {
		return h.unreasoned(w, r, err)
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
	v := view{Look: look, lib: h.lib, reason: request.Text(r, reasonName), mayOpen: look.Item.OpensFor(actor) && look.Item.ErasedAt == nil,
		mayHandle: look.Item.HandledBy(actor), scanner: h.scanner}
	p, err := h.people.ByID(ctx, actor, look.Item.PersonID)
	if err == nil {
		v.personName = p.Name
	} else if apperr.KindOf(err) != apperr.NotFound { // finance and legal see the item, not the candidate
		return view{}, err
	}
	return v, nil
}
