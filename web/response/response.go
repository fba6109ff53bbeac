// Package response writes answers: pages through a buffer, redirects with a message, JSON.
package response

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"unicode/utf16"

	"github.com/a-h/templ"

	"gatehouse/web/request"
)

// buffers are kept between requests; a page that grew beyond keep is not, so that one long report does not
// hold its memory for ever.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const keep = 1 << 20

type keepKey struct{}

// Keeping returns a context under which Page hands its component to kept as well. Measuring asks for it, to render one
// page again and again.
func Keeping(ctx context.Context, kept func(templ.Component)) context.Context {
	return context.WithValue(ctx, keepKey{}, kept)
}

// Page renders a component and answers with it. Nothing is sent before rendering has succeeded.
func Page(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	buf := buffers.Get().(*bytes.Buffer)
	buf.Reset()
	defer func() {
		if buf.Cap() <= keep {
			buffers.Put(buf)
		}
	}()
	if kept, ok := r.Context().Value(keepKey{}).(func(templ.Component)); ok {
		kept(page)
	}
	if err := page.Render(r.Context(), buf); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(buf.Len()))
	w.WriteHeader(status)
	_, err := w.Write(buf.Bytes())
	return ignoreGone(r, err)
}

// ignoreGone drops a write error when the reader has gone away: nobody is left to tell.
func ignoreGone(r *http.Request, err error) error {
	if r.Context().Err() != nil {
		return nil
	}
	return err
}

// FlashCookie carries one message over a redirect. It holds words for the person's own screen, nothing secret.
const FlashCookie = "gatehouse_flash"

// flash is that cookie. Over HTTPS its name binds it to this host, so that no other can put words on somebody's screen.
func flash(r *http.Request, value string, seconds int) *http.Cookie {
	c := &http.Cookie{Name: FlashCookie, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: request.Secure(r)}
	if c.Secure {
		c.Name = "__Host-" + FlashCookie
	}
	return c
}

// See redirects after a write, with a message that the next page shows as a toast. htmx requests are told to
// navigate, so that the page's address and back button stay true.
func See(w http.ResponseWriter, r *http.Request, to, message string) error {
	if message != "" {
		http.SetCookie(w, flash(r, base64.RawURLEncoding.EncodeToString([]byte(message)), 60))
	}
	if request.HTMX(r) {
		w.Header().Set("HX-Location", to)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// Flash takes the message of the redirect that led here, once.
func Flash(w http.ResponseWriter, r *http.Request) string {
	gone := flash(r, "", -1)
	c, err := r.Cookie(gone.Name)
	if err != nil {
		return ""
	}
	http.SetCookie(w, gone)
	message, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil || len(message) > 500 {
		return ""
	}
	return string(message)
}

// Toast adds a message to an htmx fragment's answer; the page's script announces it.
func Toast(w http.ResponseWriter, message string) {
	w.Header().Set("HX-Trigger", `{"toast":{"message":`+asciiJSON(message)+`}}`)
}

// asciiJSON is s as a JSON string without characters outside ASCII, which header values must not hold.
func asciiJSON(s string) string {
	quoted, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	var b strings.Builder
	for _, r := range string(quoted) {
		switch {
		case r < 0x7f:
			b.WriteRune(r)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// JSON answers with v.
func JSON(w http.ResponseWriter, r *http.Request, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err = w.Write(body)
	return ignoreGone(r, err)
}
