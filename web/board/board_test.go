package board_test

import (
	"context"
	"html"
	"net/http"
	"strings"
	"testing"

	"gatehouse/internal/account"
	"gatehouse/internal/app/apptest"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
)

// hostile is a name that breaks out of anything that does not escape it.
const hostile = `<script>alert(1)</script>"'>`

type world struct {
	*apptest.World
	t       *testing.T
	hr      account.User
	manager account.User
}

func setup(t *testing.T) *world {
	t.Parallel()
	w := &world{World: apptest.New(t), t: t}
	w.hr, w.manager = w.User("Hanna Reyes", authz.HR), w.User("Mika Ostrow", authz.HiringManager)
	return w
}

// candidate adds a candidate for a job of the manager.
func (w *world) candidate(name string, manager account.User) hiring.ApplicationID {
	w.t.Helper()
	ctx := context.Background()
	job, err := w.Features.Hiring.AddJob(ctx, w.hr.Actor(), hiring.NewJob{Title: "Engineer", LevelID: "level-verified", ManagerID: string(manager.ID)})
	if err != nil {
		w.t.Fatal(err)
	}
	_, app, err := w.Features.Hiring.AddCandidate(ctx, w.hr.Actor(), hiring.NewCandidate{
		Person: person.New{Name: name, Location: "Lisbon", ChannelID: "channel-public-application"}, JobID: job})
	if err != nil {
		w.t.Fatal(err)
	}
	return app
}

func (w *world) shows(p apptest.Page, texts ...string) {
	w.t.Helper()
	if p.Status != http.StatusOK {
		w.t.Fatalf("status %d: %.300s", p.Status, p.Body)
	}
	for _, text := range texts {
		if !strings.Contains(p.Body, html.EscapeString(text)) {
			w.t.Errorf("page lacks %q", text)
		}
	}
	if strings.Contains(p.Body, "<script>alert") {
		w.t.Error("a name is not escaped")
	}
}

func TestBoardShowsCardsByStage(t *testing.T) {
	w := setup(t)
	app := w.candidate(hostile, w.manager)
	p := w.SignIn(w.hr).Get(path.Board)
	w.shows(p, "Board", "Sourcing", "Offer", hostile, path.Application(app, "move"), "Other stage")
	if !strings.Contains(p.Body, "<title>Board") || strings.Count(p.Body, "<h1") != 1 {
		t.Error("the page has no title or not one heading")
	}
	_, after, _ := strings.Cut(p.Body, `data-stage="stage-sourcing"`)
	first, _, _ := strings.Cut(after, "</section>")
	if !strings.Contains(first, "board-card") {
		t.Error("the card is not in its column")
	}
	if !strings.Contains(first, `name="to" value="stage-application-review"`) {
		t.Error("the card does not offer the next stage")
	}
}

func TestBoardIsNarrowedAndOwn(t *testing.T) {
	w := setup(t)
	w.candidate("Own Candidate", w.manager)
	w.candidate("Other Candidate", w.User("Noor Haddad", authz.HiringManager))
	all := w.SignIn(w.hr)
	w.shows(all.Get(path.Board), "Own Candidate", "Other Candidate")
	narrowed := all.Get(path.BoardWhere(path.CandidateQuery{Text: "other"}))
	w.shows(narrowed, "Other Candidate")
	own := w.SignIn(w.manager).Get(path.Board)
	w.shows(own, "Own Candidate")
	if strings.Contains(narrowed.Body, "Own Candidate") || strings.Contains(own.Body, "Other Candidate") {
		t.Error("the board shows whom it should not")
	}
	auditor := w.SignIn(w.User("Aud Itor", authz.Auditor)).Get(path.Board)
	w.shows(auditor, "Own Candidate")
	if strings.Contains(auditor.Body, "/move") {
		t.Error("an auditor is offered a move")
	}
}
