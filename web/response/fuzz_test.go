package response

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzToast looks for a message that leaves its header or arrives as another.
func FuzzToast(f *testing.F) {
	for _, s := range []string{"Saved.", "“Ada” \u2028\x00\r\n", "\U0001f600", "\xff", `"}},"x":{"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, message string) {
		w := httptest.NewRecorder()
		Toast(w, message)
		header := w.Header().Get("HX-Trigger")
		var read struct{ Toast struct{ Message string } }
		if strings.ContainsFunc(header, func(r rune) bool { return r < ' ' || r > '~' }) || json.Unmarshal([]byte(header), &read) != nil {
			t.Fatalf("%q makes the header %q", message, header)
		}
		if read.Toast.Message != strings.ToValidUTF8(message, "\ufffd") && utf8.ValidString(message) {
			t.Errorf("%q arrives as %q", message, read.Toast.Message)
		}
	})
}

// FuzzFlash looks for a cookie that becomes a message beyond its bound, and for a message that is lost on its way.
func FuzzFlash(f *testing.F) {
	for _, s := range []string{"Saved.", "U2F2ZWQu", "====", "\x00", strings.Repeat("A", 5000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Cookie", FlashCookie+"="+s)
		if got := Flash(httptest.NewRecorder(), r); len(got) > 500 {
			t.Errorf("%d bytes", len(got))
		}
		sent := httptest.NewRecorder()
		if err := See(sent, httptest.NewRequest(http.MethodPost, "/", nil), "/", s); err != nil || s == "" || len(s) > 500 {
			return
		}
		next := httptest.NewRequest(http.MethodGet, "/", nil)
		for _, c := range sent.Result().Cookies() {
			next.AddCookie(c)
		}
		if got := Flash(httptest.NewRecorder(), next); got != s {
			t.Errorf("%q arrives as %q", s, got)
		}
	})
}

// FuzzSheet looks for a cell that a spreadsheet would work out, or that moves into another.
func FuzzSheet(f *testing.F) {
	for _, s := range []string{"Ada", "=1+1", "\t=1", "-1", "a,b\"c\nd", "\r=x", "\x00", "@x"} {
		f.Add(s, "b")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		w := httptest.NewRecorder()
		sheet := CSV(w, "list", "first", "second")
		if err := sheet.Line([]string{a, b}); err != nil {
			t.Fatal(err)
		}
		if err := sheet.Flush(); err != nil {
			t.Fatal(err)
		}
		reader := csv.NewReader(w.Body)
		reader.FieldsPerRecord = 2
		rows, err := reader.ReadAll()
		if err != nil || len(rows) != 2 {
			t.Fatalf("%q, %q is read as %q, %v", a, b, rows, err)
		}
		for i, cell := range rows[1] {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("%q is the formula %q", []string{a, b}[i], cell)
			}
		}
	})
}
