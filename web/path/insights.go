package path

import "net/url"

// The lists behind the numbers of the dashboards, and saved views.
const (
	InsightsHiringCSV = InsightsHiring + ".csv"
	InsightsCasesCSV  = InsightsCases + ".csv"
	InsightsFlags     = "/insights/flags"
	InsightsMovement  = "/insights/movement"
	InsightsOverrides = "/insights/overrides"
	InsightsJobs      = "/insights/jobs"

	InsightsFlagsCSV     = InsightsFlags + ".csv"
	InsightsMovementCSV  = InsightsMovement + ".csv"
	InsightsOverridesCSV = InsightsOverrides + ".csv"

	Views    = "/views"
	AuditCSV = Audit + ".csv"
)

// InsightsVerification is the part of the hiring dashboard about the quality of verification.
const InsightsVerification = InsightsHiring + "?view=verification"

// FindingFlags is the list of flags of one check or signal that are neither explained nor withdrawn.
func FindingFlags(item string) string { return InsightsFlags + "?item=" + url.QueryEscape(item) }

// WaitingFlags is the list of flags that wait, raised on days from the first and before the second; empty is open.
func WaitingFlags(from, before string) string {
	v := url.Values{"waiting": {"1"}}
	for name, day := range map[string]string{"from": from, "before": before} {
		if day != "" {
			v.Set(name, day)
		}
	}
	return withQuery(InsightsFlags, v)
}

// Movement is the list of changes of band from a day on, one way or both.
func Movement(way, from string) string {
	v := url.Values{}
	for name, value := range map[string]string{"way": way, "from": from} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return withQuery(InsightsMovement, v)
}

// CheckOverrides is the list of gates passed without a check.
func CheckOverrides(check string) string {
	return InsightsOverrides + "?check=" + url.QueryEscape(check)
}

// JobChecks compares what the candidates of a job were asked.
func JobChecks[ID ~string](id ID) string { return with(InsightsJobs, string(id)) }

// ViewsOf is the page of a list's saved views, where its present filters can be saved too. Lists that must be fast
// link there instead of reading the views themselves.
func ViewsOf[Page ~string](page Page, filters url.Values) string {
	return withQuery(Views, url.Values{"page": {string(page)}, "query": {filters.Encode()}})
}

// ShareView and RemoveView post to one of one's own views.
func ShareView[ID ~string](id ID) string { return with(Views, string(id), "share") }

// RemoveView forgets a view.
func RemoveView[ID ~string](id ID) string { return with(Views, string(id), "remove") }

// WithQuery is a page with parameters.
func WithQuery(page string, v url.Values) string { return withQuery(page, v) }

// AuditEntry is one entry of the audit log; CheckEntry works out a commitment of it.
func AuditEntry[ID ~string](id ID) string { return with(Audit, string(id)) }

// CheckEntry works out a commitment of an entry again from what somebody holds.
func CheckEntry[ID ~string](id ID) string { return AuditEntry(id) + "/check" }

// PersonAudit is the audit log narrowed to one person.
func PersonAudit[ID ~string](id ID) string { return Audit + "?person=" + url.QueryEscape(string(id)) }

// EscalateFlag is the form that opens a case about a person, with a flag as its reason.
func EscalateFlag[ID ~string](person ID, flag string) string {
	return Escalate(person) + "?flag=" + url.QueryEscape(flag)
}
