package parts

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzReadArrival looks for a form that is read into more than its bounds, or into what no database stores.
func FuzzReadArrival(f *testing.F) {
	part := func(head, body string) string {
		return "--x\r\nContent-Disposition: form-data; " + head + "\r\n\r\n" + body + "\r\n"
	}
	f.Add("multipart/form-data; boundary=x", []byte(part(`name="title"`, "Passport")+part(`name="file"; filename="a.pdf"`, "%PDF")+"--x--\r\n"))
	f.Add("multipart/form-data; boundary=x", []byte(part(`name="text"`, " a\x00\xff ")+part(`name="file"; filename=""`, "")))
	f.Add("multipart/form-data; boundary=x", []byte(part(`name=""`, "")+"--x\r\nContent-Disposition: x\r\nContent-Transfer-Encoding: base64\r\n\r\n=\r\n"))
	f.Add("multipart/form-data", []byte("--"))
	f.Add("application/x-www-form-urlencoded", []byte("title=%00&text=%ff&url=javascript:"))
	f.Add("multipart/mixed; boundary=\"\"", []byte("x"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", kind)
		a, err := ReadArrival(r)
		all := 0
		for _, list := range a.Fields {
			for _, v := range list {
				all += len(v)
				if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
					t.Fatalf("read: %q", v)
				}
			}
		}
		if all > 3*maxAll { // a broken byte becomes a sign of three
			t.Fatalf("%d bytes of fields, %v", all, err)
		}
		if err != nil && a.file != nil {
			t.Fatalf("a file beside %v", err)
		}
		a.Given()
	})
}
