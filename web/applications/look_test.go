package applications_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/browsertest"
	"gatehouse/web/path"
)

// picture keeps a screenshot where somebody asks for them.
func picture(p *browsertest.Page, name string) {
	if dir := os.Getenv("GATEHOUSE_SCREENSHOTS"); dir != "" {
		p.Screenshot(filepath.Join(dir, name+".png"))
	}
}

// TestPagesAreAccessibleAndFit looks at every page of hiring in both themes, on a desk and on a phone.
func TestPagesAreAccessibleAndFit(t *testing.T) {
	w := setup(t)
	job := w.job("level-verified")
	personID, appID := w.candidate(job)
	form := url.Values{"to": {"stage-offer"}, "version": {strconv.Itoa(w.app(personID).Version)}, "override_reason": {""}}
	w.shows(w.manager.Post(path.Application(appID, "move"), form), 409)
	page := browsertest.New(t).Page()
	page.Goto(w.URL + path.SignInThen(path.Jobs))
	page.Fill("input[name=email]", "hanna.cole@example.com")
	page.Fill("input[name=password]", apptest.Password)
	page.Click("main button")
	page.WaitUntil(`location.pathname !== "/sign-in"`)
	for name, at := range map[string]string{
		"jobs": path.Jobs, "new-job": path.NewJob, "job": path.Job(job), "new-candidate": path.NewCandidateFor(job),
		"edit-candidate": path.EditCandidate(personID), "apply": path.Apply(personID),
		"move": path.ApplicationTo(appID, "move", "stage-offer"), "hire": path.Application(appID, "hire"),
		"close": path.Application(appID, "close"), "people": path.People,
	} {
		page.SetViewport(1440, 900)
		page.Goto(w.URL + at)
		page.SetTheme("light")
		page.MustNotScrollSideways()
		picture(page, name)
		page.SetViewport(390, 844)
		page.MustNotScrollSideways()
		page.MustBeTouchable()
		page.SetTheme("dark")
		page.MustBeAccessible() // on a wide screen, the journeys look at each page with axe
		picture(page, name+"-phone")
	}
}
