package web

import (
	"net/http"

	"gatehouse/internal/platform/authz"
	"gatehouse/web/admin"
	"gatehouse/web/api"
	"gatehouse/web/applications"
	"gatehouse/web/audit"
	"gatehouse/web/board"
	"gatehouse/web/candidates"
	"gatehouse/web/cases"
	"gatehouse/web/engagements"
	"gatehouse/web/evidence"
	"gatehouse/web/flags"
	"gatehouse/web/insights"
	"gatehouse/web/interviews"
	"gatehouse/web/jobs"
	"gatehouse/web/library"
	"gatehouse/web/path"
	"gatehouse/web/people"
	"gatehouse/web/privacy"
	"gatehouse/web/search"
	"gatehouse/web/signals"
	"gatehouse/web/today"
	"gatehouse/web/ui"
)

// Handler answers a request or returns the error that web/errors.go answers.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Route is one line of the route table. Permission is required: an empty one panics at start.
type Route struct {
	Method, Pattern string
	Permission      authz.Permission
	Handler         Handler
}

// Routes is the whole route table: every URL, and what it takes to reach it.
func (s *Server) Routes() []Route {
	var all []Route
	for _, group := range [][]Route{
		s.entryRoutes(),
		s.candidateRoutes(),
		s.hiringRoutes(),
		s.interviewRoutes(),
		s.evidenceRoutes(),
		s.signalRoutes(),
		s.caseRoutes(),
		s.insightRoutes(),
		s.privacyRoutes(),
		s.libraryRoutes(),
		s.adminRoutes(),
		s.devRoutes(),
		s.deps.Extra,
	} {
		all = append(all, group...)
	}
	return all
}

// entryRoutes: signing in and out, also by a provider, showing that it is still you, second factors, health.
func (s *Server) entryRoutes() []Route {
	return []Route{
		{"GET", path.Health, authz.Public, s.health},
		{"GET", path.Ready, authz.Public, s.ready},
		{"GET", path.SignIn, authz.Public, s.showSignIn},
		{"POST", path.SignIn, authz.Public, s.signIn},
		{"GET", path.SignIn + "/link/{secret}", authz.Public, s.showLink},
		{"POST", path.SignIn + "/link/{secret}", authz.Public, s.useLink},
		{"GET", path.SSO, authz.Public, s.startSSO},
		{"GET", path.SSOCallback, authz.Public, s.backFromSSO},
		{"POST", path.SSOLogout, authz.Public, s.endedBySSO},
		{"POST", path.SSOConfirm, authz.Signed, s.confirmBySSO},
		{"POST", path.LinkSSO, authz.Signed, s.linkSSO},
		{"POST", path.SignOut, authz.Signed, s.signOut},
		{"GET", path.Confirm, authz.Signed, s.showConfirm},
		{"POST", path.Confirm, authz.Signed, s.confirm},
		{"POST", path.Confirm + "/passkey", authz.Signed, s.proofOptions},
		{"GET", path.Authenticator, authz.Signed, s.showAuthenticator},
		{"POST", path.Authenticator, authz.Signed, s.beginAuthenticator},
		{"POST", path.Authenticator + "/confirm", authz.Signed, s.confirmAuthenticator},
		{"POST", path.Authenticator + "/remove", authz.Signed, s.removeAuthenticator},
		{"POST", path.Passkeys + "/options", authz.Signed, s.passkeyOptions},
		{"POST", path.Passkeys, authz.Signed, s.addPasskey},
		{"POST", path.Passkeys + "/{id}/remove", authz.Signed, s.removePasskey},
		{"POST", path.RecoveryCodes, authz.Signed, s.renewRecoveryCodes},
	}
}

// devRoutes: the component page, only where the configuration asks for it.
func (s *Server) devRoutes() []Route {
	if !s.deps.Config.Dev {
		return nil
	}
	return []Route{{"GET", path.Components, authz.Signed, s.components}}
}

// candidateRoutes: the candidate list, the board, a candidate's page, flags and checks by hand.
func (s *Server) candidateRoutes() []Route {
	h := candidates.New(s.deps.Catalogue, s.deps.People, s.deps.Candidates, s.deps.Assess, s.deps.Evidence)
	f := flags.New(s.deps.Catalogue, s.deps.Flags, s.deps.Assess, s.deps.Candidates, s.deps.Evidence)
	b := board.New(s.deps.Catalogue, s.deps.Hiring, s.deps.Candidates)
	return []Route{
		{"GET", path.Board, authz.PersonRead, b.Show},
		{"GET", path.Candidates, authz.PersonRead, h.List},
		{"GET", path.CandidatesCSV, authz.PersonRead, h.CSV},
		{"GET", path.Candidates + "/{id}", authz.PersonRead, h.Show},
		{"GET", path.Candidates + "/{id}/checks", authz.CheckRecord, h.ShowCheck},
		{"POST", path.Candidates + "/{id}/checks", authz.CheckRecord, h.RecordCheck},
		{"GET", path.Flags, authz.FlagDispose, f.List},
		{"GET", path.Flags + "/{id}", authz.PersonRead, f.Show},
		{"POST", path.Flags + "/{id}/dispose", authz.FlagDispose, f.Dispose},
		{"POST", path.Flags + "/{id}/second", authz.FlagDispose, f.Second},
	}
}

// hiringRoutes: jobs, adding and editing candidates, applications and their moves, engagements.
func (s *Server) hiringRoutes() []Route {
	j := jobs.New(s.deps.Hiring, s.deps.Accounts, s.deps.Catalogue)
	p := people.New(s.deps.Hiring, s.deps.People, s.deps.Claims, s.deps.Catalogue)
	a := applications.New(s.deps.Hiring, s.deps.People, s.deps.Accounts, s.deps.Catalogue)
	e := engagements.New(s.deps.Hiring, s.deps.People, s.deps.Accounts, s.deps.Catalogue, s.signalPages().Section)
	return []Route{
		{"GET", path.Jobs, authz.JobRead, j.List},
		{"GET", path.NewJob, authz.JobWrite, j.New},
		{"POST", path.Jobs, authz.JobWrite, j.Add},
		{"GET", path.Jobs + "/{id}", authz.JobRead, j.Show},
		{"GET", path.Jobs + "/{id}/edit", authz.JobWrite, j.Edit},
		{"POST", path.Jobs + "/{id}/edit", authz.JobWrite, j.Save},
		{"POST", path.Jobs + "/{id}/close", authz.JobWrite, j.Close},
		{"POST", path.Jobs + "/{id}/reopen", authz.JobWrite, j.Reopen},

		{"GET", path.NewCandidate, authz.PersonWrite, p.New},
		{"POST", path.Candidates, authz.PersonWrite, p.Add},
		{"GET", path.Candidates + "/{id}/edit", authz.PersonWrite, p.Edit},
		{"POST", path.Candidates + "/{id}/edit", authz.PersonWrite, p.Save},
		{"GET", path.Candidates + "/{id}/apply", authz.PersonWrite, p.ShowApply},
		{"POST", path.Candidates + "/{id}/apply", authz.PersonWrite, p.Apply},

		{"GET", path.Applications + "/{id}/move", authz.ApplicationMove, a.ShowMove},
		{"POST", path.Applications + "/{id}/move", authz.ApplicationMove, a.Move},
		{"GET", path.Applications + "/{id}/override", authz.GateOverride, a.ShowOverride},
		{"POST", path.Applications + "/{id}/override", authz.GateOverride, a.Override},
		{"GET", path.Applications + "/{id}/hire", authz.ApplicationMove, a.ShowHire},
		{"POST", path.Applications + "/{id}/hire", authz.ApplicationMove, a.Hire},
		{"GET", path.Applications + "/{id}/close", authz.ApplicationMove, a.ShowClose},
		{"POST", path.Applications + "/{id}/close", authz.ApplicationMove, a.Close},
		{"GET", path.Applications + "/{id}/reopen", authz.ApplicationMove, a.ShowReopen},
		{"POST", path.Applications + "/{id}/reopen", authz.ApplicationMove, a.Reopen},

		{"GET", path.People, authz.EngagementRead, e.List},
		{"GET", path.People + "/{id}", authz.EngagementRead, e.Show},
		{"GET", path.People + "/{id}/edit", authz.EngagementWrite, e.Edit},
		{"POST", path.People + "/{id}/edit", authz.EngagementWrite, e.Save},
		{"GET", path.People + "/{id}/end", authz.EngagementWrite, e.ShowEnd},
		{"POST", path.People + "/{id}/end", authz.EngagementWrite, e.End},
	}
}

// interviewRoutes: scheduling, the room, scorecards.
func (s *Server) interviewRoutes() []Route {
	h := interviews.NewHandler(s.deps.Interviews)
	return []Route{
		{"GET", path.Interviews, authz.InterviewRead, h.List},
		{"GET", "/applications/{id}/interviews/new", authz.InterviewPlan, h.New},
		{"POST", "/applications/{id}/interviews", authz.InterviewPlan, h.Schedule},
		{"GET", "/interviews/{id}", authz.InterviewRead, h.Show},
		{"GET", "/interviews/{id}/plan", authz.InterviewPlan, h.Plan},
		{"POST", "/interviews/{id}/plan", authz.InterviewPlan, h.Reschedule},
		{"POST", "/interviews/{id}/cancel", authz.InterviewPlan, h.Cancel},
		{"POST", "/interviews/{id}/answers/{check}", authz.InterviewWrite, h.Save},
		{"POST", "/interviews/{id}/answers/{check}/evidence", authz.EvidenceWrite, h.Attach},
		{"GET", "/interviews/{id}/answers/{check}/amend", authz.InterviewWrite, h.AmendForm},
		{"POST", "/interviews/{id}/answers/{check}/amend", authz.InterviewWrite, h.Amend},
		{"GET", "/interviews/{id}/submit", authz.InterviewWrite, h.Review},
		{"POST", "/interviews/{id}/submit", authz.InterviewWrite, h.Submit},
	}
}

// evidenceRoutes: adding, attaching, opening evidence; custody.
func (s *Server) evidenceRoutes() []Route {
	custody := evidence.NewCustody(s.deps.Evidence, s.deps.Sealer)
	h := evidence.New(s.deps.Evidence, s.deps.People, s.deps.Catalogue, s.deps.Config.Clamd != "", s.log)
	return []Route{
		{"GET", path.NewEvidence, authz.EvidenceWrite, h.New},
		{"POST", path.EvidenceItems, authz.EvidenceWrite, h.Add},
		{"GET", path.EvidenceItems + "/{id}", authz.EvidenceRead, h.Show},
		{"GET", path.EvidenceItems + "/{id}/custody", authz.EvidenceRead, custody.Show},
		{"GET", path.EvidenceItems + "/{id}/receipt", authz.EvidenceRead, custody.Receipt},
		{"POST", path.EvidenceItems + "/{id}/view", authz.EvidenceRead, h.View},
		{"POST", path.EvidenceItems + "/{id}/download", authz.EvidenceRead, h.Download},
		{"POST", path.EvidenceItems + "/{id}/verify", authz.EvidenceRead, h.Verify},
	}
}

func (s *Server) signalPages() *signals.Handler {
	return signals.New(s.deps.Catalogue, s.deps.Signals, s.deps.People, s.deps.Hiring)
}

// signalRoutes: ingest, the list, signals by hand.
func (s *Server) signalRoutes() []Route {
	machines := api.New(s.deps.Signals)
	h := s.signalPages()
	return []Route{
		{"GET", path.Signals, authz.SignalRead, h.List},
		{"GET", path.SignalsCSV, authz.SignalRead, h.CSV},
		{"GET", path.Signals + "/{place}", authz.SignalRead, h.Show},
		{"GET", path.People + "/{id}/signals/new", authz.SignalWrite, h.New},
		{"POST", path.People + "/{id}/signals/new", authz.SignalWrite, h.Record},
		{"POST", path.SignalsAPI, authz.SignalIngest, machines.Signals},
	}
}

// caseRoutes: escalation, cases and all that belongs to them.
func (s *Server) caseRoutes() []Route {
	h := cases.New(s.deps.Cases, s.deps.Evidence, s.deps.Catalogue)
	one := path.Cases + "/{id}"
	step := one + "/steps/{step}"
	return []Route{
		{"GET", path.People + "/{id}/escalate", authz.CaseEscalate, h.NewEscalation},
		{"POST", path.People + "/{id}/escalate", authz.CaseEscalate, h.Escalate},
		{"GET", path.Cases, authz.CaseRead, h.List},
		{"GET", one, authz.CaseRead, h.Show},
		{"GET", one + "/timeline", authz.CaseRead, h.Timeline},
		{"GET", one + "/report", authz.CaseRead, h.Report},

		{"GET", step, authz.CaseRead, h.Step},
		{"POST", step + "/done", authz.CaseWork, h.FinishStep},
		{"POST", step + "/skip", authz.CaseWork, h.SkipStep},
		{"POST", step + "/reopen", authz.CaseWork, h.ReopenStep},
		{"POST", step + "/tick", authz.CaseWork, h.TickItem},
		{"POST", step + "/owner", authz.CaseWork, h.AssignStep},
		{"POST", step + "/notes", authz.CaseWork, h.AddStepNote},
		{"POST", step + "/attach", authz.CaseWork, h.AttachEvidence},

		{"GET", one + "/access", authz.CaseRead, h.Access},
		{"POST", one + "/access", authz.CaseWork, h.AddGrant},
		{"POST", one + "/access/import", authz.CaseWork, h.ImportGrants},
		{"POST", one + "/access/{grant}/{act}", authz.CaseWork, h.ActOnGrant},
		{"GET", one + "/money", authz.CaseRead, h.Money},
		{"POST", one + "/money", authz.CaseWork, h.AddPayment},
		{"POST", one + "/money/{payment}/move", authz.CaseWork, h.MovePayment},
		{"POST", one + "/money/{payment}/explain", authz.CaseWork, h.ExplainPayment},
		{"GET", one + "/dossier", authz.CaseRead, h.Dossier},
		{"POST", one + "/dossier/{field}", authz.CaseWork, h.AddEntry},
		{"POST", one + "/dossier/{field}/gap", authz.CaseWork, h.ExplainGap},
		{"POST", one + "/dossier/{field}/reopen", authz.CaseWork, h.ReopenGap},
		{"POST", one + "/dossier/{field}/{entry}/remove", authz.CaseWork, h.RemoveEntry},
		{"GET", one + "/evidence", authz.CaseRead, h.Evidence},
		{"GET", one + "/notes", authz.CaseRead, h.Notes},
		{"POST", one + "/notes", authz.CaseWork, h.AddNote},

		{"GET", one + "/outcome", authz.CaseRead, h.Outcome},
		{"POST", one + "/outcome", authz.CaseWork, h.ProposeOutcome},
		{"POST", one + "/outcome/agree", authz.CaseWork, h.AgreeOutcome},
		{"POST", one + "/outcome/reopen", authz.CaseLead, h.ReopenOutcome},
		{"POST", one + "/close", authz.CaseLead, h.Close},
		{"GET", one + "/open", authz.CaseRead, h.Sealed},
		{"POST", one + "/open", authz.CaseRead, h.OpenSealed},
		{"POST", one + "/seal", authz.CaseLead, h.Seal},
		{"POST", one + "/unseal", authz.CaseLead, h.Unseal},
		{"GET", one + "/members", authz.CaseRead, h.Members},
		{"POST", one + "/members", authz.CaseLead, h.AddMember},
		{"POST", one + "/members/{user}/remove", authz.CaseLead, h.RemoveMember},
	}
}

// insightRoutes: today, dashboards, search.
func (s *Server) insightRoutes() []Route {
	h := insights.New(s.deps.Catalogue, s.deps.Dashboards)
	return []Route{
		{"GET", path.Today, authz.Signed, today.New(s.deps.Dashboards).Show},
		{"GET", path.Search, authz.Signed, search.New(s.deps.Dashboards, s.deps.People, searchable()).Show},
		{"GET", path.InsightsHiring, authz.DashboardHiring, h.Hiring},
		{"GET", path.InsightsHiringCSV, authz.DashboardHiring, h.HiringCSV},
		{"GET", path.InsightsFlags, authz.DashboardHiring, h.Flags},
		{"GET", path.InsightsFlagsCSV, authz.DashboardHiring, h.FlagsCSV},
		{"GET", path.InsightsMovement, authz.DashboardHiring, h.Movement},
		{"GET", path.InsightsMovementCSV, authz.DashboardHiring, h.MovementCSV},
		{"GET", path.InsightsOverrides, authz.DashboardHiring, h.Overrides},
		{"GET", path.InsightsOverridesCSV, authz.DashboardHiring, h.OverridesCSV},
		{"GET", path.InsightsJobs + "/{id}", authz.DashboardHiring, h.Job},
		{"GET", path.InsightsCases, authz.DashboardCases, h.Response},
		{"GET", path.InsightsCasesCSV, authz.DashboardCases, h.ResponseCSV},
		{"GET", path.Views, authz.Signed, h.Views},
		{"POST", path.Views, authz.Signed, h.SaveView},
		{"POST", path.Views + "/{id}/share", authz.Signed, h.ShareView},
		{"POST", path.Views + "/{id}/remove", authz.Signed, h.RemoveView},
	}
}

// privacyRoutes: how long data is kept, holds, what is given out and erased.
func (s *Server) privacyRoutes() []Route {
	h := privacy.New(s.deps.Privacy, s.deps.People, s.deps.Evidence, s.log)
	person := path.Candidates + "/{id}/privacy"
	hold := path.Cases + "/{id}/hold"
	return []Route{
		{"GET", path.Privacy, authz.PrivacyRead, h.Rules},
		{"POST", path.Privacy, authz.PrivacyManage, h.SetRules},
		{"GET", path.PrivacyDue, authz.PrivacyManage, h.Due},
		{"POST", path.PrivacyRuns, authz.PrivacyManage, h.Begin},
		{"GET", path.PrivacyHolds, authz.PrivacyRead, h.Holds},
		{"GET", path.PrivacyHolds + "/{id}", authz.HoldManage, h.ShowHold},
		{"POST", path.PrivacyHolds + "/{id}/lift", authz.HoldManage, h.Lift},
		{"GET", path.Opening, authz.PrivacyRead, h.Opening},
		{"POST", path.Opening, authz.PrivacyManage, h.SetOpening},
		{"GET", path.Erasures, authz.PrivacyRead, h.Erasures},
		{"GET", path.Register, authz.PrivacyRead, h.Register},
		{"GET", person, authz.HoldManage, h.Person},
		{"POST", person + "/hold", authz.HoldManage, h.Place},
		{"POST", person + "/disclose", authz.PrivacyManage, h.Disclose},
		{"POST", person + "/erase", authz.PrivacyManage, h.Erase},
		{"GET", hold, authz.HoldManage, h.CaseHold},
		{"POST", hold, authz.HoldManage, h.PlaceCaseHold},
	}
}

// searchable are the pages that search finds by name: those of the navigation.
func searchable() []search.Page {
	var pages []search.Page
	for _, e := range navigation {
		pages = append(pages, search.Page{Label: e.item.Label, Href: e.item.Href, Icon: e.item.Icon, Permission: e.permission})
	}
	return append(pages, search.Page{Label: "Account and security", Href: path.Account, Icon: ui.IconSettings, Permission: authz.Signed})
}

// libraryRoutes: the framework, to read and search.
func (s *Server) libraryRoutes() []Route {
	h := library.New(s.deps.Catalogue)
	return []Route{
		{"GET", path.Library, authz.Signed, h.Index},
		{"GET", path.Library + "/{id}", authz.Signed, h.Show},
	}
}

// adminRoutes: users, tokens, the audit log, what is configured, one's own account.
func (s *Server) adminRoutes() []Route {
	h := admin.New(s.deps.Accounts, s.deps.Signin, s.deps.Factors, s.sessions, s.deps.Config.SSO.Name, s.deps.Parts)
	log := audit.New(s.deps.Audit, s.deps.Accounts, s.deps.People, s.deps.Dashboards)
	return []Route{
		{"GET", path.Audit, authz.AuditRead, log.List},
		{"GET", path.AuditCSV, authz.AuditRead, log.CSV},
		{"GET", path.Audit + "/{id}", authz.AuditRead, log.Show},
		{"POST", path.Audit + "/{id}/check", authz.AuditRead, log.Check},
		{"GET", path.Users, authz.UserManage, h.Users},
		{"GET", path.NewUser, authz.UserManage, h.NewUser},
		{"POST", path.Users, authz.UserManage, h.AddUser},
		{"GET", path.Users + "/{id}", authz.UserManage, h.User},
		{"POST", path.Users + "/{id}/roles", authz.UserManage, h.SetRoles},
		{"POST", path.Users + "/{id}/password", authz.UserManage, h.SetPassword},
		{"POST", path.Users + "/{id}/link", authz.UserManage, h.MakeLink},
		{"POST", path.Users + "/{id}/disable", authz.UserManage, h.Disable},
		{"POST", path.Users + "/{id}/enable", authz.UserManage, h.Enable},
		{"POST", path.Users + "/{id}/factor/reset", authz.UserManage, h.ResetFactor},
		{"POST", path.Users + "/{id}/sessions/{session}/end", authz.UserManage, h.EndSessionOf},
		{"GET", path.SignInRules, authz.UserManage, h.Rules},
		{"POST", path.SignInRules, authz.UserManage, h.SetRules},
		{"POST", path.SSORules, authz.UserManage, h.SetSSORules},
		{"POST", path.Users + "/{id}/identity/{act}", authz.UserManage, h.ChangeIdentity},
		{"GET", path.Tokens, authz.TokenManage, h.Tokens},
		{"POST", path.Tokens, authz.TokenManage, h.NewToken},
		{"POST", path.Tokens + "/{id}/revoke", authz.TokenManage, h.RevokeToken},
		{"GET", path.System, authz.UserManage, h.System},
		{"GET", path.Account, authz.Signed, h.Account},
		{"POST", path.Account + "/password", authz.Signed, h.ChangePassword},
		{"POST", path.Sessions + "/{id}/end", authz.Signed, h.EndSession},
		{"POST", path.OtherSessions, authz.Signed, h.EndOtherSessions},
	}
}
