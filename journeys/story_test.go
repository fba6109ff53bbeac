package journeys

import (
	"strings"
	"testing"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/browsertest"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
)

// story is the whole way of one person, from the application to the report of the closed case, with each of the
// company's people in a browser of their own.
type story struct {
	*world
	hr, manager, lead, analyst *desk
	managerUser, ivo           account.User
	candidate                  string // the page of the person
	job                        hiring.JobID
	caseURL, codeName          string
}

// TestFromTheApplicationToTheClosedCase is the framework's third story.
func TestFromTheApplicationToTheClosedCase(t *testing.T) {
	s := &story{world: newWorld(t)}
	s.managerUser, s.ivo = s.User("Mara Lind", authz.HiringManager), s.User("Ivo Tran", authz.Interviewer)
	for _, chapter := range []func(){s.apply, s.interviews, s.hire, s.yearLater, s.escalate, s.finance, s.access, s.outcome, s.closing, s.report} {
		chapter()
	}
}

// apply: HR opens the job and adds the candidate with their claims, the channel and whoever vouches for them, who has
// recommended somebody else before.
func (s *story) apply() {
	ctx, before := s.t.Context(), s.Features.Hiring
	level, _ := s.Features.Catalogue.Current().Level("level-verified")
	first := s.world.job("Auditor", s.managerUser)
	referrer, _, err := before.AddCandidate(ctx, system, hiring.NewCandidate{JobID: first, Person: person.New{Name: "Sam Okafor", ChannelID: "channel-public-application"}})
	must(s.t, err)
	known, err := s.Features.People.ByID(ctx, system, referrer)
	must(s.t, err)
	_, _, err = before.AddCandidate(ctx, system, hiring.NewCandidate{JobID: first, Referrer: known.Number.String(),
		Person: person.New{Name: "Kim Abel", ChannelID: "channel-recommendation"}})
	must(s.t, err)

	s.hr = s.arrive("Hanna Cole", authz.HR)
	s.hr.open(path.Jobs)
	s.hr.follow("New job")
	s.hr.write("Title", "Smart-contract engineer")
	s.hr.choose("Hiring manager", "Mara Lind")
	s.hr.tick(level.Title)
	s.hr.follow("Open job")
	s.hr.sees("Smart-contract engineer", "Mara Lind", "Required checks", s.title("check-references-live"))
	s.job = hiring.JobID(lastPart(s.hr.here()))

	s.hr.open(path.NewCandidateFor(s.job))
	s.hr.write("Name", "Robin Castell")
	s.hr.choose("Channel", "Recommendation")
	s.hr.write("Location", "Toronto, Canada")
	s.hr.write("Time zone", "America/Toronto")
	s.hr.write("Recommended by", "Sam Okafor")
	s.hr.write("Their number", known.Number.String())
	s.hr.write("Contacts and profiles", "robin@example.com\n+1 416 555 0123\nhttps://github.com/robin-castell")
	s.hr.press("Sort in")
	s.hr.WaitUntil(`[...document.querySelectorAll("input")].some((i) => i.value.includes("github.com/robin-castell")) && document.readyState === "complete"`)
	s.hr.picture("story-1-claims")
	s.hr.follow("Add candidate")
	s.hr.sees("Robin Castell", "Smart-contract engineer", "robin@example.com", "Nothing is known yet", "Recommended by Sam Okafor")
	s.candidate, _, _ = strings.Cut(s.hr.here(), "?")
}

func lastPart(page string) string {
	page, _, _ = strings.Cut(page, "?")
	return page[strings.LastIndex(page, "/")+1:]
}

// interviews: three stages, each with its kit. The own due diligence is a concern; what nobody checked shows as
// coverage.
func (s *story) interviews() {
	s.hr.record(s.candidate, "check-own-due-diligence", "Concern", "The employer before vouched; nothing is verified by us yet.")
	s.manager = s.sit(s.managerUser)
	room := s.plainly(s.ivo)
	for i, stage := range []struct {
		title string
		asked []string
	}{
		{"Screening call", []string{"check-video-on", "check-language-comprehension"}},
		{"Technical interview", []string{"check-same-person-throughout", "check-live-task"}},
		{"Identity verification", []string{"check-id-next-to-face", "check-document-authenticity", "check-document-story-fit", "check-liveness-challenge"}},
	} {
		page := s.meet(stage.title, i == 0)
		for _, check := range stage.asked {
			room.open(page + "?check=" + check)
			room.send("Save and go on", "Clear", "on")
		}
		room.open(page + "/submit")
		room.sees("Left unanswered")
		room.send("Submit scorecard", "Summary", "Nothing that speaks against.")
	}
	s.hr.record(s.candidate, "check-background-check", "Clear", "Report of 3 November, with consent.")
	s.hr.open(s.candidate)
	s.hr.sees("Low", "% known", "nothing is verified by us yet")
}

// meet moves the candidate to a stage and plans its interview, in the browser or without a script; it gives the
// interview's page.
func (s *story) meet(stage string, browser bool) string {
	starts := s.DB.Now().Add(time.Hour).Format("2006-01-02T15:04")
	if !browser {
		manager := s.plainly(s.managerUser)
		manager.open(s.candidate)
		manager.follow("Move to a stage")
		manager.send("Move", stage, "on")
		manager.open(s.candidate)
		manager.follow("Schedule an interview")
		manager.send("Schedule interview", "Starts", starts, "Ivo Tran", "on")
		page, _, _ := strings.Cut(manager.at, "?")
		return page
	}
	s.manager.open(s.candidate)
	s.manager.press("More")
	s.manager.follow("Move to a stage")
	s.manager.tick(stage)
	s.manager.follow("Move")
	s.manager.open(s.candidate)
	s.manager.press("More")
	s.manager.follow("Schedule an interview")
	s.manager.write("Starts", starts)
	s.manager.tick("Ivo Tran")
	s.manager.follow("Schedule interview")
	s.manager.sees("No scorecard is in yet")
	page, _, _ := strings.Cut(s.manager.here(), "?")
	return page
}

// hire: the offer is blocked by exactly the checks that nobody made; the security lead lets two pass, with a reason
// that stays visible on the engagement.
func (s *story) hire() {
	references, employer, bank := s.title("check-references-live"), s.title("check-employer-direct"), s.title("check-bank-account-owner")
	s.manager.open(s.candidate)
	s.manager.press("More")
	s.manager.follow("Move to a stage")
	s.manager.tick("Offer")
	s.manager.refused("Move", "Offer is blocked", references, employer)
	if n := browsertest.Eval[int](s.manager.Page, `document.querySelectorAll("main .note li").length`); n != 2 {
		s.t.Errorf("%d checks are said to block, want 2:\n%.2000s", n, s.manager.words())
	}
	s.manager.misses("Let something pass")
	s.manager.picture("story-3-blocked")

	s.lead = s.arrive("Lea Stone", authz.SecurityLead)
	s.lead.open(s.candidate)
	s.lead.press("More")
	s.lead.follow("Let a check pass")
	s.lead.tick(references)
	s.lead.tick(employer)
	s.lead.write("Reason", "The team met Robin at a conference; counsel calls both next week.")
	s.lead.follow("Let pass")
	s.manager.open(s.candidate)
	s.manager.follow("Move to References")
	s.manager.open(s.candidate)
	s.manager.follow("Move to Offer")
	s.manager.sees("Let pass without an answer", "counsel calls both next week")

	s.hr.open(s.candidate)
	s.hr.follow("Record a missing check")
	s.hr.sees(bank)
	s.hr.tick("Clear")
	s.hr.write("What was seen", "The account is in the verified name.")
	s.hr.follow("Record the answer")
	s.hr.open(s.candidate)
	s.hr.follow("Hire")
	s.hr.tick("Employee")
	s.hr.write("Position", "Engineer")
	s.hr.write("First day", "2025-11-03")
	s.hr.choose("Reports to", "Mara Lind")
	s.hr.write("Accounts", "GitHub: robin-castell\nSlack: robin")
	s.hr.follow("Hire")
	s.hr.sees("Let pass in hiring", references, employer, "counsel calls both next week", "Lea Stone", "robin-castell")
	s.hr.picture("story-3-engagement")
}

// yearLater: the analyst records two findings with evidence; the band moves, and the reasons say why in words.
func (s *story) yearLater() {
	s.analyst = s.arrive("Ana Voss", authz.SecurityAnalyst)
	s.analyst.open(s.candidate + "?tab=evidence")
	s.analyst.unfold("Add evidence")
	s.analyst.write("Title", "Contributors of three repositories")
	s.analyst.choose("Kind", "Link")
	s.analyst.write("Link", "https://code.example.com/robin-castell/contributors")
	s.analyst.follow("Add evidence")
	s.analyst.record(s.candidate, "check-cross-commits", "Red flag", "All contributors of three repositories are the same four accounts.", "Contributors of three")
	s.analyst.record(s.candidate, "check-meeting-avoidance", "Concern", "Turned down the third meeting in a row.")
	s.analyst.open(s.candidate)
	s.analyst.sees(s.title("check-cross-commits"), "the same four accounts", s.title("check-meeting-avoidance"), "third meeting in a row", "% of the score")
	s.analyst.misses("fraud", "fake", "suspect", "impostor")
	band := browsertest.Eval[string](s.analyst.Page, `document.querySelector("main header, main .page-head, main").innerText.match(/(elevated|high|critical)/i)?.[0] ?? ""`)
	if band == "" {
		s.t.Errorf("the band did not move:\n%.600s", s.analyst.words())
	}
	s.analyst.picture("story-4-findings")
}
