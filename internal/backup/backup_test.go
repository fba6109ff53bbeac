package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/app"
	"gatehouse/internal/backup"
	"gatehouse/internal/demo"
	"gatehouse/internal/evidence"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/blob"
	"gatehouse/internal/platform/blob/s3test"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
)

// key is an installation's key that the test's installations share, as one that is put back has the key of the lost one.
const key = "Z2F0ZWhvdXNlLXRlc3Qta2V5LW9mLTMyLWJ5dGVzLi4="

var system = authz.System("test")

type world struct {
	*app.App
	t *testing.T
}

func opened(t *testing.T, cfg config.Config) world {
	t.Helper()
	a, err := app.Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return world{a, t}
}

// inUse is an installation to back up.
func inUse(t *testing.T, change ...func(*config.Config)) world {
	t.Helper()
	cfg := config.Config{Data: t.TempDir(), DatabaseURL: dbtest.URL(t), MasterKey: key, MaxUpload: 64 << 20}
	for _, c := range change {
		c(&cfg)
	}
	return opened(t, cfg)
}

// place is where a backup is put back.
func place(t *testing.T, change ...func(*config.Config)) world {
	t.Helper()
	cfg := config.Config{Data: t.TempDir(), MasterKey: key, MaxUpload: 64 << 20}
	for _, c := range change {
		c(&cfg)
	}
	if cfg.DatabaseURL == "" {
		cfg.DatabaseURL = dbtest.Empty(t)
	}
	a, err := app.Prepare(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return world{a, t}
}

func (w world) person() person.ID {
	w.t.Helper()
	var personID person.ID
	err := w.DB.Write(w.t.Context(), system, func(tx *db.Tx) error {
		var err error
		personID, err = w.Features.People.Add(w.t.Context(), tx, person.New{Name: "Robin Vale"})
		tx.Record(db.Entry{Action: "person.added", SubjectKind: "person", SubjectID: string(personID), Reason: "They applied"})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return personID
}

func (w world) file(about person.ID, content string) evidence.ID {
	w.t.Helper()
	itemID, err := w.Features.Evidence.AddFile(w.t.Context(), system, evidence.Add{PersonID: string(about), Kind: "document", Title: "A document"},
		"scan.pdf", strings.NewReader(content))
	if err != nil {
		w.t.Fatal(err)
	}
	return itemID
}

func (w world) text(about person.ID) {
	w.t.Helper()
	if _, err := w.Features.Evidence.AddText(w.t.Context(), system, evidence.Add{PersonID: string(about), Kind: "note", Title: "A note"}, "The lamp stood on the left."); err != nil {
		w.t.Fatal(err)
	}
}

func (w world) backup(dir string, keep int) backup.Report {
	w.t.Helper()
	report, err := w.Backup(w.t.Context(), dir, backup.Options{Keep: keep})
	if err != nil {
		w.t.Fatal(err)
	}
	return report
}

func (w world) restore(dir, name string) backup.Report {
	w.t.Helper()
	report, err := w.Restore(w.t.Context(), dir, name, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return report
}

// again opens what was put back as a server would.
func (w world) again() world {
	w.t.Helper()
	if err := w.Close(); err != nil {
		w.t.Fatal(err)
	}
	return opened(w.t, w.Config)
}

// prints are the fingerprints of all tables but those in which backing up and putting back leave a trace themselves.
func (w world) prints() map[string]string {
	w.t.Helper()
	all, err := backup.Fingerprints(w.t.Context(), w.DB)
	if err != nil {
		w.t.Fatal(err)
	}
	maps.DeleteFunc(all, func(table, _ string) bool { return table == "audit_entries" || table == "installation" })
	return all
}

// frame is what holds the rows together: constraints, whether triggers fire, and how far sequences have counted.
func (w world) frame() string {
	w.t.Helper()
	var s string
	if err := w.DB.Pool().QueryRow(w.t.Context(), `
		SELECT (SELECT string_agg(conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) || ' ' || convalidated, E'\n' ORDER BY conrelid::regclass::text, conname)
		        FROM pg_constraint WHERE connamespace = 'public'::regnamespace) || E'\n' ||
		       (SELECT string_agg(tgrelid::regclass || ' ' || tgname || ' ' || tgenabled::text, E'\n' ORDER BY tgrelid::regclass::text, tgname) FROM pg_trigger WHERE NOT tgisinternal) || E'\n' ||
		       (SELECT string_agg(sequencename || ' ' || coalesce(last_value::text, ''), E'\n' ORDER BY sequencename) FROM pg_sequences WHERE sequencename NOT LIKE 'goose%')`).Scan(&s); err != nil {
		w.t.Fatal(err)
	}
	return s
}

// contents are all files of evidence, as stored.
func (w world) contents() map[string]string {
	w.t.Helper()
	all := map[string]string{}
	err := w.Blobs.Older(w.t.Context(), time.Now().Add(time.Hour), func(key string) error {
		r, err := w.Blobs.Get(w.t.Context(), key)
		if err != nil {
			return err
		}
		defer r.Close()
		b, err := io.ReadAll(r)
		all[key] = string(b)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// mustEqual compares an installation with what was put back of it.
func mustEqual(t *testing.T, lost, restored world) {
	t.Helper()
	if diff := cmp.Diff(lost.prints(), restored.prints()); diff != "" {
		t.Errorf("rows differ (-lost +restored):\n%s", diff)
	}
	if diff := cmp.Diff(strings.Split(lost.frame(), "\n"), strings.Split(restored.frame(), "\n")); diff != "" {
		t.Errorf("what holds the rows together differs (-lost +restored):\n%s", diff)
	}
	if a, b := lost.contents(), restored.contents(); !maps.Equal(a, b) {
		t.Errorf("%d files of evidence were put back of %d, or others", len(b), len(a))
	}
}

// TestAnInstallationInUseIsPutBackWhole backs the demo's installation up while people write, and puts it back: that backup
// verifies against its own snapshot. One that is made when nobody writes is compared row by row and byte by byte.
func TestAnInstallationInUseIsPutBackWhole(t *testing.T) {
	t.Parallel()
	w := inUse(t)
	if err := demo.Fill(t.Context(), w.App, demo.Plan{Ordinary: 5, Now: w.DB.Now(), Tell: func(string) {}}); err != nil {
		t.Fatal(err)
	}
	about := w.person()
	w.text(about)
	w.file(about, strings.Repeat("what was collected ", 20_000))
	if _, err := w.DB.Pool().Exec(t.Context(), `
		INSERT INTO signals (id, batch_id, source, external_id, occurred_at, signal_id)
		SELECT gen_random_uuid(), gen_random_uuid(), 'edr', n::text, '1999-12-31'::timestamptz + n * interval '1 day', 'signal-mouse-jiggler'
		FROM   generate_series(1, 50) n`); err != nil { // of months without a partition
		t.Fatal(err)
	}
	dir := t.TempDir()
	stop, stopped := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		defer func() { stopped <- n }()
		for ; ; n++ {
			select {
			case <-stop:
				return
			default:
				w.file(w.person(), fmt.Sprint("written meanwhile ", n))
			}
		}
	}()
	w.backup(dir, 0)
	close(stop)
	if n := <-stopped; n == 0 {
		t.Error("nothing was written meanwhile")
	}
	if report := place(t).restore(dir, ""); report.Files == 0 || report.Rows < 1000 {
		t.Errorf("put back: %+v", report)
	}

	report := w.backup(dir, 0)
	target := place(t)
	if got := target.restore(dir, ""); got.Rows != report.Rows || got.Files != report.Files || got.Bytes != report.Bytes {
		t.Errorf("backed up %+v, put back %+v", report, got)
	}
	mustEqual(t, w, target)
	restored := target.again()
	itemID := restored.file(restored.person(), "life goes on")
	if result, err := restored.Features.Evidence.Verify(t.Context(), system, itemID); err != nil || result != evidence.Intact {
		t.Errorf("evidence of the restored installation: %q, %v", result, err)
	}
	var traces int
	if err := restored.DB.Pool().QueryRow(t.Context(), `SELECT count(*) FROM audit_entries WHERE action IN ('backup.made', 'backup.restored')`).Scan(&traces); err != nil || traces != 2 {
		t.Errorf("%d entries of backups, want that of the first and of the restoring; %v", traces, err)
	}
}

// small is an installation with a person, a text and two files.
func small(t *testing.T, change ...func(*config.Config)) world {
	t.Helper()
	w := inUse(t, change...)
	about := w.person()
	w.text(about)
	w.file(about, "a passport")
	w.file(about, strings.Repeat("a long recording ", 10_000))
	w.sealed()
	return w
}

// sealed has the log sealed as if its entries had rested.
func (w world) sealed() {
	w.t.Helper()
	if _, err := w.DB.Pool().Exec(w.t.Context(), `INSERT INTO audit_entries (id, at, actor_kind, action, subject_kind, subject_id)
		VALUES ('01900000-0000-7000-8000-000000000000', now(), 'system', 'thing.changed', 'thing', '1')`); err != nil {
		w.t.Fatal(err)
	}
	if err := w.Features.Sealer.SealAll(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func filesOf(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && e.Name() != "lock" {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestOneFlippedByteIsNamedAndRefused flips bytes of every file of a backup, all bytes of the manifest, and puts it back.
func TestOneFlippedByteIsNamedAndRefused(t *testing.T) {
	t.Parallel()
	w, dir := small(t), t.TempDir()
	w.backup(dir, 0)
	target := place(t)
	names := filesOf(t, dir)
	if len(names) != 5 {
		t.Fatalf("files of the backup: %v", names)
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte("Robin")) || bytes.Contains(content, []byte("passport")) {
			t.Errorf("%s can be read", name)
		}
		places := []int{0, 1, len(content) / 2, len(content) - 1}
		if strings.HasSuffix(name, ".json") {
			places = slices.Collect(func(yield func(int) bool) {
				for i := range content {
					if !yield(i) {
						return
					}
				}
			})
		}
		for _, at := range places {
			changed := bytes.Clone(content)
			changed[at] ^= 1
			rewrite(t, name, changed)
			_, err := target.Restore(t.Context(), dir, "", nil)
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Fatalf("byte %d of %s flipped: %v", at, name, err)
			}
		}
		rewrite(t, name, content[:len(content)-1])
		if _, err := target.Restore(t.Context(), dir, "", nil); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s cut off: %v", name, err)
		}
		rewrite(t, name, content)
	}
	target.restore(dir, "")
	mustEqual(t, w, target)
}

func rewrite(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// breaking is a store of which one file cannot be read.
type breaking struct {
	blob.Store
	after int
}

var errBroken = errors.New("the disk is gone")

func (b *breaking) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	if b.after--; b.after < 0 {
		return nil, errBroken
	}
	return b.Store.Get(ctx, key)
}

// TestABackupThatIsBrokenOff leaves the one before usable; the next one takes up what it copied.
func TestABackupThatIsBrokenOff(t *testing.T) {
	t.Parallel()
	w, dir := small(t), t.TempDir()
	first := w.backup(dir, 0)
	about := w.person()
	for i := range 4 {
		w.file(about, fmt.Sprint("another file ", i))
	}
	whole := w.Blobs
	w.Blobs = &breaking{whole, 2}
	if _, err := w.Backup(t.Context(), dir, backup.Options{Keep: 1}); !errors.Is(err, errBroken) {
		t.Fatalf("a backup of a broken store: %v", err)
	}
	w.Blobs = whole
	// And as if it had been killed: what it was writing is there.
	rewrite(t, filepath.Join(dir, "20991231T000000.000Z.database"), []byte("half"))
	rewrite(t, filepath.Join(dir, "20991231T000001.000Z.json.partial"), []byte("half"))
	target := place(t)
	if got := target.restore(dir, ""); got.Name != first.Name || got.Files != 2 {
		t.Errorf("put back %+v, want %s", got, first.Name)
	}
	there := len(filesOf(t, filepath.Join(dir, "blobs")))
	if got := w.backup(dir, 0); got.Files != 6 || int(got.Copied) != 6-there {
		t.Errorf("the next backup copied %d of %d files, of which %d were there", got.Copied, got.Files, there)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "2099*")); len(left) != 0 {
		t.Errorf("left of the killed one: %v", left)
	}
	second := place(t)
	second.restore(dir, "")
	mustEqual(t, w, second)
}

// TestASecondBackupCopiesWhatIsNew, and old ones go with the files that nobody needs any more.
func TestASecondBackupCopiesWhatIsNew(t *testing.T) {
	t.Parallel()
	w, dir := small(t), t.TempDir()
	first := w.backup(dir, 0)
	if first.Files != 2 || first.Copied != 2 {
		t.Errorf("first: %+v", first)
	}
	newest := w.file(w.person(), "a new one")
	second := w.backup(dir, 0)
	if second.Files != 3 || second.Copied != 1 || second.CopiedBytes >= second.Bytes {
		t.Errorf("second: %+v", second)
	}
	// An item of the first backup is erased: its file is needed by no later backup.
	var gone string
	if err := w.DB.Pool().QueryRow(t.Context(), `SELECT blob_key FROM evidence_items WHERE form = 'file' AND id <> $1 LIMIT 1`, newest).Scan(&gone); err != nil {
		t.Fatal(err)
	}
	if _, err := w.DB.Pool().Exec(t.Context(), `UPDATE evidence_items SET erased_at = now(), blob_key = NULL WHERE blob_key = $1`, gone); err != nil {
		t.Fatal(err)
	}
	if err := w.Blobs.Delete(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	third := w.backup(dir, 2)
	if third.Files != 2 || third.Copied != 0 || third.Removed != 1 {
		t.Errorf("third: %+v", third)
	}
	place(t).restore(dir, second.Name)
	fourth := w.backup(dir, 1)
	if fourth.Removed != 2 {
		t.Errorf("fourth: %+v", fourth)
	}
	if names := filesOf(t, dir); len(names) != 5 || slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, gone) }) {
		t.Errorf("left: %v", names)
	}
	target := place(t)
	if _, err := target.Restore(t.Context(), dir, second.Name, nil); err == nil || !strings.Contains(err.Error(), fourth.Name) {
		t.Errorf("a backup that was removed: %v", err)
	}
	target.restore(dir, "")
	mustEqual(t, w, target)
	if last, err := backup.LastOf(t.Context(), w.DB); err != nil || time.Since(last) > time.Minute {
		t.Errorf("last backup %v, %v", last, err)
	}
}

func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	w, dir := small(t), t.TempDir()
	w.backup(dir, 0)
	refused := func(what string, target world, words string) {
		t.Helper()
		if _, err := target.Restore(t.Context(), dir, "", nil); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %q", what, err, words)
		}
	}
	refused("a database in use", w, "the database is not empty")
	holding := place(t)
	if _, err := holding.Blobs.Put(t.Context(), "another-file", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	refused("a store in use", holding, "the store of evidence is not empty")
	other := place(t, func(c *config.Config) {
		c.DatabaseURL, c.MasterKey = holding.DatabaseURL(), "b3RoZXIta2V5LW90aGVyLWtleS1vdGhlci1rZXktMDA="
	})
	refused("another key", other, "needs the root key "+w.Keystore().Root())
	if _, err := holding.Restore(t.Context(), t.TempDir(), "", nil); err == nil || !strings.Contains(err.Error(), "there is no backup") {
		t.Errorf("an empty folder: %v", err)
	}
	cfg := config.Config{Data: t.TempDir(), DatabaseURL: holding.DatabaseURL()}
	if _, err := app.Prepare(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "key is missing") {
		t.Errorf("without a key: %v", err)
	}
	if made, _ := filepath.Glob(filepath.Join(cfg.Data, "*")); len(made) != 0 {
		t.Errorf("made without a key: %v", made)
	}
}

// TestRestoreNamesWhatDoesNotHold: what somebody changed in the database is backed up as it is, and putting it back says what is
// wrong. The place stays empty, so that the backup before can be put there.
func TestRestoreNamesWhatDoesNotHold(t *testing.T) {
	t.Parallel()
	w, dir, target := small(t), t.TempDir(), place(t)
	before := w.backup(dir, 0)
	for _, tt := range []struct{ spoil, want string }{
		{`UPDATE evidence_items SET sha256 = sha256('x') WHERE form = 'text'`, "item of evidence"},
		{`UPDATE person_keys SET wrapped = set_byte(wrapped, 30, get_byte(wrapped, 30) # 1)`, "key of person"},
		{`ALTER TABLE audit_entries DISABLE TRIGGER USER; UPDATE audit_entries SET action = 'thing.chanted' WHERE action = 'thing.changed'; ALTER TABLE audit_entries ENABLE TRIGGER USER`,
			"the audit log: entry 0"},
	} {
		if _, err := w.DB.Pool().Exec(t.Context(), tt.spoil); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Backup(t.Context(), dir, backup.Options{}); err != nil {
			t.Fatal(err)
		}
		if _, err := target.Restore(t.Context(), dir, "", nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want %q", err, tt.want)
		}
	}
	if got := target.restore(dir, before.Name); got.Files != 2 {
		t.Errorf("the one before: %+v", got)
	}
}

// TestDamagedEvidenceDoesNotKeepTheRestFromBeingBackedUp: it is named, and the rest is put back.
func TestDamagedEvidenceDoesNotKeepTheRestFromBeingBackedUp(t *testing.T) {
	t.Parallel()
	w, dir := small(t), t.TempDir()
	about := w.person()
	missing, altered := string(w.file(about, "will be gone")), string(w.file(about, "will be altered"))
	contents := w.contents()
	if err := w.Blobs.Delete(t.Context(), missing); err != nil {
		t.Fatal(err)
	}
	put := func(content string) {
		t.Helper()
		if err := w.Blobs.Delete(t.Context(), altered); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Blobs.Put(t.Context(), altered, strings.NewReader(content)); err != nil {
			t.Fatal(err)
		}
	}
	put(contents[altered][:40] + "?" + contents[altered][41:])
	want := []string{missing, altered}
	slices.Sort(want)
	if got := w.backup(dir, 0); got.Files != 4 || !slices.Equal(got.Damaged, want) {
		t.Errorf("backed up %+v, want %v damaged", got, want)
	}
	target := place(t)
	if got := target.restore(dir, ""); !slices.Equal(got.Damaged, want) {
		t.Errorf("put back %+v", got)
	}
	put(contents[altered]) // mended
	if got := w.backup(dir, 0); got.Copied != 1 || !slices.Equal(got.Damaged, []string{missing}) {
		t.Errorf("after it was mended: %+v", got)
	}
}

// TestFromABucketIntoABucket backs up evidence that lies in a bucket, and puts it back into another and onto disk.
func TestFromABucketIntoABucket(t *testing.T) {
	t.Parallel()
	server := s3test.New(t)
	in := func(prefix string) func(*config.Config) {
		return func(c *config.Config) {
			c.S3 = config.S3{Endpoint: server.Options.Endpoint, Bucket: server.Options.Bucket, Region: server.Options.Region, Prefix: prefix,
				AccessKey: server.Options.AccessKey, SecretKey: server.Options.SecretKey}
		}
	}
	w, dir := small(t, in("lost")), t.TempDir()
	w.backup(dir, 0)
	for name, target := range map[string]world{"bucket": place(t, in("restored")), "disk": place(t)} {
		target.restore(dir, "")
		t.Log(name)
		mustEqual(t, w, target)
	}
	if objects := server.Objects(t); len(objects) != 4 {
		t.Errorf("objects: %v", objects)
	}
}
