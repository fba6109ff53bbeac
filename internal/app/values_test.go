package app_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/claim"
	"gatehouse/internal/hiring"
	"gatehouse/internal/incident"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/web/path"
)

// TestTheDatabaseShowsNoAccounts plants bank accounts, wallets and numbers of documents by every way in, looks at every page that
// shows them, and then looks for them in every row of every table.
func TestTheDatabaseShowsNoAccounts(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	hr, analyst := w.User("Hana Reyes", authz.HR), w.User("Ana List", authz.SecurityAnalyst)
	manager := w.User("Max Berg", authz.HiringManager)
	planted := map[string]string{
		"said": "DE89 3704 0044 0532 0130 00", "said later": "GB29 NWBK 6016 1331 9268 19",
		"paid": "0x52908400098527886E0F7030069857D2E4169EE7", "wallet": "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
		"bank": "FR14 2004 1010 0505 0001 3M02 606", "document": "X 4471 9902", "profile": "payee-of-77810",
	}
	ctx := t.Context()
	jobID, err := w.Features.Hiring.AddJob(ctx, hr.Actor(), hiring.NewJob{Title: "Engineer", LevelID: "level-verified", ManagerID: string(manager.ID)})
	if err != nil {
		t.Fatal(err)
	}
	entered := func(account string) hiring.NewCandidate {
		return hiring.NewCandidate{Person: person.New{Name: "Mara Okafor", ChannelID: "channel-public-application"}, JobID: jobID,
			Claims: []claim.New{{Kind: claim.Payment, Value: account}}}
	}
	personID, _, err := w.Features.Hiring.AddCandidate(ctx, hr.Actor(), entered(planted["said"]))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Features.Hiring.EditCandidate(ctx, hr.Actor(), personID, 1, entered(planted["said later"])); err != nil {
		t.Fatal(err)
	}
	caseID, err := w.Features.Cases.Escalate(ctx, analyst.Actor(), incident.Escalation{PersonID: personID, Reason: "A reason."})
	if err != nil {
		t.Fatal(err)
	}

	browser := w.SignIn(analyst)
	posted := func(act []string, form url.Values) {
		t.Helper()
		if got := browser.Post(path.CaseAct(caseID, act...), form); got.Status != http.StatusSeeOther {
			t.Fatalf("%v: status %d", act, got.Status)
		}
	}
	posted([]string{"money"}, url.Values{"pay_on": {"2026-12-01"}, "amount": {"10"}, "currency": {"EUR"}, "method": {"on-chain"},
		"state": {"planned"}, "destination": {planted["paid"]}})
	for field, what := range map[string]string{"field-wallet": "wallet", "field-bank-account": "bank", "field-document-number": "document",
		"field-payment-profile": "profile"} {
		posted([]string{"dossier", field}, url.Values{"value": {planted[what]}})
	}
	shows := func(page string, words ...string) {
		t.Helper()
		for range 2 { // the second time from what was kept beside the rows
			got := browser.Get(page)
			for _, what := range words {
				if got.Status != http.StatusOK || !strings.Contains(got.Body, planted[what]) {
					t.Errorf("%s: status %d; it does not show what was planted as %q", page, got.Status, what)
				}
			}
		}
	}
	shows(path.Candidate(personID), "said later")
	shows(path.CaseTab(caseID, "money"), "paid")
	shows(path.CaseTab(caseID, "dossier"), "wallet", "bank", "document", "profile", "said later", "paid")
	shows(path.CaseTab(caseID, "report"), "wallet", "bank", "document", "profile", "paid")

	for what, secret := range planted {
		for _, table := range tablesWith(ctx, t, w.DB, secret) {
			t.Errorf("%s holds openly what was planted as %q", table, what)
		}
	}
	if found := tablesWith(ctx, t, w.DB, "Mara Okafor"); len(found) < 2 {
		t.Errorf("the search finds nothing at all: %v", found)
	}
}

// tablesWith names the tables with a row that holds a text, whatever its spaces and case.
func tablesWith(ctx context.Context, t *testing.T, d *db.DB, text string) []string {
	t.Helper()
	rows, err := d.Pool().Query(ctx, `SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	var tables, found []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, name)
	}
	for _, table := range tables {
		var there bool
		err := d.Pool().QueryRow(ctx, `SELECT EXISTS (SELECT FROM `+table+` t WHERE lower(replace(t::text, ' ', '')) LIKE '%' || lower($1) || '%')`,
			strings.ReplaceAll(text, " ", "")).Scan(&there)
		if err != nil {
			t.Fatal(err)
		}
		if there {
			found = append(found, table)
		}
	}
	return found
}
