package app_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/incident"
	"gatehouse/internal/inventory"
	"gatehouse/internal/payment"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
	"gatehouse/web"
	"gatehouse/web/path"
)

// walled is a case with something in each of its parts, and the ids that its addresses are made of.
type walled struct {
	caseID  incident.ID
	code    string
	subject person.ID
	version int
	ids     map[string]string // what stands for each parameter of the patterns
}

func wall(t *testing.T, w *apptest.World) walled {
	t.Helper()
	ctx := t.Context()
	var c walled
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(w.DB.Write(ctx, authz.System("test"), func(tx *db.Tx) (err error) {
		if c.subject, err = w.Features.People.Add(ctx, tx, person.New{Name: "Mara Okafor", Location: "Lisbon", TimeZone: "Europe/Lisbon"}); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "person.added", SubjectKind: "person", SubjectID: string(c.subject)})
		return w.Features.People.SetPlace(ctx, tx, c.subject, person.Place{Status: person.Engaged, JobTitle: "Engineer"})
	}))
	lead := w.User("Ana Lyst", authz.SecurityAnalyst).Actor()
	cases := w.Features.Cases
	var err error
	c.caseID, err = cases.Escalate(ctx, lead, incident.Escalation{PersonID: c.subject, Reason: "Two findings in two groups."})
	must(err)
	must(cases.AddGrant(ctx, lead, c.caseID, inventory.New{System: "Code host", Level: "write"}))
	must(cases.AddPayment(ctx, lead, c.caseID, payment.New{PayOn: w.DB.Now(), Amount: "4250", Currency: "EUR", Method: payment.BankTransfer, State: payment.Planned}))
	must(cases.AddEntry(ctx, lead, c.caseID, incident.NewEntry{FieldID: "field-alias", Value: "mara.o"}))
	must(cases.ExplainGap(ctx, lead, c.caseID, "field-phone", "Never given."))
	must(cases.AddNote(ctx, lead, c.caseID, "step-open-case", "Deputy asked."))
	v, grants, err := cases.Access(ctx, lead, c.caseID)
	must(err)
	_, payments, _, err := cases.Money(ctx, lead, c.caseID)
	must(err)
	_, fields, err := cases.Dossier(ctx, lead, c.caseID)
	must(err)
	c.code, c.version = v.Case.CodeName, v.Case.Version
	c.ids = map[string]string{"{id}": string(c.caseID), "{step}": "step-open-case", "{user}": lead.ID, "{grant}": string(grants[0].ID),
		"{act}": "revoke", "{payment}": string(payments[0].ID), "{field}": "field-alias"}
	for _, f := range fields {
		for _, e := range f.Entries {
			c.ids["{entry}"] = e.ID
		}
	}
	return c
}

// address fills the ids of the case into a pattern. Each parameter must be known, so that a new route is looked at.
func (c walled) address(t *testing.T, pattern string) string {
	t.Helper()
	return parameter.ReplaceAllStringFunc(pattern, func(name string) string {
		value, known := c.ids[name]
		if !known {
			t.Fatalf("%s: the test has no id for %s", pattern, name)
		}
		return value
	})
}

// form is what any act on the case would take, so that nothing is refused for want of a field.
func (c walled) form(someone string) url.Values {
	return url.Values{"version": {"1"}, "reason": {"Because."}, "note": {"Done."}, "body": {"A note."}, "lessons": {"Some."},
		"item": {"0"}, "mark": {"on"}, "user_id": {someone}, "function": {"lead"}, "sees": {"whole"}, "outcome": {"confirmed"},
		"system": {"Mail"}, "lines": {"Mail,member"}, "pay_on": {"2026-12-01"}, "amount": {"10"}, "currency": {"EUR"},
		"method": {"bank-transfer"}, "state": {"planned"}, "to": {"stopped"}, "value": {"x"}, "why": {"Because."},
		"override": {"Because."}, "owner": {someone}, "evidence": {someone}}
}

func caseRoutes(w *apptest.World) []web.Route {
	var all []web.Route
	for _, r := range routes(w) {
		if strings.HasPrefix(r.Pattern, path.Cases+"/{id}") {
			all = append(all, r)
		}
	}
	return all
}

// TestACaseIsNotThereForOthers walks every address of a case as people who are no members of it. Each gets
// 404, whatever their role, word for word the answer for a case that never was.
func TestACaseIsNotThereForOthers(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	c := wall(t, w)
	none := c
	none.ids = maps.Clone(c.ids)
	none.ids["{id}"] = id.New()
	table := caseRoutes(w)
	if len(table) < 30 {
		t.Fatalf("the route table has %d addresses of a case", len(table))
	}
	for _, role := range authz.Roles {
		u := w.User("Other "+string(role), role)
		b := w.SignIn(u)
		for _, r := range table {
			name := r.Method + " " + r.Pattern + " as " + string(role)
			got, absent := send(b, r.Method, c.address(t, r.Pattern), c.form(string(u.ID))), send(b, r.Method, none.address(t, r.Pattern), c.form(string(u.ID)))
			if got.Status != http.StatusNotFound || absent.Status != http.StatusNotFound {
				t.Errorf("%s: %d, and %d for a case that never was; want 404", name, got.Status, absent.Status)
			}
			if len(got.Body) != len(absent.Body) {
				t.Errorf("%s: the answer is told apart from the one for a case that never was", name)
			}
			for _, word := range []string{c.code, "Mara", "Code host", string(c.caseID)} {
				if strings.Contains(got.Body, word) {
					t.Errorf("%s: the answer says %q", name, word)
				}
			}
		}
		for _, page := range []string{path.Today, path.Cases, path.Cases + "?status=closed", path.InsightsCases, path.InsightsCasesCSV,
			path.Audit, path.AuditCSV, path.Candidate(c.subject) + "?tab=history"} {
			got := b.Get(page)
			for _, word := range []string{c.code, string(c.caseID), "case.opened", "case opened", "grant.listed"} {
				if strings.Contains(got.Body, word) {
					t.Errorf("%s as %s says %q", page, role, word)
				}
			}
		}
		// The page of a search repeats what was looked for; nothing else of the case may stand on it.
		if got := b.Get(path.Search + "?q=" + url.QueryEscape(c.code)); strings.Contains(got.Body, string(c.caseID)) {
			t.Errorf("searching as %s finds the case", role)
		}
	}
	after, err := w.Features.Cases.Show(t.Context(), authz.System("test"), c.caseID)
	if err != nil {
		t.Fatal(err)
	}
	if len(after.Members) != 1 || after.Case.Version != c.version || after.Access.Open != 1 || after.Payments != 1 || after.Notes != 1 {
		t.Errorf("a stranger changed the case: %+v", after.Case)
	}
}

func send(b *apptest.Browser, method, to string, form url.Values) apptest.Page {
	if method == http.MethodGet {
		return b.Get(to)
	}
	return b.Post(to, form)
}
