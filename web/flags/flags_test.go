package flags_test

import (
	"bytes"
	"context"
	"errors"
	"html"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/flag"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
	"gatehouse/web/path"
)

// hostile is a text that breaks out of anything that does not escape it.
const hostile = `<script>alert(1)</script>"'>`

// world is an installation with one flagged person and two people who may answer flags.
type world struct {
	*apptest.World
	t        *testing.T
	hr, lead *apptest.Browser
	person   person.ID
}

// setup raises a flag of the strength on a person.
func setup(t *testing.T, s catalogue.Strength) *world {
	t.Parallel()
	w := &world{World: apptest.New(t), t: t}
	w.hr, w.lead = w.SignIn(w.User("Hanna Reyes", authz.HR)), w.SignIn(w.User("Lee Adeyemi", authz.SecurityLead))
	err := w.DB.Write(context.Background(), authz.System("test"), func(tx *db.Tx) (err error) {
		ctx := context.Background()
		tx.Record(db.Entry{Action: "test.wrote", SubjectKind: "test", SubjectID: "1"})
		if w.person, err = w.Features.People.Add(ctx, tx, person.New{Name: hostile}); err != nil {
			return err
		}
		return w.Features.Assess.Note(ctx, tx, w.person, assessment.Outcome{ItemID: w.check(s).ID, Answer: catalogue.RedFlag,
			OriginKind: flag.FromAnswer, OriginID: id.New() + "/" + id.New(), Note: hostile, At: time.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) check(s catalogue.Strength) *catalogue.Check {
	for _, c := range w.Features.Catalogue.Current().Checks {
		if c.Strength == s {
			return c
		}
	}
	w.t.Fatalf("no %s check", s)
	return nil
}

func (w *world) flag() flag.Flag {
	w.t.Helper()
	list, err := w.Features.Flags.ForPerson(context.Background(), w.DB.Pool(), w.person)
	if err != nil || len(list) != 1 {
		w.t.Fatalf("%d flags, %v", len(list), err)
	}
	return list[0]
}

func (w *world) shows(p apptest.Page, status int, texts ...string) {
	w.t.Helper()
	if p.Status != status {
		w.t.Fatalf("status %d, want %d: %.300s", p.Status, status, p.Body)
	}
	for _, text := range texts {
		if !strings.Contains(p.Body, html.EscapeString(text)) {
			w.t.Errorf("page lacks %q", text)
		}
	}
	if strings.Contains(p.Body, "<script>alert") {
		w.t.Error("a text from outside is not escaped")
	}
}

// dispose posts the answer form of the flag.
func (w *world) dispose(b *apptest.Browser, state, reason string) apptest.Page {
	w.t.Helper()
	f := w.flag()
	return b.Post(path.DisposeFlag(f.ID), url.Values{"version": {strconv.Itoa(f.Version)}, "state": {state}, "reason": {reason}})
}

func TestFlagPages(t *testing.T) {
	w := setup(t, catalogue.Strong)
	check := w.check(catalogue.Strong)
	w.shows(w.hr.Get(path.Flags), http.StatusOK, check.Title, hostile)
	w.shows(w.hr.Get(path.Flags+"?after=nonsense"), http.StatusOK, check.Title)
	w.shows(w.hr.Get(path.Flag(w.flag().ID)), http.StatusOK, check.Title, check.FalsePositives, hostile, "Answer this flag")
	w.shows(w.hr.Get(path.Flag(id.New())), http.StatusNotFound)
	manager := w.SignIn(w.User("Mika Ostrow", authz.HiringManager))
	w.shows(manager.Get(path.Flag(w.flag().ID)), http.StatusNotFound)
	w.shows(manager.Get(path.Flags), http.StatusForbidden)
	auditor := w.SignIn(w.User("Aud Itor", authz.Auditor)).Get(path.Flag(w.flag().ID))
	w.shows(auditor, http.StatusOK, check.Title)
	if strings.Contains(auditor.Body, "Answer this flag") {
		t.Error("an auditor is offered the form")
	}
}

func TestExplainingAFlag(t *testing.T) {
	w := setup(t, catalogue.Strong)
	w.shows(w.dispose(w.hr, "explained", ""), http.StatusUnprocessableEntity,
		"Say what this rests on", "Choose or add what shows it", "2 things need your attention")
	refused := w.dispose(w.hr, "ignored", hostile)
	w.shows(refused, http.StatusUnprocessableEntity, "Choose open, explained or confirmed", hostile)
	w.shows(w.dispose(w.hr, "explained", "Two pay slips show it."), http.StatusUnprocessableEntity, "Choose or add what shows it", "Two pay slips show it.")
	w.form(w.hr, map[string]string{"state": "explained", "reason": "Two pay slips show it.", "title": "Pay slips", "text": "September and October."}, "", http.StatusSeeOther)
	w.shows(w.hr.Get(path.Flag(w.flag().ID)), http.StatusOK, "Two pay slips show it.", "Sealed")
	w.shows(w.hr.Get(path.Flags), http.StatusOK, "No flag waits")
	w.shows(w.dispose(w.hr, "open", "Second thoughts."), http.StatusConflict, "explained and sealed", "What you typed, not saved", "Second thoughts.")
}

// form posts the answer form as a browser does, with a file if one is named.
func (w *world) form(b *apptest.Browser, fields map[string]string, file string, status int, texts ...string) {
	w.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	f := w.flag()
	err := m.WriteField("version", strconv.Itoa(f.Version))
	for name, value := range fields {
		err = errors.Join(err, m.WriteField(name, value))
	}
	part, fileErr := m.CreateFormFile("file", file)
	if _, writeErr := part.Write([]byte("Dear all, " + hostile)); file != "" {
		err = errors.Join(err, writeErr)
	}
	if err = errors.Join(err, fileErr, m.Close()); err != nil {
		w.t.Fatal(err)
	}
	w.shows(b.Send(http.MethodPost, path.DisposeFlag(f.ID), m.FormDataContentType(), &body), status, texts...)
}

// evidence lists what is attached to the flag.
func (w *world) evidence() (titles []string) {
	w.t.Helper()
	rows, err := w.DB.Pool().Query(context.Background(), `
		SELECT e.title || ' ' || e.kind FROM evidence_items e JOIN evidence_links l ON l.evidence_id = e.id
		WHERE  l.subject_kind = 'flag' AND l.subject_id = $1 ORDER BY e.collected_at`, w.flag().ID)
	if err == nil {
		titles, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return titles
}

// TestEvidenceComesWithTheAnswer: what is wrong with either keeps what was typed in both, and evidence that arrived is
// not asked for again.
func TestEvidenceComesWithTheAnswer(t *testing.T) {
	w := setup(t, catalogue.Strong)
	w.shows(w.hr.Get(path.Flag(w.flag().ID)), http.StatusOK, "Add new evidence", "multipart/form-data")
	typed := map[string]string{"state": "explained", "reason": "What I typed.", "title": "The letter", "source": "Her landlord", "url": "no address"}
	w.form(w.hr, typed, "", http.StatusUnprocessableEntity, "What I typed.", "Her landlord", "no address", "begins with https://")
	typed["url"] = "https://archive.example.com/letter"
	w.form(w.hr, typed, "letter.pdf", http.StatusUnprocessableEntity, "What I typed.", "https://archive.example.com/letter", "Give one of the three")
	if got := w.evidence(); len(got) != 0 || w.flag().State != flag.Open {
		t.Fatalf("kept %v of what was refused", got)
	}
	delete(typed, "url")
	w.form(w.hr, typed, "", http.StatusUnprocessableEntity, "Her landlord", "Give a link, a text or a file")
	typed["reason"] = ""
	w.form(w.hr, typed, "letter.pdf", http.StatusUnprocessableEntity, "Say what this rests on", "The evidence was added and is ticked below", "The letter")
	if got := w.evidence(); len(got) != 1 || got[0] != "The letter document" {
		t.Fatalf("evidence %v", got)
	}
	w.form(w.hr, map[string]string{"state": "explained", "reason": "It says so."}, "", http.StatusSeeOther)
	if f := w.flag(); f.State != flag.Explained || len(w.evidence()) != 1 {
		t.Errorf("flag %+v, evidence %v", f, w.evidence())
	}
}

func TestAStaleAnswerKeepsWhatWasTyped(t *testing.T) {
	w := setup(t, catalogue.Strong)
	f := w.flag()
	form := url.Values{"version": {strconv.Itoa(f.Version + 5)}, "state": {"confirmed"}, "reason": {"What I typed."}}
	w.shows(w.hr.Post(path.DisposeFlag(f.ID), form), http.StatusConflict, "What I typed.", "Somebody answered this flag meanwhile")
}

func TestASecondPersonConfirms(t *testing.T) {
	w := setup(t, catalogue.Decisive)
	if p := w.dispose(w.hr, "confirmed", "The office says so."); p.Status != http.StatusSeeOther {
		t.Fatalf("status %d", p.Status)
	}
	f := w.flag()
	version := url.Values{"version": {strconv.Itoa(f.Version)}}
	own := w.hr.Get(path.Flag(f.ID))
	w.shows(own, http.StatusOK, "once a second person agrees")
	if strings.Contains(own.Body, path.SecondFlag(f.ID)) {
		t.Error("the first person is offered to be the second")
	}
	w.shows(w.hr.Post(path.SecondFlag(f.ID), version), http.StatusForbidden)
	w.shows(w.lead.Get(path.Flag(f.ID)), http.StatusOK, "A second look", "Hanna Reyes")
	if p := w.lead.Post(path.SecondFlag(f.ID), version); p.Status != http.StatusSeeOther {
		t.Fatalf("status %d", p.Status)
	}
	w.shows(w.hr.Get(path.Flag(f.ID)), http.StatusOK, "agreed by Lee Adeyemi")
}
