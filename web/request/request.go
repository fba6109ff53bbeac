// Package request reads what a handler needs from a request: who asks, which row, which fields.
package request

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/go-chi/chi/v5"

	"gatehouse/internal/account"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/id"
)

type userKey struct{}

// WithUser returns a context that carries the signed-in user and the same user as actor, who acts from an address; the guard calls it.
func WithUser(ctx context.Context, u account.User, address string) context.Context {
	actor := u.Actor()
	actor.Address = address
	return authz.NewContext(context.WithValue(ctx, userKey{}, u), actor)
}

type sessionKey struct{}

// WithSession returns a context that carries the id of the session that the request came with; the guard calls it.
func WithSession(ctx context.Context, sessionID string) context.Context {
	return context.WithValue(ctx, sessionKey{}, sessionID)
}

// Session is the id of the session that the request came with; empty for a visitor or a token.
func Session(r *http.Request) string {
	sessionID, _ := r.Context().Value(sessionKey{}).(string)
	return sessionID
}

type secureKey struct{}

// WithSecure returns a context that says that people reach the server over HTTPS; web's middleware calls it.
func WithSecure(ctx context.Context) context.Context {
	return context.WithValue(ctx, secureKey{}, true)
}

// Secure reports whether people reach the server over HTTPS, so that cookies can be kept to it.
func Secure(r *http.Request) bool {
	secure, _ := r.Context().Value(secureKey{}).(bool)
	return secure
}

// Actor is who sent the request; the zero actor for a visitor.
func Actor(r *http.Request) authz.Actor { return authz.FromContext(r.Context()) }

// User is the signed-in user; the zero user for a visitor or a token.
func User(r *http.Request) account.User {
	u, _ := r.Context().Value(userKey{}).(account.User)
	return u
}

// UserFrom is User for templates, which have a context only.
func UserFrom(ctx context.Context) account.User {
	u, _ := ctx.Value(userKey{}).(account.User)
	return u
}

// ID returns the path parameter name as an id. One that is no id names no row, so it is a NotFound error.
func ID[T ~string](r *http.Request, name string) (T, error) {
	parsed, err := id.Parse(chi.URLParam(r, name))
	if err != nil {
		return "", apperr.Missing("page")
	}
	return T(parsed), nil
}

// IDs gives the values of a form field the type of an id; whoever takes them checks them.
func IDs[T ~string](values []string) []T {
	list := make([]T, len(values))
	for i, v := range values {
		list[i] = T(v)
	}
	return list
}

// Param returns the path parameter name as it is.
func Param(r *http.Request, name string) string { return chi.URLParam(r, name) }

// Text returns the form field name without surrounding space and without characters that databases refuse.
func Text(r *http.Request, name string) string { return Tidy(r.FormValue(name)) }

// Tidy is what Text makes of a value, for forms that are read as they arrive.
func Tidy(s string) string {
	return strings.TrimFunc(strings.Map(legible, strings.ToValidUTF8(s, "\uFFFD")), invisible)
}

// invisible reports what shows nothing at the edge of a text: space, and the marks that join or part letters. Between letters
// they stay: some scripts need them.
func invisible(r rune) bool {
	return unicode.IsSpace(r) || r >= '\u200B' && r <= '\u200D' || r == '\u2060' || r == '\uFEFF'
}

// legible drops what no keyboard types and what makes a text read as another than it is: zero bytes, and the marks that
// turn the direction of writing by force, so that "gnp.exe" shows as "exe.png". Left-to-right and right-to-left marks
// stay: names in two scripts need them.
func legible(r rune) rune {
	if r == 0 || r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069' {
		return -1
	}
	return r
}

// LocalPath returns to when it is a path on this server, else "": "//host" and "/\host" are other sites to a browser, and
// what no address can hold is none.
func LocalPath(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.Contains(to, `\`) {
		return ""
	}
	if _, err := url.Parse(to); err != nil || strings.ContainsFunc(to, unicode.IsControl) {
		return ""
	}
	return to
}

// IP is the client's address without port. web's middleware has already applied the proxy setting.
func IP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// HTMX reports whether htmx asks for a fragment of the page. A history restore wants the whole page.
func HTMX(r *http.Request) bool {
	return r.Header.Get("HX-Request") == "true" && r.Header.Get("HX-History-Restore-Request") != "true"
}
