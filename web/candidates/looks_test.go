package candidates_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/browsertest"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/claim"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/web/path"
)

// TestPagesInABrowser opens each of the pages, light on a wide screen and dark on a phone. With GATEHOUSE_SHOTS set it leaves
// pictures in that folder.
func TestPagesInABrowser(t *testing.T) {
	page := browsertest.New(t).Page()
	w := setup(t)
	hr := w.User("Hedda Lind", authz.HR, authz.HiringManager)
	var c person.ID
	for i, name := range []string{"Mara Okafor", "Ji-ho Park", "Jonas Weiß", "Alexandra-Maria Papadopoulou-Vandenberghe of Thessaloniki"} {
		job, err := w.Features.Hiring.AddJob(context.Background(), hr.Actor(), hiring.NewJob{Title: "Platform engineer", LevelID: "level-verified", ManagerID: string(hr.ID)})
		w.must(err)
		p, _, err := w.Features.Hiring.AddCandidate(context.Background(), hr.Actor(), hiring.NewCandidate{
			Person: person.New{Name: name, Location: "Lisbon", ChannelID: "channel-public-application"}, JobID: job})
		w.must(err)
		if i == 0 {
			c = p
		}
	}
	w.write(func(tx *db.Tx) error {
		_, err := w.Features.Claims.Add(context.Background(), tx, c, []claim.New{{Kind: claim.Location, Value: "Lisbon, Portugal"},
			{Kind: claim.Employer, Value: "Harbour Systems", Detail: claim.Detail{Role: "Engineer", From: "2021-03", To: "2024-07"}}})
		return err
	})
	w.redFlag(c, w.check(catalogue.Strong).ID, "The number on the card rings at another company, which has never heard of the name.")
	w.redFlag(c, w.check(catalogue.Moderate).ID, "The background was replaced throughout the call.")
	flags, err := w.Features.Flags.ForPerson(context.Background(), w.DB.Pool(), c)
	w.must(err)

	page.Goto(w.URL + path.SignIn)
	page.Fill("[name=email]", hr.Email)
	page.Fill("[name=password]", apptest.Password)
	page.Click("main button")
	page.WaitGone("[name=password]")
	page.TakeProblems() // the start page is not ours
	for name, address := range map[string]string{
		"list": path.Candidates, "empty": path.CandidateQuery{Bands: []string{"critical"}, CoverageFrom: 99}.URL(), "board": path.Board,
		"claims": path.Candidate(c), "interviews": path.CandidateTab(c, "interviews"), "evidence": path.CandidateTab(c, "evidence"),
		"history": path.CandidateTab(c, "history"), "check": path.RecordCheck(c, w.check(catalogue.Strong).ID),
		"choose": path.CandidateChecks(c), "flags": path.Flags, "flag": path.Flag(flags[0].ID),
	} {
		for theme, width := range map[string]int{"light": 1440, "dark": 390} {
			page.SetViewport(width, 900)
			page.SetTheme(theme)
			page.Goto(w.URL + address)
			page.MustNotScrollSideways()
			if width == 390 { // the journeys look at each page with axe on a wide screen
				page.MustBeAccessible()
			}
			// Fifty of them make a page: each must be a few lines, even with a long name.
			if tallest := browsertest.Eval[float64](page, `Math.max(0, ...[...document.querySelectorAll(".table-lines tbody tr")].map((row) => row.offsetHeight))`); width == 390 && tallest > 150 {
				t.Errorf("%s: a row is %v pixels high on a phone", name, tallest)
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
