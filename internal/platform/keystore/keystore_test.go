package keystore_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/keystore"
	"gatehouse/internal/platform/seal"
)

var cli = authz.System("cli")

// secretOf is a root key as its variable has it.
func secretOf(letter string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat("root key "+letter+" ", 4)[:32]))
}

type world struct {
	*testing.T
	d   *db.DB
	src seal.Source
}

func newWorld(t *testing.T) *world {
	t.Parallel()
	return &world{t, dbtest.New(t), seal.Source{Value: secretOf("a")}}
}

// open is another process on the same database.
func (w *world) open() (*keystore.Store, *person.Service) {
	w.Helper()
	s, err := keystore.Open(w.Context(), w.d, w.src)
	if err != nil {
		w.Fatal(err)
	}
	return s, person.NewService(w.d, s.Keyring())
}

func (w *world) add(people *person.Service) person.ID {
	w.Helper()
	var personID person.ID
	err := w.d.Write(w.Context(), cli, func(tx *db.Tx) (err error) {
		tx.Record(db.Entry{Action: "person.added", SubjectKind: "person", SubjectID: "x"})
		personID, err = people.Add(w.Context(), tx, person.New{Name: "Somebody"})
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return personID
}

// sealedFor seals something under the person's data key, to be opened later.
func (w *world) sealedFor(people *person.Service, personID person.ID) []byte {
	w.Helper()
	key, err := people.DataKey(w.Context(), w.d.Pool(), personID)
	if err != nil {
		w.Fatal(err)
	}
	sealed, err := key.SealValue("still there", "x")
	if err != nil {
		w.Fatal(err)
	}
	return sealed
}

func (w *world) opens(people *person.Service, personID person.ID, sealed []byte) {
	w.Helper()
	key, err := people.DataKey(w.Context(), w.d.Pool(), personID)
	if err != nil {
		w.Fatalf("%s: %v", personID, err)
	}
	if got, err := key.OpenValue(sealed, "x"); err != nil || got != "still there" {
		w.Errorf("opened %q, %v", got, err)
	}
}

func (w *world) number(sql string, args ...any) (n int) {
	w.Helper()
	if err := w.d.Pool().QueryRow(w.Context(), sql, args...).Scan(&n); err != nil {
		w.Fatal(err)
	}
	return n
}

func (w *world) exec(sql string, args ...any) {
	w.Helper()
	if _, err := w.d.Pool().Exec(w.Context(), sql, args...); err != nil {
		w.Fatal(err)
	}
}

// heard is what a rotation told.
type heard struct {
	resumed bool
	wait    time.Duration
	moving  int
	during  func(table string, moved, of int)
}

func (h *heard) Begun(_ keystore.Generation, resumed bool, wait time.Duration) {
	h.resumed, h.wait = resumed, wait
}

func (h *heard) Moving(table string, moved, of int) {
	h.moving++
	if h.during != nil {
		h.during(table, moved, of)
	}
}

func (w *world) rotate(s *keystore.Store, people *person.Service, tell *heard) keystore.Rotation {
	w.Helper()
	r, err := s.Rotate(w.Context(), cli, []keystore.Table{people.Sealed()}, 0, tell)
	if err != nil {
		w.Fatal(err)
	}
	return r
}

func TestFirstStartsThatRaceAgree(t *testing.T) {
	w := newWorld(t)
	ids := make([]string, 8)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			s, err := keystore.Open(w.Context(), w.d, w.src)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = s.Keyring().ID()
		})
	}
	all.Wait()
	for _, id := range ids {
		if id == "" || id != ids[0] {
			t.Fatalf("different keys: %v", ids)
		}
	}
	if n := w.number(`SELECT count(*) FROM installation_keys WHERE generation = 1`); n != 1 {
		t.Errorf("%d first keys", n)
	}
	if n := w.number(`SELECT count(*) FROM audit_entries WHERE action = 'key.made'`); n != 1 {
		t.Errorf("%d entries", n)
	}
	if root, _ := seal.FindRoot(w.src); ids[0] == root.ID() {
		t.Error("the root key itself is the installation's key")
	}
}

// TestTheOneKeyOfBeforeBecomesTheFirst: what was sealed directly under it opens, and what was derived stays.
func TestTheOneKeyOfBeforeBecomesTheFirst(t *testing.T) {
	w := newWorld(t)
	raw, err := base64.StdEncoding.DecodeString(w.src.Value)
	if err != nil {
		t.Fatal(err)
	}
	before, err := seal.NewKeyring(raw)
	if err != nil {
		t.Fatal(err)
	}
	w.exec(`INSERT INTO installation (name, value) VALUES ('key_id', $1)`, before.ID())
	old := person.NewService(w.d, before)
	somebody := w.add(old)
	sealed := w.sealedFor(old, somebody)

	_, err = keystore.Open(t.Context(), w.d, seal.Source{Value: secretOf("b")})
	if wrong := (*keystore.RootError)(nil); !errors.As(err, &wrong) || wrong.Wanted != before.ID() {
		t.Errorf("with another key: %v", err)
	}
	if n := w.number(`SELECT count(*) FROM installation_keys`); n != 0 {
		t.Error("a key was made although the wrong one was given")
	}
	s, people := w.open()
	w.opens(people, somebody, sealed)
	if s.Keyring().ID() != before.ID() || !bytes.Equal(s.Keyring().Derive("x"), before.Derive("x")) {
		t.Error("what derives from the key is another")
	}
}

// TestALostRootKeyIsTold names what is needed and what is there, and changes nothing, not even the data folder.
func TestALostRootKeyIsTold(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	w.src = seal.Source{Dir: dir}
	s, _ := w.open()
	other, err := seal.FindRoot(seal.Source{Value: secretOf("b")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = keystore.Open(t.Context(), w.d, seal.Source{Value: secretOf("b")})
	if err == nil || !strings.Contains(err.Error(), s.Root()) || !strings.Contains(err.Error(), other.ID()) || !strings.Contains(err.Error(), "put back") {
		t.Errorf("another root key: %v", err)
	}
	if err := os.Rename(filepath.Join(dir, "master.key"), filepath.Join(dir, "away")); err != nil {
		t.Fatal(err)
	}
	_, err = keystore.Open(t.Context(), w.d, w.src)
	if err == nil || !strings.Contains(err.Error(), s.Root()) || !strings.Contains(err.Error(), "lost") || !strings.Contains(err.Error(), dir) {
		t.Errorf("a lost root key: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("the data folder holds %v", left)
	}
	if err := os.Rename(filepath.Join(dir, "away"), filepath.Join(dir, "master.key")); err != nil {
		t.Fatal(err)
	}
	if again, _ := w.open(); again.Keyring().ID() != s.Keyring().ID() {
		t.Error("put back, it opens another key")
	}
	if n := w.number(`SELECT count(*) FROM audit_entries`); n != 1 {
		t.Errorf("%d entries", n)
	}
}

// TestRotationBesideServers: nothing is unreadable at any time for a server that runs, people are added and erased meanwhile,
// and in the end everything is under the newest key.
func TestRotationBesideServers(t *testing.T) {
	w := newWorld(t)
	server, served := w.open()
	s, people := w.open()
	early := w.add(served)
	sealed := w.sealedFor(served, early)
	erased := w.add(served)
	w.exec(`UPDATE person_keys SET wrapped = NULL, destroyed_at = now() WHERE person_id = $1`, erased)
	derived := server.Keyring().Derive("x")
	going := w.add(served)

	tell := &heard{}
	var late person.ID
	tell.during = func(string, int, int) {
		if tell.moving == 1 {
			// The server has not heard of the new key, and seals under the one before.
			late = w.add(served)
			w.exec(`UPDATE person_keys SET wrapped = NULL, destroyed_at = now() WHERE person_id = $1`, going)
		}
		w.opens(served, early, sealed)
	}
	r := w.rotate(s, people, tell)
	if r.Resumed || r.Generation.Number != 2 || r.Moved["person_keys"] != 2 || len(r.Damaged) != 0 {
		t.Errorf("%+v", r)
	}
	if n := w.number(`SELECT count(*) FROM person_keys WHERE substring(wrapped FROM 2 FOR 4) <> $1`, s.Keyring().Seals()); n != 0 {
		t.Errorf("%d rows are under an older key", n)
	}
	if n := w.number(`SELECT count(*) FROM person_keys WHERE wrapped IS NULL`); n != 2 {
		t.Errorf("%d erased people stayed so, of 2", n)
	}
	if !bytes.Equal(server.Keyring().Derive("x"), derived) || !bytes.Equal(s.Keyring().Derive("x"), derived) {
		t.Error("what is derived changed")
	}
	if !bytes.Equal(s.Keyring().Seals(), server.Keyring().Seals()) {
		t.Error("the server met the new key and still seals under the one before")
	}
	if n := w.number(`SELECT count(*) FROM audit_entries WHERE action = 'key.rotated' AND detail->'moved'->>'person_keys' = '2'`); n != 1 {
		t.Errorf("%d entries of the rotation", n)
	}

	r = w.rotate(s, people, &heard{})
	if r.Generation.Number != 3 || len(r.Retired) != 1 {
		t.Errorf("the next rotation: %+v", r)
	}
	all, err := s.Generations(t.Context())
	if err != nil || len(all) != 3 || all[0].RetiredAt != nil || all[1].RetiredAt == nil || all[2].RetiredAt != nil || !all[2].Seals {
		t.Errorf("%+v, %v", all, err)
	}
	if err := server.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, fresh := w.open()
	for _, who := range []*person.Service{served, people, fresh} {
		w.opens(who, early, sealed)
		if _, err := who.DataKey(t.Context(), w.d.Pool(), late); err != nil {
			t.Error(err)
		}
	}
}

// TestServersHaveTimeToLearn: with a grace, the new key seals for nobody until half of it has passed.
func TestServersHaveTimeToLearn(t *testing.T) {
	w := newWorld(t)
	s, people := w.open()
	somebody := w.add(people)
	short, cancel := context.WithCancel(t.Context())
	tell := &heard{}
	ended := make(chan error)
	go func() {
		_, err := s.Rotate(short, cli, []keystore.Table{people.Sealed()}, time.Hour, tell)
		ended <- err
	}()
	for w.number(`SELECT count(*) FROM installation_keys`) == 1 {
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
	server, served := w.open()
	seals := server.Keyring().Seals()
	later := w.add(served)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if tell.wait < 59*time.Minute || tell.moving != 0 {
		t.Errorf("waits %v, then moves: %d", tell.wait, tell.moving)
	}
	for _, id := range []person.ID{somebody, later} {
		if n := w.number(`SELECT count(*) FROM person_keys WHERE person_id = $1 AND substring(wrapped FROM 2 FOR 4) = $2`, id, seals); n != 1 {
			t.Error("sealed under a key that others may not know")
		}
	}
	if all, _ := s.Generations(t.Context()); !all[0].Seals || all[1].Seals {
		t.Errorf("%+v", all)
	}
	// As if the time had passed: what was begun is finished.
	w.exec(`UPDATE installation_keys SET seals_from = now(), made_at = made_at - interval '1 hour' WHERE generation = 2`)
	tell = &heard{}
	if r := w.rotate(s, people, tell); !tell.resumed || r.Generation.Number != 2 || r.Moved["person_keys"] != 2 {
		t.Errorf("%+v", r)
	}
}

// TestAKilledRotationIsTakenUp: it stops amid the rows, and the next one moves the others under the same key.
func TestAKilledRotationIsTakenUp(t *testing.T) {
	w := newWorld(t)
	s, people := w.open()
	kept := map[person.ID][]byte{}
	for range 3 {
		somebody := w.add(people)
		kept[somebody] = w.sealedFor(people, somebody)
	}
	s.OneByOne()
	dies := people.Sealed()
	reseal, met := dies.Reseal, 0
	dies.Reseal = func(sealed []byte, owner string) ([]byte, error) {
		if met++; met == 3 {
			return nil, context.Canceled
		}
		return reseal(sealed, owner)
	}
	if _, err := s.Rotate(t.Context(), cli, []keystore.Table{dies}, 0, &heard{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("ended with %v", err)
	}
	for id, sealed := range kept {
		w.opens(people, id, sealed)
	}
	again, others := w.open()
	again.OneByOne()
	if n := w.number(`SELECT count(*) FROM person_keys WHERE substring(wrapped FROM 2 FOR 4) = $1`, again.Keyring().Seals()); n != 2 {
		t.Errorf("%d rows were moved before the end, want 2", n)
	}
	tell := &heard{}
	r := w.rotate(again, others, tell)
	if !r.Resumed || r.Moved["person_keys"] != 1 || r.Generation.Number != 2 || w.number(`SELECT count(*) FROM installation_keys`) != 2 {
		t.Errorf("%+v", r)
	}
	for id, sealed := range kept {
		w.opens(people, id, sealed)
		w.opens(others, id, sealed)
	}
}

// TestDamageIsNamedAndKeepsOlderKeys: one row that nobody can open neither stops the others nor goes unheard.
func TestDamageIsNamedAndKeepsOlderKeys(t *testing.T) {
	w := newWorld(t)
	s, people := w.open()
	w.rotate(s, people, &heard{})
	broken, whole := w.add(people), w.add(people)
	w.exec(`UPDATE person_keys SET wrapped = substring(wrapped FOR 60) || '\x00' WHERE person_id = $1`, broken)
	r := w.rotate(s, people, &heard{})
	if len(r.Damaged) != 1 || !strings.Contains(r.Damaged[0], string(broken)) || r.Moved["person_keys"] != 1 || len(r.Retired) != 0 {
		t.Errorf("%+v", r)
	}
	if _, err := people.DataKey(t.Context(), w.d.Pool(), whole); err != nil {
		t.Error(err)
	}
	if n := w.number(`SELECT count(*) FROM installation_keys WHERE retired_at IS NOT NULL`); n != 0 {
		t.Error("an older key was retired")
	}
	w.exec(`UPDATE person_keys SET wrapped = NULL, destroyed_at = now() WHERE person_id = $1`, broken)
	if r := w.rotate(s, people, &heard{}); !r.Resumed || len(r.Retired) != 1 {
		t.Errorf("after the row is gone: %+v", r)
	}
}

func TestTheRootKeyIsChanged(t *testing.T) {
	w := newWorld(t)
	s, people := w.open()
	somebody := w.add(people)
	sealed := w.sealedFor(people, somebody)
	w.rotate(s, people, &heard{})
	other, err := seal.FindRoot(seal.Source{Value: secretOf("b")})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := s.ChangeRoot(t.Context(), cli, other); err != nil || n != 2 {
		t.Fatalf("%d changed, %v", n, err)
	}
	if n, err := s.ChangeRoot(t.Context(), cli, other); err != nil || n != 0 {
		t.Errorf("again: %d changed, %v", n, err)
	}
	w.opens(people, somebody, sealed) // who runs goes on
	if err := s.Refresh(t.Context()); err != nil {
		t.Errorf("who runs: %v", err)
	}
	var wrong *keystore.RootError
	if _, err := s.Rotate(t.Context(), cli, []keystore.Table{people.Sealed()}, 0, &heard{}); !errors.As(err, &wrong) {
		t.Errorf("a rotation by whoever has the old root key: %v", err)
	}
	if _, err := keystore.Open(t.Context(), w.d, w.src); !errors.As(err, &wrong) || wrong.Wanted != other.ID() {
		t.Errorf("a start with the old root key: %v", err)
	}
	w.src.Value = secretOf("b")
	_, after := w.open()
	w.opens(after, somebody, sealed)
	if n := w.number(`SELECT count(*) FROM audit_entries WHERE action = 'key.root_changed'`); n != 1 {
		t.Errorf("%d entries", n)
	}
	if err := keystore.Check(t.Context(), w.d, other); err != nil {
		t.Error(err)
	}
}

// broken is a key service that wraps and cannot unwrap.
type broken struct{ seal.Root }

func (broken) Unwrap(context.Context, []byte) ([]byte, error) {
	return nil, errors.New("access denied")
}
func (broken) ID() string { return "broken" }

func TestARootKeyThatGivesNothingBackIsRefused(t *testing.T) {
	w := newWorld(t)
	s, _ := w.open()
	root, err := seal.FindRoot(w.src)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ChangeRoot(t.Context(), cli, broken{root}); err == nil || !strings.Contains(err.Error(), "access denied") {
		t.Errorf("error %v", err)
	}
	w.open()
}
