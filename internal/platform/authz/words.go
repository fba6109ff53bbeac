package authz

import "gatehouse/internal/platform/apperr"

// deeds say in words what a permission lets somebody do, to follow "Your role cannot".
var deeds = map[Permission]string{
	PersonRead:      "see candidates",
	PersonWrite:     "add or change candidates",
	JobRead:         "see jobs",
	JobWrite:        "change jobs",
	ApplicationMove: "move or hire candidates",
	GateOverride:    "let a missing check pass",
	EngagementRead:  "see who was hired",
	EngagementWrite: "change an engagement",
	InterviewRead:   "see interviews",
	InterviewPlan:   "plan interviews",
	InterviewWrite:  "answer interviews",
	EvidenceRead:    "see evidence",
	EvidenceWrite:   "add evidence",
	CheckRecord:     "record checks",
	FlagDispose:     "answer flags",
	SignalRead:      "see signals",
	SignalWrite:     "record signals",
	CaseEscalate:    "open cases",
	CaseRead:        "see cases",
	CaseWork:        "work on cases",
	CaseLead:        "lead cases",
	DashboardHiring: "see the hiring dashboard",
	DashboardCases:  "see the response dashboard",
	AuditRead:       "read the audit log",
	UserManage:      "manage users",
	TokenManage:     "manage API tokens",
	PrivacyRead:     "see how long data is kept",
	PrivacyManage:   "erase or give out personal data",
	HoldManage:      "place or lift legal holds",
}

// Refusal is the Denied error for somebody without the permission, in words.
func Refusal(p Permission) error {
	return apperr.Forbidden("Your role cannot %s. If you need to, ask an administrator for a role that can.", deeds[p])
}
