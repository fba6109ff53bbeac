package web

import (
	"net/http"
	"strings"

	"gatehouse/internal/platform/apperr"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// signInForm is what somebody typed into the sign-in form; the password is never shown again.
type signInForm struct {
	Email, Next string
	Errors      map[string]string
}

func (s *Server) showSignIn(w http.ResponseWriter, r *http.Request) error {
	next := localPath(r.FormValue("next"))
	if request.User(r).ID != "" {
		return response.See(w, r, next, "")
	}
	return response.Page(w, r, http.StatusOK, signInPage(signInForm{Next: next}))
}

// signIn admits by password. Tries are counted per address and per account, so that neither one machine nor many
// can guess at speed.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		return apperr.Invalid("email", "The form could not be read.")
	}
	form := signInForm{Email: request.Text(r, "email"), Next: localPath(r.FormValue("next"))}
	if ok, after := s.byAddress.Allow(request.IP(r)); !ok {
		return apperr.RateLimited(after)
	}
	if ok, after := s.byAccount.Allow(strings.ToLower(form.Email)); !ok {
		return apperr.RateLimited(after)
	}
	err := s.sessions.Begin(w, r, form.Email, r.FormValue("password"))
	if invalid, ok := apperr.AsInvalid(err); ok {
		form.Errors = invalid.Fields
		return response.Page(w, r, http.StatusUnprocessableEntity, signInPage(form))
	}
	if err != nil {
		return err
	}
	return response.See(w, r, form.Next, "")
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.sessions.End(w, r); err != nil {
		return err
	}
	return response.See(w, r, path.SignIn, "You are signed out.")
}

// components shows every part of the pages, for those who build them.
func (s *Server) components(w http.ResponseWriter, r *http.Request) error {
	return response.Page(w, r, http.StatusOK, componentsPage())
}

// localPath keeps next only when it is a page of this server to go to after signing in.
func localPath(next string) string {
	if next = request.LocalPath(next); next == "" || strings.HasPrefix(next, path.SignIn) || strings.HasPrefix(next, path.SignOut) {
		return path.Today
	}
	return next
}
