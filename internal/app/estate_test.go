package app_test

import (
	"testing"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/app/apptest"
	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/dashboard"
	"gatehouse/internal/evidence"
	"gatehouse/internal/hiring"
	"gatehouse/internal/incident"
	"gatehouse/internal/interview"
	"gatehouse/internal/inventory"
	"gatehouse/internal/payment"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/id"
	"gatehouse/internal/signal"
	"gatehouse/internal/signin"
)

// estate is one of everything that an address can name, arranged around one user: candidates of their job or interview, a case
// that they are a member of, what belongs to their account.
type estate struct {
	job         hiring.JobID
	candidate   person.ID
	application hiring.ApplicationID
	interview   interview.ID
	check       string // of the interview's kit
	flag        string
	evidence    evidence.ID // about the candidate
	colleague   person.ID   // somebody engaged
	engagement  hiring.EngagementID
	signal      string
	caseID      incident.ID
	grant       inventory.ID
	payment     payment.ID
	entry       string // of the dossier
	view        string
	session     string
	elsewhere   string // another session of theirs
	passkey     string
	user        account.ID
	token       string
	link        string
	hold        string // on the subject, by the case
	logged      string // an entry of the log about the case
}

// staff do what the owner of an estate may not.
type staff struct{ hr, manager, interviewer, lead, administrator account.User }

func hire(w *apptest.World, name string) staff {
	return staff{hr: w.User(name+" Hr", authz.HR), manager: w.User(name+" Manager", authz.HiringManager), interviewer: w.User(name+" Interviewer", authz.Interviewer),
		lead: w.User(name+" Lead", authz.SecurityLead), administrator: w.User(name+" Administrator", authz.Administrator)}
}

// arrange makes an estate around the owner.
func arrange(t testing.TB, w *apptest.World, by staff, owner account.User) estate {
	t.Helper()
	e := estate{user: owner.ID}
	e.hiring(t, w, by, owner)
	e.engaged(t, w, by)
	e.incident(t, w, by, owner)
	e.account(t, w, by, owner)
	return e
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// text reads one value.
func text(t testing.TB, w *apptest.World, sql string, args ...any) (v string) {
	t.Helper()
	must(t, w.DB.Pool().QueryRow(t.Context(), sql, args...).Scan(&v))
	return v
}

func (e *estate) hiring(t testing.TB, w *apptest.World, by staff, owner account.User) {
	t.Helper()
	ctx, hr, f := t.Context(), by.hr.Actor(), w.Features
	manager, interviewer := by.manager, by.interviewer
	if owner.Actor().Has(authz.HiringManager) {
		manager = owner
	}
	if owner.Actor().May(authz.InterviewWrite) {
		interviewer = owner
	}
	var err error
	e.job, err = f.Hiring.AddJob(ctx, hr, hiring.NewJob{Title: "Engineer", LevelID: "level-verified", ManagerID: string(manager.ID)})
	must(t, err)
	e.candidate, e.application = e.applicant(t, w, by, "Robin Castell")
	e.interview, err = f.Interviews.Schedule(ctx, hr, e.application, interview.Plan{StartsAt: w.DB.Now().Add(time.Hour), Minutes: 30, Place: "https://meet.example.com/room",
		Interviewers: []account.ID{interviewer.ID}})
	must(t, err)
	iv, err := f.Interviews.ByID(ctx, hr, e.interview)
	must(t, err)
	e.check = iv.Kit[0]
	must(t, f.Assess.RecordCheck(ctx, hr, e.candidate, assessment.RecordedCheck{CheckID: e.check, Answer: catalogue.RedFlag, Note: "As seen."}))
	e.flag = text(t, w, `SELECT id FROM flags WHERE person_id = $1`, e.candidate)
	e.evidence, err = f.Evidence.AddText(ctx, hr, evidence.Add{PersonID: string(e.candidate), Kind: "note", Title: "What was seen"}, "The lamp stood on the left.")
	must(t, err)
}

// applicant adds a candidate for the job, at the stage of the first call.
func (e *estate) applicant(t testing.TB, w *apptest.World, by staff, name string) (person.ID, hiring.ApplicationID) {
	t.Helper()
	ctx, hr, f := t.Context(), by.hr.Actor(), w.Features
	who, app, err := f.Hiring.AddCandidate(ctx, hr, hiring.NewCandidate{JobID: e.job,
		Person: person.New{Name: name, Location: "Toronto", TimeZone: "America/Toronto", ChannelID: "channel-public-application"}})
	must(t, err)
	a, err := f.Hiring.Application(ctx, hr, app)
	must(t, err)
	must(t, f.Hiring.Move(ctx, hr, hiring.Move{ApplicationID: app, Version: a.Version, To: "stage-screening-call"}))
	return who, app
}

func (e *estate) engaged(t testing.TB, w *apptest.World, by staff) {
	t.Helper()
	ctx, hr, f := t.Context(), by.hr.Actor(), w.Features
	who, app := e.applicant(t, w, by, "Mara Okafor")
	for _, c := range f.Catalogue.Current().Required("level-verified") {
		must(t, f.Assess.RecordCheck(ctx, hr, who, assessment.RecordedCheck{CheckID: c.ID, Answer: catalogue.Clear, Note: "As seen."}))
	}
	version := func() int {
		a, err := f.Hiring.Application(ctx, hr, app)
		must(t, err)
		return a.Version
	}
	must(t, f.Hiring.Move(ctx, hr, hiring.Move{ApplicationID: app, Version: version(), To: hiring.StageOffer}))
	var err error
	e.colleague = who
	e.engagement, err = f.Hiring.Hire(ctx, hr, hiring.Hire{ApplicationID: app, Version: version(), Terms: hiring.Terms{Kind: hiring.Employee, Title: "Engineer",
		ManagerID: string(by.manager.ID), StartedOn: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)}})
	must(t, err)
	e.signal, err = f.Signals.Record(ctx, by.lead.Actor(), signal.ByHand{EngagementID: e.engagement, SignalID: f.Catalogue.Current().Signals[0].ID,
		OccurredAt: w.DB.Now().Add(-time.Hour), Note: "As seen."})
	must(t, err)
}

func (e *estate) incident(t testing.TB, w *apptest.World, by staff, owner account.User) {
	t.Helper()
	ctx, lead, f := t.Context(), by.lead.Actor(), w.Features
	var err error
	e.caseID, err = f.Cases.Escalate(ctx, lead, incident.Escalation{PersonID: e.colleague, Reason: "Two findings in two groups."})
	must(t, err)
	must(t, f.Cases.AddGrant(ctx, lead, e.caseID, inventory.New{System: "Code host", Level: "write"}))
	must(t, f.Cases.AddPayment(ctx, lead, e.caseID, payment.New{PayOn: w.DB.Now(), Amount: "4250", Currency: "EUR", Method: payment.BankTransfer, State: payment.Planned}))
	must(t, f.Cases.AddEntry(ctx, lead, e.caseID, incident.NewEntry{FieldID: "field-alias", Value: "mara.o"}))
	must(t, f.Cases.ExplainGap(ctx, lead, e.caseID, "field-phone", "Never given."))
	if owner.Actor().May(authz.CaseRead) {
		function := incident.Engineering
		if owner.Actor().May(authz.CaseLead) {
			function = incident.Lead
		}
		must(t, f.Cases.AddMember(ctx, lead, e.caseID, incident.NewMember{UserID: string(owner.ID), Function: function, Sees: incident.Whole}))
	}
	e.grant = inventory.ID(text(t, w, `SELECT id FROM access_grants WHERE case_id = $1`, e.caseID))
	e.payment = payment.ID(text(t, w, `SELECT id FROM payments WHERE case_id = $1`, e.caseID))
	e.entry = text(t, w, `SELECT id FROM dossier_entries WHERE case_id = $1`, e.caseID)
	if _, err := w.DB.Pool().Exec(t.Context(), `
		INSERT INTO user_identities (issuer, subject, user_id, follows, linked_at) VALUES ($1, $2::text, $2::uuid, false, now())`, provider, string(e.user)); err != nil {
		t.Fatal(err)
	}
	if err := w.Features.Privacy.PlaceCase(t.Context(), authz.System("test"), string(e.caseID), "Proceedings"); err != nil {
		t.Fatal(err)
	}
	e.hold = text(t, w, `SELECT id FROM legal_holds WHERE case_id = $1`, e.caseID)
	e.logged = text(t, w, `SELECT id FROM audit_entries WHERE case_id = $1 LIMIT 1`, e.caseID)
}

func (e *estate) account(t testing.TB, w *apptest.World, by staff, owner account.User) {
	t.Helper()
	ctx, f := t.Context(), w.Features
	must(t, f.Dashboards.SaveView(ctx, owner.Actor(), dashboard.NewView{Page: dashboard.ViewCandidates, Name: "Mine", Query: "q=ada"}))
	e.view = text(t, w, `SELECT id FROM saved_views WHERE owner_id = $1`, owner.ID)
	e.session, e.elsewhere = begin(t, w, owner), begin(t, w, owner)
	e.passkey = id.New()
	token, _, err := f.Accounts.NewToken(ctx, by.administrator.Actor(), "EDR", []authz.Permission{authz.SignalIngest}, nil)
	must(t, err)
	e.token = string(token)
	invited, err := f.Accounts.Add(ctx, by.administrator.Actor(), account.New{Email: "new-" + id.New() + "@example.com", Name: "New", Roles: []authz.Role{authz.HR}})
	must(t, err)
	e.link, err = f.Accounts.NewLink(ctx, by.administrator.Actor(), invited)
	must(t, err)
}

// begin signs somebody in and returns the id of their session.
func begin(t testing.TB, w *apptest.World, who account.User) string {
	t.Helper()
	secret, _, err := w.Features.Signin.SignIn(t.Context(), who.Email, apptest.Password, signin.Device{IP: "127.0.0.1"})
	must(t, err)
	session, err := w.Features.Signin.Find(t.Context(), secret)
	must(t, err)
	return string(session.ID)
}

// giveKey gives the owner of an estate the passkey that it names. They sign in with it from then on.
func (e estate) giveKey(t testing.TB, w *apptest.World) {
	t.Helper()
	_, err := w.DB.Pool().Exec(t.Context(), `INSERT INTO passkeys (id, user_id, name, credential_id, credential, created_at) VALUES ($1, $2, 'Key', $3, $3, now())`,
		e.passkey, e.user, []byte(e.passkey))
	must(t, err)
}

// subject makes the user the human behind a person, as an administrator of the company's directory would.
func subject(t testing.TB, w *apptest.World, who account.User, of person.ID) {
	t.Helper()
	_, err := w.DB.Pool().Exec(t.Context(), `UPDATE users SET person_id = $2 WHERE id = $1`, who.ID, of)
	must(t, err)
}
