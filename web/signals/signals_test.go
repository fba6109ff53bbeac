package signals_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
	"gatehouse/internal/signal"
	"gatehouse/web/path"
)

func TestSignalPages(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	b := w.SignIn(w.User("Sam Lead", authz.SecurityLead))
	personID, engagement := engaged(t, w)

	empty := b.Post(path.NewSignal(engagement), url.Values{"note": {"kept <b>text</b>"}})
	if empty.Status != http.StatusUnprocessableEntity || !strings.Contains(empty.Body, "Choose a signal.") || !strings.Contains(empty.Body, "kept &lt;b&gt;text&lt;/b&gt;") {
		t.Errorf("empty form: %d", empty.Status)
	}
	if got := b.Get(path.NewSignal(engagement)); got.Status != 200 || !strings.Contains(got.Body, "About Robin Vale") {
		t.Errorf("form: %d", got.Status)
	}
	saved := b.Post(path.NewSignal(engagement), url.Values{"signal": {"signal-mouse-jiggler"}, "occurred_at": {"2026-03-04T10:00"}, "note": {"=HYPERLINK(1) moved all night"}})
	if saved.Status != http.StatusSeeOther {
		t.Fatalf("record: %d\n%s", saved.Status, saved.Body)
	}
	page := b.Get(saved.Header.Get("Location"))
	for _, word := range []string{"Mouse jiggler", "Innocent causes", "moved all night", path.Escalate(personID), "Robin Vale"} {
		if !strings.Contains(page.Body, word) {
			t.Errorf("signal's page lacks %q (%d)", word, page.Status)
		}
	}
	if got := b.Get(path.Engagement(engagement)); got.Status != 200 || !strings.Contains(got.Body, "Mouse jiggler") || !strings.Contains(got.Body, path.NewSignal(engagement)) {
		t.Errorf("engagement's page: %d", got.Status)
	}
	lines := []signal.Line{{Number: 1, Source: "edr", ExternalID: "=1+1", SignalID: "signal-remote-access-tool", Account: "nobody@example.com", OccurredAt: w.DB.Now()}}
	if _, err := w.Features.Signals.Ingest(t.Context(), authz.System("test"), signal.Digest{}, lines); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{"": "nobody@example.com", "?severity=high": "nobody@example.com", "?unresolved=on": "nobody@example.com",
		"?person=" + string(personID): "About Robin Vale", "?severity=critical": "No such signal", "?signal=signal-mouse-jiggler": "Mouse jiggler", "?severity=%27&after=zzz": "Mouse jiggler"} {
		if got := b.Get(path.Signals + query); got.Status != 200 || !strings.Contains(got.Body, want) {
			t.Errorf("list %s: %d, want %q", query, got.Status, want)
		}
	}
	file := b.Get(path.SignalsCSV + "?unresolved=on")
	if file.Status != 200 || !strings.Contains(file.Body, ",'=1+1,") || strings.Contains(file.Body, "Robin") {
		t.Errorf("CSV: %d\n%s", file.Status, file.Body)
	}
	for _, nowhere := range []string{path.Signal("zzz"), path.Signals + "?person=" + id.New(), path.NewSignal(id.New())} {
		if got := b.Get(nowhere); got.Status != http.StatusNotFound {
			t.Errorf("%s: %d", nowhere, got.Status)
		}
	}
}

func engaged(t *testing.T, w *apptest.World) (person.ID, hiring.EngagementID) {
	t.Helper()
	var personID person.ID
	engagement := id.New()
	err := w.DB.Write(t.Context(), authz.System("test"), func(tx *db.Tx) error {
		var err error
		if personID, err = w.Features.People.Add(t.Context(), tx, person.New{Name: "Robin Vale"}); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "person.added", SubjectKind: "person", SubjectID: string(personID)})
		_, err = tx.Exec(t.Context(), fmt.Sprintf(`INSERT INTO engagements (id, person_id, kind, started_on, created_at)
			VALUES ('%s', '%s', 'contractor', '2025-01-01', now())`, engagement, personID))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return personID, hiring.EngagementID(engagement)
}
