package static_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"gatehouse/static"
)

func get(t *testing.T, path, encoding string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if encoding != "" {
		r.Header.Set("Accept-Encoding", encoding)
	}
	w := httptest.NewRecorder()
	static.Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	in := io.Reader(res.Body)
	if res.Header.Get("Content-Encoding") == "gzip" {
		zr, err := gzip.NewReader(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		in = zr
	}
	all, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

func TestFilesAreServedForEver(t *testing.T) {
	for name, kind := range map[string]string{
		"gatehouse.css":            "text/css; charset=utf-8",
		"gatehouse.js":             "text/javascript; charset=utf-8",
		"icons.svg":                "image/svg+xml",
		"vendor/inter-latin.woff2": "font/woff2",
	} {
		plain, zipped := get(t, static.Path(name), ""), get(t, static.Path(name), "br, gzip;q=0.8")
		if plain.StatusCode != http.StatusOK || plain.Header.Get("Content-Type") != kind {
			t.Errorf("%s: status %d, type %q", name, plain.StatusCode, plain.Header.Get("Content-Type"))
		}
		if got := plain.Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("%s: Cache-Control %q", name, got)
		}
		if body(t, plain) != body(t, zipped) {
			t.Errorf("%s: the compressed content differs", name)
		}
	}
}

func TestCompressionIsNegotiated(t *testing.T) {
	for encoding, want := range map[string]string{"": "", "gzip": "gzip", "gzip; q=0": "", "br": "", "deflate, GZIP": "gzip"} {
		res := get(t, static.Path("gatehouse.css"), encoding)
		if got := res.Header.Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: got %q, want %q", encoding, got, want)
		}
		if res.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: no Vary", encoding)
		}
	}
}

func TestWhatIsNotServed(t *testing.T) {
	current := strings.TrimSuffix(static.Path("icons.svg"), "icons.svg")
	for _, path := range []string{
		current + "nothing.css",
		current + "static.go",
		current + "vendor/LICENSES", // no browser needs it
		current + "css/10-tokens.css",
		current + "../static.go",
		current,
		static.Prefix + "000000000000/gatehouse.css",
		static.Prefix,
	} {
		if res := get(t, path, ""); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", path, res.StatusCode)
		}
	}
}

// Relative addresses in the style sheet must lead to files we serve.
func TestStyleSheetReferences(t *testing.T) {
	css := body(t, get(t, static.Path("gatehouse.css"), ""))
	for _, m := range regexp.MustCompile(`url\(([^")]+)\)`).FindAllStringSubmatch(css, -1) {
		static.Path(m[1]) // panics when missing
	}
}

func TestNothingIsFetchedFromElsewhere(t *testing.T) {
	for _, name := range []string{"gatehouse.css", "vendor/tabler.css"} {
		css := body(t, get(t, static.Path(name), ""))
		if regexp.MustCompile(`@import|url\(["']?(https?:)?//`).MatchString(css) {
			t.Errorf("%s refers to another host", name)
		}
	}
}
