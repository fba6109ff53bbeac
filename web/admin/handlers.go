// Package admin holds the pages over several features: users, API tokens, the state of the installation, and
// everybody's own account.
package admin

import (
	"context"
	"net/http"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/factor"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/signin"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
	"gatehouse/web/session"
	"gatehouse/web/ui"
)

// Part is one line of the system page: a piece of the installation, how it stands and what its absence costs.
type Part struct {
	Name, State, Note string
	Ready             bool
}

// Handlers answers the admin routes.
type Handlers struct {
	accounts *account.Service
	signin   *signin.Service
	factors  *factor.Service
	sessions *session.Store
	provider string
	parts    func(context.Context) []Part
}

// New returns the handlers; provider is the name of the sign-in provider, and parts describes the installation for the system
// page.
func New(accounts *account.Service, s *signin.Service, factors *factor.Service, sessions *session.Store, provider string,
	parts func(context.Context) []Part) *Handlers {
	if !s.HasProvider() {
		provider = ""
	}
	return &Handlers{accounts: accounts, signin: s, factors: factors, sessions: sessions, provider: provider, parts: parts}
}

// Users lists everybody who may sign in.
func (h *Handlers) Users(w http.ResponseWriter, r *http.Request) error {
	users, err := h.accounts.All(r.Context())
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, usersPage(users))
}

// NewUser shows the empty form.
func (h *Handlers) NewUser(w http.ResponseWriter, r *http.Request) error {
	return response.Page(w, r, http.StatusOK, newUserPage(userForm{TimeZone: "UTC"}, nil))
}

// AddUser adds a user.
func (h *Handlers) AddUser(w http.ResponseWriter, r *http.Request) error {
	form, err := parseUser(w, r)
	if err != nil {
		return err
	}
	id, err := h.accounts.Add(r.Context(), request.Actor(r), account.New{
		Email: form.Email, Name: form.Name, Password: form.password, TimeZone: form.TimeZone, Roles: form.roles()})
	if invalid, ok := apperr.AsInvalid(err); ok {
		return response.Page(w, r, http.StatusUnprocessableEntity, newUserPage(form, invalid.Fields))
	}
	if err != nil {
		return err
	}
	if form.password == "" {
		return h.showLink(w, r, id)
	}
	return response.See(w, r, path.User(id), form.Name+" may sign in now.")
}

// MakeLink makes a link by which a user chooses a password, and shows it once.
func (h *Handlers) MakeLink(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[account.ID](r, "id")
	if err != nil {
		return err
	}
	return h.showLink(w, r, id)
}

func (h *Handlers) showLink(w http.ResponseWriter, r *http.Request, userID account.ID) error {
	secret, err := h.accounts.NewLink(r.Context(), request.Actor(r), userID)
	if err != nil {
		return err
	}
	u, err := h.accounts.ByID(r.Context(), userID)
	if err != nil {
		return err
	}
	return h.showUser(w, r, http.StatusOK, userView{User: u, Form: formOf(u), Link: h.sessions.Address(r, path.Link(secret))})
}

// User shows one user with what may be changed.
func (h *Handlers) User(w http.ResponseWriter, r *http.Request) error {
	u, err := h.user(r)
	if err != nil {
		return err
	}
	return h.showUser(w, r, http.StatusOK, userView{User: u, Form: formOf(u)})
}

// showUser fills in what the view lacks and shows it.
func (h *Handlers) showUser(w http.ResponseWriter, r *http.Request, status int, v userView) error {
	v.Self, v.Here = v.User.ID == request.User(r).ID, signin.SessionID(request.Session(r))
	var err error
	if v.Factor, err = h.factors.Of(r.Context(), v.User.ID); err != nil {
		return err
	}
	if v.Sessions, err = h.signin.Live(r.Context(), v.User.ID); err != nil {
		return err
	}
	if v.Linked, v.Has, err = h.signin.LinkOf(r.Context(), v.User.ID); err != nil {
		return err
	}
	v.Provider = h.provider
	return response.Page(w, r, status, userPage(v))
}

func (h *Handlers) user(r *http.Request) (account.User, error) {
	id, err := request.ID[account.ID](r, "id")
	if err != nil {
		return account.User{}, err
	}
	return h.accounts.ByID(r.Context(), id)
}

// SetRoles replaces a user's roles and ends their sessions, so that the new rights hold at once.
func (h *Handlers) SetRoles(w http.ResponseWriter, r *http.Request) error {
	return h.change(w, r, "Roles changed.", func(ctx context.Context, u account.User, form userForm) error {
		return h.accounts.SetRoles(ctx, request.Actor(r), u.ID, form.Version, form.roles())
	})
}

// SetPassword gives a user a new password and ends their sessions.
func (h *Handlers) SetPassword(w http.ResponseWriter, r *http.Request) error {
	return h.change(w, r, "Password set. They have to sign in again.", func(ctx context.Context, u account.User, form userForm) error {
		return h.accounts.SetPassword(ctx, request.Actor(r), u.ID, form.password)
	})
}

// Disable takes a user's access away at once.
func (h *Handlers) Disable(w http.ResponseWriter, r *http.Request) error {
	return h.change(w, r, "Access ended.", func(ctx context.Context, u account.User, form userForm) error {
		if u.ID == request.User(r).ID {
			return apperr.Conflict("You cannot disable yourself. Ask another administrator.")
		}
		return h.accounts.Disable(ctx, request.Actor(r), u.ID, form.Version)
	})
}

// Enable gives a user access again.
func (h *Handlers) Enable(w http.ResponseWriter, r *http.Request) error {
	return h.change(w, r, "They may sign in again.", func(ctx context.Context, u account.User, form userForm) error {
		return h.accounts.Enable(ctx, request.Actor(r), u.ID, form.Version)
	})
}

// ResetFactor takes a user's second factor away, with a reason, and ends their sessions.
func (h *Handlers) ResetFactor(w http.ResponseWriter, r *http.Request) error {
	return h.change(w, r, "Second factor reset. They sign in with their password and set up a new one.", func(ctx context.Context, u account.User, form userForm) error {
		return h.factors.Reset(ctx, request.Actor(r), u.ID, request.Text(r, "mark"), form.Reason)
	})
}

// EndSessionOf ends one session of another user.
func (h *Handlers) EndSessionOf(w http.ResponseWriter, r *http.Request) error {
	u, err := h.user(r)
	if err != nil {
		return err
	}
	sessionID, err := request.ID[signin.SessionID](r, "session")
	if err != nil {
		return err
	}
	if string(sessionID) == request.Session(r) {
		return apperr.Conflict("This is the session you are in. Sign out to end it.")
	}
	if err := h.signin.End(r.Context(), request.Actor(r), u.ID, sessionID); err != nil {
		return err
	}
	return response.See(w, r, path.User(u.ID), "That session has ended.")
}

// change does one thing to a user, ends their sessions, and shows the page again when the input does not fit.
func (h *Handlers) change(w http.ResponseWriter, r *http.Request, done string,
	do func(context.Context, account.User, userForm) error) error {
	u, err := h.user(r)
	if err != nil {
		return err
	}
	form, err := parseUser(w, r)
	if err != nil {
		return err
	}
	err = do(r.Context(), u, form)
	if invalid, ok := apperr.AsInvalid(err); ok {
		form.Name, form.Email, form.TimeZone = u.Name, u.Email, u.TimeZone
		return h.showUser(w, r, http.StatusUnprocessableEntity, userView{User: u, Form: form, Problems: invalid.Fields})
	}
	if err != nil {
		return err
	}
	if err := h.signin.EndAll(r.Context(), request.Actor(r), u.ID); err != nil {
		return err
	}
	if u.ID == request.User(r).ID {
		return response.See(w, r, path.SignIn, done)
	}
	return response.See(w, r, path.User(u.ID), done)
}

// Tokens lists the API tokens, with the form for a new one.
func (h *Handlers) Tokens(w http.ResponseWriter, r *http.Request) error {
	return h.showTokens(w, r, http.StatusOK, tokenForm{Days: "365"}, nil)
}

func (h *Handlers) showTokens(w http.ResponseWriter, r *http.Request, status int, form tokenForm, problems map[string]string) error {
	tokens, err := h.accounts.Tokens(r.Context())
	if err != nil {
		return err
	}
	return response.Page(w, r, status, tokensPage(tokens, form, problems, time.Now()))
}

// NewToken creates a token and shows its secret this once. It is the one write that answers with a page of its
// own instead of a redirect: the secret must not pass through a cookie or an address.
func (h *Handlers) NewToken(w http.ResponseWriter, r *http.Request) error {
	form, expires, err := parseToken(w, r)
	if err == nil {
		_, form.Secret, err = h.accounts.NewToken(r.Context(), request.Actor(r), form.Name,
			[]authz.Permission{authz.SignalIngest}, expires)
	}
	if invalid, ok := apperr.AsInvalid(err); ok {
		return h.showTokens(w, r, http.StatusUnprocessableEntity, form, invalid.Fields)
	}
	if err != nil {
		return err
	}
	return h.showTokens(w, r, http.StatusCreated, form, nil)
}

// RevokeToken ends a token.
func (h *Handlers) RevokeToken(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[account.TokenID](r, "id")
	if err != nil {
		return err
	}
	if err := h.accounts.RevokeToken(r.Context(), request.Actor(r), id); err != nil {
		return err
	}
	return response.See(w, r, path.Tokens, "Token revoked.")
}

// System shows what is configured, what is missing, and what each absence costs.
func (h *Handlers) System(w http.ResponseWriter, r *http.Request) error {
	return response.Page(w, r, http.StatusOK, systemPage(h.parts(r.Context())))
}

// Account shows the signed-in user's own account.
func (h *Handlers) Account(w http.ResponseWriter, r *http.Request) error {
	return h.showAccount(w, r, http.StatusOK, nil)
}

func (h *Handlers) showAccount(w http.ResponseWriter, r *http.Request, status int, problems map[string]string) error {
	live, err := h.signin.Live(r.Context(), request.User(r).ID)
	if err != nil {
		return err
	}
	v := accountView{User: request.User(r), Sessions: live, Here: signin.SessionID(request.Session(r))}
	if v.Factor, err = h.factors.Of(r.Context(), v.User.ID); err != nil {
		return err
	}
	if v.Passkeys, err = h.factors.Passkeys(r.Context(), v.User.ID); err != nil {
		return err
	}
	found, _, err := h.sessions.Found(r)
	if err != nil {
		return err
	}
	v.Provider, v.Came = h.provider, found.Provider
	if _, v.Linked, err = h.signin.LinkOf(r.Context(), v.User.ID); err != nil {
		return err
	}
	_, v.Named = h.sessions.Site(r)
	return response.Page(w, r, status, accountPage(v, problems))
}

// EndSession ends one of one's own sessions; this one is ended by signing out.
func (h *Handlers) EndSession(w http.ResponseWriter, r *http.Request) error {
	sessionID, err := request.ID[signin.SessionID](r, "id")
	if err != nil {
		return err
	}
	if string(sessionID) == request.Session(r) {
		return apperr.Conflict("This is the session you are in. Sign out to end it.")
	}
	if err := h.signin.End(r.Context(), request.Actor(r), request.User(r).ID, sessionID); err != nil {
		return err
	}
	return response.See(w, r, path.Account, "That session has ended.")
}

// EndOtherSessions ends all of one's own sessions but this one.
func (h *Handlers) EndOtherSessions(w http.ResponseWriter, r *http.Request) error {
	ended, err := h.signin.EndOthers(r.Context(), request.Actor(r), request.User(r).ID, signin.SessionID(request.Session(r)))
	if err != nil {
		return err
	}
	return response.See(w, r, path.Account, ui.Plural(ended, "other session has", "other sessions have")+" ended.")
}

// ChangePassword replaces one's own password, which takes the old one, and ends all other sessions with it.
func (h *Handlers) ChangePassword(w http.ResponseWriter, r *http.Request) error {
	form, err := parseUser(w, r)
	if err != nil {
		return err
	}
	err = h.changeOwnPassword(r, r.FormValue("current"), form.password)
	if invalid, ok := apperr.AsInvalid(err); ok {
		return h.showAccount(w, r, http.StatusUnprocessableEntity, invalid.Fields)
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.SignIn, "Password changed. Sign in with the new one.")
}

// changeOwnPassword looks at the new password first: what is wrong with it says nothing of whether the current one is right.
func (h *Handlers) changeOwnPassword(r *http.Request, current, next string) error {
	found, _, err := h.sessions.Found(r)
	if err != nil {
		return err
	}
	if err := found.User.FitsPassword(next); err != nil {
		return err
	}
	if err := h.signin.CheckPassword(r.Context(), found, current); err != nil {
		return err
	}
	u := found.User
	if err := h.accounts.SetPassword(r.Context(), u.Actor(), u.ID, next); err != nil {
		return err
	}
	return h.signin.EndAll(r.Context(), u.Actor(), u.ID)
}
