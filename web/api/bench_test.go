package api_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/platform/id"
	"gatehouse/internal/signal"
)

const (
	benchRequests = 20
	benchPeople   = 20_000
	benchRounds   = 5
)

// BenchmarkIngest compares, in one run and in turns, how many rows a second get into the table by plain COPY of rows
// that lie ready and by HTTP: decoded, checked, resolved, de-duplicated, audited. The bars are the shares of COPY:
//
//	go test ./web/api -run - -bench Ingest -benchtime 1x
//
// Set GATEHOUSE_TEST_DATABASE_URL to measure on a server that keeps its promises about disks.
func BenchmarkIngest(b *testing.B) {
	w := apptest.New(b)
	bench := newBench(b, w)
	for range b.N {
		figures := map[string][]float64{}
		measure := func(name string, load func()) {
			began := time.Now()
			load()
			figures[name] = append(figures[name], benchRequests*signal.MaxLines/time.Since(began).Seconds())
		}
		for round := range benchRounds {
			bench.fresh(round)
			measure("copy", bench.copyAll)
			bench.empty()
			measure("http-1", func() { bench.send(1) })
			measure("replay", func() { bench.send(1) })
			bench.empty()
			measure("http-2", func() { bench.send(2) })
			bench.empty()
		}
		for name, rates := range figures {
			slices.Sort(rates)
			b.ReportMetric(rates[len(rates)/2], name+"-rows/s")
		}
		median := func(name string) float64 { return figures[name][benchRounds/2] }
		b.ReportMetric(100*median("http-1")/median("copy"), "%one-client")
		b.ReportMetric(100*median("http-2")/median("copy"), "%two-clients")
		b.ReportMetric(100*median("replay")/median("http-1"), "%replay-of-load")
	}
}

type bench struct {
	*testing.B
	w      *apptest.World
	server *httptest.Server
	token  string
	people []string
	bodies [][]byte
	rows   [][]any
}

func newBench(b *testing.B, w *apptest.World) *bench {
	x := &bench{B: b, w: w, token: tokenOf(b, w)}
	x.server = httptest.NewServer(w.Handler())
	b.Cleanup(x.server.Close)
	now := w.DB.Now()
	if err := w.Features.Signals.EnsureMonths(b.Context(), now.AddDate(0, -1, 0), now); err != nil {
		b.Fatal(err)
	}
	x.exec(`INSERT INTO people (id, name, created_at, updated_at)
	        SELECT gen_random_uuid(), 'Robin ' || n, now(), now() FROM generate_series(1, $1) n`, benchPeople)
	rows, _ := w.DB.Pool().Query(b.Context(), `SELECT id::text FROM people`)
	var err error
	if x.people, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		b.Fatal(err)
	}
	return x
}

func (x *bench) exec(sql string, args ...any) {
	x.Helper()
	if _, err := x.w.DB.Pool().Exec(x.Context(), sql, args...); err != nil {
		x.Fatal(err)
	}
}

// empty makes every measurement begin with the same tables.
func (x *bench) empty() {
	x.exec(`TRUNCATE signals, signal_batches`)
}

// fresh makes the round's events, as rows for COPY and as requests.
func (x *bench) fresh(round int) {
	kinds := x.w.Features.Catalogue.Current().Signals
	first := x.w.DB.Now().AddDate(0, 0, -30).Truncate(time.Second)
	x.bodies, x.rows = nil, nil
	batch := pgtype.UUID{Bytes: [16]byte{1}, Valid: true}
	for request := range benchRequests {
		var body bytes.Buffer
		for line := range signal.MaxLines {
			n := request*signal.MaxLines + line
			source, external := fmt.Sprintf("source-%d", n%6), fmt.Sprintf("%d-%09d", round, n)
			at, kind, person := first.Add(time.Duration(n)*12*time.Second), kinds[n%len(kinds)].ID, x.people[(n*7919)%len(x.people)]
			detail := fmt.Sprintf(`{"host":"wks-%04d","process":"updater.exe","user":"local","policy":"endpoint-baseline","agent":"7.14.2","severity":"medium","n":%d}`, n%9000, n)
			fmt.Fprintf(&body, `{"source":%q,"external_id":%q,"occurred_at":%q,"signal":%q,"person":%q,"detail":%s}`+"\n",
				source, external, at.Format(time.RFC3339), kind, person, detail)
			raw, err := id.Bytes(id.New())
			if err != nil {
				x.Fatal(err)
			}
			who, err := id.Bytes(person)
			if err != nil {
				x.Fatal(err)
			}
			x.rows = append(x.rows, []any{pgtype.UUID{Bytes: raw, Valid: true}, batch, source, external, at, kind,
				pgtype.UUID{Bytes: who, Valid: true}, []byte(detail)})
		}
		x.bodies = append(x.bodies, body.Bytes())
	}
}

func (x *bench) copyAll() {
	_, err := x.w.DB.Pool().CopyFrom(x.Context(), pgx.Identifier{"signals"},
		[]string{"id", "batch_id", "source", "external_id", "occurred_at", "signal_id", "person_id", "detail"}, pgx.CopyFromRows(x.rows))
	if err != nil {
		x.Fatal(err)
	}
}

// send posts all requests from as many clients.
func (x *bench) send(clients int) {
	var group sync.WaitGroup
	next := make(chan []byte, len(x.bodies))
	for _, body := range x.bodies {
		next <- body
	}
	close(next)
	for range clients {
		group.Go(func() {
			for body := range next {
				req, err := http.NewRequestWithContext(x.Context(), http.MethodPost, x.server.URL+"/api/v1/signals", bytes.NewReader(body))
				if err != nil {
					x.Error(err)
					return
				}
				req.Header.Set("Authorization", "Bearer "+x.token)
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					x.Error(err)
					return
				}
				answer, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					x.Errorf("%d: %.300s", resp.StatusCode, answer)
				}
			}
		})
	}
	group.Wait()
}
