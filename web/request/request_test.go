package request

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

func TestTextDropsWhatMisleads(t *testing.T) {
	for typed, want := range map[string]string{
		"  Ada Berg \n":                      "Ada Berg",
		"Ada\x00 Berg":                       "Ada Berg",
		"Ada \u202Egreb\u202C \u2067x\u2069": "Ada greb x",
		"\u05D0\u05D3\u05D4\u200F Ada":       "\u05D0\u05D3\u05D4\u200F Ada",
		"<script>alert(1)</script>":          "<script>alert(1)</script>",
		"bad \xff bytes":                     "bad \uFFFD bytes",
	} {
		r := httptest.NewRequest(http.MethodGet, "/?"+url.Values{"name": {typed}}.Encode(), nil)
		if got := Text(r, "name"); got != want {
			t.Errorf("%q became %q, want %q", typed, got, want)
		}
	}
}

func TestLocalPathLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"", "x", "//evil.example", `/\evil.example`, `/a\b`, "https://evil.example", "/%zz", "/a\x01", "/a\r\nb", "/\tx"} {
		if got := LocalPath(to); got != "" {
			t.Errorf("%q leads to %q", to, got)
		}
	}
	for _, to := range []string{"/", "/candidates?q=a%20b", "/x#y"} {
		if got := LocalPath(to); got != to {
			t.Errorf("%q leads to %q", to, got)
		}
	}
}
