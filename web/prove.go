package web

import (
	"net/http"
	"strings"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/signin"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// proofForm asks somebody to show that it is them: with a code of their second factor, or their password where they have
// none. Either Next is the page to go on to, or Resume the address that Sent is sent to again.
type proofForm struct {
	Code         bool // a code, not the password
	Entering     bool // the second half of signing in
	Next, Resume string
	Sent         []sentField
	Error        string
}

// The names of the form's own fields, which no other form has: what is sent again stands beside them.
const (
	proofField  = "gatehouse_proof"
	nextField   = "next"
	resumeField = "gatehouse_resume"
)

// collect leads a session that owes something to where it is given.
func (s *Server) collect(w http.ResponseWriter, r *http.Request, found signin.Session) error {
	if found.Owes == signin.Enrolment {
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
	r = s.withFrame(w, r)
	return response.Page(w, r, http.StatusUnauthorized, proofPage(proofForm{Code: found.HasFactor,
		Entering: found.Owes == signin.Code, Resume: r.URL.RequestURI(), Sent: sentWith(w, r)}))
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
	if found.Owes == signin.Enrolment {
		return response.See(w, r, path.Authenticator, "")
	}
	return response.Page(w, r, http.StatusOK, proofPage(proofForm{Code: found.HasFactor, Entering: found.Owes == signin.Code,
		Next: localPath(r.FormValue(nextField))}))
}

// confirm takes the code or password. What was interrupted is sent again by the browser itself: 307 keeps method and form
// (RFC 9110 §15.4.8).
func (s *Server) confirm(w http.ResponseWriter, r *http.Request) error {
	found, err := s.session(r)
	if err != nil {
		return err
	}
	form := proofForm{Code: found.HasFactor, Entering: found.Owes == signin.Code}
	for _, f := range sentWith(w, r) {
		if f.name != proofField && f.name != resumeField && f.name != nextField {
			form.Sent = append(form.Sent, f)
		}
	}
	form.Resume = request.LocalPath(r.PostFormValue(resumeField))
	if form.Resume == "" {
		form.Next = localPath(r.PostFormValue(nextField))
	}
	if ok, after := s.byProof.Allow(string(found.User.ID)); !ok {
		return apperr.RateLimited(after)
	}
	err = s.sessions.Prove(w, r, r.PostFormValue(proofField))
	if invalid, ok := apperr.AsInvalid(err); ok {
		form.Error = invalid.Fields["proof"]
		return response.Page(w, r, http.StatusUnprocessableEntity, proofPage(form))
	}
	if e, ok := apperr.As(err); ok && e.Kind == apperr.Unauthenticated {
		return response.Page(w, r, http.StatusUnauthorized,
			signInPage(signInForm{Next: form.Next, Errors: map[string]string{"email": e.Message}}))
	}
	if err != nil {
		return err
	}
	if form.Resume != "" {
		http.Redirect(w, r, form.Resume, http.StatusTemporaryRedirect)
		return nil
	}
	if file, _, _ := strings.Cut(form.Next, "?"); strings.HasSuffix(file, ".csv") {
		// A file leaves the page as it is: the way on has to stand on it.
		return response.Page(w, r, http.StatusOK, provedPage(form.Next))
	}
	return response.See(w, r, form.Next, "")
}

// showAuthenticator shows what to scan, while an authenticator waits for its first code; else how to begin.
func (s *Server) showAuthenticator(w http.ResponseWriter, r *http.Request) error {
	found, err := s.session(r)
	if err != nil {
		return err
	}
	if found.HasFactor {
		return response.See(w, r, path.Account, "")
	}
	return s.authenticatorPage(w, r, http.StatusOK, found, nil)
}

func (s *Server) authenticatorPage(w http.ResponseWriter, r *http.Request, status int, found signin.Session, problems map[string]string) error {
	v := enrolView{Required: found.Owes == signin.Enrolment, Problems: problems}
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

// enrolView is the page on which an authenticator is set up.
type enrolView struct {
	// Required says that a role asks for a second factor, and nothing else opens before.
	Required bool
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
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, codesPage(codes, true))
}

// removeAuthenticator takes one's own second factor away.
func (s *Server) removeAuthenticator(w http.ResponseWriter, r *http.Request) error {
	if err := s.deps.Factors.Remove(r.Context(), request.User(r)); err != nil {
		return err
	}
	s.deps.Signin.Forget()
	return response.See(w, r, path.Account, "Your second factor is removed. Your password alone lets you in now.")
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
