package audit

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/audit/proof"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/blob/s3test"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/id"
	"gatehouse/internal/platform/outbound"
)

// sealing is a log with a sealer that waits for nothing.
type sealing struct {
	*testing.T
	d *db.DB
	s *Sealer
}

func newSealing(t *testing.T) sealing {
	t.Helper()
	t.Parallel()
	d := dbtest.New(t)
	s := NewSealer(d, "gatehouse-test", bytes.Repeat([]byte{7}, 32))
	s.lag = -time.Second
	return sealing{t, d, s}
}

func (w sealing) write(n int) {
	w.Helper()
	for range n {
		err := w.d.Write(w.Context(), authz.System("test"), func(tx *db.Tx) error {
			tx.Record(db.Entry{Action: "thing.changed", SubjectKind: "thing", SubjectID: "1", Detail: map[string]any{"n": 1.50, "b": "<&>", "a": nil},
				Changes: []db.Change{db.Changed("name", "Old", "New")}, Reason: "Because."})
			return nil
		})
		if err != nil {
			w.Fatal(err)
		}
	}
}

func (w sealing) seal() {
	w.Helper()
	if err := w.s.Seal(w.Context()); err != nil {
		w.Fatal(err)
	}
}

func (w sealing) exec(sql string, args ...any) {
	w.Helper()
	if _, err := w.d.Pool().Exec(w.Context(), sql, args...); err != nil {
		w.Fatal(err)
	}
}

func (w sealing) verify() (proof.Report, error) {
	w.Helper()
	var bundle bytes.Buffer
	if err := w.s.Export(w.Context(), &bundle, WithValues); err != nil {
		return proof.Report{}, err
	}
	return proof.Verify(&bundle, w.s.Key())
}

func (w sealing) holds(entries int64, checkpoints, values, erased int) {
	w.Helper()
	r, err := w.verify()
	if err != nil || r.Entries != entries || r.Checkpoints != checkpoints || r.Values != values || r.Erased != erased || r.Unsealed != 0 {
		w.Errorf("the log proves %+v, %v", r, err)
	}
}

func TestEveryEntryIsSealedOnce(t *testing.T) {
	w := newSealing(t)
	w.seal() // of nothing comes nothing
	w.write(3)
	w.seal()
	w.write(4)
	w.seal()
	w.seal()
	w.holds(7, 2, 14, 0)
	w.exec(`DELETE FROM audit_values WHERE field = 'name' AND entry_id = (SELECT id FROM audit_entries ORDER BY id LIMIT 1)`)
	w.holds(7, 2, 13, 1)
	if state, err := w.s.State(t.Context()); err != nil || state.Entries != 7 || state.At.IsZero() || state.Behind {
		t.Errorf("the log says %+v, %v", state, err)
	}
}

func TestALogThatIsNotSealedIsBehind(t *testing.T) {
	w := newSealing(t)
	w.exec(`INSERT INTO audit_entries (id, at, actor_kind, action, subject_kind, subject_id) VALUES ($1, now(), 'system', 'thing.old', 'thing', '1')`, id.Ago(time.Hour))
	if state, err := w.s.State(t.Context()); err != nil || !state.Behind || state.Entries != 0 {
		t.Errorf("the log says %+v, %v", state, err)
	}
}

func TestAnEntryRestsBeforeItIsSealed(t *testing.T) {
	w := newSealing(t)
	w.s.lag = time.Hour
	w.write(2)
	w.seal()
	if _, err := w.verify(); err == nil {
		t.Error("sealed before its time")
	}
}

func TestSeveralSealersTakeTurns(t *testing.T) {
	w := newSealing(t)
	w.write(30)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 5 {
				if err := w.s.Seal(context.Background()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	w.seal()
	r, err := w.verify()
	if err != nil || r.Entries != 30 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestALateEntryIsSealedToo: it got its id before others that are sealed, and committed after them.
func TestALateEntryIsSealedToo(t *testing.T) {
	w := newSealing(t)
	early := id.New()
	w.write(2)
	w.seal()
	w.exec(`INSERT INTO audit_entries (id, at, actor_kind, action, subject_kind, subject_id) VALUES ($1, now(), 'system', 'thing.late', 'thing', '1')`, early)
	w.seal()
	w.holds(2, 1, 4, 0)
	if err := w.s.SealLate(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.holds(3, 2, 4, 0)
	if err := w.s.SealLate(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.holds(3, 2, 4, 0)
}

// TestWhatIsChangedInTheDatabaseIsNamed: whoever writes to the tables past Gatehouse is found out.
func TestWhatIsChangedInTheDatabaseIsNamed(t *testing.T) {
	const second = `(SELECT id FROM audit_entries ORDER BY id OFFSET 1 LIMIT 1)`
	for name, change := range map[string]string{
		"action":         `UPDATE audit_entries SET action = 'thing.denied' WHERE id = ` + second,
		"time":           `UPDATE audit_entries SET at = at + interval '1 microsecond' WHERE id = ` + second,
		"actor":          `UPDATE audit_entries SET actor_label = 'system:other' WHERE id = ` + second,
		"person":         `UPDATE audit_entries SET person_id = gen_random_uuid() WHERE id = ` + second,
		"detail":         `UPDATE audit_entries SET detail = '{"n": 2, "a": null, "b": "<&>"}' WHERE id = ` + second,
		"commitment":     `UPDATE audit_entries SET commitments = commitments - 'name' WHERE id = ` + second,
		"value":          `UPDATE audit_values SET new = 'Newer' WHERE field = 'name' AND entry_id = ` + second,
		"salt":           `UPDATE audit_values SET salt = '\x00' WHERE field = 'name' AND entry_id = ` + second,
		"hash":           `UPDATE audit_hash_runs SET hashes = set_byte(hashes, 32, get_byte(hashes, 32) # 1)`,
		"leaf":           `UPDATE audit_leaves SET entry_id = (SELECT id FROM audit_entries ORDER BY id DESC LIMIT 1) WHERE idx = 1`,
		"leaf removed":   `DELETE FROM audit_leaves WHERE idx = 1`,
		"root and note":  `UPDATE audit_checkpoints SET note = replace(note, '4', '5')`,
		"entry removed":  `DELETE FROM audit_values WHERE entry_id = ` + second + `; DELETE FROM audit_entries WHERE id = ` + second,
		"entry and leaf": `DELETE FROM audit_values WHERE entry_id = ` + second + `; DELETE FROM audit_leaves WHERE entry_id = ` + second,
		"run removed":    `DELETE FROM audit_hash_runs`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newSealing(t)
			w.write(4)
			w.seal()
			w.exec(`ALTER TABLE audit_entries DISABLE TRIGGER USER; ALTER TABLE audit_values DISABLE TRIGGER USER; ALTER TABLE audit_leaves DISABLE TRIGGER USER;
				ALTER TABLE audit_hash_runs DISABLE TRIGGER USER; ALTER TABLE audit_checkpoints DISABLE TRIGGER USER; ALTER TABLE audit_leaves DROP CONSTRAINT audit_leaves_entry`)
			w.exec(change)
			_, err := w.verify()
			if err == nil {
				t.Fatal("nothing is found out")
			}
			var bad *proof.Bad
			if errors.As(err, &bad) && bad.Index > 1 {
				t.Errorf("the second entry was changed, and it says: %v", err)
			}
		})
	}
}

// TestCheckpointsArePublishedForWitnesses, each once, under a name of its own.
func TestCheckpointsArePublishedForWitnesses(t *testing.T) {
	w, folder := newSealing(t), t.TempDir()
	publish := func() {
		t.Helper()
		if err := w.s.Publish(t.Context(), folder); err != nil {
			t.Fatal(err)
		}
	}
	publish() // nothing is sealed yet
	w.write(2)
	w.seal()
	publish()
	publish()
	w.write(1)
	w.seal()
	publish()
	files, err := os.ReadDir(folder)
	if err != nil || len(files) != 2 {
		t.Fatalf("%d files, error %v", len(files), err)
	}
	var bundle bytes.Buffer
	if err := w.s.Export(t.Context(), &bundle, WithValues); err != nil {
		t.Fatal(err)
	}
	var kept []string
	for _, f := range files {
		signed, err := os.ReadFile(filepath.Join(folder, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, string(signed))
	}
	if last, err := w.s.Checkpoint(t.Context()); err != nil || last != kept[1] {
		t.Errorf("the last checkpoint is %q, error %v", last, err)
	}
	if got, err := proof.Verify(&bundle, w.s.Key(), kept...); err != nil || got.Kept != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if err := w.s.Publish(t.Context(), filepath.Join(folder, "none")); err == nil {
		t.Error("a folder that is not there is no error")
	}
}

// TestCheckpointsAreStoredInABucket, each once, whichever process comes first.
func TestCheckpointsAreStoredInABucket(t *testing.T) {
	w, server := newSealing(t), s3test.New(t)
	bucket := server.Store(t, "")
	other := NewSealer(w.d, "gatehouse-test", bytes.Repeat([]byte{7}, 32))
	store := func(s *Sealer) {
		t.Helper()
		if err := s.Store(t.Context(), bucket); err != nil {
			t.Fatal(err)
		}
	}
	store(w.s) // nothing is sealed yet
	w.write(2)
	w.seal()
	store(w.s)
	store(w.s)
	store(other)
	w.write(1)
	w.seal()
	store(other)
	names := server.Objects(t)
	if len(names) != 2 {
		t.Fatalf("objects %v", names)
	}
	var kept []string
	for _, name := range names {
		r, err := bucket.Get(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := io.ReadAll(r)
		if err = errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, string(signed))
	}
	var bundle bytes.Buffer
	if err := w.s.Export(t.Context(), &bundle, WithValues); err != nil {
		t.Fatal(err)
	}
	if got, err := proof.Verify(&bundle, w.s.Key(), kept...); err != nil || got.Kept != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	w.write(1)
	w.seal()
	server.Stop()
	if err := w.s.Store(t.Context(), bucket); err == nil {
		t.Error("a bucket that is away is no error")
	}
}

// TestCheckpointsArePostedToAWitness, again where it failed, and not again where it did not.
func TestCheckpointsArePostedToAWitness(t *testing.T) {
	w := newSealing(t)
	var got, ids []string
	status := http.StatusServiceUnavailable
	witness := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got, ids = append(got, string(body)), append(ids, r.Header.Get("webhook-id"))
		rw.WriteHeader(status)
	}))
	t.Cleanup(witness.Close)
	allowed, err := outbound.ParseAllowed("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	hook := outbound.NewWebhook(outbound.Client(allowed), witness.URL, nil)
	if err := w.s.Send(t.Context(), hook); err != nil || len(got) != 0 {
		t.Errorf("with nothing sealed: %d messages, %v", len(got), err)
	}
	w.write(2)
	w.seal()
	if err := w.s.Send(t.Context(), hook); err == nil {
		t.Error("a witness that is away is no error")
	}
	status = http.StatusOK
	for range 2 {
		if err := w.s.Send(t.Context(), hook); err != nil {
			t.Fatal(err)
		}
	}
	last, err := w.s.Checkpoint(t.Context())
	if err != nil || len(got) != 2 || got[1] != last || ids[0] != ids[1] || ids[0] == "" {
		t.Errorf("%d messages %q, error %v", len(got), ids, err)
	}
	var bundle bytes.Buffer
	if err := w.s.Export(t.Context(), &bundle, WithValues); err != nil {
		t.Fatal(err)
	}
	if found, err := proof.Verify(&bundle, w.s.Key(), got[1]); err != nil || found.Kept != 1 {
		t.Errorf("%+v, %v", found, err)
	}
	guarded := outbound.NewWebhook(outbound.Client(outbound.Allowed{}), witness.URL, nil)
	w.write(1)
	w.seal()
	if err := w.s.Send(t.Context(), guarded); !errors.As(err, new(outbound.Refused)) {
		t.Errorf("to this machine: %v", err)
	}
}

func TestSealingCanBePaused(t *testing.T) {
	w := newSealing(t)
	w.write(1)
	resume, err := Pause(t.Context(), w.d)
	if err != nil {
		t.Fatal(err)
	}
	w.seal()
	if st, err := w.s.State(t.Context()); err != nil || st.Entries != 0 {
		t.Errorf("while paused %+v, error %v", st, err)
	}
	resume()
	w.seal()
	if st, err := w.s.State(t.Context()); err != nil || st.Entries != 1 {
		t.Errorf("afterwards %+v, error %v", st, err)
	}
}

func TestTheTablesOfTheProofAreAppendOnly(t *testing.T) {
	w := newSealing(t)
	w.write(1)
	w.seal()
	for _, change := range []string{`UPDATE audit_hash_runs SET hashes = hashes`, `DELETE FROM audit_leaves`, `TRUNCATE audit_checkpoints`} {
		if _, err := w.d.Pool().Exec(t.Context(), change); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", change, err)
		}
	}
}
