package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// writeRows is how many rows the writes are spread over.
const writeRows = 100_000

// writeTurns is how often the two kinds of write take turns in a round: what else happens on the machine, for longer than
// a turn, then meets both.
const writeTurns = 10

// writes compares a write with its audit entry, as every feature makes it, with the same update alone in a
// transaction of three trips.
func (b *bench) writes(ctx context.Context) (err error) {
	pool := b.large.pool
	_, err = pool.Exec(ctx, `CREATE UNLOGGED TABLE IF NOT EXISTS bench_rows (id int PRIMARY KEY, body text NOT NULL, n int NOT NULL DEFAULT 0);
		TRUNCATE bench_rows; ALTER TABLE bench_rows SET LOGGED;
		INSERT INTO bench_rows (id, body) SELECT g, repeat('x', 220) FROM generate_series(1, `+fmt.Sprint(writeRows)+`) g`)
	if err != nil {
		return err
	}
	defer func() {
		_, dropErr := pool.Exec(context.WithoutCancel(ctx), `DROP TABLE bench_rows`)
		err = errors.Join(err, dropErr)
	}()
	d, err := db.Open(ctx, b.large.cfg.DatabaseURL)
	if err != nil {
		return err
	}
	defer d.Close()
	const update = `UPDATE bench_rows SET n = n + 1 WHERE id = $1`
	bare := func(n int) error {
		return pgx.BeginFunc(ctx, d.Pool(), func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, update, n)
			return err
		})
	}
	audited := func(n int) error {
		return d.Write(ctx, authz.System("bench"), func(tx *db.Tx) error {
			tx.Record(db.Entry{Action: "bench.wrote", SubjectKind: "bench", SubjectID: fmt.Sprint(n),
				Detail: map[string]any{"from": "stage-screening-call", "to": "stage-technical-interview", "note": strings.Repeat("y", 120)}})
			_, err := tx.Exec(ctx, update, n)
			return err
		})
	}
	var bareTail, auditedTail []float64
	for turn := range (b.rounds + 1) * writeTurns {
		one, err := b.repeat(ctx, bare)
		if err != nil {
			return err
		}
		other, err := b.repeat(ctx, audited)
		if err != nil {
			return err
		}
		if turn >= writeTurns { // the first round is the warm-up
			bareTail, auditedTail = append(bareTail, one), append(auditedTail, other)
		}
	}
	b.rows = append(b.rows, row{what: "audited write, p95 of the bare one's", measured: medianRatio(auditedTail, bareTail), bar: 1.4, unit: "x", atMost: true,
		detail: fmt.Sprintf("%.2f of %.2f ms", median(auditedTail), median(bareTail))})
	return b.sealing(ctx, d, audited)
}

// repeat is repeatFor a turn.
func (b *bench) repeat(ctx context.Context, write func(n int) error) (float64, error) {
	return b.repeatFor(ctx, b.measure/2/writeTurns, write)
}

// repeatFor writes from every connection for a while and returns the p95 in milliseconds.
func (b *bench) repeatFor(ctx context.Context, long time.Duration, write func(n int) error) (float64, error) {
	var mu sync.Mutex
	var times []time.Duration
	var failure error
	var wait sync.WaitGroup
	until := time.Now().Add(long)
	for range b.connections {
		wait.Go(func() {
			var own []time.Duration
			var err error
			for err == nil && time.Now().Before(until) && ctx.Err() == nil {
				began := time.Now()
				err = write(1 + rand.IntN(writeRows))
				own = append(own, time.Since(began))
			}
			mu.Lock()
			defer mu.Unlock()
			times, failure = append(times, own...), errors.Join(failure, err)
		})
	}
	wait.Wait()
	slices.Sort(times)
	return at(times, 95), errors.Join(failure, ctx.Err())
}

// uploading sends one large evidence file and watches the server's memory meanwhile.
func (b *bench) uploading(ctx context.Context) error {
	in := b.small
	people, err := in.sample(ctx, 1)
	if err != nil {
		return err
	}
	before, err := in.resident()
	if err != nil {
		return err
	}
	most, done := before, make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				if now, err := in.resident(); err == nil {
					most = max(most, now)
				}
			}
		}
	}()
	began := time.Now()
	err = in.send(ctx, people[0].id, b.plan.upload)
	close(done)
	<-watched
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	b.rows = append(b.rows, row{what: fmt.Sprintf("memory that uploading %d MiB adds", b.plan.upload>>20), measured: float64(most-before) / (1 << 20),
		bar: 32, unit: "MB", atMost: true, detail: fmt.Sprintf("%.0f MB/s", float64(b.plan.upload)/1e6/time.Since(began).Seconds())})
	return nil
}

// send uploads size bytes as a browser's form would.
func (in *installation) send(ctx context.Context, personID string, size int64) error {
	out, body := io.Pipe()
	form := multipart.NewWriter(body)
	go func() { body.CloseWithError(fillForm(form, personID, size)) }()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, in.base+"/evidence", out)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Cookie", cookieHeader(in.logins[0].cookie))
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther {
		return fmt.Errorf("answered %s", answer.Status)
	}
	return nil
}

func fillForm(form *multipart.Writer, personID string, size int64) error {
	for _, f := range [][2]string{{"person_id", personID}, {"kind", "log-export"}, {"title", "Large log"}, {"subject_kind", "person"}, {"subject_id", personID}} {
		if err := form.WriteField(f[0], f[1]); err != nil {
			return err
		}
	}
	file, err := form.CreateFormFile("file", "large.log")
	if err != nil {
		return err
	}
	block := bytes.Repeat([]byte("one line of a log that goes on and on\n"), 1024)
	for left := size; left > 0; left -= int64(len(block)) {
		if _, err := file.Write(block[:min(left, int64(len(block)))]); err != nil {
			return err
		}
	}
	return form.Close()
}

// lineOf is a signal as a machine sends it.
type lineOf struct {
	Source     string         `json:"source"`
	ExternalID string         `json:"external_id"`
	Signal     string         `json:"signal"`
	At         time.Time      `json:"occurred_at"`
	Person     string         `json:"person"`
	Detail     map[string]any `json:"detail"`
}

// batchLines is how many lines a request carries.
const batchLines = 10_000

// makeBatches prepares requests' bodies; run keeps those of different runs apart.
func makeBatches(run string, people []somebody, n int) ([][]byte, error) {
	var batches [][]byte
	now := time.Now().UTC().Truncate(time.Second)
	for done := 0; done < n; done += batchLines {
		var body bytes.Buffer
		lines := json.NewEncoder(&body)
		for i := range min(batchLines, n-done) {
			err := lines.Encode(lineOf{Source: "bench-" + run, ExternalID: fmt.Sprint(done + i), Signal: "signal-vpn-proxy-exit",
				At: now.Add(-time.Duration(done+i) * time.Millisecond), Person: people[(done+i)%len(people)].id,
				Detail: map[string]any{"host": "wks-4471", "address": "203.0.113.77", "network": "hosting provider", "policy": "sign-in", "agent": "7.14.2"}})
			if err != nil {
				return nil, err
			}
		}
		batches = append(batches, body.Bytes())
	}
	return batches, nil
}

// ingestion compares signals by HTTP with plain COPY of the same rows into a table of the same shape.
func (b *bench) ingestion(ctx context.Context) error {
	people, err := b.large.sample(ctx, 2000)
	if err != nil {
		return err
	}
	token, err := b.large.token(ctx)
	if err != nil {
		return err
	}
	rates := map[string][]float64{}
	for round := range b.rounds {
		run := fmt.Sprintf("%s-%d", id.New()[:8], round)
		copied, err := b.plainCopy(ctx, people)
		if err != nil {
			return err
		}
		rates["copy"] = append(rates["copy"], copied)
		first, err := makeBatches(run+"-1", people, b.plan.ingest)
		if err != nil {
			return err
		}
		second, err := makeBatches(run+"-2", people, b.plan.ingest)
		if err != nil {
			return err
		}
		for _, way := range []struct {
			name    string
			batches [][]byte
			clients int
			known   bool // all lines are there already
		}{{"one", first, 1, false}, {"two", second, 2, false}, {"replay", otherWords(first), 1, true}, {"repeat", first, 1, true}} {
			rate, err := b.large.post(ctx, token, way.batches, way.clients, b.plan.ingest, way.known)
			if errors.Is(err, errNoAPI) {
				b.rows = append(b.rows, row{what: "signals by HTTP of plain COPY", missing: true, bar: 45, unit: "%"})
				return nil
			}
			if err != nil {
				return fmt.Errorf("signals: %w", err)
			}
			rates[way.name] = append(rates[way.name], rate)
		}
	}
	of := func(a, c string) float64 { return 100 * median(rates[a]) / median(rates[c]) }
	detail := fmt.Sprintf("%.0f rows/s; COPY %.0f", median(rates["one"]), median(rates["copy"]))
	b.rows = append(b.rows, row{what: "signals by HTTP of plain COPY, one client", measured: of("one", "copy"), bar: 45, unit: "%", detail: detail},
		row{what: "signals by HTTP of plain COPY, two clients", measured: of("two", "copy"), bar: 75, unit: "%"},
		row{what: "a full replay, of the first time", measured: of("replay", "one"), bar: 100, unit: "%"},
		row{what: "the same requests sent again, of the first time", measured: of("repeat", "one"), unit: "%", only: true})
	return nil
}

// otherWords is the same lines in requests that are not the same word for word, so that each line is looked up.
func otherWords(batches [][]byte) [][]byte {
	other := make([][]byte, len(batches))
	for i, body := range batches {
		other[i] = append([]byte{'\n'}, body...)
	}
	return other
}

// plainCopy loads rows as the signals have them into a table of their shape, and returns rows a second.
func (b *bench) plainCopy(ctx context.Context, people []somebody) (float64, error) {
	conn, err := b.large.pool.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `CREATE TABLE bench_signals (LIKE signals INCLUDING ALL)`); err != nil {
		return 0, err
	}
	detail := map[string]any{"host": "wks-4471", "address": "203.0.113.77", "network": "hosting provider", "policy": "sign-in", "agent": "7.14.2"}
	batch := id.New()
	began := time.Now()
	_, err = conn.Conn().CopyFrom(ctx, pgx.Identifier{"bench_signals"}, []string{"id", "batch_id", "source", "external_id", "occurred_at", "signal_id", "person_id", "detail"},
		pgx.CopyFromSlice(b.plan.ingest, func(i int) ([]any, error) {
			return []any{id.New(), batch, "bench", fmt.Sprint(i), began.Add(-time.Duration(i) * time.Millisecond), "signal-vpn-proxy-exit", people[i%len(people)].id, detail}, nil
		}))
	took := time.Since(began)
	_, dropErr := conn.Exec(context.WithoutCancel(ctx), `DROP TABLE bench_signals`)
	return float64(b.plan.ingest) / took.Seconds(), errors.Join(err, dropErr)
}

var errNoAPI = errors.New("there is no signals API in this build")

// post sends the batches from some clients and returns lines a second. known says that every line is there already.
func (in *installation) post(ctx context.Context, token string, batches [][]byte, clients, lines int, known bool) (float64, error) {
	queue := make(chan []byte, len(batches))
	for _, body := range batches {
		queue <- body
	}
	close(queue)
	failures := make([]error, clients)
	var wait sync.WaitGroup
	began := time.Now()
	for n := range clients {
		wait.Go(func() {
			for body := range queue {
				if failures[n] == nil {
					failures[n] = in.postOne(ctx, token, body, known)
				}
			}
		})
	}
	wait.Wait()
	return float64(lines) / time.Since(began).Seconds(), errors.Join(failures...)
}

func (in *installation) postOne(ctx context.Context, token string, body []byte, known bool) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, in.base+"/api/v1/signals", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-ndjson")
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
	switch {
	case err != nil:
		return err
	case answer.StatusCode == http.StatusNotFound:
		return errNoAPI
	case answer.StatusCode >= 300:
		return fmt.Errorf("answered %s: %s", answer.Status, said)
	}
	var receipt struct{ Accepted, Duplicates, Rejected int }
	if err := json.Unmarshal(said, &receipt); err != nil {
		return err
	}
	if receipt.Rejected > 0 || known && receipt.Accepted > 0 || !known && receipt.Duplicates > 0 {
		return fmt.Errorf("not what was measured: %s", said)
	}
	return nil
}
