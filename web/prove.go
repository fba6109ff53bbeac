package web

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"

	"gatehouse/internal/factor"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/signin"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// proofForm asks somebody to show that it is them: with a code of their second factor, or their password where they have
// none. Either Next is the page to go on to, or Resume the address that Sent is sent to again.
type proofForm struct {
	Code          bool   // a code, not the password
	Passkey       bool   // a passkey will do
	Authenticator bool   // the code may be an authenticator's
	Entering      bool   // the second half of signing in
	Password      bool   // the password will do
	Provider      string // names the sign-in provider where showing it there will do
	Next, Resume  string
	Sent          []sentField
	Lost          bool // what was sent could not be kept
	Error         string
}

// The names of the form's own fields, which no other form has: what is sent again stands beside them.
const (
	proofField  = "gatehouse_proof"
	nextField   = "next"
	resumeField = "gatehouse_resume"
	answerField = "gatehouse_answer"
)

// collect leads a session that owes something to where it is given.
func (s *Server) collect(w http.ResponseWriter, r *http.Request, found signin.Session) error {
	if found.Owes == signin.Enrolment {
		if r.Method != http.MethodGet && !request.HTMX(r) {
			v := enrolView{Required: true, Lost: true}
			_, v.Passkeys = s.sessions.Site(r)
			return response.Page(w, s.withFrame(w, r), http.StatusUnauthorized, beginPage(v))
		}
		return lead(w, r, path.Authenticator)
	}
	return s.askProof(w, r, found)
}

// askProof asks for a code or the password: before a page it leads there and back, before a form's work it keeps the form.
func (s *Server) askProof(w http.ResponseWriter, r *http.Request, found signin.Session) error {
	if r.Method == http.MethodGet || request.HTMX(r) {
		next := r.URL.RequestURI()
		if request.HTMX(r) {
			next = path.Today
		}
		return lead(w, r, path.ConfirmThen(next))
	}
	form, err := s.proofForm(r, found)
	if err != nil {
		return err
	}
	form.Sent = sentWith(w, r)
	if form.Lost = len(form.Sent) == 0 && r.ContentLength != 0; form.Lost {
		form.Next = path.Today
	} else {
		form.Resume = r.URL.RequestURI()
	}
	return response.Page(w, s.withFrame(w, r), http.StatusUnauthorized, proofPage(form))
}

// proofForm asks for what the session's user has.
func (s *Server) proofForm(r *http.Request, found signin.Session) (proofForm, error) {
	has, err := s.deps.Factors.Of(r.Context(), found.User.ID)
	_, named := s.sessions.Site(r)
	form := proofForm{Code: found.HasFactor, Authenticator: has.Authenticator != nil, Passkey: named && has.Passkeys > 0,
		Entering: found.Owes == signin.Code, Password: !found.HasFactor && !found.Provider}
	if found.ProvesThere() {
		form.Provider = s.deps.Config.SSO.Name
	}
	return form, err
}

func lead(w http.ResponseWriter, r *http.Request, to string) error {
	if request.HTMX(r) {
		w.Header().Set("HX-Redirect", to)
		w.WriteHeader(http.StatusUnauthorized)
		return nil
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// session is that of a request which the guard let through as signed in.
func (s *Server) session(r *http.Request) (signin.Session, error) {
	found, _, err := s.sessions.Found(r)
	return found, err
}

func (s *Server) showConfirm(w http.ResponseWriter, r *http.Request) error {
	found, err := s.session(r)
	if err != nil {
		return err
	}
	form, err := s.proofForm(r, found)
	if err != nil {
		return err
	}
	form.Next = localPath(r.FormValue(nextField))
	return response.Page(w, r, http.StatusOK, proofPage(form))
}

// proofOptions says what the browser asks a passkey for, as JSON.
func (s *Server) proofOptions(w http.ResponseWriter, r *http.Request) error {
	return s.options(w, r, s.deps.Signin.BeginProof)
}

// passkeyOptions says how the browser makes a passkey, as JSON.
func (s *Server) passkeyOptions(w http.ResponseWriter, r *http.Request) error {
	return s.options(w, r, s.deps.Signin.BeginPasskey)
}

func (s *Server) options(w http.ResponseWriter, r *http.Request, begin func(context.Context, signin.Session, factor.Site) ([]byte, error)) error {
	found, err := s.session(r)
	if err != nil {
		return err
	}
	site, named := s.sessions.Site(r)
	if !named {
		return noPasskeys()
	}
	options, err := begin(r.Context(), found, site)
	if err != nil {
		return err
	}
	return response.JSON(w, r, http.StatusOK, json.RawMessage(options))
}

func noPasskeys() error {
	return apperr.Conflict("Passkeys need an address that is a name, over HTTPS or localhost. Whoever runs Gatehouse sets it.")
}

// sentProof reads what the form that asks for a proof was sent with: where it leads on to, and what is to be sent again there.
func (s *Server) sentProof(w http.ResponseWriter, r *http.Request, found signin.Session) (proofForm, error) {
	form, err := s.proofForm(r, found)
	if err != nil {
		return form, err
	}
	for _, f := range sentWith(w, r) {
		if f.name != proofField && f.name != answerField && f.name != resumeField && f.name != nextField {
			form.Sent = append(form.Sent, f)
		}
	}
	if form.Resume = localPath(r.PostFormValue(resumeField)); r.PostFormValue(resumeField) == "" || form.Resume == path.Today {
		form.Resume, form.Next = "", localPath(r.PostFormValue(nextField))
	}
	return form, nil
}

// confirm takes the code or password. What was interrupted is sent again by the browser itself: 307 keeps method and form
// (RFC 9110 §15.4.8).
func (s *Server) confirm(w http.ResponseWriter, r *http.Request) error {
	found, err := s.session(r)
	if err != nil {
		return err
	}
	form, err := s.sentProof(w, r, found)
	if err != nil {
		return err
	}
	again := func(status int, why string) error {
		form.Error = why
		return response.Page(w, r, status, proofPage(form))
	}
	if request.Text(r, proofField) == "" && r.PostFormValue(answerField) == "" {
		return again(http.StatusUnprocessableEntity, "Enter it to go on.")
	}
	ok, after, err := s.byProof.Allow(r.Context(), string(found.User.ID))
	if err != nil {
		return err
	}
	if !ok {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(after.Seconds()))))
		return again(http.StatusTooManyRequests, "There were too many tries. Wait a minute, then try once more.")
	}
	site, _ := s.sessions.Site(r)
	err = s.sessions.Prove(w, r, signin.Proof{Typed: r.PostFormValue(proofField), Answer: []byte(r.PostFormValue(answerField)), Site: site})
	if invalid, ok := apperr.AsInvalid(err); ok {
		return again(http.StatusUnprocessableEntity, invalid.Fields["proof"])
	}
	if e, ok := apperr.As(err); ok && e.Kind == apperr.Unauthenticated {
		return s.signInPage(w, r, http.StatusUnauthorized, signInForm{Next: form.Next, Errors: map[string]string{"email": e.Message}})
	}
	if err != nil {
		return err
	}
	if err := s.byProof.Restore(r.Context(), string(found.User.ID)); err != nil {
		return err
	}
	if form.Resume != "" {
		http.Redirect(w, r, form.Resume, http.StatusTemporaryRedirect)
		return nil
	}
	return goOn(w, r, form.Next)
}

// goOn leads on after a proof. A file leaves the page as it is: the way on has to stand on it.
func goOn(w http.ResponseWriter, r *http.Request, next string) error {
	if file, _, _ := strings.Cut(next, "?"); strings.HasSuffix(file, ".csv") {
		return response.Page(w, r, http.StatusOK, provedPage(next))
	}
	return response.See(w, r, next, "")
}

// showAuthenticator shows what to scan, while an authenticator waits for its first code; else how to begin.
func (s *Server) showAuthenticator(w http.ResponseWriter, r *http.Request) error {
	found, err := s.session(r)
	if err != nil {
		return err
	}
	has, err := s.deps.Factors.Of(r.Context(), found.User.ID)
	if err != nil {
		return err
	}
	if has.Authenticator != nil {
		return response.See(w, r, path.Account, "")
	}
	return s.authenticatorPage(w, r, http.StatusOK, found, nil)
}

func (s *Server) authenticatorPage(w http.ResponseWriter, r *http.Request, status int, found signin.Session, problems map[string]string) error {
	v := enrolView{Required: found.Owes == signin.Enrolment, Problems: problems}
	_, v.Passkeys = s.sessions.Site(r)
	pending, err := s.deps.Factors.Pending(r.Context(), found.User)
	if err != nil {
		if apperr.KindOf(err) != apperr.NotFound {
			return err
		}
		return response.Page(w, r, status, beginPage(v))
	}
	if v.Image, err = pending.Image(); err != nil {
		return err
	}
	v.Secret = pending.Secret
	return response.Page(w, r, status, enrolPage(v))
}

// addPasskey keeps the passkey that the browser made.
func (s *Server) addPasskey(w http.ResponseWriter, r *http.Request) error {
	found, err := s.session(r)
	if err != nil {
		return err
	}
	if err := request.Form(w, r); err != nil {
		return err
	}
	site, named := s.sessions.Site(r)
	if !named {
		return noPasskeys()
	}
	codes, err := s.sessions.AddPasskey(w, r, site, request.Text(r, "name"), []byte(r.PostFormValue("answer")))
	if invalid, ok := apperr.AsInvalid(err); ok {
		s.log.Info("a passkey was not added", "error", err)
		return response.Page(w, r, http.StatusUnprocessableEntity, passkeyPage(request.Text(r, "name"), found.Owes == signin.Enrolment, invalid.Fields))
	}
	if err != nil {
		return err
	}
	return enrolled(w, r, codes)
}

// enrolled goes on after a second factor was added: by way of the recovery codes, when there are any to show.
func enrolled(w http.ResponseWriter, r *http.Request, codes []string) error {
	if codes == nil {
		return response.See(w, r, path.Account, "Added. It counts from now on.")
	}
	return response.Page(w, r, http.StatusOK, codesPage(codes, true))
}

// removePasskey takes one of one's own passkeys away.
func (s *Server) removePasskey(w http.ResponseWriter, r *http.Request) error {
	passkeyID, err := request.ID[factor.PasskeyID](r, "id")
	if err != nil {
		return err
	}
	if err := s.deps.Factors.RemovePasskey(r.Context(), request.User(r), passkeyID); err != nil {
		return err
	}
	s.deps.Signin.Forget()
	return response.See(w, r, path.Account, "That passkey opens nothing any more.")
}

// enrolView is the page on which an authenticator is set up.
type enrolView struct {
	// Required says that a role asks for a second factor, and nothing else opens before.
	Required bool
	Lost     bool // what was sent before is not saved
	Passkeys bool // can be made at this address
	Secret   string
	Image    string // data URI of the code to scan
	Problems map[string]string
}

// beginAuthenticator makes a secret to scan.
func (s *Server) beginAuthenticator(w http.ResponseWriter, r *http.Request) error {
	if err := s.deps.Factors.Begin(r.Context(), request.User(r)); err != nil {
		return err
	}
	return response.See(w, r, path.Authenticator, "")
}

// confirmAuthenticator makes the authenticator count and shows the recovery codes, once.
func (s *Server) confirmAuthenticator(w http.ResponseWriter, r *http.Request) error {
	found, err := s.session(r)
	if err != nil {
		return err
	}
	if err := request.Form(w, r); err != nil {
		return err
	}
	codes, err := s.sessions.ConfirmAuthenticator(w, r, request.Text(r, "code"))
	if invalid, ok := apperr.AsInvalid(err); ok {
		return s.authenticatorPage(w, r, http.StatusUnprocessableEntity, found, invalid.Fields)
	}
	if err != nil && apperr.KindOf(err) == apperr.NotFound {
		return response.See(w, r, path.Authenticator, "") // nothing was begun: that page begins
	}
	if err != nil {
		return err
	}
	return enrolled(w, r, codes)
}

// removeAuthenticator takes one's own second factor away.
func (s *Server) removeAuthenticator(w http.ResponseWriter, r *http.Request) error {
	if err := s.deps.Factors.Remove(r.Context(), request.User(r)); err != nil {
		return err
	}
	s.deps.Signin.Forget()
	return response.See(w, r, path.Account, "Your authenticator is removed.")
}

// renewRecoveryCodes makes new recovery codes and shows them, once.
func (s *Server) renewRecoveryCodes(w http.ResponseWriter, r *http.Request) error {
	codes, err := s.deps.Factors.RenewCodes(r.Context(), request.User(r))
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, codesPage(codes, false))
}

// codesText is the codes as a person keeps them, one a line.
func codesText(codes []string) string { return strings.Join(codes, "\n") }
