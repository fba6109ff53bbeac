// Package session adapts gorilla/sessions to signin's table: the cookie holds a random token, everything else
// stays on the server.
package session

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/gorilla/sessions"

	"gatehouse/internal/factor"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/openid"
	"gatehouse/internal/signin"
	"gatehouse/web/request"
)

// The keys of a session's values.
const (
	foundKey = "found" // signin.Session
	actorKey = "actor" // authz.Actor
)

// Store is a sessions.Store on signin's table.
type Store struct {
	signin *signin.Service
	base   string
}

// NewStore returns a store; base is the address at which people reach the server, empty where no setting says.
func NewStore(s *signin.Service, base string) *Store { return &Store{signin: s, base: base} }

// secure says that people reach the server over HTTPS.
func (s *Store) secure() bool { return strings.HasPrefix(s.base, "https://") }

// Address is how people reach a path of this server, as they would copy it to another.
func (s *Store) Address(r *http.Request, path string) string {
	if s.base == "" {
		return "http://" + r.Host + path
	}
	return strings.TrimSuffix(s.base, "/") + path
}

// Site is the address that passkeys are bound to, and false where there can be none: browsers want a name, not a number, over
// HTTPS or on the machine itself.
func (s *Store) Site(r *http.Request) (factor.Site, bool) {
	base := s.base
	if base == "" {
		base = "http://" + r.Host
	}
	u, err := url.Parse(base)
	if err != nil {
		return factor.Site{}, false
	}
	host := u.Hostname()
	if host != "localhost" && (!s.secure() || net.ParseIP(host) != nil) {
		return factor.Site{}, false
	}
	return factor.Site{Host: host, Origin: u.Scheme + "://" + u.Host}, true
}

// CookieName is the session cookie's name. The __Host- prefix binds it to this host and to HTTPS; browsers refuse
// the prefix on plain HTTP, where only a local demo runs.
func (s *Store) CookieName() string {
	if s.secure() {
		return "__Host-gatehouse"
	}
	return "gatehouse"
}

// Get returns the request's session, found once per request.
func (s *Store) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New returns the session of the request's cookie. Without a live one it is new and empty, which is no error.
func (s *Store) New(r *http.Request, name string) (*sessions.Session, error) {
	sess := sessions.NewSession(s, name)
	sess.Options = &sessions.Options{Path: "/", MaxAge: int(signin.Lifetime.Seconds()), HttpOnly: true,
		Secure: s.secure(), SameSite: http.SameSiteLaxMode}
	sess.IsNew = true
	cookie, err := r.Cookie(name)
	if err != nil || cookie.Value == "" {
		return sess, nil
	}
	found, err := s.signin.Find(r.Context(), cookie.Value)
	if apperr.KindOf(err) == apperr.Unauthenticated {
		return sess, nil
	}
	if err != nil {
		return sess, fmt.Errorf("find session: %w", err)
	}
	sess.ID, sess.IsNew = cookie.Value, false
	sess.Values[foundKey], sess.Values[actorKey] = found, found.User.Actor()
	return sess, nil
}

// Save writes the session's cookie; a negative MaxAge ends the session.
func (s *Store) Save(r *http.Request, w http.ResponseWriter, sess *sessions.Session) error {
	if sess.Options.MaxAge < 0 {
		if actor, ok := sess.Values[actorKey].(authz.Actor); ok && sess.ID != "" {
			if err := s.signin.SignOut(r.Context(), actor, sess.ID); err != nil {
				return fmt.Errorf("end session: %w", err)
			}
		}
		sess.ID = ""
	}
	http.SetCookie(w, sessions.NewCookie(sess.Name(), sess.ID, sess.Options))
	return nil
}

// Found returns the live session of the request, and whether there is one.
func (s *Store) Found(r *http.Request) (signin.Session, bool, error) {
	sess, err := s.Get(r, s.CookieName())
	if err != nil {
		return signin.Session{}, false, err
	}
	found, ok := sess.Values[foundKey].(signin.Session)
	return found, ok, nil
}

// Begin checks the password and gives the browser a fresh session; an earlier one of the same browser ends, so
// that a planted cookie gains nothing (session fixation).
func (s *Store) Begin(w http.ResponseWriter, r *http.Request, email, password string) error {
	return s.begin(w, r, func(dev signin.Device) (token string, err error) {
		token, _, err = s.signin.SignIn(r.Context(), email, password, dev)
		return token, err
	})
}

// Enter gives the browser a fresh session of whom the sign-in provider says it is, as Begin does. Errors are signin.Enter's.
func (s *Store) Enter(w http.ResponseWriter, r *http.Request, id openid.Identity) error {
	return s.begin(w, r, func(dev signin.Device) (token string, err error) { return s.signin.Enter(r.Context(), id, dev) })
}

func (s *Store) begin(w http.ResponseWriter, r *http.Request, admit func(signin.Device) (token string, err error)) error {
	sess, err := s.Get(r, s.CookieName())
	if err != nil {
		return err
	}
	token, err := admit(signin.Device{IP: request.IP(r), UserAgent: r.UserAgent()})
	if err != nil {
		return err
	}
	if actor, ok := sess.Values[actorKey].(authz.Actor); ok {
		if err := s.signin.SignOut(r.Context(), actor, sess.ID); err != nil {
			return err
		}
	}
	sess.ID = token
	return s.Save(r, w, sess)
}

// ProveThere takes the sign-in provider's word that it is still the same person and gives the browser the session's new token.
// Errors are signin.ProveThere's.
func (s *Store) ProveThere(w http.ResponseWriter, r *http.Request, f signin.Flow, id openid.Identity) error {
	return s.renew(w, r, func(token string) (next string, err error) { return s.signin.ProveThere(r.Context(), token, f, id) })
}

// Prove takes what shows that it is still the same person and gives the browser the session's new token. Errors are
// signin.Prove's.
func (s *Store) Prove(w http.ResponseWriter, r *http.Request, given signin.Proof) error {
	return s.renew(w, r, func(token string) (next string, err error) { return s.signin.Prove(r.Context(), token, given) })
}

// ConfirmAuthenticator makes the authenticator count that the user began, gives the browser the session's new token, and
// returns recovery codes when it is the first second factor. Errors are signin.ConfirmAuthenticator's.
func (s *Store) ConfirmAuthenticator(w http.ResponseWriter, r *http.Request, code string) (recovery []string, err error) {
	err = s.renew(w, r, func(token string) (next string, err error) {
		recovery, next, err = s.signin.ConfirmAuthenticator(r.Context(), token, code)
		return next, err
	})
	return recovery, err
}

// AddPasskey keeps the passkey that the browser made, gives it the session's new token, and returns recovery codes when it is
// the first second factor. Errors are signin.AddPasskey's.
func (s *Store) AddPasskey(w http.ResponseWriter, r *http.Request, site factor.Site, name string, answer []byte) (recovery []string, err error) {
	err = s.renew(w, r, func(token string) (next string, err error) {
		recovery, next, err = s.signin.AddPasskey(r.Context(), token, site, name, answer)
		return next, err
	})
	return recovery, err
}

func (s *Store) renew(w http.ResponseWriter, r *http.Request, prove func(token string) (next string, err error)) error {
	sess, err := s.Get(r, s.CookieName())
	if err != nil {
		return err
	}
	next, err := prove(sess.ID)
	if err != nil {
		return err
	}
	sess.ID = next
	return s.Save(r, w, sess)
}

// End signs the browser out.
func (s *Store) End(w http.ResponseWriter, r *http.Request) error {
	sess, err := s.Get(r, s.CookieName())
	if err != nil {
		return err
	}
	sess.Options.MaxAge = -1
	return s.Save(r, w, sess)
}
