package request

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzTidy looks for a text that comes out as no database stores it, or as another than it reads.
func FuzzTidy(f *testing.F) {
	for _, s := range []string{"Ada Berg", " \u200b\u202e\x00", "\xff\xfe", "\u05d0\u200f x", "\u2066\ufeff\u2066"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Tidy(s)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") {
			t.Errorf("%q became %q", s, got)
		}
		if again := Tidy(got); again != got {
			t.Errorf("%q became %q, and that %q", s, got, again)
		}
	})
}

// FuzzLocalPath looks for a path that leads to another host, as browsers read it (URL Standard: tabs and line breaks do
// not count, backslashes are slashes).
func FuzzLocalPath(f *testing.F) {
	for _, s := range []string{"/", "/candidates?q=a#b", "//evil.example", `/\evil.example`, "/\t/evil.example", "/%2f/evil.example", "/..//x", "/%5cx"} {
		f.Add(s)
	}
	home := &url.URL{Scheme: "https", Host: "gatehouse.example"}
	f.Fuzz(func(t *testing.T, s string) {
		got := LocalPath(s)
		if got == "" {
			return
		}
		if got != s {
			t.Fatalf("%q became %q", s, got)
		}
		read := strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(got)
		u, err := home.Parse(read)
		if err != nil || u.Host != home.Host || u.Scheme != home.Scheme || strings.HasPrefix(read, "//") {
			t.Fatalf("%q leads to %v, %v", s, u, err)
		}
	})
}

// FuzzForm looks for a form with a field that no database stores.
func FuzzForm(f *testing.F) {
	f.Add("application/x-www-form-urlencoded", "q=%00%ff", []byte("name=Ada&name=%00%ff&x"))
	f.Add("application/x-www-form-urlencoded; charset=utf-8", "a=%zz;b", []byte("%zz=1&&=&a=b=c"))
	f.Add("multipart/form-data; boundary=x", "", []byte("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\x00\r\n--x--\r\n"))
	f.Fuzz(func(t *testing.T, kind, query string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", kind)
		r.URL.RawQuery = query
		Storable(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			for _, list := range r.URL.Query() {
				for _, v := range list {
					if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
						t.Errorf("address: %q", v)
					}
				}
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
		if Form(httptest.NewRecorder(), r) != nil {
			return
		}
		Version(r)
		for _, list := range r.Form {
			for _, v := range list {
				if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
					t.Errorf("form: %q", v)
				}
			}
		}
	})
}
