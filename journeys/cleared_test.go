package journeys

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/browsertest"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
)

// TestTheWrongPerson: a case ends as a false positive. What was taken is given back before making good is called done,
// whoever saw the flag reads that the person was cleared, nothing counts again, and an auditor finds who looked.
func TestTheWrongPerson(t *testing.T) {
	s := &story{world: newWorld(t)}
	s.managerUser = s.User("Mara Lind", authz.HiringManager)
	id, _ := s.engaged("Robin Castell", "robin@example.com", s.managerUser)
	s.candidate = path.Candidate(id)
	s.hr, s.analyst, s.lead = s.arrive("Hanna Cole", authz.HR), s.arrive("Ana Voss", authz.SecurityAnalyst), s.arrive("Lea Stone", authz.SecurityLead)
	finn := s.User("Finn Weber", authz.Finance)
	udo := s.User("Udo Sand", authz.Auditor)

	s.analyst.record(s.candidate, "check-cross-commits", "Red flag", "Three contributors approve only one another.")
	s.hr.open(s.candidate)
	s.hr.sees("Three contributors approve only one another.", "Open")
	s.analyst.open(s.candidate)
	s.analyst.press("More")
	s.analyst.follow("Escalate")
	s.analyst.write("Reason", "A closed ring of contributors.")
	s.analyst.follow("Open the case")
	s.caseURL, _, _ = strings.Cut(s.analyst.here(), "?")
	s.codeName = s.analyst.Text("h1")

	plain := s.plainly(s.analyst.user)
	for _, m := range []struct{ who, function, sees string }{{"Lea Stone", "Deputy", "The whole case"},
		{finn.Name, "Finance", "Their tasks only"}, {udo.Name, "Observer", "The whole case"}} {
		plain.open(s.caseURL + "/members")
		plain.send("Add to the case", "Who", m.who, "Function", m.function, m.sees, "on")
	}
	s.takeAway(plain)

	plain.open(s.caseURL + "/outcome")
	plain.send("Propose", "False positive", "on", "Reasons", "The three share an employer, who confirmed it; they review one another's work.",
		"Reason for deciding before these steps", "What is left of the response would only keep a mistake going.")
	s.lead.open(s.caseURL + "/outcome")
	s.lead.confirm("Agree")
	s.lead.sees("Making it good", "0 of 1 restored", "1 stopped payment is still to be paid")
	s.lead.picture("cleared-1-outcome")

	clear := s.caseURL + "/steps/step-clear-subject"
	s.settleOpen(plain, "step-clear-subject", "step-collect-dossier", "step-close-case")
	plain.open(s.caseURL + "/steps/step-collect-dossier")
	plain.send("Override and skip", "What came of it", "Cleared: nothing more is collected.", "Reason for overriding the lock", "Cleared by two people.")
	s.settleOpen(plain, "step-clear-subject", "step-close-case")
	s.analyst.open(clear)
	s.analyst.sees("It can be called done when", "1 revoked still", "1 stopped still")
	s.analyst.follow("Mark as done")
	s.analyst.sees("is called done when")
	s.analyst.TakeProblems() // the console notes the refusal
	s.analyst.picture("cleared-2-refused")
	plain.open(s.caseURL + "/access")
	plain.send("Restore")
	plain.open(s.caseURL + "/money")
	plain.send("Mark as paid")
	s.analyst.open(clear)
	s.analyst.misses("It can be called done when")
	s.analyst.write("What came of it", "Access is back, pay followed with interest, and we apologised.")
	s.analyst.follow("Mark as done")
	s.analyst.sees(s.title("step-clear-subject") + "” is done")
	s.settleOpen(plain, "step-close-case")
	plain.open(s.caseURL + "/outcome")
	plain.send("Close the case", "Lessons", "Ask the employer before the engineers.")

	s.clearedForAll()
	s.foundByTheAuditor(s.sit(udo))
}

// takeAway revokes and attests the one access and stops the one payment.
func (s *story) takeAway(plain *reader) {
	s.t.Helper()
	plain.open(s.caseURL + "/access")
	plain.take("import", plain.Post(s.caseURL+"/access/import", url.Values{"lines": {"Code host,write,robin"}}))
	plain.open(s.caseURL + "/access")
	plain.send("Revoke")
	lead := s.plainly(s.lead.user)
	lead.open(s.caseURL + "/access")
	lead.send("Attest")
	plain.open(s.caseURL + "/money")
	plain.send("Record payment", "Day", s.DB.Now().Add(96*time.Hour).Format(time.DateOnly), "State", "Planned", "Amount", "6400.00", "Currency", "USD", "Method", "Bank")
	plain.send("Stop")
}

// clearedForAll: the person's file leads with the explanation, to whoever saw the flag; nothing of it counts.
func (s *story) clearedForAll() {
	for _, d := range []*desk{s.hr, s.analyst} {
		d.open(s.candidate)
		d.sees("Low", "None waits for an answer", "Explained", "Cleared: two people looked into it and found an innocent explanation.")
	}
	s.hr.misses(s.codeName)
	s.analyst.sees(s.codeName) // whose own case it is
	s.hr.picture("cleared-3-person")
	s.analyst.open(s.caseURL + "/report")
	s.analyst.sees("False positive", "pay followed with interest", "Ask the employer before the engineers.", "Restored by")
	if nobody := browsertest.Eval[int](s.analyst.Page, `[...document.querySelector("#timeline").parentElement.querySelectorAll("tbody tr")].filter((tr) => tr.cells[2].innerText.trim() === "").length`); nobody != 0 {
		s.t.Errorf("%d lines of the report name nobody", nobody)
	}
}

// foundByTheAuditor: who opened the case stands in the log, to a member.
func (s *story) foundByTheAuditor(auditor *desk) {
	auditor.open(s.caseURL + "/members")
	auditor.sees("Who opened this case", "Ana Voss", "Lea Stone")
	auditor.open(path.Audit + "?action=case.viewed")
	auditor.sees("case viewed", "Ana Voss", "Lea Stone", "Udo Sand")
	auditor.picture("cleared-4-audit")
}
