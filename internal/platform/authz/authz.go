// Package authz says who acts and what they may do: actors, permissions, and roles as sets of permissions.
// Which rows an actor sees is each feature's own predicate; this package knows no feature and owns no tables.
package authz

import (
	"context"
	"slices"
)

// Permission names one kind of act, as "<noun>:<verb>". Each route of web/routes.go asks for one.
type Permission string

// Public marks a route that needs no sign-in; Signed one that any signed-in user may reach.
const (
	Public Permission = "public"
	Signed Permission = "signed"
)

// The permissions, by feature.
const (
	PersonRead      Permission = "person:read"
	PersonWrite     Permission = "person:write"
	JobRead         Permission = "job:read"
	JobWrite        Permission = "job:write"
	ApplicationMove Permission = "application:move"
	GateOverride    Permission = "gate:override"
	EngagementRead  Permission = "engagement:read"
	EngagementWrite Permission = "engagement:write"
	InterviewRead   Permission = "interview:read"
	InterviewPlan   Permission = "interview:plan"
	InterviewWrite  Permission = "interview:write"
	EvidenceRead    Permission = "evidence:read"
	EvidenceWrite   Permission = "evidence:write"
	CheckRecord     Permission = "check:record"
	FlagDispose     Permission = "flag:dispose"
	SignalRead      Permission = "signal:read"
	SignalWrite     Permission = "signal:write"
	CaseEscalate    Permission = "case:escalate"
	CaseRead        Permission = "case:read"
	CaseWork        Permission = "case:work"
	CaseLead        Permission = "case:lead"
	DashboardHiring Permission = "dashboard:hiring"
	DashboardCases  Permission = "dashboard:cases"
	AuditRead       Permission = "audit:read"
	UserManage      Permission = "user:manage"
	TokenManage     Permission = "token:manage"
	PrivacyRead     Permission = "privacy:read"
	PrivacyManage   Permission = "privacy:manage"
	HoldManage      Permission = "hold:manage"
	SignalIngest    Permission = "signals:write" // scope of an API token, held by no role
)

// Role is what a user is in the company. A user may hold several.
type Role string

// The roles.
const (
	Administrator   Role = "administrator"
	SecurityLead    Role = "security_lead"
	SecurityAnalyst Role = "security_analyst"
	HR              Role = "hr"
	HiringManager   Role = "hiring_manager"
	Interviewer     Role = "interviewer"
	Finance         Role = "finance"
	Legal           Role = "legal"
	Auditor         Role = "auditor"
)

// Roles lists every role in the order in which pages show them.
var Roles = []Role{Administrator, SecurityLead, SecurityAnalyst, HR, HiringManager, Interviewer, Finance, Legal, Auditor}

// Title is the role's name as shown to people.
func (r Role) Title() string {
	switch r {
	case Administrator:
		return "Administrator"
	case SecurityLead:
		return "Security lead"
	case SecurityAnalyst:
		return "Security analyst"
	case HR:
		return "HR"
	case HiringManager:
		return "Hiring manager"
	case Interviewer:
		return "Interviewer"
	case Finance:
		return "Finance"
	case Legal:
		return "Legal"
	case Auditor:
		return "Auditor"
	}
	return string(r)
}

// grants says what each role may do. Cases are further narrowed to their members, hiring to own jobs and
// interviews for hiring managers and interviewers. An administrator runs the installation and sees no candidates.
var grants = map[Role][]Permission{
	Administrator: {UserManage, TokenManage, AuditRead},
	SecurityLead: {PersonRead, JobRead, GateOverride, EngagementRead, EngagementWrite, InterviewRead, InterviewWrite,
		EvidenceRead, EvidenceWrite, CheckRecord, FlagDispose, SignalRead, SignalWrite,
		CaseEscalate, CaseRead, CaseWork, CaseLead, DashboardHiring, DashboardCases, AuditRead,
		PrivacyRead, HoldManage},
	SecurityAnalyst: {PersonRead, JobRead, EngagementRead, InterviewRead, InterviewWrite,
		EvidenceRead, EvidenceWrite, CheckRecord, FlagDispose, SignalRead, SignalWrite,
		CaseEscalate, CaseRead, CaseWork, CaseLead, DashboardCases},
	HR: {PersonRead, PersonWrite, JobRead, JobWrite, ApplicationMove, EngagementRead, EngagementWrite,
		InterviewRead, InterviewPlan, InterviewWrite, EvidenceRead, EvidenceWrite, CheckRecord, FlagDispose,
		CaseEscalate, CaseRead, CaseWork, CaseLead, DashboardHiring,
		PrivacyRead, PrivacyManage, HoldManage},
	HiringManager: {PersonRead, PersonWrite, JobRead, ApplicationMove, InterviewRead, InterviewPlan, InterviewWrite,
		EvidenceRead, EvidenceWrite, CheckRecord, CaseRead, CaseWork},
	Interviewer: {PersonRead, InterviewRead, InterviewWrite, EvidenceRead, EvidenceWrite, CaseRead, CaseWork},
	Finance:     {CaseRead, CaseWork, EvidenceRead, EvidenceWrite},
	Legal:       {CaseRead, CaseWork, EvidenceRead, EvidenceWrite, PrivacyRead, HoldManage},
	Auditor: {PersonRead, JobRead, EngagementRead, InterviewRead, EvidenceRead, SignalRead,
		DashboardHiring, DashboardCases, AuditRead, CaseRead, PrivacyRead},
}

// Grants returns the permissions of a role; the caller must not change the slice.
func Grants(r Role) []Permission { return grants[r] }

// Kind is the sort of actor.
type Kind string

// The kinds of actor.
const (
	KindUser   Kind = "user"
	KindToken  Kind = "token"
	KindSystem Kind = "system"
)

// Actor is who does something. The zero value may do nothing.
type Actor struct {
	Kind Kind
	// ID is the user's or the token's id; empty for the system.
	ID string
	// Label names the system's part ("system:demo") or the token; empty for users, whose names are personal.
	Label string
	Roles []Role
	// Scopes are a token's permissions.
	Scopes []Permission
	// Address is the network address that a request came from; empty for what no request asked for.
	Address string
	// PersonID is the human record of the same person, if there is one.
	PersonID string
}

// System is the actor of background work and of the command line; it may do everything.
func System(part string) Actor { return Actor{Kind: KindSystem, Label: "system:" + part} }

// Has reports whether the actor holds the role.
func (a Actor) Has(r Role) bool { return slices.Contains(a.Roles, r) }

// HasAny reports whether the actor holds one of the roles.
func (a Actor) HasAny(roles ...Role) bool { return slices.ContainsFunc(roles, a.Has) }

// May reports whether the actor holds the permission.
func (a Actor) May(p Permission) bool {
	switch a.Kind {
	case KindSystem:
		return true
	case KindToken:
		return p == Public || slices.Contains(a.Scopes, p)
	case KindUser:
		if p == Public || p == Signed {
			return true
		}
		return slices.ContainsFunc(a.Roles, func(r Role) bool { return slices.Contains(grants[r], p) })
	}
	return p == Public
}

// SeesAllPeople reports whether the actor sees every person in hiring, not only those of own jobs and interviews.
func (a Actor) SeesAllPeople() bool {
	return a.Kind == KindSystem || a.HasAny(SecurityLead, SecurityAnalyst, HR, Auditor)
}

type contextKey struct{}

// NewContext returns a context that carries the actor for templates; services take it as a parameter instead.
func NewContext(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, contextKey{}, a)
}

// FromContext returns the actor that the guard put into the context, or the zero actor.
func FromContext(ctx context.Context) Actor {
	a, _ := ctx.Value(contextKey{}).(Actor)
	return a
}

// Can reports whether the context's actor holds the permission. Templates use it to hide what would be refused.
func Can(ctx context.Context, p Permission) bool { return FromContext(ctx).May(p) }
