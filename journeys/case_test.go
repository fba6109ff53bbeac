package journeys

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/browsertest"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
)

// escalate opens the case. HR is no member: no search, no number, no address leads there.
func (s *story) escalate() {
	s.analyst.press("More")
	s.analyst.follow("Escalate")
	s.analyst.sees("Nobody else sees that it exists until you add them")
	s.analyst.write("Reason", "Two findings in two groups; the contributors are a closed ring.")
	s.analyst.tick(s.title("check-cross-commits"))
	s.analyst.follow("Open the case")
	s.caseURL, _, _ = strings.Cut(s.analyst.here(), "?")
	s.codeName = s.analyst.Text("h1")
	s.analyst.sees("Only you can see this case", s.title("step-stop-payments"))
	if title := browsertest.Eval[string](s.analyst.Page, `document.title`); strings.Contains(title, "Robin") {
		s.t.Errorf("the tab names the subject: %s", title)
	}
	s.analyst.picture("story-5-case")

	s.hr.open(path.Search + "?q=" + url.QueryEscape(s.codeName))
	s.hr.sees("Nothing that you may see fits")
	s.hr.open(path.Cases)
	s.hr.sees("No cases here")
	s.hr.misses(s.codeName)
	for _, page := range []string{s.caseURL, s.caseURL + "/report", s.caseURL + "/access", s.caseURL + "/steps/step-open-case"} {
		s.hr.open(page)
		s.hr.misses(s.codeName, "Robin", "case:")
		if got := browsertest.Eval[int](s.hr.Page, `performance.getEntriesByType("navigation")[0].responseStatus`); got != 404 {
			s.t.Errorf("HR opens %s: %d", page, got)
		}
	}
	s.hr.TakeProblems() // the console names the pages that are not there
	for _, page := range []string{s.candidate, s.candidate + "?tab=history", path.InsightsHiring, path.Today} {
		s.hr.open(page)
		s.hr.misses(s.codeName, "The case was opened", "escalat")
	}
}

// finish settles one step in the browser.
func (d *desk) finish(caseURL, step, note string) {
	d.w.t.Helper()
	d.open(caseURL + "/steps/" + step)
	d.write("What came of it", note)
	d.follow("Mark as done")
}

// finance: one task, with its clock; it is done when the planned payment is stopped, with the confirmation attached.
func (s *story) finance() {
	finn := s.User("Finn Weber", authz.Finance)
	for _, m := range []struct{ who, function, sees string }{{"Lea Stone", "Deputy", "The whole case"}, {"Finn Weber", "Finance", "Their tasks only"}} {
		s.analyst.open(s.caseURL + "/members")
		s.analyst.choose("Who", m.who)
		s.analyst.choose("Function", m.function)
		s.analyst.tick(m.sees)
		s.analyst.follow("Add to the case")
	}
	s.analyst.finish(s.caseURL, "step-open-case", "Channel agreed.")
	s.analyst.finish(s.caseURL, "step-keep-facade", "Calls go on as usual.")

	d := s.sit(finn)
	stop := s.title("step-stop-payments")
	d.sees("Your steps in cases", stop, s.codeName)
	d.open(s.caseURL)
	d.sees(stop, "You see your own tasks of this case")
	d.misses(s.title("step-open-case"), "Dossier", "closed ring")
	d.follow("Money")
	d.write("Day", s.DB.Now().Add(96*time.Hour).Format(time.DateOnly))
	d.choose("State", "Planned")
	d.write("Amount", "6400.00")
	d.write("Currency", "USD")
	d.choose("Method", "Bank")
	d.follow("Record payment")
	d.open(s.caseURL + "/steps/step-stop-payments")
	d.sees("It can be called done when", "6400.00 USD")
	d.open(s.caseURL + "/money")
	d.follow("Stop")
	d.open(s.caseURL + "/steps/step-stop-payments")
	d.unfold("Add evidence")
	d.write("Title", "Confirmation of the bank")
	d.choose("Kind", "Note")
	d.write("Text", "Held since 14:02.")
	d.follow("Add evidence")
	d.sees("Confirmation of the bank")
	d.write("What came of it", "Held at the bank.")
	d.follow("Mark as done")
	d.open(s.caseURL + "/steps/step-stop-payments")
	d.sees("Held at the bank.", "Done")
	d.picture("story-5-finance")
	for _, page := range []string{"/report", "/timeline", "/access", "/dossier"} {
		d.open(s.caseURL + page)
		d.misses(s.codeName)
	}
	d.TakeProblems()
}

// settleOpen works through the steps that are not locked, in the order of the playbook, but for those named. It uses
// the pages without a script, since there are many.
func (s *story) settleOpen(who *reader, but ...string) {
	s.t.Helper()
	for again := true; again; {
		again = false
		who.open(s.caseURL)
		var links []string
		for _, row := range all(who.page, "main ul.rows li") {
			link := first(row, `a.cover[href*="/steps/"]`)
			said := textOf(row)
			if link != nil && !strings.Contains(said, "locked until") && !strings.Contains(said, "Done by") && !strings.Contains(said, "Skipped by") {
				links = append(links, attr(link, "href"))
			}
		}
		for _, link := range links {
			step := lastPart(link)
			if slices.Contains(but, step) {
				continue
			}
			who.open(link)
			if first(who.page, `form[action$="/done"]`) == nil || strings.Contains(textOf(who.page), "Override and mark as done") {
				continue
			}
			who.send("Mark as done", "What came of it", "Done as planned.")
			again = true
		}
	}
}

// access: eleven grants pasted in, revoked one by one, attested by a second person. The confirmation call stays
// locked, and names the two that are left, until they are attested too.
func (s *story) access() {
	var lines []string
	for i := range 11 {
		lines = append(lines, fmt.Sprintf("System %c,write,robin,2025-11-%02d", 'A'+i, i+3))
	}
	s.analyst.open(s.caseURL + "/access")
	s.analyst.within("Import many")
	s.analyst.write("Lines", strings.Join(lines, "\n"))
	s.analyst.follow("Import")
	s.analyst.sees("11 in place, 0 to attest, of 11", "System K")
	s.analyst.confirm("Revoke")
	s.analyst.sees("10 in place, 1 to attest, of 11")
	s.analyst.picture("story-6-access")

	plain, second := s.plainly(s.analyst.user), s.plainly(s.lead.user)
	s.settleOpen(plain)
	plain.open(s.caseURL + "/access")
	for range 10 {
		plain.send("Revoke")
	}
	plain.sees("0 in place, 11 to attest, of 11")
	plain.sees("Somebody else attests")
	if first(plain.page, `form[action$="/attest"]`) != nil {
		s.t.Error("whoever revoked an access is offered to attest it")
	}
	second.open(s.caseURL + "/access")
	for range 9 {
		second.send("Attest")
	}
	second.sees("0 in place, 2 to attest, of 11")
	s.settleOpen(plain, "step-decide")

	call := s.caseURL + "/steps/step-confirmation-call"
	s.analyst.open(call)
	s.analyst.sees("This step is locked", "a second person attests that it is gone")
	locks := s.analyst.words()
	if n := strings.Count(locks, "a second person attests that it is gone"); n != 2 {
		s.t.Errorf("the call names %d accesses, want 2:\n%.1500s", n, locks)
	}
	s.analyst.picture("story-6-locked")
	s.lead.open(s.caseURL + "/access")
	s.lead.confirm("Attest")
	s.lead.confirm("Attest")
	s.lead.sees("All 11 attested as gone")
	s.analyst.open(call)
	s.analyst.misses("This step is locked")
	s.analyst.sees("Mark as done")
}

// outcome: the live view of the place is refused, which is decisive; the outcome counts once a second person agrees.
func (s *story) outcome() {
	s.analyst.record(s.candidate, "check-place-photo", "Red flag", "Asked for a view from the window; refused and hung up.")
	s.analyst.open(s.candidate)
	s.analyst.sees("Critical", "refused and hung up")
	s.analyst.open(s.caseURL + "/steps/step-confirmation-call")
	s.analyst.unfold("Add evidence")
	s.analyst.write("Title", "Witness note of the call")
	s.analyst.choose("Kind", "Note")
	s.analyst.write("Text", "Refused the live view at minute four.")
	s.analyst.follow("Add evidence")
	s.analyst.finish(s.caseURL, "step-confirmation-call", "Refused to show the place.")

	s.analyst.open(s.caseURL + "/outcome")
	s.analyst.tick("Confirmed")
	s.analyst.write("Reasons", "Closed ring of contributors, and a refused view of the claimed place.")
	s.analyst.sees("An outcome is proposed when:")
	s.analyst.write("Reason for deciding before these steps", "The refusal is decisive by itself.")
	s.analyst.follow("Propose")
	s.analyst.sees("You proposed it. Somebody else has to agree")
	s.lead.open(s.caseURL + "/outcome")
	s.lead.confirm("Agree")
	s.lead.sees("Confirmed", "agreed by Lea Stone")
}

// closing: the dossier's own step and the exit wait for the dossier; its gaps are explained. One step is left out by override, with a reason.
// Then the rest, the lessons, and the end.
func (s *story) closing() {
	plain := s.plainly(s.analyst.user)
	s.settleOpen(plain, "step-terminate", "step-re-audit")
	terminate := s.caseURL + "/steps/step-terminate"
	s.analyst.open(terminate)
	s.analyst.sees("This step is locked", "filled, or its gap explained")
	collect := s.caseURL + "/steps/step-collect-dossier"
	s.analyst.open(collect)
	s.analyst.sees("It can be called done when", "filled, or its gap explained", "Override and mark as done")

	plain.open(s.caseURL + "/dossier")
	plain.send("Accept") // what the record already says
	open := func() []string {
		var fields []string
		for _, row := range all(plain.page, "main ul.rows > li[id]") {
			if gap := first(row, `form[action$="/gap"]`); gap != nil {
				fields = append(fields, attr(gap, "action"))
			}
		}
		return fields
	}
	plain.open(s.caseURL + "/dossier")
	for left := open(); len(left) > 2; left = open() {
		plain.take(left[0], plain.Post(left[0], url.Values{"reason": {"Never given, and nowhere on record."}}))
	}
	s.analyst.open(s.caseURL + "/dossier")
	s.analyst.sees("2 open")
	s.analyst.picture("story-7-dossier")
	for range 2 {
		s.analyst.open(s.caseURL + "/dossier")
		browsertest.Eval[bool](s.analyst.Page, `[...document.querySelectorAll("main ul.rows > li[id]")].find((li) => li.querySelector("form[action$='/gap']")).querySelector("summary").click(), true`)
		s.analyst.write("Or why it stays empty", "Asked for twice; never given.")
		s.analyst.follow("Explain the gap")
	}
	s.analyst.sees("0 open")
	s.analyst.open(collect)
	s.analyst.misses("It can be called done when")
	s.settleOpen(plain, "step-terminate", "step-re-audit") // the dossier is collected, and what waited for it
	s.analyst.open(terminate)
	s.analyst.misses("This step is locked")

	audit := s.caseURL + "/steps/step-re-audit"
	s.analyst.open(audit)
	s.analyst.sees("This step is locked")
	s.analyst.write("What came of it", "Their code was never released.")
	s.analyst.write("Reason for overriding the lock", "Decided with engineering before the freeze.")
	s.analyst.follow("Override and skip")
	s.analyst.open(audit)
	s.analyst.sees("Lock overridden", "Decided with engineering before the freeze.")

	s.settleOpen(plain, "step-close-case")
	s.analyst.open(s.caseURL + "/outcome")
	s.analyst.within("Lessons")
	s.analyst.write("Lessons", "Ask for two live references, and for a view from the window in the first month.")
	s.analyst.follow("Close the case")
	s.analyst.sees("Closed")
	if browsertest.Eval[int](s.analyst.Page, `document.querySelectorAll("main form[method=post]").length`) != 0 {
		s.t.Error("a closed case can still be changed")
	}
}

// report runs from the application to the last line, and each piece of evidence it names is in its register.
func (s *story) report() {
	s.analyst.open(s.caseURL + "/report")
	s.analyst.sees(s.codeName, "Confirmed", "Decided with engineering before the freeze.", "Lessons", "Ask for two live references",
		"Asked for twice; never given.", "Evidence register", "Contributors of three repositories", "Confirmation of the bank", "Witness note of the call",
		"Others, for a look", "Kim Abel", "That is no finding about them", "Lea Stone", "Finn Weber")
	lines := s.rows("timeline")
	if len(lines) < 60 || !strings.Contains(lines[0][1], "candidate") || !strings.Contains(lines[len(lines)-1][1], "The case was closed") {
		s.t.Errorf("the timeline has %d lines, from %q to %q", len(lines), lines[0], lines[len(lines)-1])
	}
	lost := browsertest.Eval[[]string](s.analyst.Page, `[...document.querySelectorAll("main a[href^='#E']")].map((a) => a.getAttribute("href").slice(1)).filter((id) => !document.getElementById(id))`)
	if len(lost) > 0 {
		s.t.Errorf("the report names evidence that is not in its register: %v", lost)
	}
	for _, line := range s.rows("register") {
		if hash := strings.Join(strings.Fields(line[3]), ""); len(hash) != 64 {
			s.t.Errorf("the register's line %q has no whole hash", line)
		}
	}
	s.analyst.picture("story-8-report")
	s.analyst.open(path.Cases + "?status=closed")
	s.analyst.sees(s.codeName, "Confirmed")
	s.hr.open(s.candidate)
	s.hr.misses(s.codeName)
}

// rows are the texts of the table below one of the report's headings.
func (s *story) rows(heading string) [][]string {
	s.t.Helper()
	return browsertest.Eval[[][]string](s.analyst.Page, `[...document.querySelector("#`+heading+`").parentElement.querySelectorAll("tbody tr")].map((tr) => [...tr.cells].map((td) => td.innerText.trim()))`)
}
