package evidence_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/account/accounttest"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/person"
	"gatehouse/internal/person/persontest"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/blob"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/id"
)

type world struct {
	*testing.T
	db     *db.DB
	s      *evidence.Service
	dir    string
	person person.Person
	hr     authz.Actor
}

func setup(t *testing.T) world {
	t.Helper()
	t.Parallel()
	d := dbtest.New(t)
	dir := t.TempDir()
	store, err := blob.OpenDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return world{T: t, db: d, dir: dir, s: evidence.NewService(d, store, persontest.Service(t, d), 1<<20),
		person: persontest.New(t, d), hr: accounttest.Actor(t, d, authz.HR)}
}

func (w world) add() evidence.Add {
	return evidence.Add{PersonID: string(w.person.ID), Kind: "document", Title: "Passport", Source: "sent by the person"}
}

func (w world) file(actor authz.Actor, a evidence.Add, content string) evidence.ID {
	w.Helper()
	itemID, err := w.s.AddFile(w.Context(), actor, a, "scan.pdf", strings.NewReader(content))
	if err != nil {
		w.Fatal(err)
	}
	return itemID
}

// openCase opens a case about the person; sees says how much of it the user does.
func (w world) openCase(member authz.Actor, sees, function string) string {
	w.Helper()
	caseID := id.New()
	w.exec(`INSERT INTO cases (id, code_name, person_id, edition, reason, opened_at)
	        VALUES ($1, $2, $3, '1.0.0', 'r', now())`, caseID, "Case "+caseID, w.person.ID)
	w.join(caseID, member, sees, function)
	return caseID
}

func (w world) join(caseID string, member authz.Actor, sees, function string) {
	w.Helper()
	w.exec(`INSERT INTO case_members (case_id, user_id, function, sees, added_at) VALUES ($1, $2, $3, $4, now())`,
		caseID, member.ID, function, sees)
}

func (w world) exec(sql string, args ...any) {
	w.Helper()
	if _, err := w.db.Pool().Exec(w.Context(), sql, args...); err != nil {
		w.Fatal(err)
	}
}

func (w world) count(sql string, args ...any) (n int) {
	w.Helper()
	if err := w.db.Pool().QueryRow(w.Context(), sql, args...).Scan(&n); err != nil {
		w.Fatal(err)
	}
	return n
}

func (w world) read(actor authz.Actor, itemID evidence.ID, how evidence.Touch) (string, error) {
	_, content, err := w.s.Open(w.Context(), actor, itemID, evidence.Opening{How: how, Reason: "To see it."})
	if err != nil {
		return "", err
	}
	defer content.Close()
	all, err := io.ReadAll(content)
	return string(all), err
}

func (w world) custody(itemID evidence.ID) []evidence.Touch {
	w.Helper()
	events, err := w.s.Custody(w.Context(), authz.System("test"), itemID)
	if err != nil {
		w.Fatal(err)
	}
	touches := make([]evidence.Touch, len(events))
	for i, e := range events {
		touches[i] = e.Action
	}
	return touches
}

func wantKind(t testing.TB, err error, kind apperr.Kind) {
	t.Helper()
	if err == nil || apperr.KindOf(err) != kind {
		t.Errorf("error %v (kind %v), want kind %v", err, apperr.KindOf(err), kind)
	}
}

func TestFileIsKeptEncryptedAndEveryTouchRecorded(t *testing.T) {
	w := setup(t)
	content := "%PDF-1.7\n" + strings.Repeat("visible words ", 9000)
	a := w.add()
	a.Subjects = []evidence.Subject{{Kind: evidence.OnPerson, ID: string(w.person.ID)}}
	itemID := w.file(w.hr, a, content)

	item, err := w.s.ByID(t.Context(), w.hr, itemID)
	if err != nil || item.MediaType != "application/pdf" || item.Size != int64(len(content)) || item.FileName != "scan.pdf" ||
		item.Sensitivity != catalogue.SensitivityPersonal || *item.CollectedBy != w.hr.ID || item.Collector == "" {
		t.Errorf("item %+v, %v", item, err)
	}
	if got, err := w.read(w.hr, itemID, evidence.Downloaded); err != nil || got != content {
		t.Errorf("%d bytes came back, %v", len(got), err)
	}
	if result, err := w.s.Verify(t.Context(), w.hr, itemID); err != nil || result != evidence.Intact {
		t.Errorf("verified: %q, %v", result, err)
	}
	want := []evidence.Touch{evidence.Collected, evidence.Attached, evidence.Downloaded, evidence.Verified}
	if got := w.custody(itemID); !slices.Equal(got, want) {
		t.Errorf("custody %v, want %v", got, want)
	}
	if n := w.count(`SELECT count(*) FROM audit_entries WHERE subject_id = $1 AND person_id = $2`, itemID, w.person.ID); n != 4 {
		t.Errorf("%d audit entries, want 4", n)
	}
	on, err := os.ReadFile(w.blobFile())
	if err != nil || bytes.Contains(on, []byte("visible words")) {
		t.Errorf("the file on disk shows its content (%v)", err)
	}
}

// blobFile finds the one blob of the store.
func (w world) blobFile() string {
	w.Helper()
	files := w.blobFiles()
	if len(files) != 1 {
		w.Fatalf("%d files in the store, want 1", len(files))
	}
	return files[0]
}

func (w world) blobFiles() []string {
	w.Helper()
	var files []string
	err := filepath.WalkDir(w.dir, func(name string, d os.DirEntry, err error) error {
		if info, infoErr := os.Stat(name); infoErr == nil && !d.IsDir() && info.Size() > 0 {
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return files
}

func TestTextAndLink(t *testing.T) {
	w := setup(t)
	text, err := w.s.AddText(t.Context(), w.hr, w.add(), "  The lamp stood on the left. \n")
	if err != nil {
		t.Fatal(err)
	}
	link, err := w.s.AddLink(t.Context(), w.hr, w.add(), "https://example.com/profile?id=7")
	if err != nil {
		t.Fatal(err)
	}
	for itemID, want := range map[evidence.ID]string{text: "The lamp stood on the left.", link: "https://example.com/profile?id=7"} {
		if got, err := w.read(w.hr, itemID, evidence.Viewed); err != nil || got != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
		if result, err := w.s.Verify(t.Context(), w.hr, itemID); err != nil || result != evidence.Intact {
			t.Errorf("verified: %q, %v", result, err)
		}
	}
	if n := w.count(`SELECT count(*) FROM evidence_items WHERE position('lamp'::bytea IN body) > 0 OR position('example'::bytea IN body) > 0`); n != 0 {
		t.Error("content lies readable in the database")
	}
	for _, bad := range []string{"", "example.com", "javascript:alert(1)", "https://", "ftp://example.com/x", "https://a:b@example.com",
		"https://example.com/\x00", "https://example.com/ x", "https://example.com/" + strings.Repeat("x", 3000)} {
		_, err := w.s.AddLink(t.Context(), w.hr, w.add(), bad)
		wantKind(t, err, apperr.InvalidInput)
	}
	for _, bad := range []string{"", " \n", "a\xff", strings.Repeat("x", 257<<10)} {
		_, err := w.s.AddText(t.Context(), w.hr, w.add(), bad)
		wantKind(t, err, apperr.InvalidInput)
	}
}

func TestRefusedUploadLeavesNothing(t *testing.T) {
	w := setup(t)
	broken := io.MultiReader(strings.NewReader("half of "), iotest.ErrReader(io.ErrUnexpectedEOF))
	_, err := w.s.AddFile(t.Context(), w.hr, w.add(), "a.bin", broken)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("broken upload: %v", err)
	}
	_, err = w.s.AddFile(t.Context(), w.hr, w.add(), "a.txt", io.LimitReader(letters{}, 1<<20+1))
	wantKind(t, err, apperr.Oversize)
	_, err = w.s.AddFile(t.Context(), w.hr, w.add(), "empty.png", strings.NewReader(""))
	wantKind(t, err, apperr.InvalidInput)

	// The person is erased while the file is on its way: the row is refused, so the blob must go too.
	erase := iotest.DataErrReader(&once{Reader: strings.NewReader("content"), do: func() {
		w.exec(`UPDATE people SET erased_at = now() WHERE id = $1`, w.person.ID)
	}})
	_, err = w.s.AddFile(t.Context(), w.hr, w.add(), "a.bin", erase)
	wantKind(t, err, apperr.Stale)

	if files := w.blobFiles(); len(files) != 0 {
		t.Errorf("left in the store: %v", files)
	}
	if n := w.count(`SELECT count(*) FROM evidence_items`); n != 0 {
		t.Errorf("%d items", n)
	}
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// once does something before the first read.
type once struct {
	io.Reader
	do func()
}

func (o *once) Read(p []byte) (int, error) {
	if o.do != nil {
		o.do()
		o.do = nil
	}
	return o.Reader.Read(p)
}

func TestHostileNamesAndFields(t *testing.T) {
	w := setup(t)
	a, member := w.add(), accounttest.Actor(t, w.db, authz.SecurityLead)
	a.Title, a.CaseID = "", w.openCase(member, "whole", "lead")
	itemID, err := w.s.AddFile(t.Context(), member, a, "../../etc/\u202efdp.exe\x00\r\n", strings.NewReader("<html><script>alert(1)</script></html>"))
	if err != nil {
		t.Fatal(err)
	}
	item, err := w.s.ByID(t.Context(), member, itemID)
	if err != nil || item.FileName != "fdp.exe" || !item.Unknown() || item.Title != "fdp.exe" || item.MediaType != "text/html" {
		t.Errorf("item %+v, %v", item, err)
	}
	for name, change := range map[string]func(*evidence.Add){
		"kind":        func(a *evidence.Add) { a.Kind = "selfie" },
		"sensitivity": func(a *evidence.Add) { a.Sensitivity = "none" },
		"long title":  func(a *evidence.Add) { a.Title = strings.Repeat("x", 201) },
		"NUL":         func(a *evidence.Add) { a.Source = "a\x00b" },
		"bad UTF-8":   func(a *evidence.Add) { a.Title = "a\xff" },
	} {
		a := w.add()
		change(&a)
		if _, err := w.s.AddText(t.Context(), w.hr, a, "text"); apperr.KindOf(err) != apperr.InvalidInput {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*evidence.Add){
		"no person":      func(a *evidence.Add) { a.PersonID = "x" },
		"unknown person": func(a *evidence.Add) { a.PersonID = id.New() },
		"unknown case":   func(a *evidence.Add) { a.CaseID = id.New() },
		"no case":        func(a *evidence.Add) { a.Subjects = []evidence.Subject{{evidence.OnCase, id.New()}} },
		"subject kind":   func(a *evidence.Add) { a.Subjects = []evidence.Subject{{"moon", id.New()}} },
		"subject":        func(a *evidence.Add) { a.Subjects = []evidence.Subject{{evidence.OnFlag, "'; --"}} },
		"empty answer":   func(a *evidence.Add) { a.Subjects = []evidence.Subject{{evidence.OnAnswer, a.PersonID + "/"}} },
		"signal":         func(a *evidence.Add) { a.Subjects = []evidence.Subject{{evidence.OnSignal, "zzz"}} },
		"somebody else": func(a *evidence.Add) {
			a.Subjects = []evidence.Subject{{evidence.OnPerson, string(persontest.New(t, w.db).ID)}}
		},
	} {
		a := w.add()
		change(&a)
		if _, err := w.s.AddText(t.Context(), w.hr, a, "text"); apperr.KindOf(err) != apperr.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAlteredContentIsNoticed(t *testing.T) {
	w := setup(t)
	itemID := w.file(w.hr, w.add(), strings.Repeat("content ", 20_000))
	name := w.blobFile()
	if err := os.Chmod(name, 0o600); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)-5] ^= 1
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if result, err := w.s.Verify(t.Context(), w.hr, itemID); err != nil || result != evidence.Altered {
		t.Errorf("verified: %q, %v", result, err)
	}
	if got, err := w.read(w.hr, itemID, evidence.Downloaded); err == nil {
		t.Errorf("%d altered bytes were given out as whole", len(got))
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if result, err := w.s.Verify(t.Context(), w.hr, itemID); err != nil || result != evidence.Altered {
		t.Errorf("verified what is gone: %q, %v", result, err)
	}
}

// TestWhoeverFindsItAlteredRaisesTheAlarm: opening or verifying an item whose file is not what was collected is the same alarm
// as that of the scan, at once and once, and the scan passes no other item over for it.
func TestWhoeverFindsItAlteredRaisesTheAlarm(t *testing.T) {
	w := setup(t)
	itemID := w.file(w.hr, w.add(), strings.Repeat("content ", 40_000))
	name := w.blobFile()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	alarms := func(want int, what string) {
		t.Helper()
		found, err := w.s.AlteredItems(t.Context(), 10)
		entries := w.count(`SELECT count(*) FROM audit_entries WHERE action = 'evidence.scanned' AND subject_id = $1 AND detail ->> 'result' = 'altered'`, itemID)
		if err != nil || len(found) != min(want, 1) || entries != want {
			t.Errorf("%s: %v are altered, %d entries, want %d; error %v", what, found, entries, want, err)
		}
	}
	spoiled := bytes.Clone(content)
	spoiled[len(spoiled)-5] ^= 1
	w.rewrite(name, spoiled)
	_, err = w.read(w.hr, itemID, evidence.Downloaded)
	wantKind(t, err, apperr.Damaged)
	alarms(1, "opened what was altered")
	_, err = w.read(w.hr, itemID, evidence.Viewed)
	wantKind(t, err, apperr.Damaged)
	alarms(1, "opened again")

	w.rewrite(name, content)
	if result, err := w.s.Verify(t.Context(), w.hr, itemID); err != nil || result != evidence.Intact {
		t.Errorf("verified what was put back: %q, %v", result, err)
	}
	if found, err := w.s.AlteredItems(t.Context(), 10); err != nil || len(found) != 0 {
		t.Errorf("put back and verified: %v, %v", found, err)
	}

	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if result, err := w.s.Verify(t.Context(), w.hr, itemID); err != nil || result != evidence.Altered {
		t.Errorf("verified what is gone: %q, %v", result, err)
	}
	alarms(2, "verified what is gone")
	_, err = w.read(w.hr, itemID, evidence.Downloaded)
	wantKind(t, err, apperr.Damaged)
	alarms(2, "opened what is gone")

	const older = "01900000-0000-7000-8000-000000000000" // never read through, and its file is gone too
	w.exec(`INSERT INTO evidence_items (id, person_id, form, kind, title, sha256, size, media_type, blob_key, collected_at)
		SELECT $1, person_id, form, kind, title, sha256, size, media_type, 'gone', collected_at FROM evidence_items`, older)
	if err := w.s.Scan(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found, err := w.s.AlteredItems(t.Context(), 10); err != nil || !slices.Equal(found, []evidence.ID{older, itemID}) {
		t.Errorf("the scan passed over an older item: %v, %v", found, err)
	}
}

func (w world) rewrite(name string, content []byte) {
	w.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		w.Fatal(err)
	}
}

// TestEvidenceIsReadThroughInTheBackground: what is altered or gone becomes an alarm and an entry, once; put back, it is none.
func TestEvidenceIsReadThroughInTheBackground(t *testing.T) {
	w := setup(t)
	itemID := w.file(w.hr, w.add(), "what was collected")
	if _, err := w.s.AddText(w.Context(), w.hr, w.add(), "a text"); err != nil {
		t.Fatal(err)
	}
	scan := func(later time.Duration, altered int) {
		t.Helper()
		w.db.SetClock(func() time.Time { return time.Now().Add(later) })
		if err := w.s.Scan(t.Context()); err != nil {
			t.Fatal(err)
		}
		if found, err := w.s.AlteredItems(t.Context(), 10); err != nil || len(found) != altered {
			t.Errorf("%v later %v are altered, want %d; error %v", later, found, altered, err)
		}
	}
	scans := func() (n int) {
		t.Helper()
		if err := w.db.Pool().QueryRow(t.Context(), `SELECT count(*) FROM evidence_scans`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	scan(0, 0)
	if n := scans(); n != 0 {
		t.Errorf("%d items of this very hour were read through", n)
	}
	// As if they had been read through forty days ago.
	w.exec(`INSERT INTO evidence_scans (evidence_id, at, result) SELECT id, now() - interval '40 days', 'intact' FROM evidence_items`)
	scan(0, 0)
	name := w.blobFile()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	scan(0, 0) // it is not its turn
	scan(31*24*time.Hour, 1)
	scan(62*24*time.Hour, 1)
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	scan(93*24*time.Hour, 0)
	var results []string
	if err := w.db.Pool().QueryRow(t.Context(), `
		SELECT array_agg(detail ->> 'result' ORDER BY id) FROM audit_entries WHERE action = 'evidence.scanned' AND subject_id = $1`, itemID).Scan(&results); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(results, []string{evidence.Altered, evidence.Intact}) {
		t.Errorf("entries %v", results)
	}
}

// TestOnlyWhatOneSeesIsAddedTo: a member called in for tasks adds to the steps of their function, and nobody to a step
// that the case does not have.
func TestOnlyWhatOneSeesIsAddedTo(t *testing.T) {
	w := setup(t)
	lead, finance, legal := accounttest.Actor(t, w.db, authz.SecurityLead), accounttest.Actor(t, w.db, authz.Finance), accounttest.Actor(t, w.db, authz.Legal)
	caseID := w.openCase(lead, "whole", "lead")
	w.join(caseID, legal, "whole", "legal")
	w.join(caseID, finance, "tasks", "finance")
	w.exec(`INSERT INTO case_steps (case_id, step_id, position, owner_role, due_at) VALUES ($1, 'step-pay', 1, 'finance', now())`, caseID)
	w.exec(`INSERT INTO case_steps (case_id, step_id, position, owner_role, due_at) VALUES ($1, 'step-decide', 2, 'security-lead', now())`, caseID)
	for _, c := range []struct {
		who   string
		actor authz.Actor
		step  string
		may   bool
	}{
		{"finance", finance, "step-pay", true}, {"finance", finance, "step-decide", false}, {"legal", legal, "step-decide", true},
		{"the lead", lead, "step-nowhere", false},
	} {
		to := w.add()
		to.CaseID, to.Subjects = caseID, []evidence.Subject{{evidence.OnStep, caseID + "/" + c.step}}
		if _, err := w.s.AddText(t.Context(), c.actor, to, "Seen."); c.may && err != nil || !c.may && apperr.KindOf(err) != apperr.NotFound {
			t.Errorf("%s adds to %s: %v, may: %v", c.who, c.step, err, c.may)
		}
	}
}

func TestWhoSeesWhat(t *testing.T) {
	w := setup(t)
	manager := accounttest.Actor(t, w.db, authz.HiringManager)
	lead, finance := accounttest.Actor(t, w.db, authz.SecurityLead), accounttest.Actor(t, w.db, authz.Finance)
	legal, outsider := accounttest.Actor(t, w.db, authz.Legal), accounttest.Actor(t, w.db, authz.Interviewer)
	themselves := w.hr
	themselves.PersonID = string(w.person.ID)
	caseID := w.openCase(lead, "whole", "lead")
	w.join(caseID, legal, "whole", "legal")
	w.join(caseID, finance, "tasks", "finance")
	w.exec(`INSERT INTO case_steps (case_id, step_id, position, owner_role, due_at) VALUES ($1, 'step-pay', 1, 'finance', now())`, caseID)

	open := w.file(w.hr, w.add(), "open")
	inCase := w.add()
	inCase.CaseID = caseID
	inCase.Subjects = []evidence.Subject{{evidence.OnCase, caseID}}
	closed := w.file(lead, inCase, "closed")
	inCase.Subjects = []evidence.Subject{{evidence.OnStep, caseID + "/step-pay"}}
	task := w.file(lead, inCase, "task")

	for _, c := range []struct {
		who   string
		actor authz.Actor
		item  evidence.ID
		sees  bool
	}{
		{"HR", w.hr, open, true}, {"HR", w.hr, closed, false}, {"HR", w.hr, task, false},
		{"the person", themselves, open, false},
		{"another manager", manager, open, false}, {"another interviewer", outsider, open, false},
		{"a token", authz.Actor{Kind: authz.KindToken, ID: id.New()}, open, false},
		{"lead", lead, closed, true}, {"lead", lead, task, true},
		{"legal in the case", legal, open, true}, {"legal in the case", legal, closed, true},
		{"finance in the case", finance, open, false}, {"finance in the case", finance, closed, false}, {"finance in the case", finance, task, true},
		{"the system", authz.System("test"), closed, true},
	} {
		_, err := w.s.ByID(t.Context(), c.actor, c.item)
		_, _, openErr := w.s.Open(t.Context(), c.actor, c.item, evidence.Opening{How: evidence.Viewed, Reason: "To see it."})
		_, custodyErr := w.s.Custody(t.Context(), c.actor, c.item)
		_, verifyErr := w.s.Verify(t.Context(), c.actor, c.item)
		for what, err := range map[string]error{"item": err, "content": openErr, "custody": custodyErr, "verify": verifyErr} {
			if c.sees && err != nil || !c.sees && apperr.KindOf(err) != apperr.NotFound {
				t.Errorf("%s, %s of %s: %v, may see it: %v", c.who, what, c.item, err, c.sees)
			}
		}
	}
	w.exec(`UPDATE case_members SET removed_at = now() WHERE user_id = $1`, legal.ID)
	_, err := w.s.ByID(t.Context(), legal, closed)
	wantKind(t, err, apperr.NotFound)
	for who, n := range map[*authz.Actor]int{&w.hr: 1, &lead: 3, &finance: 1, &legal: 0} {
		items, err := w.s.ForPerson(t.Context(), *who, w.person.ID)
		if err != nil || len(items) != n {
			t.Errorf("%s sees %d items, %v; want %d", who.Roles, len(items), err, n)
		}
	}
	_, err = w.s.AddText(t.Context(), legal, inCase, "text")
	wantKind(t, err, apperr.NotFound)
	// An observer brings nothing, and a closed case takes nothing, though both are still read.
	w.exec(`UPDATE case_members SET function = 'observer' WHERE user_id = $1`, lead.ID)
	_, err = w.s.AddText(t.Context(), lead, inCase, "text")
	wantKind(t, err, apperr.NotFound)
	w.exec(`UPDATE case_members SET function = 'lead' WHERE user_id = $1`, lead.ID)
	_, err = w.s.AddText(t.Context(), lead, inCase, "text")
	if err != nil {
		t.Errorf("the lead again: %v", err)
	}
	w.exec(`UPDATE cases SET status = 'closed', outcome = 'confirmed', agreed_by = $2 WHERE id = $1`, caseID, id.New())
	_, err = w.s.AddText(t.Context(), lead, inCase, "text")
	wantKind(t, err, apperr.NotFound)
	if _, err = w.s.ByID(t.Context(), lead, closed); err != nil {
		t.Errorf("what a closed case holds: %v", err)
	}
}

func TestSpecialItemsOpenForFew(t *testing.T) {
	w := setup(t)
	manager := accounttest.Actor(t, w.db, authz.HiringManager)
	w.exec(`UPDATE people SET manager_id = $1 WHERE id = $2`, manager.ID, w.person.ID)
	a := w.add()
	a.Sensitivity = "special"
	theirs, mine := w.file(w.hr, a, "passport"), w.file(manager, a, "bank statement")

	if _, err := w.s.ByID(t.Context(), manager, theirs); err != nil {
		t.Errorf("that there is such an item: %v", err)
	}
	_, err := w.read(manager, theirs, evidence.Viewed)
	wantKind(t, err, apperr.Denied)
	if got := w.custody(theirs); len(got) != 1 {
		t.Errorf("a refused look is no touch: %v", got)
	}
	if _, err := w.read(manager, mine, evidence.Viewed); err != nil {
		t.Errorf("what one brought: %v", err)
	}
	if _, err := w.read(w.hr, mine, evidence.Viewed); err != nil {
		t.Errorf("HR: %v", err)
	}
}

func TestAttach(t *testing.T) {
	w := setup(t)
	lead := accounttest.Actor(t, w.db, authz.SecurityLead)
	caseID := w.openCase(lead, "whole", "lead")
	first, second := w.file(w.hr, w.add(), "1"), w.file(w.hr, w.add(), "2")
	attach := func(actor authz.Actor, ids []evidence.ID, s evidence.Subject) error {
		return w.db.Write(t.Context(), actor, func(tx *db.Tx) error {
			tx.Record(db.Entry{Action: "test.attached", SubjectKind: s.Kind, SubjectID: s.ID})
			return w.s.Attach(t.Context(), tx, ids, s)
		})
	}
	onPerson := evidence.Subject{Kind: evidence.OnPerson, ID: string(w.person.ID)}
	for range 2 { // the second time is no news
		if err := attach(w.hr, []evidence.ID{first, second, first}, onPerson); err != nil {
			t.Fatal(err)
		}
	}
	if err := attach(lead, []evidence.ID{first}, evidence.Subject{Kind: evidence.OnStep, ID: caseID + "/step-x"}); err != nil {
		t.Fatal(err)
	}
	if got := w.custody(first); !slices.Equal(got, []evidence.Touch{evidence.Collected, evidence.Attached, evidence.Attached}) {
		t.Errorf("custody %v", got)
	}
	if items, err := w.s.For(t.Context(), w.hr, onPerson); err != nil || len(items) != 2 {
		t.Errorf("attached to the person: %d, %v", len(items), err)
	}
	// The case must not show from outside: not in what the item is attached to, nor in its custody.
	for actor, n := range map[*authz.Actor]int{&w.hr: 1, &lead: 2} {
		subjects, err := w.s.Subjects(t.Context(), *actor, first)
		events, eventsErr := w.s.Custody(t.Context(), *actor, first)
		if err != nil || eventsErr != nil || len(subjects) != n || len(events) != n+1 {
			t.Errorf("%v sees %v and %d events (%v, %v)", actor.Roles, subjects, len(events), err, eventsErr)
		}
	}
	stranger := accounttest.Actor(t, w.db, authz.Interviewer)
	wantKind(t, attach(stranger, []evidence.ID{first}, onPerson), apperr.NotFound)
	wantKind(t, attach(w.hr, []evidence.ID{"nonsense"}, onPerson), apperr.NotFound)
	wantKind(t, attach(w.hr, []evidence.ID{first}, evidence.Subject{Kind: evidence.OnFlag, ID: id.New()}), apperr.NotFound)
}

// TestTheLogTellsTouchesInTheOrderOfCustody, also where two of them were one act.
func TestTheLogTellsTouchesInTheOrderOfCustody(t *testing.T) {
	w := setup(t)
	itemID, err := w.s.AddText(t.Context(), w.hr, evidence.Add{PersonID: string(w.person.ID), Kind: "note", Title: "A note",
		Subjects: []evidence.Subject{{Kind: evidence.OnPerson, ID: string(w.person.ID)}}}, "what was seen")
	if err != nil {
		t.Fatal(err)
	}
	rows, _ := w.db.Pool().Query(t.Context(), `SELECT action FROM audit_entries WHERE subject_id = $1 ORDER BY id`, itemID)
	logged, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	touches := w.custody(itemID)
	if len(touches) != 2 || len(logged) != 2 || logged[0] != "evidence."+string(touches[0]) || logged[1] != "evidence."+string(touches[1]) {
		t.Errorf("the log says %v, custody %v", logged, touches)
	}
}

func TestErasedPersonsContentIsGone(t *testing.T) {
	w := setup(t)
	itemID := w.file(w.hr, w.add(), "content")
	w.exec(`UPDATE person_keys SET wrapped = NULL, destroyed_at = now() WHERE person_id = $1`, w.person.ID)
	_, err := w.read(w.hr, itemID, evidence.Viewed)
	wantKind(t, err, apperr.Stale)
	_, err = w.s.AddText(t.Context(), w.hr, w.add(), "more")
	wantKind(t, err, apperr.Stale)
}

func TestCancelledUploadKeepsNothing(t *testing.T) {
	w := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := w.s.AddFile(ctx, w.hr, w.add(), "a", &once{Reader: strings.NewReader("content"), do: cancel})
	if !errors.Is(err, context.Canceled) || len(w.blobFiles()) != 0 {
		t.Errorf("%v, left: %v", err, w.blobFiles())
	}
}

func TestKindsAreTheCatalogues(t *testing.T) {
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, k := range evidence.Kinds() {
		names = append(names, string(k))
		if evidence.KindTitle(k) == string(k) {
			t.Errorf("kind %q has no title", k)
		}
	}
	if want := lib.Current().Meta.Vocabularies.EvidenceKinds.Names(); !slices.Equal(names, want) {
		t.Errorf("kinds %v, want %v", names, want)
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 1023: "1023 bytes", 1024: "1 KiB", 1536: "1.5 KiB", 2 << 30: "2 GiB"} {
		if got := evidence.Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestSweepDeletesOrphansOnly(t *testing.T) {
	w := setup(t)
	store, err := blob.OpenDisk(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	orphan, foreign := id.New(), "notes-of-the-operator"
	for _, key := range []string{orphan, foreign} {
		if _, err := store.Put(t.Context(), key, strings.NewReader("sealed")); err != nil {
			t.Fatal(err)
		}
	}
	kept := w.file(w.hr, w.add(), "kept")
	there := func(key string) bool {
		_, err := store.Stat(t.Context(), key)
		return err == nil
	}
	sweep := func(after time.Duration) {
		t.Helper()
		w.db.SetClock(func() time.Time { return time.Now().Add(after) })
		if err := w.s.SweepBlobs(t.Context()); err != nil {
			t.Error(err)
		}
	}
	sweep(24 * time.Hour)
	if !there(orphan) {
		t.Error("a young orphan was deleted: its item may be about to be written")
	}

	// An upload is under way while everything that is there counts as old: its file is still incoming, and it ends well.
	reader, writer := io.Pipe()
	type arrived struct {
		id  evidence.ID
		err error
	}
	uploaded := make(chan arrived)
	go func() {
		itemID, err := w.s.AddFile(t.Context(), w.hr, w.add(), "slow.txt", reader)
		uploaded <- arrived{itemID, err}
	}()
	_, _ = io.WriteString(writer, "first half, ")
	sweep(30 * 24 * time.Hour)
	_, _ = io.WriteString(writer, "second half")
	writer.Close()
	slow := <-uploaded
	if slow.err != nil {
		t.Fatal(slow.err)
	}
	sweep(30 * 24 * time.Hour)
	if there(orphan) || !there(foreign) {
		t.Errorf("orphan there: %v, foreign there: %v", there(orphan), there(foreign))
	}
	for itemID, want := range map[evidence.ID]string{kept: "kept", slow.id: "first half, second half"} {
		if got, err := w.read(w.hr, itemID, evidence.Downloaded); err != nil || got != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
	if n := w.count(`SELECT count(*) FROM audit_entries WHERE action = 'evidence.orphans_deleted' AND detail->'blobs' ? $1`, orphan); n != 1 {
		t.Errorf("%d audit entries of the deletion", n)
	}
}

func TestSweepStopsWhenTheDatabaseIsOlderThanTheFiles(t *testing.T) {
	w := setup(t)
	store, err := blob.OpenDisk(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	last := ""
	for range 101 {
		last = id.New()
		if _, err := store.Put(t.Context(), last, strings.NewReader("sealed")); err != nil {
			t.Fatal(err)
		}
	}
	w.db.SetClock(func() time.Time { return time.Now().AddDate(0, 1, 0) })
	if err := w.s.SweepBlobs(t.Context()); err == nil || !strings.Contains(err.Error(), "nothing was deleted") {
		t.Errorf("got %v", err)
	}
	if _, err := store.Stat(t.Context(), last); err != nil {
		t.Error("a file was deleted all the same")
	}
}

func TestOpeningThePageIsATouch(t *testing.T) {
	w := setup(t)
	item := w.file(w.hr, w.add(), "what was seen")
	for range 2 {
		if _, err := w.s.Look(t.Context(), w.hr, item); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.custody(item); len(got) != 2 || got[0] != evidence.Collected || got[1] != evidence.Opened {
		t.Errorf("custody after two looks within a moment: %v", got)
	}
	_, err := w.s.Look(t.Context(), accounttest.Actor(t, w.db, authz.Finance), item)
	wantKind(t, err, apperr.NotFound)
	if got := w.custody(item); len(got) != 2 {
		t.Errorf("a look that was refused is on record: %v", got)
	}
}

// TestAFileStaysWhereItsRowMayBeStored: the line breaks while the row is committed, so the row is there and needs its
// content.
func TestAFileStaysWhereItsRowMayBeStored(t *testing.T) {
	w := setup(t)
	lossy, lose := dbtest.Lossy(t, w.db.Pool().Config().ConnString())
	d, err := db.Open(t.Context(), lossy)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	store, err := blob.OpenDisk(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	s := evidence.NewService(d, store, persontest.Service(t, w.db), 1<<20)
	lose()
	if _, err := s.AddFile(t.Context(), w.hr, w.add(), "a.txt", strings.NewReader("content")); !errors.Is(err, db.ErrUnsure) {
		t.Fatalf("an upload whose commit has no answer ends with %v", err)
	}
	var itemID evidence.ID
	if err := w.db.Pool().QueryRow(t.Context(), `SELECT id FROM evidence_items`).Scan(&itemID); err != nil {
		t.Fatal(err)
	}
	_, content, err := w.s.Open(t.Context(), w.hr, itemID, evidence.Opening{How: evidence.Downloaded})
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	if found, err := io.ReadAll(content); string(found) != "content" || err != nil {
		t.Errorf("found %q, %v", found, err)
	}
}
