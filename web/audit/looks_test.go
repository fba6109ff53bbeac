package audit_test

import (
	"context"
	"strings"
	"testing"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/browsertest"
	"gatehouse/internal/evidence"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/web/path"
)

// TestTheLogFitsItsWindow: names and values that nobody can break in two stay inside the page, on paper's width and on
// a phone's.
func TestTheLogFitsItsWindow(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	hr, auditor := w.User("Hanna Reyes", authz.HR), w.User("Aud Itor", authz.Auditor)
	long := strings.Repeat("screenshot_of_the_call_", 8)
	var personID person.ID
	err := w.DB.Write(context.Background(), hr.Actor(), func(tx *db.Tx) (err error) {
		tx.Record(db.Entry{Action: "test.wrote", SubjectKind: strings.Repeat("kind", 40), SubjectID: strings.Repeat("id", 80),
			Changes: []db.Change{db.Changed(strings.Repeat("field", 30), long, "")}, Reason: long})
		personID, err = w.Features.People.Add(context.Background(), tx, person.New{Name: strings.Repeat("Wolfeschlegelstein", 8)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Features.Evidence.AddFile(context.Background(), hr.Actor(), evidence.Add{PersonID: string(personID), Kind: "screenshot"},
		long+".png", strings.NewReader("not really a picture")); err != nil {
		t.Fatal(err)
	}
	p := browsertest.New(t).Page()
	p.Goto(w.URL + path.SignIn)
	p.Fill("[name=email]", auditor.Email)
	p.Fill("[name=password]", apptest.Password)
	p.Click("main button")
	p.WaitGone("[name=password]")
	p.Goto(w.URL + path.Audit)
	entries := browsertest.Eval[[]string](p, `[...document.querySelectorAll("tbody a.name")].map((a) => a.href)`)
	for _, address := range append([]string{w.URL + path.Audit, w.URL + path.PersonAudit(personID)}, entries[:3]...) {
		for theme, width := range map[string]int{"light": 390, "dark": 1440} {
			p.SetViewport(width, 844)
			p.SetTheme(theme)
			p.Goto(address)
			p.MustNotScrollSideways()
			if width == 390 { // the journeys look at each page with axe on a wide screen
				p.MustBeAccessible()
			}
		}
	}
}
