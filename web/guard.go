package web

import (
	"net/http"
	"strings"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/request"
)

// guard lets a request through to its handler when its sender holds the route's permission. It is the one place
// that refuses; which rows somebody sees is the features' own predicate.
func (s *Server) guard(route Route) Handler {
	if isAPI(route.Pattern) {
		return s.guardAPI(route)
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		user, signedIn, err := s.sessions.User(r)
		if err != nil {
			return err
		}
		ctx := r.Context()
		if signedIn {
			ctx = request.WithUser(ctx, user)
		}
		r = r.WithContext(ctx)
		if !request.Actor(r).May(route.Permission) {
			if !signedIn {
				return apperr.SignIn()
			}
			return apperr.Forbidden("Your role does not include “%s”. An administrator can add it.", route.Permission)
		}
		if signedIn && r.Method != http.MethodGet {
			// What waits for this person may be about to change.
			defer s.frames.forget(string(user.ID))
		}
		return route.Handler(w, s.withFrame(w, r))
	}
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
			actor = token.Actor()
		}
		if !actor.May(route.Permission) {
			if actor.Kind == "" {
				return apperr.SignIn()
			}
			return apperr.Forbidden("This token lacks the scope %q.", route.Permission)
		}
		return route.Handler(w, r.WithContext(authz.NewContext(r.Context(), actor)))
	}
}

func isAPI(pattern string) bool { return strings.HasPrefix(pattern, "/api/") }
