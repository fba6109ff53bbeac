package web

import (
	"context"
	"errors"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/blob"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/signin"
	"gatehouse/web/layout"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// problem is an error as a person sees it.
type problem struct {
	status  int
	title   string
	message string
	// kept says what happened to their input, when that is known.
	kept      string
	requestID string
	signedIn  bool
}

// describe gives an error its status and its words. Errors without a kind are ours: the cause goes to the log only.
func describe(err error) problem {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		err = apperr.TooLarge("That is larger than the %s allowed here.", size(tooLarge.Limit))
	}
	e, ok := apperr.As(err)
	if !ok && db.ReadOnly(err) {
		return problem{status: http.StatusServiceUnavailable, title: "Read only for the moment",
			message: "Nothing can be saved just now, and what has to leave an entry in the log cannot be opened: the database changes its place.",
			kept:    "Nothing of what you typed is lost: go back, it is still in the form. Try again in a few seconds."}
	}
	if !ok && db.Away(err) {
		return problem{status: http.StatusServiceUnavailable, title: "Back in a moment", message: "The database does not answer just now.",
			kept: "Nothing was half saved: a change is stored whole or not at all. Try again in a few seconds."}
	}
	if !ok && errors.Is(err, blob.ErrAway) {
		return problem{status: http.StatusServiceUnavailable, title: "Back in a moment", message: "The place where the files of evidence are kept does not answer just now.",
			kept: "Nothing was half saved. Try again in a few minutes; whoever runs Gatehouse finds the reason on the System page."}
	}
	if !ok && errors.Is(err, context.DeadlineExceeded) {
		return problem{status: http.StatusServiceUnavailable, title: "That took too long", message: "The page was not ready in time, and others wait.",
			kept: "Nothing was half saved: a change is stored whole or not at all. Try again in a few seconds."}
	}
	if !ok {
		e = &apperr.Error{}
	}
	switch e.Kind {
	case apperr.NotFound:
		return problem{status: http.StatusNotFound, title: "Not found", message: e.Message}
	case apperr.InvalidInput:
		return problem{status: http.StatusUnprocessableEntity, title: "That could not be saved", message: sentences(e), kept: "Go back: what you typed is still in the form."}
	case apperr.Stale:
		return problem{status: http.StatusConflict, title: "Not possible as things are now", message: e.Message, kept: "Nothing was changed. Go back: what you typed is still in the form."}
	case apperr.Damaged:
		return problem{status: http.StatusConflict, title: "Not what was collected", message: e.Message}
	case apperr.Denied:
		return problem{status: http.StatusForbidden, title: "Not allowed", message: e.Message}
	case apperr.Unauthenticated:
		return problem{status: http.StatusUnauthorized, title: "Sign in", message: e.Message}
	case apperr.Oversize:
		return problem{status: http.StatusRequestEntityTooLarge, title: "Too large", message: e.Message, kept: "Nothing was stored."}
	case apperr.Limited:
		return problem{status: http.StatusTooManyRequests, title: "Too many attempts", message: e.Message}
	}
	return problem{status: http.StatusInternalServerError, title: "Something went wrong on our side",
		message: "The page could not be made. Nothing was half saved: a change is stored whole or not at all.",
		kept:    "Try again. If it happens again, give the number below to whoever runs Gatehouse."}
}

// size spells a number of bytes in its largest whole unit.
func size(n int64) string {
	for _, unit := range []struct {
		name string
		n    int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= unit.n && n%unit.n == 0 {
			return strconv.FormatInt(n/unit.n, 10) + " " + unit.name
		}
	}
	return strconv.FormatInt(n, 10) + " bytes"
}

// sentences joins the message and its field messages for a page that has no form.
func sentences(e *apperr.Error) string {
	parts := []string{e.Message}
	for _, message := range e.Fields {
		parts = append(parts, message)
	}
	return strings.Join(parts, " ")
}

// fail answers an error: a page, a fragment that htmx shows as a toast, or JSON under /api.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return
	}
	r = s.framed(w, r)
	p := describe(err)
	p.requestID, p.signedIn = requestID(r.Context()), request.User(r).ID != ""
	if p.status >= http.StatusInternalServerError {
		s.log.Error("request failed", "id", p.requestID, "route", pattern(r), "error", err)
	}
	if p.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	if e, ok := apperr.As(err); ok && e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	switch {
	case isAPI(r.URL.Path):
		err = s.failJSON(w, r, p, err)
	case p.status == http.StatusUnauthorized:
		err = s.failSignIn(w, r)
	case request.HTMX(r):
		response.Toast(w, p.message)
		w.WriteHeader(p.status)
		err = nil
	default:
		err = response.Page(w, r, p.status, errorPage(p))
	}
	if err != nil {
		s.log.Error("error page", "id", p.requestID, "error", err)
		http.Error(w, p.title, p.status)
	}
}

// framed gives error pages the frame when the request failed before it had one.
func (s *Server) framed(w http.ResponseWriter, r *http.Request) *http.Request {
	if layout.FrameFrom(r.Context()).Links.Home != "" {
		return r
	}
	if isAPI(r.URL.Path) {
		return r
	}
	if found, ok, err := s.sessions.Found(r); err == nil && ok && found.Owes == signin.Nothing {
		return s.withFrame(w, r.WithContext(request.WithUser(r.Context(), found.User, request.IP(r))))
	}
	return s.withFrame(w, r)
}

// failSignIn leads a visitor to the sign-in page and back. Only reads are led back: a write would be lost. Somebody whose
// session ended while they typed gets what they sent back, to send it again.
func (s *Server) failSignIn(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodPost && !request.HTMX(r) && r.URL.Path != path.Confirm && r.URL.Path != path.SSOConfirm && cookie(r, s.sessions.CookieName()) != "" {
		return s.signedOut(w, r)
	}
	next := ""
	if r.Method == http.MethodGet && !request.HTMX(r) {
		next = r.URL.RequestURI()
	}
	if request.HTMX(r) {
		w.Header().Set("HX-Redirect", path.SignIn)
		w.WriteHeader(http.StatusUnauthorized)
		return nil
	}
	http.Redirect(w, r, path.SignInThen(next), http.StatusSeeOther)
	return nil
}

// signedOut answers a form of somebody whose session has ended. Other sites' forms were refused before.
func (s *Server) signedOut(w http.ResponseWriter, r *http.Request) error {
	return response.Page(w, r, http.StatusUnauthorized, signedOutPage(r.URL.RequestURI(), sentWith(w, r)))
}

// sentWith lists the fields of a form, for a page that keeps them. A form with a file is not read, and passwords are left out:
// a page is no place for them.
func sentWith(w http.ResponseWriter, r *http.Request) []sentField {
	if err := request.Form(w, r); err != nil {
		return nil
	}
	var sent []sentField
	for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
		if name == "password" && r.PostForm.Get(name) != "" {
			sent = append(sent, sentField{name, leftOut})
			continue
		}
		if slices.Contains(unkept, name) {
			continue
		}
		for _, value := range r.PostForm[name] {
			sent = append(sent, sentField{name, value})
		}
	}
	return sent
}

// unkept are the fields that no page carries on.
var unkept = []string{"current", proofField, answerField}

// leftOut stands for a password that was left out. It is none that anybody may have: the form then asks for it again, where an
// empty one could mean something else.
const leftOut = "-"

// withPassword reports whether a password was left out.
func withPassword(sent []sentField) bool {
	return slices.Contains(sent, sentField{"password", leftOut})
}

// sentField is one field of a form that came too late.
type sentField struct{ name, value string }

func (s *Server) failJSON(w http.ResponseWriter, r *http.Request, p problem, err error) error {
	body := map[string]any{"status": p.status, "title": p.title, "detail": p.message, "request_id": p.requestID}
	if e, ok := apperr.AsInvalid(err); ok {
		body["detail"], body["fields"] = e.Message, e.Fields
	}
	if p.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="gatehouse"`)
	}
	return response.JSON(w, r, p.status, body)
}

func (s *Server) internalPage(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, errors.New("panic"))
}

// notFound answers an address that is no page. A visitor is led to sign in, so that they learn nothing of which
// addresses exist.
func (s *Server) notFound(w http.ResponseWriter, r *http.Request) error {
	if isAPI(r.URL.Path) {
		return apperr.Missing("address")
	}
	found, signedIn, err := s.sessions.Found(r)
	if err != nil {
		return err
	}
	if !signedIn {
		return apperr.SignIn()
	}
	if found.Owes != signin.Nothing {
		return s.collect(w, r, found)
	}
	if to := withoutSlash(r); to != "" {
		http.Redirect(w, r, to, http.StatusMovedPermanently)
		return nil
	}
	return apperr.Missing("page")
}

// withoutSlash is the address of the page that is meant by one with a slash too many at its end, or nothing where there
// is none. It is never an address elsewhere: "//host/" would be one to a browser.
func withoutSlash(r *http.Request) string {
	decoded := strings.TrimRight(r.URL.Path, "/")
	if r.Method != http.MethodGet || decoded == r.URL.Path || request.LocalPath(decoded) == "" {
		return ""
	}
	escaped := strings.TrimRight(r.URL.EscapedPath(), "/")
	if request.LocalPath(escaped) == "" || !chi.RouteContext(r.Context()).Routes.Match(chi.NewRouteContext(), http.MethodGet, escaped) {
		return ""
	}
	if r.URL.RawQuery != "" {
		escaped += "?" + r.URL.RawQuery
	}
	return escaped
}

// methodNotAllowed answers an address that exists for other methods only. To a person it is no page; a program learns
// which methods there are (RFC 9110 §15.5.6).
func (s *Server) methodNotAllowed(w http.ResponseWriter, r *http.Request) error {
	if !isAPI(r.URL.Path) {
		return s.notFound(w, r)
	}
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if chi.RouteContext(r.Context()).Routes.Match(chi.NewRouteContext(), method, r.URL.Path) {
			allowed = append(allowed, method)
		}
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	return s.failJSON(w, r, problem{status: http.StatusMethodNotAllowed, title: "Not this method", requestID: requestID(r.Context()),
		message: "This address takes " + strings.Join(allowed, ", ") + "."}, nil)
}

func (s *Server) crossOriginPage(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, apperr.Forbidden("This request came from another site, so it was not carried out."))
}

// expiry says how long a session lasts, for the sign-in page.
func expiry(d time.Duration) string { return strconv.Itoa(int(d.Hours()/24)) + " days" }
