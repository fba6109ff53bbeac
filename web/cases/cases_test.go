package cases_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gatehouse/internal/account"
	"gatehouse/internal/app/apptest"
	"gatehouse/internal/evidence"
	"gatehouse/internal/incident"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/web/path"
)

// world is an installation with an engaged person and a case on them.
type world struct {
	*apptest.World
	t      testing.TB
	person person.ID
	caseID incident.ID
	// analyst leads the case, second is its deputy; hr and stranger have no part in it.
	analyst, second, hr *apptest.Browser
	secondUser          account.User
}

const subject = "Mara <b>Okafor</b>"

func setup(t *testing.T) *world {
	t.Parallel()
	w := &world{World: apptest.New(t), t: t}
	err := w.DB.Write(t.Context(), authz.System("test"), func(tx *db.Tx) error {
		var err error
		if w.person, err = w.Features.People.Add(t.Context(), tx, person.New{Name: subject, Location: "Lisbon", TimeZone: "Europe/Lisbon"}); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "person.added", SubjectKind: "person", SubjectID: string(w.person)})
		return w.Features.People.SetPlace(t.Context(), tx, w.person, person.Place{Status: person.Engaged, JobTitle: "Engineer"})
	})
	if err != nil {
		t.Fatal(err)
	}
	analyst := w.User("Ana Lyst", authz.SecurityAnalyst)
	w.secondUser = w.User("Sam Lead", authz.SecurityLead)
	w.analyst, w.second, w.hr = w.SignIn(analyst), w.SignIn(w.secondUser), w.SignIn(w.User("Hanna Rey", authz.HR))
	got := w.analyst.Post(path.Escalate(w.person), url.Values{"reason": {"Two findings in two groups."}})
	if got.Status != http.StatusSeeOther || !strings.HasPrefix(got.Header.Get("Location"), path.Cases+"/") {
		t.Fatalf("escalating: %d %s\n%s", got.Status, got.Header.Get("Location"), got.Body)
	}
	w.caseID = incident.ID(strings.TrimPrefix(got.Header.Get("Location"), path.Cases+"/"))
	return w
}

func (w *world) join(u account.User, f incident.Function, sees incident.Sees) {
	w.t.Helper()
	w.posted(w.analyst, path.CaseAct(w.caseID, "members"), url.Values{"user_id": {string(u.ID)}, "function": {string(f)}, "sees": {string(sees)}})
}

// posted sends a form that must be accepted.
func (w *world) posted(b *apptest.Browser, to string, values url.Values) {
	w.t.Helper()
	if got := b.Post(to, values); got.Status != http.StatusSeeOther {
		w.t.Errorf("POST %s: %d\n%.2000s", to, got.Status, main(got.Body))
	}
}

// got opens a page that must say the words.
func (w *world) got(b *apptest.Browser, page string, words ...string) string {
	w.t.Helper()
	got := b.Get(page)
	if got.Status != http.StatusOK {
		w.t.Errorf("GET %s: %d", page, got.Status)
	}
	for _, word := range words {
		if !strings.Contains(got.Body, word) {
			w.t.Errorf("GET %s does not say %q\n%.6000s", page, word, main(got.Body))
		}
	}
	return got.Body
}

func main(body string) string {
	if i := strings.Index(body, "<main"); i >= 0 {
		return body[i:]
	}
	return body
}

func (w *world) view() incident.View {
	w.t.Helper()
	v, err := w.Features.Cases.Show(w.t.Context(), authz.System("test"), w.caseID)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func (w *world) version(stepID string) string {
	s, _ := w.view().Step(stepID)
	return strconv.Itoa(s.Version)
}

func (w *world) finish(stepID string, more ...string) {
	w.t.Helper()
	values := url.Values{"version": {w.version(stepID)}, "note": {"Done as planned."}}
	for i := 0; i < len(more); i += 2 {
		values.Set(more[i], more[i+1])
	}
	w.posted(w.analyst, path.CaseStepAct(w.caseID, stepID, "done"), values)
}

// pages are all the addresses of a case that are read.
func (w *world) pages() []string {
	all := []string{path.Case(w.caseID), path.CaseStep(w.caseID, "step-open-case")}
	for _, tab := range []string{"timeline", "access", "money", "dossier", "evidence", "notes", "outcome", "members", "report"} {
		all = append(all, path.CaseTab(w.caseID, tab))
	}
	return all
}

func TestNobodyElseFindsTheCase(t *testing.T) {
	w := setup(t)
	code := w.view().Case.CodeName
	for _, page := range w.pages() {
		body := w.got(w.analyst, page, code)
		if strings.Contains(body, "<b>Okafor") {
			t.Errorf("%s does not escape the name", page)
		}
		if title := regexp.MustCompile(`(?s)<title>.*?</title>`).FindString(body); strings.Contains(title, "Mara") || strings.Contains(page, "Mara") {
			t.Errorf("%s names the subject in title or address: %s", page, title)
		}
		for who, b := range map[string]*apptest.Browser{"a security lead": w.second, "HR": w.hr} {
			if got := b.Get(page); got.Status != http.StatusNotFound || strings.Contains(got.Body, code) {
				t.Errorf("GET %s as %s: %d", page, who, got.Status)
			}
		}
	}
	for _, act := range []string{"access", "access/import", "money", "notes", "outcome", "outcome/agree", "close", "members", "dossier/field-alias"} {
		if got := w.second.Post(path.CaseTab(w.caseID, act), url.Values{"version": {"1"}, "reason": {"x"}, "lessons": {"x"}, "body": {"x"},
			"user_id": {string(w.secondUser.ID)}, "function": {"lead"}, "sees": {"whole"}, "outcome": {"confirmed"}}); got.Status != http.StatusNotFound {
			// An import without lines and a grant without a system are refused only after the case was looked for.
			t.Errorf("POST %s as a stranger: %d", act, got.Status)
		}
	}
	w.got(w.second, path.Cases, "No cases here")
	w.got(w.analyst, path.Cases, code, "45 steps")
	w.got(w.analyst, path.Cases+"?status=closed", "None of your cases is closed")
}

func TestASealedCaseAsksWhyOnEveryPage(t *testing.T) {
	w := setup(t)
	members, notes := path.CaseTab(w.caseID, "members"), path.CaseTab(w.caseID, "notes")
	w.got(w.analyst, members, "Seal the case")
	if strings.Contains(w.got(w.analyst, path.Cases), "Sealed") {
		t.Error("the list says of an open case that it is sealed")
	}
	w.posted(w.analyst, path.CaseAct(w.caseID, "seal"), nil)
	w.got(w.analyst, path.Cases, "Sealed")
	for _, page := range w.pages() {
		if got := w.analyst.Get(page); got.Status != http.StatusSeeOther || got.Header.Get("Location") != path.OpenCase(w.caseID, page) {
			t.Errorf("GET %s: %d to %q", page, got.Status, got.Header.Get("Location"))
		}
		if got := w.second.Get(page); got.Status != http.StatusNotFound {
			t.Errorf("GET %s as a stranger: %d", page, got.Status)
		}
	}
	open := path.CaseTab(w.caseID, "open")
	for _, b := range []*apptest.Browser{w.second, w.hr} {
		if got := b.Get(open); got.Status != http.StatusNotFound {
			t.Errorf("what stands before the case is shown to a stranger: %d", got.Status)
		}
	}
	if got := w.analyst.Post(notes, url.Values{"body": {"A remark."}}); got.Status != http.StatusConflict || !strings.Contains(got.Body, "sealed") {
		t.Errorf("writing into it: %d", got.Status)
	}
	if body := w.got(w.analyst, path.OpenCase(w.caseID, "//evil.example/"), "Why do you open it?"); strings.Contains(body, "evil") || strings.Contains(body, "Mara") {
		t.Error("the page before the case leads elsewhere, or names its subject")
	}
	if got := w.analyst.Post(open, url.Values{"reason": {" "}, "next": {notes}}); got.Status != http.StatusUnprocessableEntity ||
		!strings.Contains(got.Body, "Say why you open it.") || !strings.Contains(got.Body, `value="`+notes+`"`) {
		t.Errorf("without a reason: %d", got.Status)
	}
	if _, err := w.DB.Pool().Exec(t.Context(), `UPDATE sessions SET proved_at = proved_at - interval '16 minutes'`); err != nil {
		t.Fatal(err)
	}
	w.Features.Signin.Forget()
	reason := url.Values{"reason": {"To take it up <again>."}, "next": {notes}}
	if got := w.analyst.Post(open, reason); got.Status != http.StatusUnauthorized || !strings.Contains(got.Body, `value="To take it up &lt;again&gt;."`) {
		t.Errorf("without a fresh proof: %d", got.Status)
	}
	w.posted(w.analyst, path.Confirm, url.Values{"gatehouse_proof": {apptest.Password}})
	if got := w.analyst.Post(open, reason); got.Status != http.StatusSeeOther || got.Header.Get("Location") != notes {
		t.Errorf("with both: %d to %q", got.Status, got.Header.Get("Location"))
	}
	w.got(w.analyst, notes)
	w.got(w.analyst, members, "To take it up &lt;again&gt;.", "Take the seal off")
	w.posted(w.analyst, path.CaseAct(w.caseID, "unseal"), nil)
	w.got(w.analyst, members, "Seal the case")

	w.join(w.secondUser, incident.Deputy, incident.Whole)
	hold := path.CaseTab(w.caseID, "hold")
	w.got(w.second, hold)
	w.posted(w.second, hold, url.Values{"reason": {"A court asks for it."}})
	itemID, err := w.Features.Evidence.AddText(t.Context(), w.secondUser.Actor(), evidence.Add{PersonID: string(w.person), CaseID: string(w.caseID),
		Kind: "note", Title: "A note"}, "what was seen")
	if err != nil {
		t.Fatal(err)
	}
	item := path.Evidence(itemID)
	holds, err := w.Features.Privacy.Holds(t.Context(), w.secondUser.Actor())
	if err != nil || len(holds) != 1 {
		t.Fatal(holds, err)
	}
	w.got(w.second, path.PrivacyHolds, "A court asks for it.")
	w.posted(w.second, path.CaseAct(w.caseID, "seal"), nil)
	for _, page := range []string{hold, item, item + "/custody", item + "/receipt", path.Hold(holds[0].ID)} {
		if got := w.second.Get(page); got.Status != http.StatusSeeOther || got.Header.Get("Location") != path.OpenCase(w.caseID, page) {
			t.Errorf("GET %s of a sealed case: %d to %q", page, got.Status, got.Header.Get("Location"))
		}
	}
	for _, act := range []string{hold, item + "/verify", path.LiftHold(holds[0].ID)} {
		if got := w.second.Post(act, url.Values{"reason": {"It is over."}}); got.Status != http.StatusConflict {
			t.Errorf("POST %s of a sealed case: %d", act, got.Status)
		}
	}
	if body := w.got(w.second, path.PrivacyHolds, "Said in the case, which is sealed"); strings.Contains(body, "A court asks for it.") {
		t.Error("the list of holds tells what stands in a sealed case")
	}
}

func TestEscalateForm(t *testing.T) {
	w := setup(t)
	w.got(w.hr, path.Escalate(w.person), "Mara &lt;b&gt;Okafor", "What happens then")
	if got := w.hr.Post(path.Escalate(w.person), url.Values{"reason": {" "}}); got.Status != 422 || !strings.Contains(got.Body, "Say which findings") {
		t.Errorf("without a reason: %d", got.Status)
	}
	if got := w.analyst.Post(path.Escalate(w.person), url.Values{"reason": {"Again, <i>typed</i>"}}); got.Status != 409 || !strings.Contains(got.Body, "typed&lt;/i&gt;") {
		t.Errorf("a member, again: %d", got.Status)
	}
	got := w.hr.Post(path.Escalate(w.person), url.Values{"reason": {"Documents do not fit."}})
	own := got.Header.Get("Location")
	if got.Status != http.StatusSeeOther || !strings.HasPrefix(own, path.Cases+"/") || own == path.Case(w.caseID) {
		t.Errorf("HR learns of the case: %d to %s", got.Status, own)
	}
	w.got(w.hr, own, "Only you can see this case")
	w.got(w.analyst, path.CaseTab(w.caseID, "notes"), "Documents do not fit.", "From outside the case")
}

func TestFinanceSeesItsTask(t *testing.T) {
	w := setup(t)
	u := w.User("Finn Ance", authz.Finance)
	w.join(u, incident.Finance, incident.Tasks)
	b := w.SignIn(u)
	body := w.got(b, path.Case(w.caseID), "Stop all payments", "Tasks", "Money")
	for _, word := range []string{"Open a restricted case", "Two findings", "Dossier", "Ana Lyst", "Timeline"} {
		if strings.Contains(main(body), word) {
			t.Errorf("finance reads %q", word)
		}
	}
	for _, page := range w.pages()[1:] {
		want := http.StatusNotFound
		if strings.HasSuffix(page, "/money") {
			want = http.StatusOK
		}
		if got := b.Get(page); got.Status != want {
			t.Errorf("GET %s as finance: %d, want %d", page, got.Status, want)
		}
	}
	w.finish("step-open-case")
	w.finish("step-keep-facade")
	money := path.CaseTab(w.caseID, "money")
	if got := b.Post(money, url.Values{"pay_on": {"2026-12-01"}, "amount": {"much"}, "currency": {"EUR"}, "method": {"bank-transfer"}, "state": {"planned"}}); got.Status != 422 ||
		!strings.Contains(got.Body, `value="much"`) || !strings.Contains(got.Body, "Enter an amount") {
		t.Errorf("a faulty amount: %d", got.Status)
	}
	w.posted(b, money, url.Values{"pay_on": {"2026-12-01"}, "amount": {"4,250"}, "currency": {"eur"}, "method": {"bank-transfer"}, "state": {"planned"}})
	w.got(b, path.CaseStep(w.caseID, "step-stop-payments"), "It can be called done when", "4250.00 EUR", "Mara &lt;b&gt;Okafor", `href="`+money+`"`)
	if got := b.Post(path.CaseStepAct(w.caseID, "step-stop-payments", "done"), url.Values{"version": {"1"}, "note": {"Kept <words>"}}); got.Status != 409 ||
		!strings.Contains(got.Body, "Kept &lt;words&gt;") && !strings.Contains(got.Body, "lead or the deputy") {
		t.Errorf("done too early: %d", got.Status)
	}
	act := regexp.MustCompile(`action="([^"]+/move)"`).FindStringSubmatch(w.got(b, money, "1 planned payment not stopped"))
	w.posted(b, act[1], url.Values{"to": {"stopped"}, "version": {"1"}})
	w.posted(b, path.CaseStepAct(w.caseID, "step-stop-payments", "done"), url.Values{"version": {"1"}, "note": {"Held."}})
	w.got(b, path.CaseStep(w.caseID, "step-stop-payments"), "Held.", "Reopen the step")
}

func TestLockedStepAndOverride(t *testing.T) {
	w := setup(t)
	w.got(w.analyst, path.CaseStep(w.caseID, "step-confirmation-call"), "This step is locked", "Revoke all access", "Reason for overriding")
	done := path.CaseStepAct(w.caseID, "step-confirmation-call", "done")
	if got := w.analyst.Post(done, url.Values{"version": {"1"}, "note": {"Typed in vain"}}); got.Status != 409 || !strings.Contains(got.Body, "Typed in vain") {
		t.Errorf("a locked step: %d", got.Status)
	}
	w.posted(w.analyst, done, url.Values{"version": {"1"}, "override": {"They asked for a call themselves."}})
	w.got(w.analyst, path.CaseStep(w.caseID, "step-confirmation-call"), "Lock overridden", "They asked for a call themselves.")
	w.got(w.analyst, path.Case(w.caseID), "Overridden")
	w.got(w.analyst, path.CaseTab(w.caseID, "report"), "Lock overridden", "They asked for a call themselves.")
	w.got(w.analyst, path.CaseTab(w.caseID, "timeline"), "Its lock was overridden", "Before the case")
	if got := w.analyst.Post(path.CaseStepAct(w.caseID, "step-open-case", "skip"), url.Values{"version": {"1"}}); got.Status != 422 || !strings.Contains(got.Body, "Say why this step is skipped") {
		t.Errorf("skipping without a reason: %d", got.Status)
	}
	w.posted(w.analyst, path.CaseStepAct(w.caseID, "step-open-case", "tick"), url.Values{"item": {"1"}, "mark": {"on"}})
	w.got(w.analyst, path.Case(w.caseID), "1 of 4 ticked")
	w.posted(w.analyst, path.CaseStepAct(w.caseID, "step-open-case", "owner"), url.Values{"version": {"1"}, "owner": {w.view().Members[0].UserID}})
	w.got(w.analyst, path.CaseStep(w.caseID, "step-open-case"), "Security, Ana Lyst")
	w.posted(w.analyst, path.CaseStepAct(w.caseID, "step-open-case", "notes"), url.Values{"body": {"Channel agreed."}})
	w.got(w.analyst, path.CaseStep(w.caseID, "step-open-case"), "Channel agreed.")
}

// TestNothingTypedIsLostOnASettledStep: the form is gone from the page, what was typed into it is not.
func TestNothingTypedIsLostOnASettledStep(t *testing.T) {
	w := setup(t)
	version := w.version("step-open-case")
	w.finish("step-open-case")
	got := w.analyst.Post(path.CaseStepAct(w.caseID, "step-open-case", "done"), url.Values{"version": {version}, "note": {"Typed in another window."}})
	if got.Status != http.StatusConflict || !strings.Contains(got.Body, "Typed in another window.") {
		t.Errorf("%d\n%.3000s", got.Status, main(got.Body))
	}
}

func TestAccessImport(t *testing.T) {
	w := setup(t)
	w.join(w.secondUser, incident.Deputy, incident.Whole)
	access := path.CaseTab(w.caseID, "access")
	body := &bytes.Buffer{}
	out := multipart.NewWriter(body)
	part, _ := out.CreateFormFile("file", "access.csv")
	_, _ = io.WriteString(part, "system,level,account,granted on\nCode host,write,mo,2026-01-05\n,admin\nWallet,signer,,soon\n")
	out.Close()
	got := w.analyst.Send("POST", access+"/import", out.FormDataContentType(), body)
	if got.Status != 422 || !strings.Contains(got.Body, "Line 3: ") || !strings.Contains(got.Body, "Line 4: ") || !strings.Contains(got.Body, "Wallet,signer,,soon") {
		t.Errorf("faulty lines: %d\n%.3000s", got.Status, main(got.Body))
	}
	w.posted(w.analyst, access+"/import", url.Values{"lines": {"Code host,write,mo,2026-01-05\nWallet,signer\n"}})
	w.got(w.analyst, path.CaseTab(w.caseID, "access"), "what is taken away before may warn the subject")
	w.got(w.analyst, access, "2 in place, 0 to attest, of 2", "Code host", "5 Jan 2026")
	for _, b := range []*apptest.Browser{w.analyst, w.second} {
		page := w.got(b, access)
		for _, act := range regexp.MustCompile(`action="([^"]+/(?:revoke|attest))"`).FindAllStringSubmatch(page, -1) {
			version := "1"
			if strings.HasSuffix(act[1], "attest") {
				version = "2"
			}
			w.posted(b, act[1], url.Values{"version": {version}})
		}
		if b == w.analyst && strings.Contains(w.got(b, access, "Somebody else attests"), "/attest") {
			t.Error("who revoked an access is offered to attest it")
		}
	}
	w.got(w.analyst, access, "All 2 attested as gone", "Attested by Sam Lead")
	if got := w.analyst.Post(access, url.Values{"system": {""}, "level": {"kept"}}); got.Status != 422 || !strings.Contains(got.Body, `value="kept"`) {
		t.Errorf("a grant without a system: %d", got.Status)
	}
}

func TestDossierPage(t *testing.T) {
	w := setup(t)
	dossier := path.CaseTab(w.caseID, "dossier")
	w.got(w.analyst, dossier, "Full legal name", "Lisbon", "Accept", "0 filled")
	field := func(id string, parts ...string) string {
		return path.CaseAct(w.caseID, append([]string{"dossier", id}, parts...)...)
	}
	if got := w.analyst.Post(field("field-email"), url.Values{"value": {"nobody"}}); got.Status != 422 || !strings.Contains(got.Body, `value="nobody"`) ||
		!strings.Contains(got.Body, "Enter an e-mail address") {
		t.Errorf("a faulty address: %d", got.Status)
	}
	w.posted(w.analyst, field("field-email"), url.Values{"value": {"mo@example.com"}, "source": {"HR record"}})
	w.posted(w.analyst, field("field-location"), url.Values{"value": {"Lisbon"}, "source": {"The person's record"}})
	w.posted(w.analyst, field("field-wallet", "gap"), url.Values{"reason": {"Paid by bank only."}})
	page := w.got(w.analyst, dossier, "2 filled, 1 gaps explained", "mo@example.com", "Paid by bank only.")
	remove := regexp.MustCompile(`action="([^"]+field-email/[^"]+/remove)"`).FindStringSubmatch(page)
	w.posted(w.analyst, remove[1], nil)
	w.posted(w.analyst, field("field-wallet", "reopen"), nil)
	w.got(w.analyst, dossier, "1 filled, 0 gaps explained")
}

func TestTheWholeWayToTheReport(t *testing.T) {
	w := setup(t)
	w.join(w.secondUser, incident.Deputy, incident.Whole)
	outcome := path.CaseTab(w.caseID, "outcome")
	version := func() string { return strconv.Itoa(w.view().Case.Version) }
	w.got(w.analyst, outcome, "Propose an outcome", "None proposed yet")
	w.posted(w.analyst, outcome, url.Values{"version": {version()}, "outcome": {"false-positive"}, "reason": {"The place was confirmed on a call."}, "override": {"The call settled it."}})
	w.got(w.analyst, outcome, "You proposed it")
	if got := w.analyst.Post(outcome+"/agree", url.Values{"version": {version()}}); got.Status != http.StatusForbidden {
		t.Errorf("agreeing to one's own proposal: %d", got.Status)
	}
	w.got(w.second, outcome, "Agree", "Decided before the steps that it follows.", "Ana Lyst: The call settled it.")
	w.posted(w.second, outcome+"/agree", url.Values{"version": {version()}})
	w.got(w.analyst, outcome, "Making it good", "The case can be closed when")
	for _, s := range w.view().Steps {
		if s.State == incident.Open && s.StepID != "step-close-case" {
			w.finish(s.StepID, "override", "Settled together.")
		}
	}
	w.got(w.analyst, outcome, "Lessons")
	if got := w.analyst.Post(path.CaseAct(w.caseID, "close"), url.Values{"version": {version()}, "lessons": {""}}); got.Status != 422 {
		t.Errorf("closing without lessons: %d", got.Status)
	}
	w.posted(w.analyst, path.CaseAct(w.caseID, "close"), url.Values{"version": {version()}, "lessons": {"Ask before the contract."}})
	late := w.analyst.Post(path.CaseAct(w.caseID, "notes"), url.Values{"body": {"Typed while it was being closed."}})
	if late.Status != http.StatusConflict || !strings.Contains(late.Body, "Typed while it was being closed.") {
		t.Errorf("a note on a closed case: %d\n%.3000s", late.Status, main(late.Body))
	}
	w.got(w.analyst, path.CaseTab(w.caseID, "report"), "False positive", "Ask before the contract.", "The person was entered as a candidate", "The case was closed", "Evidence register", "Ana Lyst", "agreed by Sam Lead")
	w.got(w.analyst, path.Cases+"?status=closed", w.view().Case.CodeName)
	for _, page := range w.pages() {
		acts := 0
		if page == path.CaseTab(w.caseID, "members") {
			acts = 1 // what is over can still be sealed
		}
		if n := strings.Count(main(w.got(w.analyst, page)), `method="post"`); n != acts {
			t.Errorf("%s offers %d acts on a closed case, want %d", page, n, acts)
		}
	}
	if got := w.analyst.Post(path.CaseAct(w.caseID, "notes"), url.Values{"body": {"Late."}}); got.Status != 409 {
		t.Errorf("a note on a closed case: %d", got.Status)
	}
}

func TestNoPageBreaksAQuote(t *testing.T) {
	w := setup(t)
	for _, page := range w.pages() {
		if strings.Contains(w.got(w.analyst, page), "\uFFFD") {
			t.Errorf("%s holds half a character", page)
		}
	}
}

func TestHeadingsAndIDs(t *testing.T) {
	w := setup(t)
	for _, page := range append(w.pages(), path.Cases, path.Escalate(w.person)) {
		body := w.got(w.analyst, page)
		if n := strings.Count(body, "<h1"); n != 1 {
			t.Errorf("%s has %d h1", page, n)
		}
		var ids []string
		for _, m := range regexp.MustCompile(`\sid="([^"]*)"`).FindAllStringSubmatch(body, -1) {
			if slices.Contains(ids, m[1]) {
				t.Errorf("%s has the id %q twice", page, m[1])
			}
			ids = append(ids, m[1])
		}
	}
}

// TestTheStepsAboutOthersShowReferrals: with links, and no other step does.
func TestTheStepsAboutOthersShowReferrals(t *testing.T) {
	w := setup(t)
	var other person.ID
	err := w.DB.Write(t.Context(), authz.System("test"), func(tx *db.Tx) (err error) {
		tx.Record(db.Entry{Action: "person.added", SubjectKind: "person", SubjectID: "1"})
		other, err = w.Features.People.Add(t.Context(), tx, person.New{Name: "Bo <i>Quist</i>", ReferrerName: subject, ReferrerID: &w.person})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, stepID := range []string{"step-find-others", "step-inform-suppliers"} {
		body := w.got(w.analyst, path.CaseStep(w.caseID, stepID), "Who referred whom", path.Candidate(other), "referred by the subject")
		if strings.Contains(body, "<i>Quist") {
			t.Error("a name is not escaped")
		}
	}
	if body := w.got(w.analyst, path.CaseStep(w.caseID, "step-stop-payments")); strings.Contains(body, "Who referred whom") {
		t.Error("another step shows referrals")
	}
}
