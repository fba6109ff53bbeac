package web

import (
	"errors"
	"net/http"
	"strings"

	"gatehouse/internal/evidence"
	"gatehouse/internal/incident"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/signin"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// guard lets a request through to its handler when its sender holds the route's permission. It is the one place
// that refuses; which rows somebody sees is the features' own predicate.
func (s *Server) guard(route Route) Handler {
	if isAPI(route.Pattern) {
		return s.guardAPI(route)
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		found, signedIn, err := s.sessions.Found(r)
		if err != nil {
			return err
		}
		if signedIn && found.Owes != signin.Nothing && !settles(found.Owes, route) {
			if route.Permission != authz.Public {
				return s.collect(w, r, found)
			}
			signedIn = false
		}
		ctx := r.Context()
		if signedIn {
			ctx = request.WithSession(request.WithUser(ctx, found.User, request.IP(r)), string(found.ID))
		}
		r = r.WithContext(ctx)
		if !request.Actor(r).May(route.Permission) {
			if !signedIn {
				return apperr.SignIn()
			}
			if err := s.concealed(r, route); err != nil {
				return err
			}
			return authz.Refusal(route.Permission)
		}
		if signedIn && asksProof(route) && !s.deps.Signin.ProvedLately(found) {
			return s.askProof(w, r, found)
		}
		if signedIn && r.Method != http.MethodGet {
			// What waits for this person may be about to change.
			defer s.frames.forget(string(found.User.ID))
			defer s.deps.Dashboards.Forget()
			s.noteWrite(w)
		}
		return s.toSeal(w, r, route.Handler(w, s.withFrame(w, s.mayLag(route, r))))
	}
}

// toSeal leads whoever is to say first why they open a sealed case to where they do. Other errors go on.
func (s *Server) toSeal(w http.ResponseWriter, r *http.Request, err error) error {
	var sealed *evidence.SealedError
	if !errors.As(err, &sealed) {
		return err
	}
	caseID := incident.ID(sealed.CaseID)
	if r.Method != http.MethodGet {
		seal, err := s.deps.Cases.SealOf(r.Context(), request.Actor(r), caseID)
		if err != nil {
			return err
		}
		return apperr.Conflict("The case %s is sealed. Open it in another window, then send this again.", seal.CodeName)
	}
	return response.See(w, r, path.OpenCase(caseID, r.URL.RequestURI()), "")
}

// wroteCookie says that a browser has sent something a moment ago: it sees the primary's state, not the standby's.
const wroteCookie = "gatehouse-wrote"

// noteWrite lets the browser say for a while that it has written. Which process is asked next does not matter then. The
// while is the lag of the standby, how long dashboards are remembered, and time to notice that the standby lags.
func (s *Server) noteWrite(w http.ResponseWriter) {
	if s.deps.Config.StandbyURL != "" {
		http.SetCookie(w, &http.Cookie{Name: wroteCookie, Value: "1", Path: "/", MaxAge: int(3 * db.LagMost.Seconds()),
			HttpOnly: true, Secure: s.deps.Config.Secure(), SameSite: http.SameSiteLaxMode})
	}
}

// mayLag lets a page that reads much read from the standby: insights, exports, search, the log. Those who have just
// written see what they wrote.
func (s *Server) mayLag(route Route, r *http.Request) *http.Request {
	p := route.Pattern
	heavy := strings.HasPrefix(p, path.Insights) || strings.HasSuffix(p, ".csv") || p == path.Search || strings.HasPrefix(p, path.Audit)
	if s.deps.Config.StandbyURL == "" || r.Method != http.MethodGet || !heavy || cookie(r, wroteCookie) != "" {
		return r
	}
	return r.WithContext(db.MayLag(r.Context()))
}

// settles reports whether a route is one by which a session gives what it owes. Nothing else opens before: who owes a code adds
// no second factor of their own.
func settles(owes signin.Owed, route Route) bool {
	switch route.Pattern {
	case path.Confirm, path.SignOut:
		return true
	case path.Confirm + "/passkey":
		return owes == signin.Code
	case path.Authenticator, path.Authenticator + "/confirm", path.Passkeys, path.Passkeys + "/options":
		return owes == signin.Enrolment
	}
	return false
}

// asksProof reports whether a route opens only to who has shown lately that it is them: files that leave the house, what is
// erased, sealed cases, users, tokens, the second factor itself, and ending one's other sessions. What only says how things stand does not.
func asksProof(route Route) bool {
	switch {
	case route.Pattern == path.System:
		return false
	case route.Permission == authz.UserManage || route.Permission == authz.TokenManage:
		return true
	case route.Permission == authz.PrivacyManage:
		return route.Method != http.MethodGet
	case route.Pattern == path.LinkSSO:
		return true
	case route.Pattern == path.Cases+"/{id}/open":
		return route.Method != http.MethodGet
	case strings.HasPrefix(route.Pattern, path.Authenticator), strings.HasPrefix(route.Pattern, path.Passkeys), route.Pattern == path.RecoveryCodes,
		strings.HasPrefix(route.Pattern, path.Sessions):
		return route.Method != http.MethodGet
	}
	return strings.HasSuffix(route.Pattern, ".csv")
}

// concealed tells whoever is no member of a case that there is none at any of its addresses, even those that their role
// would refuse anyway: a 403 would say that the address means something. Members learn what their role lacks.
func (s *Server) concealed(r *http.Request, route Route) error {
	if !strings.HasPrefix(route.Pattern, path.Cases+"/{id}") {
		return nil
	}
	caseID, err := request.ID[incident.ID](r, "id")
	if err != nil {
		return err
	}
	member := false
	if actor := request.Actor(r); actor.May(authz.CaseRead) {
		if member, err = s.deps.Cases.Member(r.Context(), actor, caseID); err != nil {
			return err
		}
	}
	if !member {
		return apperr.Missing("case")
	}
	return nil
}

// guardAPI admits machines by bearer token.
func (s *Server) guardAPI(route Route) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		actor := authz.Actor{}
		if secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
			token, err := s.deps.Accounts.TokenBySecret(r.Context(), strings.TrimSpace(secret))
			if err != nil {
				return err
			}
			if ok, after := s.byToken.Allow(string(token.ID)); !ok {
				return apperr.RateLimited(after)
			}
			actor = token.Actor()
		}
		if !actor.May(route.Permission) {
			if actor.Kind == "" {
				return apperr.SignIn()
			}
			return apperr.Forbidden("This token lacks the scope %q.", route.Permission)
		}
		if r.Method != http.MethodGet {
			defer s.deps.Dashboards.Forget()
		}
		return route.Handler(w, r.WithContext(authz.NewContext(r.Context(), actor)))
	}
}

func isAPI(pattern string) bool { return strings.HasPrefix(pattern, "/api/") }
