package dashboard_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"gatehouse/internal/account/accounttest"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/dashboard"
	"gatehouse/internal/person/persontest"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/id"
)

// playedCase writes a case, opened some days ago, in which the steps named are done.
func playedCase(t *testing.T, d *db.DB, ed *catalogue.Edition, name string, days int, done []string, members map[string][2]string) string {
	t.Helper()
	caseID, subject := id.New(), persontest.New(t, d).ID
	opened := d.Now().AddDate(0, 0, -days)
	err := d.Write(t.Context(), authz.System("test"), func(tx *db.Tx) error {
		tx.Record(db.Entry{Action: "test.loaded", SubjectKind: "case", SubjectID: caseID})
		exec := func(sql string, args ...any) {
			if _, err := tx.Exec(context.Background(), sql, args...); err != nil {
				t.Fatal(err)
			}
		}
		exec(`INSERT INTO cases (id, code_name, person_id, edition, phase, reason, opened_at) VALUES ($1, $2, $3, $4, 'triage', 'Because.', $5)`,
			caseID, name, subject, ed.Version(), opened)
		for user, m := range members {
			exec(`INSERT INTO case_members (case_id, user_id, function, sees, added_at) VALUES ($1, $2, $3, $4, $5)`, caseID, user, m[0], m[1], opened)
		}
		for _, step := range ed.Playbook {
			state := "open"
			if slices.Contains(done, step.ID) {
				state = "done"
			}
			exec(`INSERT INTO case_steps (case_id, step_id, position, state, owner_role, due_at) VALUES ($1, $2, $3, $4, $5, $6)`,
				caseID, step.ID, step.Order, state, string(step.OwnerRole), step.Due.From(opened))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return caseID
}

// TestWaitingCountsTheTasksOfToday holds the count of the navigation, made by the database, against the list of Today,
// which works out the playbook's order itself.
func TestWaitingCountsTheTasksOfToday(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	s := service(t, d)
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	ed := lib.Current()
	lead, analyst := accounttest.Actor(t, d, authz.SecurityLead), accounttest.Actor(t, d, authz.SecurityAnalyst)
	finance, outsider := accounttest.Actor(t, d, authz.Finance), accounttest.Actor(t, d, authz.SecurityAnalyst)
	members := map[string][2]string{lead.ID: {"lead", "whole"}, analyst.ID: {"engineering", "whole"}, finance.ID: {"finance", "tasks"}}
	var some []string
	for _, step := range ed.Playbook[:12] {
		some = append(some, step.ID)
	}
	playedCase(t, d, ed, "Fresh", 0, nil, members)
	playedCase(t, d, ed, "Under way", 1, some, members)
	late := playedCase(t, d, ed, "Late", 5, some[:3], members)
	for name, actor := range map[string]authz.Actor{"lead": lead, "analyst": analyst, "finance": finance, "outsider": outsider} {
		waiting, err := s.Waiting(t.Context(), actor)
		if err != nil {
			t.Fatal(err)
		}
		want := len(dashboard.TasksOf(t.Context(), t, s, actor))
		if waiting["cases"] != min(want, dashboard.Cap) || name != "outsider" && want == 0 || name == "outsider" && want != 0 {
			t.Errorf("%s: %d wait, Today lists %d", name, waiting["cases"], want)
		}
	}

	r, err := s.Response(t.Context(), lead)
	if err != nil {
		t.Fatal(err)
	}
	var overdue int
	err = d.Pool().QueryRow(t.Context(), `SELECT count(*) FROM case_steps WHERE state = 'open' AND due_at < $1`, d.Now()).Scan(&overdue)
	if err != nil {
		t.Fatal(err)
	}
	if r.OverdueSteps != overdue || overdue <= len(r.Overdue) || len(r.Overdue) == 0 {
		t.Errorf("%d steps overdue, %d listed, %d in the table", r.OverdueSteps, len(r.Overdue), overdue)
	}
	for i, c := range r.Overdue {
		if c.CaseID != late && i < 3 || i > 0 && c.DueAt.Before(r.Overdue[i-1].DueAt) || c.DueAt.After(time.Now()) {
			t.Errorf("overdue step %d of the list: %+v", i, c)
		}
		item, _ := ed.Step(c.StepID)
		if locked := slices.ContainsFunc(item.After, func(b string) bool { return c.CaseID != late || !slices.Contains(some[:3], b) }); c.CaseID == late && c.Locked != locked {
			t.Errorf("%s is locked: %v", c.StepID, c.Locked)
		}
	}
}
