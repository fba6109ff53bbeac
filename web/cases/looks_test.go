package cases_test

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/browsertest"
	"gatehouse/internal/incident"
	"gatehouse/web/path"
)

// TestPagesInABrowser opens each of the pages, light on a wide screen and dark on a phone. With GATEHOUSE_SHOTS set it
// leaves pictures in that folder.
func TestPagesInABrowser(t *testing.T) {
	page := browsertest.New(t).Page()
	w := setup(t)
	w.join(w.secondUser, incident.Deputy, incident.Whole)
	w.posted(w.analyst, path.CaseTab(w.caseID, "access")+"/import", url.Values{"lines": {"Code host,write,mo,2026-01-05\nA wallet with a very long name indeed,signer\n"}})
	for _, state := range []string{"planned", "paid"} {
		w.posted(w.analyst, path.CaseTab(w.caseID, "money"), url.Values{"pay_on": {"2026-12-01"}, "amount": {"4250"}, "currency": {"USDC"},
			"method": {"on-chain"}, "state": {state}, "destination": {"0x52908400098527886E0F7030069857D2E4169EE7"}})
	}
	w.posted(w.analyst, path.CaseAct(w.caseID, "dossier", "field-email"), url.Values{"value": {"mo@example.com"}, "source": {"HR record"}})
	w.posted(w.analyst, path.CaseAct(w.caseID, "notes"), url.Values{"body": {"The lead of the team is not told yet."}})
	w.finish("step-open-case")
	w.posted(w.analyst, path.CaseTab(w.caseID, "outcome"), url.Values{"version": {"1"}, "outcome": {"confirmed"}, "reason": {"Three groups."}, "override": {"For the picture."}})

	page.Goto(w.URL + path.SignIn)
	page.Fill("[name=email]", w.secondUser.Email)
	page.Fill("[name=password]", apptest.Password)
	page.Click("main button")
	page.WaitGone("[name=password]")
	page.TakeProblems() // the start page is not ours
	addresses := map[string]string{"list": path.Cases, "escalate": path.Escalate(w.person), "playbook": path.Case(w.caseID),
		"step": path.CaseStep(w.caseID, "step-keep-facade"), "locked": path.CaseStep(w.caseID, "step-confirmation-call")}
	for _, tab := range []string{"timeline", "access", "money", "dossier", "evidence", "notes", "outcome", "members", "report"} {
		addresses[tab] = path.CaseTab(w.caseID, tab)
	}
	look := func(name, address string) {
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
	for name, address := range addresses {
		look(name, address)
	}
	w.posted(w.analyst, path.CaseAct(w.caseID, "seal"), nil)
	look("sealed", path.Case(w.caseID))
	page.Fill("[name=reason]", "To take it over.")
	page.Click("main form button")
	page.WaitGone("[name=reason]")
	look("opened", path.CaseTab(w.caseID, "members"))
}
