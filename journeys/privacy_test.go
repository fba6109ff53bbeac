package journeys

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"gatehouse/internal/audit"
	"gatehouse/internal/audit/proof"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
)

// TestSomebodyAsksToBeForgotten: HR places a hold and lifts it, gives out what is kept, looks at what erasing would do, shows that
// it is them, and erases. The log still proves what was done, and notices when somebody changes it afterwards.
func TestSomebodyAsksToBeForgotten(t *testing.T) {
	w := newWorld(t)
	hr := w.arrive("Hanna Cole", authz.HR)
	job := w.job("Rust engineer", w.User("Mara Lind", authz.HiringManager))
	candidate, appID := w.applicant(job, "Quillan Ostberg", "stage-screening-call")
	hr.addText(path.Candidate(candidate), "Their portfolio", "Quillan Ostberg showed three projects.")

	hr.open(path.PersonPrivacy(candidate))
	hr.sees("Hold, give out or erase", "They are in hiring: close their application first.")
	hr.picture("privacy-1-in-hiring")
	hr.open(path.Application(appID, "close"))
	hr.tick("The candidate")
	hr.write("Reason", "They took another offer.")
	hr.follow("Close the application")

	hr.open(path.PersonPrivacy(candidate))
	hr.write("Why it is held", "A claim is announced.")
	hr.follow("Place a hold")
	hr.sees("Their data is on hold", "A legal hold is in force: lift it first.")
	hr.follow("Lift the hold")
	hr.write("Why it is lifted", "The claim was withdrawn.")
	hr.follow("Lift the hold")
	hr.sees("The hold is lifted")

	hr.open(path.PersonPrivacy(candidate))
	hr.sees("This is what erasing would do now", "The human record", "1 piece of evidence")
	hr.MustBeAccessible()
	hr.picture("privacy-2-preview")
	_, err := w.DB.Pool().Exec(t.Context(), `UPDATE sessions SET proved_at = proved_at - interval '16 minutes'`)
	must(t, err)
	w.Features.Signin.Forget()
	p, err := w.Features.People.ByID(t.Context(), hr.user.Actor(), candidate)
	must(t, err)
	hr.tick("They asked for it")
	hr.write("Their number, to be sure", "C-2")
	hr.confirm("Erase for good")
	hr.sees("Confirm that it is you")
	hr.TakeProblems() // the status of that answer
	hr.write("Password", "a long test password")
	hr.follow("Confirm")
	hr.sees("the number of this person")
	hr.TakeProblems()
	hr.write("Their number, to be sure", p.Number.String())
	hr.confirm("Erase for good")
	hr.sees("was erased", "They asked for it", "It says nothing of who they were")
	hr.misses("Quillan")
	hr.picture("privacy-3-erased")
	for _, page := range []string{path.Candidates, path.Candidate(candidate), path.Erasures, path.Search + "?q=Quillan"} {
		hr.open(page)
		if strings.Contains(strings.ReplaceAll(hr.words(), "“Quillan”", ""), "Quillan Ostberg") {
			t.Errorf("%s still names them", page)
		}
	}
	hr.picture("privacy-4-search")
	hr.open(path.Candidate(candidate))
	hr.sees("was erased.", "What was erased", "What they said was erased")
	hr.misses("Next best checks", "Unproven", "coverage", "Add evidence", "How they reached us")
	hr.MustBeAccessible()
	hr.picture("privacy-5-erased-page")
	for _, form := range []string{path.EditCandidate(candidate), path.CandidateChecks(candidate), path.Escalate(candidate)} {
		hr.open(form)
		hr.sees("This person's data was erased. Nothing can be added to it.")
	}
	hr.TakeProblems()

	report, err := w.verify()
	must(t, err)
	if report.Erased == 0 {
		t.Errorf("the log: %+v; want some values erased", report)
	}
	var changed string
	_, err = w.DB.Pool().Exec(t.Context(), `ALTER TABLE audit_entries DISABLE TRIGGER USER`)
	must(t, err)
	must(t, w.DB.Pool().QueryRow(t.Context(), `
		UPDATE audit_entries SET detail = '{"basis": "retention"}' WHERE action = 'person.erased' RETURNING id`).Scan(&changed))
	_, err = w.verify()
	if bad := new(proof.Bad); !errors.As(err, &bad) || !strings.Contains(err.Error(), changed) {
		t.Errorf("a changed log: %v", err)
	}
}

// verify exports the log and checks it as an outsider does.
func (w *world) verify() (proof.Report, error) {
	w.t.Helper()
	must(w.t, w.Features.Sealer.SealNow(w.t.Context()))
	var bundle bytes.Buffer
	must(w.t, w.Features.Sealer.Export(w.t.Context(), &bundle, audit.WithValues))
	return proof.Verify(&bundle, w.Features.Sealer.Key())
}
