package evidence_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/browsertest"
	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/clamd/clamdtest"
	"gatehouse/web/path"
)

// TestPagesInABrowser opens the pages of files of each sort, light on a wide screen and dark on a phone. With
// GATEHOUSE_SHOTS set it leaves pictures in that folder.
func TestPagesInABrowser(t *testing.T) {
	page := browsertest.New(t).Page()
	w := apptest.New(t)
	lead := w.User("Sam Lead", authz.SecurityLead)
	personID := newPerson(t, w)
	caseID := openCase(t, w, personID, lead)
	files := map[string]evidence.ID{}
	for name, f := range map[string]file{
		"picture": {"kitchen.png", picture(t)}, "malware": {"notes.txt", clamdtest.Malware()},
		"program": {strings.Repeat("invoice-", 15) + ".pdf", "MZ" + strings.Repeat("\x00", 200)},
	} {
		var err error
		files[name], err = w.Features.Evidence.AddFile(t.Context(), lead.Actor(), evidence.Add{PersonID: string(personID), CaseID: caseID,
			Kind: "document", Title: "What was sent: " + name}, f.name, strings.NewReader(f.content))
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Features.Evidence.ScanMalware(t.Context(), clamdtest.Start(t)); err != nil {
		t.Fatal(err)
	}
	page.Goto(w.URL + path.SignIn)
	page.Fill("[name=email]", lead.Email)
	page.Fill("[name=password]", apptest.Password)
	page.Click("main button")
	page.WaitGone("[name=password]")
	page.TakeProblems() // the start page is not ours
	for theme, width := range map[string]int{"light": 1440, "dark": 390} {
		page.SetViewport(width, 900)
		page.SetTheme(theme)
		look := func(name string) {
			t.Helper()
			page.MustNotScrollSideways()
			if width == 390 { // the journeys look at each page with axe on a wide screen
				page.MustBeAccessible()
			}
			if folder := os.Getenv("GATEHOUSE_SHOTS"); folder != "" {
				page.Screenshot(filepath.Join(folder, name+"-"+theme+".png"))
			}
		}
		for name, item := range files {
			page.Goto(w.URL + path.Evidence(item))
			look(name)
		}
		page.Goto(w.URL + path.Evidence(files["picture"]))
		page.Click("form[action$='/view'] button")
		page.WaitUntil(`document.querySelector("img.preview")?.naturalWidth > 0`)
		look("preview")
		page.Goto(w.URL + path.CaseTab(caseID, "evidence"))
		look("list")
	}
	// What the content policy forbids, and a picture that does not load, would show here.
	if problems := page.TakeProblems(); len(problems) > 0 {
		t.Errorf("%v", problems)
	}
}
