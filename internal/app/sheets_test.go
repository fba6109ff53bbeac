package app_test

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/candidate"
	"gatehouse/internal/demo"
	"gatehouse/internal/incident"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
)

// feed is a table whose rows go into a kind of sheet, and a change of such a row for the subject $1.
type feed struct{ table, change string }

var caseFeeds = []feed{
	{"case_steps", `UPDATE case_steps SET version = version + 1 WHERE case_id = $1`},
	{"case_members", `UPDATE case_members SET sees = sees WHERE case_id = $1`},
	{"case_notes", `INSERT INTO case_notes (id, case_id, body, written_at) VALUES (gen_random_uuid(), $1, 'x', now())`},
	{"access_grants", `UPDATE access_grants SET note = 'x' WHERE case_id = $1`},
	{"payments", `UPDATE payments SET note = 'x' WHERE case_id = $1`},
	{"dossier_entries", `UPDATE dossier_entries SET source = 'x' WHERE case_id = $1`},
	{"dossier_gaps", `INSERT INTO dossier_gaps (case_id, field_id, reason, explained_at) VALUES ($1, 'field-x', 'x', now())`},
	{"evidence_items", `UPDATE evidence_items SET case_id = $1 WHERE id = (SELECT e.id FROM evidence_items e WHERE e.case_id IS NULL LIMIT 1)`},
	{"evidence_links", `INSERT INTO evidence_links (evidence_id, subject_kind, subject_id, linked_at)
		SELECT id, 'step', $1::uuid || '/step-x', now() FROM evidence_items LIMIT 1`},
	{"engagements", `UPDATE engagements SET title = 'x' WHERE person_id = (SELECT person_id FROM cases WHERE id = $1)`},
	{"people", `UPDATE people SET referrer_id = c.person_id FROM cases c WHERE c.id = $1 AND people.id = (SELECT p.id FROM people p WHERE p.id <> c.person_id LIMIT 1)`},
	{"users", `UPDATE users SET name = name || 'x' WHERE id = (SELECT user_id FROM case_members WHERE case_id = $1 LIMIT 1)`},
}

var personFeeds = []feed{
	{"applications", `UPDATE applications SET version = version + 1 WHERE person_id = $1`},
	{"interviews", `DELETE FROM interviews WHERE person_id = $1 AND id NOT IN (SELECT interview_id FROM interviewers)`},
	{"assessments", `UPDATE assessments SET score = score WHERE person_id = $1`},
	{"flags", `UPDATE flags SET summary = 'x' WHERE person_id = $1`},
	{"outcomes", `UPDATE outcomes SET note = 'x' WHERE person_id = $1`},
	{"claims", `UPDATE claims SET source = 'x' WHERE person_id = $1`},
	{"evidence_items", `UPDATE evidence_items SET title = 'x' WHERE person_id = $1`},
	{"evidence_links", `INSERT INTO evidence_links (evidence_id, subject_kind, subject_id, linked_at)
		SELECT id, 'flag', 'x', now() FROM evidence_items WHERE person_id = $1 LIMIT 1`},
	{"gate_overrides", `INSERT INTO gate_overrides (application_id, check_id, stage_id, reason, overridden_by, overridden_at)
		SELECT a.id, 'check-x', 'stage-x', 'x', (SELECT id FROM users LIMIT 1), now() FROM applications a WHERE a.person_id = $1 LIMIT 1`},
	{"jobs", `UPDATE jobs SET level_id = level_id || 'x' WHERE id = (SELECT job_id FROM applications WHERE person_id = $1 LIMIT 1)`},
}

// TestEveryRowOfASheetTakesItAway: each table that a sheet is made of has the trigger that takes the sheet away when a row
// changes. A table that comes into the SQL of a sheet has to come in here too.
func TestEveryRowOfASheetTakesItAway(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	if err := demo.Fill(t.Context(), w.App, demo.Plan{Ordinary: 3, Now: time.Now().UTC()}); err != nil {
		t.Fatal(err)
	}
	ctx, system := t.Context(), authz.System("test")
	var caseID, personID string
	row := w.DB.Pool().QueryRow(ctx, `
		SELECT c.id, c.person_id FROM cases c
		WHERE  EXISTS (SELECT FROM payments y WHERE y.case_id = c.id) AND EXISTS (SELECT FROM dossier_entries d WHERE d.case_id = c.id)
		AND    EXISTS (SELECT FROM evidence_items e WHERE e.person_id = c.person_id) LIMIT 1`)
	if err := row.Scan(&caseID, &personID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.DB.Pool().Exec(ctx, `
		INSERT INTO interviews (id, application_id, person_id, job_id, stage_id, edition, kit, starts_at, created_at)
		SELECT gen_random_uuid(), a.id, a.person_id, a.job_id, a.stage_id, a.edition, '{check-video-on}', now(), now()
		FROM   applications a WHERE a.person_id = $1 LIMIT 1`, personID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Features.Cases.Show(ctx, system, incident.ID(caseID)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Features.Candidates.View(ctx, system, person.ID(personID), candidate.Ask{Tab: candidate.TabClaims}); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []struct {
		gone, subject, sql, root string
		feeds                    []feed
	}{
		{`SELECT doc IS NULL FROM case_sheets WHERE case_id = $1`, caseID, "../incident/read.go", "cases", caseFeeds},
		{`SELECT doc IS NULL FROM person_sheets WHERE person_id = $1`, personID, "../candidate/sql.go", "people", personFeeds},
	} {
		for _, f := range kind.feeds {
			if before, _ := gone(t, w, kind.gone, kind.subject, ""); before {
				t.Fatalf("%s: there is no sheet", kind.gone)
			}
			if after, changed := gone(t, w, kind.gone, kind.subject, f.change); !after || !changed {
				t.Errorf("%s: a change of %s: rows changed %v, sheet taken away %v", kind.root, f.table, changed, after)
			}
		}
		for _, table := range sheetTables(t, kind.sql) {
			if table != kind.root && !slices.ContainsFunc(kind.feeds, func(f feed) bool { return f.table == table }) {
				t.Errorf("the sheets of %s are made of %s too, which is not tested here", kind.root, table)
			}
		}
	}
}

// gone makes the change for the subject, asks, and takes the change back.
func gone(t *testing.T, w *apptest.World, ask, subject, change string) (is, changed bool) {
	t.Helper()
	ctx := context.Background()
	tx, err := w.DB.Pool().Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func(tx pgx.Tx) { _ = tx.Rollback(ctx) }(tx)
	if change != "" {
		tag, err := tx.Exec(ctx, change, subject)
		if err != nil {
			t.Fatalf("%s: %v", change, err)
		}
		changed = tag.RowsAffected() > 0
	}
	if err := tx.QueryRow(ctx, ask, subject).Scan(&is); err != nil {
		t.Fatal(err)
	}
	return is, changed
}

// sheetTables are the tables in the SQL of the sheets that the file defines, and in what it takes from constants.
func sheetTables(t *testing.T, file string) []string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, sql, found := strings.Cut(string(content), "sheet.New[")
	sql, _, closed := strings.Cut(sql, "`)\n")
	if !found || !closed {
		t.Fatalf("%s defines no sheet", file)
	}
	var tables []string
	for _, m := range regexp.MustCompile(`(?:FROM|JOIN) +([a-z_]+)`).FindAllStringSubmatch(sql, -1) {
		if !slices.Contains(tables, m[1]) {
			tables = append(tables, m[1])
		}
	}
	if len(tables) < 5 {
		t.Fatalf("%s: only %v", file, tables)
	}
	return tables
}
