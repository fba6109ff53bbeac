package web

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/platform/apperr"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// signInForm is what somebody typed into the sign-in form; the password is never shown again.
type signInForm struct {
	Email, Next string
	Errors      map[string]string
	// Provider names the sign-in provider; empty where there is none.
	Provider string
	// Closed says that passwords open nothing but the break-glass account, BreakGlass that somebody wants to sign in to that.
	Closed, BreakGlass bool
}

// showsPassword reports whether the form for a password is on the page.
func (f signInForm) showsPassword() bool { return !f.Closed || f.BreakGlass || len(f.Errors) > 0 }

// signInPage shows the ways in that are open.
func (s *Server) signInPage(w http.ResponseWriter, r *http.Request, status int, form signInForm) error {
	passwords, err := s.deps.Signin.TakesPasswords(r.Context())
	if err != nil {
		return err
	}
	if form.Closed = !passwords; s.deps.Signin.HasProvider() {
		form.Provider = s.deps.Config.SSO.Name
	}
	return response.Page(w, r, status, signInPage(form))
}

func (s *Server) showSignIn(w http.ResponseWriter, r *http.Request) error {
	next := localPath(r.FormValue("next"))
	if request.User(r).ID != "" {
		return response.See(w, r, next, "")
	}
	return s.signInPage(w, r, http.StatusOK, signInForm{Next: next, BreakGlass: r.FormValue("break-glass") != ""})
}

// signIn admits by password. Tries are counted per address and per account, so that neither one machine nor many can guess at
// speed; those of a browser known to the account are counted apart.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := request.Form(w, r); err != nil {
		return err
	}
	form := signInForm{Email: request.Text(r, "email"), Next: localPath(r.FormValue("next"))}
	tries, key := s.byAccount, strings.ToLower(form.Email)
	device, known := s.knownDevice(r, form.Email)
	if known {
		tries, key = s.byDevice, device
	}
	ok, after, err := s.byAddress.Allow(r.Context(), request.IP(r))
	if err == nil && (ok || known) {
		ok, after, err = tries.Allow(r.Context(), key)
	}
	if err != nil {
		return err
	}
	if !ok {
		return s.tooMany(w, r, form, after)
	}
	err = s.sessions.Begin(w, r, form.Email, r.FormValue("password"))
	if invalid, ok := apperr.AsInvalid(err); ok {
		form.Errors = invalid.Fields
		return s.signInPage(w, r, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	if err := tries.Restore(r.Context(), key); err != nil {
		return err
	}
	if !known {
		s.knowDevice(w, form.Email)
	}
	return response.See(w, r, form.Next, "")
}

// tooMany shows the form again to who has tried too often, with how long to wait.
func (s *Server) tooMany(w http.ResponseWriter, r *http.Request, form signInForm, after time.Duration) error {
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(after.Seconds()))))
	form.Errors = map[string]string{"email": "There were too many tries. Wait a minute, then try once more."}
	return s.signInPage(w, r, http.StatusTooManyRequests, form)
}

// showLink shows where somebody chooses a password. Whoever has the link is taken for the user, so it says nothing but their
// name.
func (s *Server) showLink(w http.ResponseWriter, r *http.Request) error {
	secret := request.Param(r, "secret")
	u, err := s.deps.Accounts.ByLink(r.Context(), secret)
	if err != nil {
		return s.guessed(r, err)
	}
	return response.Page(w, r, http.StatusOK, linkPage(secret, u, nil))
}

// guessed counts a link that is none, by the address it was tried from; one that is there costs nothing.
func (s *Server) guessed(r *http.Request, err error) error {
	if apperr.KindOf(err) != apperr.NotFound {
		return err
	}
	if counted := s.byAddress.Take(r.Context(), request.IP(r)); counted != nil {
		return counted
	}
	return err
}

// useLink gives the user of a link the password they chose, and ends what sessions they had.
func (s *Server) useLink(w http.ResponseWriter, r *http.Request) error {
	if err := request.Form(w, r); err != nil {
		return err
	}
	secret := request.Param(r, "secret")
	u, err := s.deps.Accounts.UseLink(r.Context(), secret, r.PostFormValue("password"))
	if invalid, ok := apperr.AsInvalid(err); ok {
		if u, err = s.deps.Accounts.ByLink(r.Context(), secret); err != nil {
			return err
		}
		return response.Page(w, r, http.StatusUnprocessableEntity, linkPage(secret, u, invalid.Fields))
	}
	if err != nil {
		return s.guessed(r, err)
	}
	if err := s.deps.Signin.EndAll(r.Context(), u.Actor(), u.ID); err != nil {
		return err
	}
	return response.See(w, r, path.SignIn, "Your password is set. Sign in with it.")
}

// signOut ends the session here, and then the provider's where that began it.
func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	leave := s.leaveAddress(r)
	if err := s.sessions.End(w, r); err != nil {
		return err
	}
	if leave != "" {
		return s.onward(w, r, leave)
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
