// Package path spells every URL of the application. Pages and redirects build their links here and nowhere else.
package path

import "net/url"

// Pages without an id.
const (
	Today          = "/"
	SignIn         = "/sign-in"
	SignOut        = "/sign-out"
	Confirm        = "/sign-in/confirm"
	SSO            = "/sign-in/sso"
	SSOCallback    = SSO + "/callback"
	SSOConfirm     = SSO + "/confirm"
	SSOLogout      = SSO + "/logout"
	Board          = "/board"
	Candidates     = "/candidates"
	CandidatesCSV  = "/candidates.csv"
	NewCandidate   = "/candidates/new"
	Interviews     = "/interviews"
	Jobs           = "/jobs"
	NewJob         = "/jobs/new"
	People         = "/people"
	EvidenceItems  = "/evidence"
	NewEvidence    = "/evidence/new"
	Signals        = "/signals"
	SignalsCSV     = "/signals.csv"
	SignalsAPI     = "/api/v1/signals"
	Flags          = "/flags"
	Cases          = "/cases"
	Insights       = "/insights/" // what all of them begin with
	InsightsHiring = "/insights/hiring"
	InsightsCases  = "/insights/response"
	Controls       = "/insights/controls"
	Library        = "/library"
	Search         = "/search"
	Audit          = "/audit"
	Users          = "/admin/users"
	NewUser        = "/admin/users/new"
	Privacy        = "/privacy"
	PrivacyDue     = Privacy + "/due"
	PrivacyRuns    = Privacy + "/runs"
	PrivacyHolds   = Privacy + "/holds"
	Erasures       = Privacy + "/erasures"
	Register       = Privacy + "/register"
	Opening        = Privacy + "/opening"
	Tokens         = "/admin/tokens"
	System         = "/admin/system"
	SignInRules    = "/admin/sign-in"
	SSORules       = SignInRules + "/sso"
	Account        = "/account"
	LinkSSO        = Account + "/sso"
	Sessions       = "/account/sessions"
	OtherSessions  = Sessions + "/others"
	Authenticator  = Account + "/authenticator"
	RecoveryCodes  = Account + "/recovery-codes"
	Passkeys       = Account + "/passkeys"
	Components     = "/dev/components"
	Health         = "/healthz"
	Ready          = "/readyz"
)

// with joins a page and the escaped parts below it.
func with(page string, parts ...string) string {
	for _, p := range parts {
		page += "/" + url.PathEscape(p)
	}
	return page
}

// SignInThen is the sign-in page that leads back to next.
func SignInThen(next string) string {
	if next == "" || next == Today {
		return SignIn
	}
	return SignIn + "?next=" + url.QueryEscape(next)
}

// SSOThen leads to the sign-in provider, and then to next.
func SSOThen(next string) string {
	if next == "" || next == Today {
		return SSO
	}
	return SSO + "?next=" + url.QueryEscape(next)
}

// BreakGlass is the sign-in page with the form for a password, where only one account may use it.
func BreakGlass(next string) string {
	return SignIn + "?" + url.Values{"next": {next}, "break-glass": {"1"}}.Encode()
}

// Link is where somebody chooses a password, by the secret of a link.
func Link(secret string) string { return with(SignIn+"/link", secret) }

// ConfirmThen is where people show again that it is them, and go on to next.
func ConfirmThen(next string) string { return Confirm + "?next=" + url.QueryEscape(next) }

// RemovePasskey takes one of one's own passkeys away.
func RemovePasskey[ID ~string](id ID) string { return with(Passkeys, string(id), "remove") }

// Candidate is a candidate's page.
func Candidate[ID ~string](id ID) string { return with(Candidates, string(id)) }

// PersonPrivacy is where a person's data is put on hold, given out or erased.
func PersonPrivacy[ID ~string](id ID) string { return with(Candidates, string(id), "privacy") }

// PersonPrivacyAct is one act there.
func PersonPrivacyAct[ID ~string](id ID, act string) string {
	return with(Candidates, string(id), "privacy", act)
}

// Hold is a legal hold.
func Hold(id string) string { return with(PrivacyHolds, id) }

// LiftHold ends a legal hold.
func LiftHold(id string) string { return with(PrivacyHolds, id, "lift") }

// CandidateTab is one tab of a candidate's page.
func CandidateTab[ID ~string](id ID, tab string) string {
	return Candidate(id) + "?tab=" + url.QueryEscape(tab)
}

// BoardWhere is the board narrowed by the query.
func BoardWhere(q CandidateQuery) string { return withQuery(Board, q.Values()) }

// CandidateHistory is the history of a candidate from a cursor back.
func CandidateHistory[ID ~string](id ID, before string) string {
	return CandidateTab(id, "history") + "&before=" + url.QueryEscape(before)
}

// CandidateChecks is where a check on a candidate is recorded by hand.
func CandidateChecks[ID ~string](id ID) string { return Candidate(id) + "/checks" }

// RecordCheck is the form for one check on a candidate.
func RecordCheck[ID ~string](id ID, check string) string {
	return CandidateChecks(id) + "?check=" + url.QueryEscape(check)
}

// EditCandidate is the form for a candidate's claims.
func EditCandidate[ID ~string](id ID) string { return Candidate(id) + "/edit" }

// Escalate is the form that opens a case about a person.
func Escalate[ID ~string](id ID) string { return with(People, string(id), "escalate") }

// Job is a job's page; EditJob its form.
func Job[ID ~string](id ID) string { return with(Jobs, string(id)) }

// EditJob is the form of a job.
func EditJob[ID ~string](id ID) string { return Job(id) + "/edit" }

// Application is the root of an application's acts: move, hire, close, interviews.
func Application[ID ~string](id ID, act string) string {
	return with("/applications", string(id)) + "/" + act
}

// Engagement is the page of a hired person's contract.
func Engagement[ID ~string](id ID) string { return with(People, string(id)) }

// Interview is the interview's room, and after submitting its scorecards.
func Interview[ID ~string](id ID) string { return with(Interviews, string(id)) }

// InterviewCheck is the room with one check on screen.
func InterviewCheck[ID ~string](id ID, check string) string {
	return Interview(id) + "?check=" + url.QueryEscape(check)
}

// ScheduleInterview is the form that plans an application's next interview.
func ScheduleInterview[ID ~string](application ID) string {
	return Application(application, "interviews/new")
}

// InterviewAnswer is where an answer to a check is saved; act is empty, "evidence" or "amend".
func InterviewAnswer[ID ~string](id ID, check, act string) string {
	if act == "" {
		return with(Interviews, string(id), "answers", check)
	}
	return with(Interviews, string(id), "answers", check, act)
}

// InterviewSubmit is the page that shows what is left before a scorecard is frozen.
func InterviewSubmit[ID ~string](id ID) string { return Interview(id) + "/submit" }

// InterviewPlan is the form for time, place and interviewers; InterviewCancel calls the interview off.
func InterviewPlan[ID ~string](id ID) string { return Interview(id) + "/plan" }

// InterviewCancel is where an interview is called off.
func InterviewCancel[ID ~string](id ID) string { return Interview(id) + "/cancel" }

// InterviewsWhere is the list of interviews with filters; empty ones are left out.
func InterviewsWhere(when, status, text, after string) string {
	q := url.Values{}
	for name, value := range map[string]string{"when": when, "status": status, "q": text, "after": after} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if len(q) == 0 {
		return Interviews
	}
	return Interviews + "?" + q.Encode()
}

// Flag is a flag's page with its disposition form.
func Flag[ID ~string](id ID) string { return with(Flags, string(id)) }

// FlagsFrom is the page of waiting flags that begins at a cursor.
func FlagsFrom(cursor string) string { return Flags + "?after=" + url.QueryEscape(cursor) }

// DisposeFlag takes a flag's disposition; SecondFlag a second person's agreement.
func DisposeFlag[ID ~string](id ID) string { return Flag(id) + "/dispose" }

// SecondFlag takes a second person's agreement with a confirmation.
func SecondFlag[ID ~string](id ID) string { return Flag(id) + "/second" }

// Evidence is an evidence item's page: what it is and who touched it.
func Evidence[ID ~string](id ID) string { return with(EvidenceItems, string(id)) }

// EvidenceAct is where an act on an item is posted: view, download, verify.
func EvidenceAct[ID ~string](id ID, act string) string { return Evidence(id) + "/" + act }

// Signal is a signal's page. place is where it stands among all signals (signal.Signal.Place).
func Signal(place string) string { return with(Signals, place) }

// NewSignal is the form for a signal by hand on an engagement.
func NewSignal[ID ~string](engagement ID) string { return Engagement(engagement) + "/signals/new" }

// Case is a case's page; CaseTab one of its tabs.
func Case[ID ~string](id ID) string { return with(Cases, string(id)) }

// OpenCase is where somebody says why they open a sealed case, on their way to next.
func OpenCase[ID ~string](id ID, next string) string {
	return CaseTab(id, "open") + "?" + url.Values{"next": {next}}.Encode()
}

// CaseTab is one tab of a case's page.
func CaseTab[ID ~string](id ID, tab string) string { return Case(id) + "/" + tab }

// CaseStep is one step of a case's playbook.
func CaseStep[ID ~string](id ID, step string) string { return with(Cases, string(id), "steps", step) }

// CaseStepAct is where an act on a step is posted.
func CaseStepAct[ID ~string](id ID, step, act string) string { return CaseStep(id, step) + "/" + act }

// CaseAct is where an act on a part of a case is posted: a grant, a payment, a member, a field of the dossier.
func CaseAct[ID ~string](id ID, parts ...string) string { return with(Case(id), parts...) }

// LibraryItem is the page of one entry of the framework.
func LibraryItem(id string) string { return with(Library, id) }

// EndSession is where one of one's own sessions is ended.
func EndSession[ID ~string](id ID) string { return with(Sessions, string(id), "end") }

// AuditAction is the audit log, of one action only.
func AuditAction(action string) string { return Audit + "?action=" + url.QueryEscape(action) }

// UserIdentity does something with a user's account at the sign-in provider.
func UserIdentity[ID ~string](id ID, act string) string { return User(id) + "/identity/" + act }

// User is the administrator's page of a user.
func User[ID ~string](id ID) string { return with(Users, string(id)) }

// LibraryWhere is the library's index in some state: a section, filters, a search.
func LibraryWhere(v url.Values) string { return withQuery(Library, v) }

// LibraryExcluded is the page of what we leave out and why.
const LibraryExcluded = Library + "?section=excluded"
