package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/signal"
	"gatehouse/web/api"
	"gatehouse/web/path"
)

func tokenOf(t testing.TB, w *apptest.World) string {
	t.Helper()
	_, secret, err := w.Features.Accounts.NewToken(t.Context(), authz.System("test"), "endpoint tool", []authz.Permission{authz.SignalIngest}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

type sender struct {
	testing.TB
	w     *apptest.World
	token string
}

func setup(t *testing.T) (sender, person.Person) {
	t.Helper()
	t.Parallel()
	w := apptest.New(t)
	var personID person.ID
	err := w.DB.Write(t.Context(), authz.System("test"), func(tx *db.Tx) error {
		var err error
		personID, err = w.Features.People.Add(t.Context(), tx, person.New{Name: "Robin Vale"})
		tx.Record(db.Entry{Action: "person.added", SubjectKind: "person", SubjectID: string(personID)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := w.Features.People.ByID(t.Context(), authz.System("test"), personID)
	if err != nil {
		t.Fatal(err)
	}
	return sender{t, w, tokenOf(t, w)}, p
}

// answer is what a sender gets back.
type answer struct {
	signal.Receipt
	Title, Detail string
}

func (s sender) send(contentType, body string) (int, answer) {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.w.URL+path.SignalsAPI, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		s.Fatal(err)
	}
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		s.Fatalf("%d: %s: %v", resp.StatusCode, raw, err)
	}
	return resp.StatusCode, a
}

func (s sender) count(sql string, args ...any) (n int) {
	s.Helper()
	if err := s.w.DB.Pool().QueryRow(s.Context(), sql, args...).Scan(&n); err != nil {
		s.Fatal(err)
	}
	return n
}

const ndjson = "application/x-ndjson"

func line(n int, who string) string {
	return fmt.Sprintf(`{"source":"edr","external_id":"e-%d","occurred_at":"2026-03-0%dT10:00:00+02:00","signal":"signal-mouse-jiggler",%s,"detail":{"n":%d}}`,
		n, n%9+1, who, n)
}

func TestOneObject(t *testing.T) {
	s, p := setup(t)
	pretty := "{\n  \"source\": \"edr\",\n \"external_id\": \"1\", \"occurred_at\": \"2026-03-01T10:00:00Z\",\n\"signal\": \"signal-mouse-jiggler\",\n\"person\": \"" + p.Number.String() + "\"\n}\n"
	for _, want := range []signal.Receipt{{Accepted: 1}, {Duplicates: 1}} {
		status, got := s.send("application/json", pretty)
		if status != 200 || got.Accepted != want.Accepted || got.Duplicates != want.Duplicates || got.Rejected != 0 {
			t.Errorf("%d %+v, want %+v", status, got, want)
		}
	}
	if status, got := s.send(ndjson, "\ufeff"+line(3, `"person":"`+p.Number.String()+`"`)); status != 200 || got.Accepted != 1 {
		t.Errorf("a file that begins with a byte order mark: %d %+v", status, got)
	}
	if n := s.count(`SELECT count(*) FROM signals WHERE person_id = $1 AND occurred_at = '2026-03-01T10:00:00Z'`, p.ID); n != 1 {
		t.Errorf("%d signals about the person", n)
	}
}

func TestGoodAndBadLines(t *testing.T) {
	s, p := setup(t)
	who := `"person":"` + string(p.ID) + `"`
	body := strings.Join([]string{
		line(1, who),
		`{"source":"edr"`,
		"",
		line(2, `"account":"nobody@example.com"`),
		strings.Replace(line(3, who), "signal-mouse-jiggler", "signal-of-the-moon", 1),
		strings.Replace(line(4, who), "2026-03-05T10:00:00+02:00", "yesterday", 1),
		line(5, `"person":7`),
		line(6, `"person":"Robin"`),
		line(7, `"x":1`),
		strings.Replace(line(8, who), `{"n":8}`, `{"n":"\u0000"}`, 1),
		strings.Replace(line(8, who), `{"n":8}`, `[1]`, 1),
		strings.Replace(line(8, who), `{"n":8}`, `{"n":"`+strings.Repeat("x", 5000)+`"}`, 1),
		strings.Replace(line(8, who), `"edr"`, `"by hand"`, 1),
		strings.Replace(line(8, who), `"e-8"`, `"a\u0000b"`, 1),
		"null", "[]", "\xff\xfe",
		line(1, who), // the first once more
		line(9, `"person":"01a2014f-0498-7cfb-b052-0f21e107f39c"`),
	}, "\n")
	status, got := s.send(ndjson, body)
	if status != http.StatusMultiStatus || got.Accepted != 3 || got.Duplicates != 1 || got.Rejected != 14 || got.Unresolved != 2 {
		t.Errorf("%d %+v", status, got)
	}
	want := map[int]string{2: "not a JSON object", 5: "signal: not in", 6: "occurred_at: a time", 7: "person: has the wrong type", 8: "person: an id",
		9: "person or account", 10: "detail: not", 11: "detail: not", 12: "detail: longer", 13: "source: reserved", 14: "external_id:", 15: "", 16: "", 17: "not a JSON"}
	for _, e := range got.Errors {
		if says, ok := want[e.Line]; !ok || !strings.Contains(e.Error, says) {
			t.Errorf("line %d: %q, want %q", e.Line, e.Error, says)
		}
		delete(want, e.Line)
	}
	if len(want) > 0 {
		t.Errorf("not reported: %v", want)
	}
	if n := s.count(`SELECT count(*) FROM signals WHERE person_id IS NULL AND account IN ('nobody@example.com', '01a2014f-0498-7cfb-b052-0f21e107f39c')`); n != 2 {
		t.Errorf("%d unresolved kept, want 2", n)
	}
	if n := s.count(`SELECT count(*) FROM audit_entries WHERE action = 'signals.ingested' AND actor_kind = 'token' AND detail->>'rejected' = '14'`); n != 1 {
		t.Errorf("%d audit entries, want 1", n)
	}
}

func TestRequestsThatAreRefusedWhole(t *testing.T) {
	s, p := setup(t)
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"empty":      {"", 422},
		"blank":      {"\n \n", 422},
		"all bad":    {"x\ny\n", 422},
		"many lines": {strings.Repeat("{}\n", signal.MaxLines+1), 413},
		"long":       {strings.Repeat(" ", 16<<20+1), 413},
	} {
		if status, got := s.send(ndjson, c.body); status != c.status {
			t.Errorf("%s: %d %+v, want %d", name, status, got, c.status)
		}
	}
	read, err := http.Get(s.w.URL + path.SignalsAPI)
	if err != nil {
		t.Fatal(err)
	}
	read.Body.Close()
	if read.StatusCode != http.StatusMethodNotAllowed || read.Header.Get("Allow") != http.MethodPost {
		t.Errorf("reading: %d, Allow %q", read.StatusCode, read.Header.Get("Allow"))
	}
	_, got := s.send(ndjson, strings.Repeat("x\n", 500))
	if got.Rejected != 500 || len(got.Errors) != 100 {
		t.Errorf("%d rejected, %d reported one by one", got.Rejected, len(got.Errors))
	}
	s.token = "gh_wrong"
	if status, _ := s.send(ndjson, line(1, `"person":"`+string(p.ID)+`"`)); status != http.StatusUnauthorized {
		t.Errorf("with a wrong token: %d", status)
	}
}

// Two clients that send the same lines at the same time, in other orders, neither block each other for good nor store
// a line twice.
func TestTwoClientsWithTheSameLines(t *testing.T) {
	s, p := setup(t)
	const n = 3000
	lines := make([]string, n)
	for i := range lines {
		lines[i] = line(i, `"person":"`+string(p.ID)+`"`)
	}
	backwards := make([]string, n)
	for i := range lines {
		backwards[n-1-i] = lines[i]
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	accepted, duplicates := 0, 0
	for client := range 4 {
		group.Go(func() {
			body := lines
			if client%2 == 1 {
				body = backwards
			}
			for range 2 {
				status, got := s.send(ndjson, strings.Join(body, "\n"))
				if status != 200 {
					t.Errorf("%d %+v", status, got)
				}
				mu.Lock()
				accepted, duplicates = accepted+got.Accepted, duplicates+got.Duplicates
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if accepted != n || duplicates != 7*n {
		t.Errorf("%d accepted, %d duplicates; want %d and %d", accepted, duplicates, n, 7*n)
	}
	if stored := s.count(`SELECT count(*) FROM signals`); stored != n {
		t.Errorf("%d stored", stored)
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	h := api.New(nil)
	send := func(token string) apperr.Kind {
		ctx := authz.NewContext(t.Context(), authz.Actor{Kind: authz.KindToken, ID: token})
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, path.SignalsAPI, strings.NewReader(""))
		return apperr.KindOf(h.Signals(httptest.NewRecorder(), r))
	}
	for range 100_000 {
		if send("wild") == apperr.Limited {
			if send("calm") == apperr.Limited {
				t.Error("one token's haste slows another down")
			}
			return
		}
	}
	t.Error("100,000 requests in a row were all answered")
}

// TestARequestSentAgainIsKnown: a sender that got no answer sends the same words; nothing is stored twice, and what is not
// the same, of another sender or not taken whole, is looked at line by line.
func TestARequestSentAgainIsKnown(t *testing.T) {
	s, p := setup(t)
	var body strings.Builder
	for n := range 150 {
		fmt.Fprintf(&body, `{"source":"edr","external_id":"again-%d","occurred_at":"2026-03-01T10:00:00Z","signal":"signal-mouse-jiggler","person":%q}`+"\n", n, p.ID)
	}
	if status, got := s.send(ndjson, body.String()); status != http.StatusOK || got.Accepted != 150 {
		t.Fatalf("first: %d %+v", status, got)
	}
	const known = `SELECT count(*) FROM signal_batches WHERE digest IS NOT NULL`
	if n := s.count(known); n != 1 {
		t.Fatalf("%d digests", n)
	}
	// Without its rows only the digest can tell that they were there.
	if _, err := s.w.DB.Pool().Exec(t.Context(), `DELETE FROM signals`); err != nil {
		t.Fatal(err)
	}
	if status, got := s.send(ndjson, body.String()); status != http.StatusOK || got.Accepted != 0 || got.Duplicates != 150 || got.Rejected != 0 {
		t.Errorf("again: %d %+v", status, got)
	}
	if n := s.count(`SELECT count(*) FROM audit_entries WHERE action = 'signals.ingested' AND detail->>'duplicates' = '150'`); n != 1 {
		t.Errorf("%d audit entries of the second, want 1", n)
	}
	if _, got := s.send(ndjson, body.String()+"x\n"); got.Accepted != 150 || got.Rejected != 1 {
		t.Errorf("with one line more: %+v", got)
	}
	if n := s.count(known); n != 1 {
		t.Errorf("%d digests, although the last was not taken whole", n)
	}
	other := s
	other.token = tokenOf(t, s.w)
	if _, got := other.send(ndjson, body.String()); got.Duplicates != 150 || got.Accepted != 0 {
		t.Errorf("another sender: %+v", got)
	}
}
