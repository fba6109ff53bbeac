package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/openid"
	"gatehouse/internal/signin"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// leavePatience is how long signing out waits for what the provider says of itself.
const leavePatience = 2 * time.Second

// flowCookie is the name of the cookie that ties a way to the provider to the browser it was begun in: one for each, so that two
// tabs do not get into each other's way. The prefix keeps other hosts of the same site from planting one.
func (s *Server) flowCookie(state string) string {
	sum := sha256.Sum256([]byte(state))
	name := "gatehouse-sso-" + hex.EncodeToString(sum[:6])
	if s.deps.Config.Secure() {
		return "__Host-" + name
	}
	return name
}

// setFlow keeps the browser's secret until it comes back, or takes it away. The provider leads back from another site by a link,
// which Lax allows and Strict would not.
func (s *Server) setFlow(w http.ResponseWriter, state, secret string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: s.flowCookie(state), Value: secret, Path: "/", MaxAge: maxAge, HttpOnly: true,
		Secure: s.deps.Config.Secure(), SameSite: http.SameSiteLaxMode})
}

// send begins a way to the provider and returns where it leads.
func (s *Server) send(w http.ResponseWriter, r *http.Request, f signin.Flow) (address string, err error) {
	f.Ask.Redirect = s.sessions.Address(r, path.SSOCallback)
	sent, err := s.deps.Signin.Send(r.Context(), f)
	if err != nil {
		return "", err
	}
	s.setFlow(w, sent.State, sent.Browser, int(signin.FlowFor.Seconds()))
	return sent.Address, nil
}

// startSSO leads to the provider, to sign in there.
func (s *Server) startSSO(w http.ResponseWriter, r *http.Request) error {
	if !s.deps.Signin.HasProvider() {
		return signin.NoProvider()
	}
	if err := s.byAddress.Take(r.Context(), request.IP(r)); err != nil {
		return err
	}
	address, err := s.send(w, r, signin.Flow{Purpose: signin.ToEnter, Next: localPath(r.FormValue("next"))})
	if err != nil {
		return s.noSSO(w, r, err)
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// confirmBySSO leads to the provider, to show there that it is still them. What was interrupted waits meanwhile.
func (s *Server) confirmBySSO(w http.ResponseWriter, r *http.Request) error {
	found, err := s.session(r)
	if err != nil {
		return err
	}
	form, err := s.sentProof(w, r, found)
	if err != nil {
		return err
	}
	if !found.ProvesThere() {
		return apperr.Conflict("This session asks for another proof.")
	}
	if err := s.byProof.Take(r.Context(), string(found.User.ID)); err != nil {
		return err
	}
	f := signin.Flow{Purpose: signin.ToProve, Session: found.ID, Next: form.Next, Resume: form.Resume}
	for _, sent := range form.Sent {
		f.Form = append(f.Form, signin.FormField{Name: sent.name, Value: sent.value})
	}
	return s.sendForm(w, r, f)
}

// linkSSO leads to the provider, to link the account there to the one here.
func (s *Server) linkSSO(w http.ResponseWriter, r *http.Request) error {
	found, err := s.session(r)
	if err != nil {
		return err
	}
	if !s.deps.Signin.HasProvider() {
		return signin.NoProvider()
	}
	return s.sendForm(w, r, signin.Flow{Purpose: signin.ToLink, Session: found.ID, Next: path.Account})
}

// sendForm is send for what a form asked for.
func (s *Server) sendForm(w http.ResponseWriter, r *http.Request, f signin.Flow) error {
	address, err := s.send(w, r, f)
	if err != nil {
		return s.noSSO(w, r, err)
	}
	return s.onward(w, r, address)
}

// onward leads a browser that has sent a form on to the provider.
func (s *Server) onward(w http.ResponseWriter, r *http.Request, address string) error {
	if request.HTMX(r) {
		w.Header().Set("HX-Redirect", address)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return response.Page(w, r, http.StatusOK, onwardPage(s.deps.Config.SSO.Name, address))
}

// backFromSSO takes whom the provider leads back.
func (s *Server) backFromSSO(w http.ResponseWriter, r *http.Request) error {
	if !s.deps.Signin.HasProvider() {
		return signin.NoProvider()
	}
	query := r.URL.Query()
	state := query.Get("state")
	browser := cookie(r, s.flowCookie(state))
	s.setFlow(w, state, "", -1)
	f, err := s.deps.Signin.Take(r.Context(), state, browser)
	if err != nil {
		return s.noSSO(w, r, err)
	}
	if query.Get("error") != "" {
		return s.noSSO(w, r, errRefused)
	}
	id, err := s.deps.Signin.Redeem(r.Context(), f, openid.Answer{Code: query.Get("code"), Issuer: query.Get("iss")})
	if err != nil {
		return s.noSSO(w, r, err)
	}
	err = s.arrive(w, r, f, id)
	if apperr.KindOf(err) == apperr.Unauthenticated {
		// Their session ended meanwhile. The address here leads nowhere a second time.
		http.Redirect(w, r, path.SignInThen(f.Next), http.StatusSeeOther)
		return nil
	}
	return err
}

// arrive does what somebody went to the provider for.
func (s *Server) arrive(w http.ResponseWriter, r *http.Request, f signin.Flow, id openid.Identity) error {
	switch f.Purpose {
	case signin.ToProve:
		if err := s.sessions.ProveThere(w, r, f, id); err != nil {
			return err
		}
		if err := s.byProof.Restore(r.Context(), string(request.User(r).ID)); err != nil {
			return err
		}
		if f.Resume != "" {
			return response.Page(w, r, http.StatusOK, resumePage(f.Resume, f.Form))
		}
		return goOn(w, r, f.Next)
	case signin.ToLink:
		found, _, err := s.sessions.Found(r)
		if err != nil {
			return err
		}
		if err := s.deps.Signin.Link(r.Context(), found, f, id); err != nil {
			return err
		}
		return response.See(w, r, path.Account, "Linked. You can sign in with "+s.deps.Config.SSO.Name+" from now on.")
	}
	if err := s.sessions.Enter(w, r, id); err != nil {
		return err
	}
	return response.See(w, r, f.Next, "")
}

// errRefused says that the provider led somebody back without saying who they are.
var errRefused = errors.New("the provider refused")

// noSSO answers somebody for whom the provider's way leads nowhere: calmly, and with the other way where there is one. The cause
// is for the log alone; what the provider wrote into the address is not repeated.
func (s *Server) noSSO(w http.ResponseWriter, r *http.Request, err error) error {
	name := s.deps.Config.SSO.Name
	p := problem{requestID: requestID(r.Context()), signedIn: request.User(r).ID != ""}
	e, known := apperr.As(err)
	switch {
	case errors.Is(err, openid.ErrAway):
		s.log.Warn("sign-in provider", "id", p.requestID, "error", err)
		p.status, p.title, p.message = http.StatusServiceUnavailable, "Not possible just now", "The sign-in provider ("+name+") does not answer. Nothing is wrong with your account. Try again in a few minutes."
		w.Header().Set("Retry-After", "60")
	case errors.Is(err, errRefused):
		s.log.Info("sign-in provider refused", "id", p.requestID)
		p.status, p.title, p.message = http.StatusForbidden, "Not signed in", "The sign-in provider ("+name+") did not say who you are, or you went back. Begin again when you like."
	case known && e.Kind == apperr.Stale:
		p.status, p.title, p.message = http.StatusConflict, "Begin again", e.Message
	case errors.Is(err, openid.ErrUnfit):
		s.log.Warn("sign-in provider's answer", "id", p.requestID, "error", err)
		p.status, p.title, p.message = http.StatusBadRequest, "Not signed in", "What the sign-in provider ("+name+") answered does not fit what was asked, so it does not count. Begin again; if it happens again, tell whoever runs Gatehouse."
	default:
		return err
	}
	return response.Page(w, r, p.status, errorPage(p))
}

// leaveAddress is where the provider ends its session of this one; empty where there is none, or the provider does not answer.
func (s *Server) leaveAddress(r *http.Request) string {
	found, signedIn, err := s.sessions.Found(r)
	if err != nil || !signedIn {
		return ""
	}
	ctx, cancel := context.WithTimeout(r.Context(), leavePatience)
	defer cancel()
	address, err := s.deps.Signin.LeaveAddress(ctx, found, s.sessions.Address(r, path.SignIn))
	if err != nil {
		s.log.Warn("sign-in provider: the session there was not ended", "id", requestID(r.Context()), "error", err)
	}
	return address
}

// endedBySSO takes the provider's word that somebody signed out there (OpenID Connect Back-Channel Logout 1.0). It comes from a
// server: without a cookie, and without an Origin, which is why it passes the guard against forms of other sites.
func (s *Server) endedBySSO(w http.ResponseWriter, r *http.Request) error {
	if !s.deps.Signin.HasProvider() {
		return signin.NoProvider()
	}
	if ok, after := s.byLogout.Allow(request.IP(r)); !ok {
		return apperr.RateLimited(after)
	}
	if err := request.Form(w, r); err != nil {
		return err
	}
	err := s.deps.Signin.EndByProvider(r.Context(), r.PostFormValue("logout_token"))
	switch _, invalid := apperr.AsInvalid(err); {
	case invalid:
		s.log.Warn("logout token", "id", requestID(r.Context()), "error", err)
		return response.JSON(w, r, http.StatusBadRequest, map[string]string{"error": "invalid_request"})
	case errors.Is(err, openid.ErrAway):
		s.log.Warn("sign-in provider", "id", requestID(r.Context()), "error", err)
		return response.JSON(w, r, http.StatusServiceUnavailable, map[string]string{"error": "temporarily_unavailable"})
	case err != nil:
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}
