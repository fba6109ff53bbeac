package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"gatehouse/internal/app"
	"gatehouse/internal/audit"
	"gatehouse/internal/audit/proof"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db"
)

// proofs measures how fast a log is sealed and a bundle of it verified, on an installation of its own that nobody uses.
func (b *bench) proofs(ctx context.Context) (err error) {
	data := filepath.Join(b.plan.data, "proof")
	if err := os.RemoveAll(data); err != nil {
		return err
	}
	a, err := app.Open(ctx, config.Config{Data: data}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close(), os.RemoveAll(data)) }()
	return b.sealAndVerify(ctx, a.DB, a.Features.Sealer)
}

func (b *bench) sealAndVerify(ctx context.Context, d *db.DB, s *audit.Sealer) error {
	entries := b.plan.entries
	if _, err := d.Pool().Exec(ctx, `
		INSERT INTO audit_entries (id, at, actor_kind, actor_id, action, subject_kind, subject_id, person_id, detail, commitments)
		SELECT ('0193a000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, now(), 'user', gen_random_uuid(), 'application.moved', 'application',
		       gen_random_uuid(), gen_random_uuid(), '{"from": "stage-screening-call", "to": "stage-technical-interview"}',
		       jsonb_build_object('reason', encode(sha256(n::text::bytea), 'hex'))
		FROM   generate_series(1, $1) n`, entries); err != nil {
		return err
	}
	if _, err := d.Pool().Exec(ctx, `VACUUM ANALYZE audit_entries`); err != nil {
		return err
	}
	began := time.Now()
	if err := s.SealAll(ctx); err != nil {
		return err
	}
	sealed := time.Since(began)
	b.rows = append(b.rows, row{what: "entries of the log sealed a second", measured: float64(entries) / sealed.Seconds(), bar: 50_000, unit: "/s",
		detail: fmt.Sprintf("%d in batches of %d", entries, audit.SealBatch)})

	bundle := filepath.Join(b.plan.data, "bundle")
	out, err := os.Create(bundle)
	if err != nil {
		return err
	}
	defer os.Remove(bundle)
	if err := errors.Join(s.Export(ctx, out, audit.EntriesOnly), out.Close()); err != nil {
		return err
	}
	in, err := os.Open(bundle)
	if err != nil {
		return err
	}
	defer in.Close()
	began = time.Now()
	report, err := proof.Verify(in, s.Key())
	if err == nil && report.Entries < int64(entries) {
		err = fmt.Errorf("%d of %d entries verified", report.Entries, entries)
	}
	if err != nil {
		return err
	}
	b.rows = append(b.rows, row{what: "verifying a million entries of a bundle", measured: time.Since(began).Seconds() * 1e6 / float64(entries), bar: 10, unit: "s", atMost: true,
		detail: fmt.Sprintf("%d entries", entries)})
	return nil
}

// sealing compares the writes' tail while the server seals behind them, with a backlog to work off, with their tail while it
// may not. A turn lasts several rounds of the sealer.
func (b *bench) sealing(ctx context.Context, d *db.DB, audited func(n int) error) error {
	turn := b.measure / 3
	var without, with []float64
	for n := range b.rounds*3 + 1 {
		resume, err := audit.Pause(ctx, d)
		if err != nil {
			return err
		}
		one, err := b.repeatFor(ctx, turn, audited)
		resume()
		if err != nil {
			return err
		}
		other, err := b.repeatFor(ctx, turn, audited)
		if err != nil {
			return err
		}
		if n > 0 { // the first is the warm-up
			without, with = append(without, one), append(with, other)
		}
	}
	b.rows = append(b.rows, row{what: "audited write while the log is sealed, p95 of without", measured: medianRatio(with, without), bar: 1.05, unit: "x", atMost: true,
		detail: fmt.Sprintf("%.2f of %.2f ms", median(with), median(without))})
	return nil
}
