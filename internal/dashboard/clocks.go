package dashboard

import (
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// stepLimit bounds the steps of a reader's open cases: some sixty cases.
const stepLimit = 3000

// stepRow is a step of an open case of the actor. Settled ones are there too, since others wait for them.
type stepRow struct {
	CaseID, CodeName, Edition string
	StepID                    string
	State                     string
	DueAt                     time.Time
	// Mine: owned by the actor, or owned by nobody and of the actor's function. Seen: not hidden from a member who
	// was called in for tasks.
	Mine, Seen bool
}

func queueSteps(batch *pgx.Batch, actor authz.Actor, into *[]stepRow) {
	var w db.Where
	user := w.Number("?::uuid", nullable(actor.ID))
	w.Add("c.status = 'open'")
	MemberOf(actor, &w, "c.id", Any)
	batch.Queue(`
		SELECT c.id AS case_id, c.code_name, c.edition, s.step_id, s.state, s.due_at,
		       coalesce(s.owner_id = `+user+`, s.owner_role = m.function OR s.owner_role = 'security' AND m.function IN ('lead', 'deputy'), false) AS mine,
		       coalesce(m.sees = 'whole' OR s.owner_role = m.function OR s.owner_id = `+user+`, m.user_id IS NULL) AS seen
		FROM   cases c
		JOIN   case_steps s ON s.case_id = c.id
		LEFT   JOIN case_members m ON m.case_id = c.id AND m.user_id = `+user+` AND m.removed_at IS NULL
		`+w.SQL()+`
		ORDER  BY c.opened_at DESC, c.id, s.position
		`+w.Number("LIMIT ?", stepLimit), w.Args...).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		for rows.Next() {
			var r stepRow
			if err := rows.Scan(&r.CaseID, &r.CodeName, &r.Edition, &r.StepID, &r.State, &r.DueAt, &r.Mine, &r.Seen); err != nil {
				return err
			}
			*into = append(*into, r)
		}
		return rows.Err()
	})
}

func nullable(id string) *string {
	if id == "" {
		return nil
	}
	return &id
}

// clocks are the open steps that the actor sees and that keep asks for, the most urgent first. Locked says only that
// steps before it are open: the guards beyond that need the whole case, and its page shows them.
func (s *Service) clocks(steps []stepRow, keep func(Clock, stepRow) bool) []Clock {
	open := map[string]bool{}
	for _, r := range steps {
		if r.State == "open" {
			open[r.CaseID+"/"+r.StepID] = true
		}
	}
	var all []Clock
	for _, r := range steps {
		if r.State != "open" || !r.Seen {
			continue
		}
		c := Clock{CaseID: r.CaseID, CodeName: r.CodeName, StepID: r.StepID, Title: r.StepID, DueAt: r.DueAt}
		if item, known := s.lib.At(r.Edition).Step(r.StepID); known {
			c.Title = item.Title
			c.Locked = slices.ContainsFunc(item.After, func(before string) bool { return open[r.CaseID+"/"+before] })
		}
		if keep(c, r) {
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b Clock) int { return a.DueAt.Compare(b.DueAt) })
	return all
}

// waitsForMe reports whether a step is one's own and can be worked on, or is late although it cannot.
func waitsForMe(now time.Time) func(Clock, stepRow) bool {
	return func(c Clock, r stepRow) bool { return r.Mine && (!c.Locked || c.DueAt.Before(now)) }
}

type proposalRow struct {
	FlagID, PersonID, PersonName, ItemID string
	Strength                             string
	ConfirmedAt                          time.Time
}

// queueProposals asks for confirmed strong findings on engaged people. What counts as taken up are only cases that
// the actor knows of: that a line is missing must not tell anybody of a case they are no member of.
func queueProposals(batch *pgx.Batch, actor authz.Actor, now time.Time, into *[]proposalRow) {
	var w, taken db.Where
	w.Add("f.state = 'confirmed' AND f.withdrawn_at IS NULL AND f.strength IN ('strong', 'decisive')")
	w.Add("(f.strength <> 'decisive' OR f.seconded_at IS NOT NULL)")
	w.Add("f.disposed_at >= ?", now.AddDate(0, 0, -proposalDays))
	w.Add("p.status = 'engaged'")
	person.Visible(actor, &w, "p")
	taken.Args = w.Args
	MemberOf(actor, &taken, "c.id", Any)
	taken.Add("c.person_id = f.person_id AND (c.status = 'open' OR c.opened_at >= f.disposed_at)")
	w.Args = taken.Args
	w.Add("NOT EXISTS (SELECT FROM cases c " + taken.SQL() + ")")
	batch.Queue(`
		SELECT f.id AS flag_id, f.person_id, p.name AS person_name, f.item_id, f.strength, f.disposed_at AS confirmed_at
		FROM   flags f
		JOIN   people p ON p.id = f.person_id
		`+w.SQL()+`
		ORDER  BY f.disposed_at DESC, f.id DESC
		`+w.Number("LIMIT ?", proposalLimit), w.Args...).Query(many(into))
}

func (s *Service) proposals(rows []proposalRow) []Proposal {
	ed := s.lib.Current()
	var all []Proposal
	for _, r := range rows {
		all = append(all, Proposal{FlagID: r.FlagID, PersonID: r.PersonID, PersonName: r.PersonName, ItemID: r.ItemID,
			Title: titleOf(ed, r.ItemID), Strength: catalogue.Strength(r.Strength), ConfirmedAt: r.ConfirmedAt})
	}
	return all
}
