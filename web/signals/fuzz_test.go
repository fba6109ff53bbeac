package signals

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"gatehouse/internal/signal"
)

// FuzzDetail looks for a detail that cannot be shown.
func FuzzDetail(f *testing.F) {
	for _, s := range []string{`{"a":"b","c":[1,{}],"d":null}`, `{}`, `[]`, ``, `{"a":`, `null`, `{"a":1}{"b":2}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, detail []byte) {
		v := showView{Signal: signal.Signal{Detail: detail}}
		if shown := v.detail(); len(shown) > len(detail) {
			t.Errorf("%d values out of %d bytes", len(shown), len(detail))
		}
	})
}

// FuzzQuery looks for a filter that is another once its own address is read again.
func FuzzQuery(f *testing.F) {
	f.Add("severity=high&signal=x&source=y&unresolved=1&person=0192F0C1-7b3a-7cde-8123-456789abcdef&after=z")
	f.Add("severity=nonsense&source=%20%00&%zz")
	f.Fuzz(func(t *testing.T, raw string) {
		read := func(raw string) query {
			r := httptest.NewRequest(http.MethodGet, "/signals", nil)
			r.URL.RawQuery = raw
			return parseQuery(r)
		}
		q := read(raw)
		address := httptest.NewRequest(http.MethodGet, q.href("/signals"), nil)
		if again := read(address.URL.RawQuery); again != q {
			t.Errorf("%+v is read again as %+v", q, again)
		}
	})
}
