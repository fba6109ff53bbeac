package audit

import (
	"bytes"
	"io"
	"testing"

	"gatehouse/internal/audit/proof"
	"gatehouse/internal/platform/db/dbtest"
)

// entriesOfBench is how many entries one round seals and verifies.
const entriesOfBench = 50_000

// BenchmarkSealAndVerify tells how many entries a second are sealed, in batches as in earnest, and how many are verified.
func BenchmarkSealAndVerify(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		d := dbtest.New(b)
		if _, err := d.Pool().Exec(b.Context(), `
			INSERT INTO audit_entries (id, at, actor_kind, actor_id, action, subject_kind, subject_id, person_id, detail, commitments)
			SELECT ('0193a000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, now(), 'user', gen_random_uuid(), 'application.moved', 'application',
			       gen_random_uuid(), gen_random_uuid(), '{"from": "stage-screening-call", "to": "stage-technical-interview"}',
			       jsonb_build_object('reason', encode(sha256(n::text::bytea), 'hex'))
			FROM   generate_series(1, $1) n`, entriesOfBench); err != nil {
			b.Fatal(err)
		}
		if _, err := d.Pool().Exec(b.Context(), `ANALYZE audit_entries`); err != nil { // as autovacuum does of itself
			b.Fatal(err)
		}
		s := NewSealer(d, "gatehouse-bench", make([]byte, 32))
		b.StartTimer()
		before := b.Elapsed()
		if err := s.SealAll(b.Context()); err != nil {
			b.Fatal(err)
		}
		sealed := b.Elapsed()
		b.StopTimer()
		var bundle bytes.Buffer
		if err := s.Export(b.Context(), &bundle, EntriesOnly); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		report, err := proof.Verify(io.Reader(&bundle), s.Key())
		if err != nil || report.Entries != entriesOfBench {
			b.Fatalf("%+v, %v", report, err)
		}
		b.ReportMetric(entriesOfBench/(sealed-before).Seconds(), "sealed/s")
		b.ReportMetric(entriesOfBench/(b.Elapsed()-sealed).Seconds(), "verified/s")
	}
}
