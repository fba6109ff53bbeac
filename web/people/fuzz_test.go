package people

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse/internal/claim"
)

// FuzzForm looks for a form that is read into more rows than a page can show, or whose rows lose what was pasted.
func FuzzForm(f *testing.F) {
	for _, s := range []string{"paste=ada@example.com%0a%2b1+416+555+0123%0ahttps://example.com/ada%0a@ada%0aother", "rows=9999999999&more=email", "rows=-1&paste=1%0a",
		"rows=2&claim-0-kind=email&claim-0-value=a@b&claim-1-kind=x", "more=nonsense&once=x"} {
		f.Add([]byte(s))
	}
	f.Add([]byte("paste=" + strings.Repeat("1%0a", 1000)))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		form, err := parse(httptest.NewRecorder(), r)
		if err != nil {
			return
		}
		if len(form.Rows) > 10*claim.Most {
			t.Fatalf("%d rows", len(form.Rows))
		}
		for i, row := range form.Rows {
			if row.Number != i {
				t.Fatalf("row %d has the number %d", i, row.Number)
			}
		}
		if claims := form.candidate().Claims; len(claims) > len(form.Rows) {
			t.Fatalf("%d claims in %d rows", len(claims), len(form.Rows))
		}
	})
}
