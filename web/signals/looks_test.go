package signals_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/browsertest"
	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/signal"
	"gatehouse/web/path"
)

// TestPagesInABrowser opens the pages of signals, and of evidence attached to one, light on a wide screen and dark on a
// phone. With GATEHOUSE_SHOTS set it leaves pictures in that folder.
func TestPagesInABrowser(t *testing.T) {
	page := browsertest.New(t).Page()
	w := apptest.New(t)
	lead := w.User("Sam Lead", authz.SecurityLead)
	personID, engagement := engaged(t, w)
	place := ""
	for _, kind := range []string{"signal-mouse-jiggler", "signal-remote-access-tool", "signal-endpoint-geolocation"} {
		var err error
		place, err = w.Features.Signals.Record(t.Context(), lead.Actor(), signal.ByHand{EngagementID: engagement, SignalID: kind,
			OccurredAt: w.DB.Now(), Note: "The pointer moved all night, while nobody answered: " + strings.Repeat("long", 30)})
		if err != nil {
			t.Fatal(err)
		}
	}
	item, err := w.Features.Evidence.AddFile(t.Context(), lead.Actor(), evidence.Add{PersonID: string(personID), Kind: "log-export", Sensitivity: "special",
		Subjects: []evidence.Subject{{Kind: evidence.OnSignal, ID: place}}}, strings.Repeat("export-", 20)+".csv", strings.NewReader("a,b\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Features.Signals.TakeUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	page.Goto(w.URL + path.SignIn)
	page.Fill("[name=email]", lead.Email)
	page.Fill("[name=password]", apptest.Password)
	page.Click("main button")
	page.WaitGone("[name=password]")
	page.TakeProblems() // the start page is not ours
	for name, address := range map[string]string{
		"list": path.Signals, "empty": path.Signals + "?severity=critical&unresolved=on", "person": path.Signals + "?person=" + string(personID),
		"signal": path.Signal(place), "new": path.NewSignal(engagement), "engagement": path.Engagement(engagement),
		"evidence": path.Evidence(item), "add-evidence": path.NewEvidence + "?person_id=" + string(personID),
	} {
		for theme, width := range map[string]int{"light": 1440, "dark": 390} {
			page.SetViewport(width, 900)
			page.SetTheme(theme)
			page.Goto(w.URL + address)
			page.MustNotScrollSideways()
			if width == 390 { // the journeys look at each page with axe on a wide screen
				page.MustBeAccessible()
			}
			if folder := os.Getenv("GATEHOUSE_SHOTS"); folder != "" {
				page.Screenshot(filepath.Join(folder, name+"-"+theme+".png"))
			}
		}
		if problems := page.TakeProblems(); len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}
