package seed

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// months is over how long the signals are spread; one partition each.
const months = 12

// batchSize is how many signals came with one request.
const batchSize = 10_000

var sources = []string{"endpoint", "identity", "network", "code-host", "mail", "payroll"}

// month is the n-th of the months that signals are spread over, the last being the current one.
func (s *seeder) month(n int) (from, until time.Time) {
	y, m, _ := s.Now.Date()
	from = time.Date(y, m-time.Month(months-1-n), 1, 0, 0, 0, 0, time.UTC)
	return from, from.AddDate(0, 1, 0)
}

// partition is the name of the table of a month's signals.
func partition(from time.Time) string { return "signals_" + from.Format("2006_01") }

func (s *seeder) makePartitions(ctx context.Context) error {
	for n := range months {
		from, until := s.month(n)
		_, err := s.pool.Exec(ctx, fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s PARTITION OF signals FOR VALUES FROM ('%s') TO ('%s')`,
			partition(from), from.Format(time.RFC3339), until.Format(time.RFC3339)))
		if err != nil {
			return fmt.Errorf("make the partition of %s: %w", from.Format("January 2006"), err)
		}
	}
	return nil
}

// loadSignals spreads the signals over the months and over those who are hired, two months at a time.
func (s *seeder) loadSignals(ctx context.Context) error {
	if s.Signals == 0 || len(s.hired) == 0 {
		return nil
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(2)
	days := make([]map[string]int, months) // by month, "day signal"
	for n := range months {
		count := s.Signals / months
		if n < s.Signals%months {
			count++
		}
		group.Go(func() (err error) {
			days[n], err = s.loadMonth(groupCtx, n, count)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := s.loadDays(ctx, days); err != nil {
		return err
	}
	return s.countSignals(ctx)
}

// countSignals keeps what the feature would have counted as the signals came. The assessment knows of all of them.
func (s *seeder) countSignals(ctx context.Context) error {
	for _, sql := range []string{`
		INSERT INTO signal_totals (person_id, signal_id, n, noted, last_at, last_source)
		SELECT person_id, signal_id, count(*), count(*), max(occurred_at), min(source)
		FROM   signals
		WHERE  person_id IS NOT NULL
		GROUP  BY person_id, signal_id`, `
		INSERT INTO signal_sources (source, n, first_at, last_at)
		SELECT source, count(*), min(occurred_at), max(occurred_at) FROM signals GROUP BY source`,
	} {
		if _, err := s.pool.Exec(ctx, sql); err != nil {
			return fmt.Errorf("count signals: %w", err)
		}
	}
	return nil
}

// dayKey counts the signals of a kind on a day.
func dayKey(at time.Time, signal string) string { return at.Format(time.DateOnly) + " " + signal }

func (s *seeder) loadMonth(ctx context.Context, n, count int) (map[string]int, error) {
	from, until := s.month(n)
	if until.After(s.Now) {
		until = s.Now
	}
	days := map[string]int{}
	var signals, batches *stream
	err := s.copyAll(ctx, func(ctx context.Context) []*stream {
		signals = newStream(ctx, &s.sent, partition(from), "id batch_id source external_id occurred_at signal_id person_id engagement_id account detail")
		batches = newStream(ctx, &s.sent, "signal_batches", "id received_at lines accepted duplicates rejected taken_up_at")
		return []*stream{signals, batches}
	}, func() error {
		r := rand.New(rand.NewPCG(s.Seed^0x516, uint64(n)))
		for done := 0; done < count; done += batchSize {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			size := min(batchSize, count-done)
			at := from.Add(time.Duration(float64(until.Sub(from)) * float64(done) / float64(count)))
			end := from.Add(time.Duration(float64(until.Sub(from)) * float64(done+size) / float64(count)))
			s.writeBatch(signals, batches, r, uint64(n)<<32|uint64(done), size, at, end, days)
		}
		return nil
	})
	return days, err
}

func (s *seeder) writeBatch(signals, batches *stream, r *rand.Rand, first uint64, size int, from, until time.Time, days map[string]int) {
	batch := s.mint(from, kindBatch, first)
	source := pick(r, sources)
	for i := range size {
		at := from.Add(time.Duration(float64(until.Sub(from)) * float64(i) / float64(size))).Truncate(time.Millisecond)
		h := s.hired[r.IntN(len(s.hired))]
		signal := pick(r, h.signals)
		key := dayKey(at, signal)
		days[key]++
		g := signals
		g.row()
		g.id(s.mint(at, kindSignal, first+uint64(i)))
		g.id(batch)
		g.text(source)
		g.text(fmt.Sprintf("%x", first+uint64(i)))
		g.time(at)
		g.text(signal)
		g.id(h.person)
		g.id(h.engagement)
		g.text(h.account)
		g.json(details[i%len(details)])
	}
	b := batches
	b.row()
	b.id(batch)
	b.time(until)
	b.int4(size)
	b.int4(size)
	b.int4(0)
	b.int4(0)
	b.time(until)
}

var details = []string{
	`{"host": "wks-4471", "process": "updater.exe", "user": "local", "severity": "medium", "policy": "endpoint-baseline", "agent": "7.14.2"}`,
	`{"host": "wks-0182", "address": "203.0.113.77", "network": "hosting provider", "severity": "low", "policy": "sign-in", "agent": "7.14.2"}`,
	`{"host": "wks-2290", "address": "198.51.100.4", "device": "unlisted", "severity": "medium", "policy": "devices", "agent": "7.13.9"}`,
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// loadDays writes how many signals of each kind came on each day.
func (s *seeder) loadDays(ctx context.Context, months []map[string]int) error {
	var days *stream
	return s.copyAll(ctx, func(ctx context.Context) []*stream {
		days = newStream(ctx, &s.sent, "signal_days", "day signal_id n")
		return []*stream{days}
	}, func() error {
		for _, month := range months {
			for _, key := range sortedKeys(month) {
				day, err := time.Parse(time.DateOnly, key[:10])
				if err != nil {
					return err
				}
				days.row()
				days.date(day)
				days.text(key[11:])
				days.int8(month[key])
			}
		}
		return nil
	})
}
