package request

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/platform/apperr"
)

// formLimit bounds the forms of pages, in bytes: the longest is a candidate's with every claim filled in.
const formLimit = 512 << 10

// Form reads the form of a request; r.PostForm and Text have its fields afterwards.
func Form(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	if err := r.ParseForm(); err != nil {
		return apperr.With(err, apperr.InvalidInput, "The form could not be read.")
	}
	for _, values := range []url.Values{r.Form, r.PostForm} {
		for _, list := range values {
			for i, v := range list {
				list[i] = storable(v)
			}
		}
	}
	return nil
}

// Storable takes out of every address what no database stores as text: bytes that are no UTF-8, and zero bytes. Forms are
// read by Form, which does the same.
func Storable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.ContainsFunc(r.URL.RawQuery, odd) {
			query, changed := r.URL.Query(), false
			for _, list := range query {
				for i, v := range list {
					list[i] = storable(v)
					changed = changed || list[i] != v
				}
			}
			if changed {
				r.URL.RawQuery = query.Encode()
			}
		}
		next.ServeHTTP(w, r)
	})
}

// odd reports whether a character of a query may stand for what is not storable; most queries have none.
func odd(r rune) bool { return r == '%' || r == 0 || r >= utf8.RuneSelf }

func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// Version is the version of the row that a form was made from. An absent or odd one fits no row.
func Version(r *http.Request) int {
	version, err := strconv.Atoi(r.FormValue("version"))
	if err != nil {
		return -1
	}
	return version
}
