package dashboard

import (
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// stepLimit bounds the open steps of a reader's cases that Today arranges: those of some hundred cases.
const stepLimit = 3000

// stepRow is an open step of an open case of the actor.
type stepRow struct {
	CaseID, CodeName, Edition string
	StepID                    string
	DueAt                     time.Time
	// Mine: owned by the actor, or owned by nobody and of the actor's function. Seen: not hidden from a member who
	// was called in for tasks.
	Mine, Seen bool
}

// openSteps are the open steps s of the actor's open cases c, with what makes one theirs or one that they see. The cases
// are found first, in a list of their own before SELECT: else the planner may walk through the late steps of all cases.
func openSteps(actor authz.Actor, w *db.Where) (cases, from, mine, seen string) {
	user := w.Number("?::uuid", nullable(actor.ID))
	var own db.Where
	own.Args = w.Args
	own.Add("c.status = 'open'")
	join := asMember(actor, &own, user)
	w.Args = own.Args
	cases = `WITH c AS MATERIALIZED (
		       SELECT c.id, c.code_name, c.edition, c.opened_at, m.user_id, m.sees, m.function
		       FROM   cases c
		       ` + join + `
		       ` + own.SQL() + `) `
	from = ` FROM c JOIN case_steps s ON s.case_id = c.id AND s.state = 'open'`
	mine = `coalesce(s.owner_id = ` + user + `, s.owner_role = c.function OR s.owner_role = 'security' AND c.function IN ('lead', 'deputy'), false)`
	seen = `coalesce(c.sees = 'whole' OR s.owner_role = c.function OR s.owner_id = ` + user + `, c.user_id IS NULL)`
	return cases, from, mine, seen
}

func queueSteps(batch *pgx.Batch, actor authz.Actor, into *[]stepRow) {
	var w db.Where
	cases, from, mine, seen := openSteps(actor, &w)
	batch.Queue(cases+`
		SELECT c.id AS case_id, c.code_name, c.edition, s.step_id, s.due_at, `+mine+` AS mine, `+seen+` AS seen`+from+`
		ORDER  BY c.opened_at DESC, c.id, s.position
		`+w.Number("LIMIT ?", stepLimit), w.Args...).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		for rows.Next() {
			var r stepRow
			if err := rows.Scan(&r.CaseID, &r.CodeName, &r.Edition, &r.StepID, &r.DueAt, &r.Mine, &r.Seen); err != nil {
				return err
			}
			*into = append(*into, r)
		}
		return rows.Err()
	})
}

// queueTaskCount counts, up to Cap, the steps for which waitsForMe holds. What follows what is the catalogue's to say:
// the database gets it as one list to look pairs up in.
func (s *Service) queueTaskCount(batch *pgx.Batch, actor authz.Actor, now time.Time, into *int) {
	var w db.Where
	cases, from, mine, _ := openSteps(actor, &w)
	w.Add(mine)
	w.Add(`(s.due_at < ? OR NOT EXISTS (
		        SELECT FROM case_steps b
		        WHERE  b.case_id = c.id AND b.state = 'open'
		        AND    (c.edition, s.step_id, b.step_id) IN (SELECT * FROM unnest(?::text[], ?::text[], ?::text[]))))`,
		now, s.order.editions, s.order.steps, s.order.before)
	batch.Queue(cases+`SELECT count(*) FROM (SELECT`+from+` `+w.SQL()+` `+w.Number("LIMIT ?", Cap)+`) waiting`, w.Args...).
		QueryRow(func(row pgx.Row) error { return row.Scan(into) })
}

// stepOrder lists which step follows which, in each edition.
type stepOrder struct{ editions, steps, before []string }

func orderOf(lib *catalogue.Library) stepOrder {
	var o stepOrder
	for _, version := range lib.Versions() {
		for _, step := range lib.At(version).Playbook {
			for _, before := range step.After {
				o.editions, o.steps, o.before = append(o.editions, version), append(o.steps, step.ID), append(o.before, before)
			}
		}
	}
	return o
}

// queueOverdueSteps reads the steps that are the longest late. The open steps of a case come along to tell what is
// locked; the database looks them up for the few rows that are left.
func (s *Service) queueOverdueSteps(batch *pgx.Batch, actor authz.Actor, now time.Time, into *[]Clock) {
	var w db.Where
	cases, _, _, seen := openSteps(actor, &w)
	w.Add("s.case_id = c.id AND s.state = 'open'")
	w.Add(seen)
	w.Add("s.due_at < ?", now)
	first := " LIMIT " + strconv.Itoa(overdueLimit) // written out: the planner takes a parameter for a tenth of all
	batch.Queue(cases+`
		SELECT c.id, c.code_name, c.edition, late.step_id, late.due_at,
		       ARRAY(SELECT b.step_id FROM case_steps b WHERE b.case_id = c.id AND b.state = 'open')
		FROM   c
		CROSS  JOIN LATERAL (SELECT s.step_id, s.due_at FROM case_steps s `+w.SQL()+` ORDER BY s.due_at`+first+`) late
		ORDER  BY late.due_at, c.id, late.step_id`+first, w.Args...).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		for rows.Next() {
			var c Clock
			var edition string
			var open []string
			if err := rows.Scan(&c.CaseID, &c.CodeName, &edition, &c.StepID, &c.DueAt, &open); err != nil {
				return err
			}
			s.describe(&c, edition, func(step string) bool { return slices.Contains(open, step) })
			*into = append(*into, c)
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
	open := make(map[string]bool, len(steps))
	for _, r := range steps {
		open[r.CaseID+"/"+r.StepID] = true
	}
	var all []Clock
	for _, r := range steps {
		if !r.Seen {
			continue
		}
		c := Clock{CaseID: r.CaseID, CodeName: r.CodeName, StepID: r.StepID, DueAt: r.DueAt}
		s.describe(&c, r.Edition, func(step string) bool { return open[r.CaseID+"/"+step] })
		if keep(c, r) {
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b Clock) int { return a.DueAt.Compare(b.DueAt) })
	return all
}

// describe adds what the edition says of the step.
func (s *Service) describe(c *Clock, edition string, open func(step string) bool) {
	c.Title = c.StepID
	if item, known := s.lib.At(edition).Step(c.StepID); known {
		c.Title = item.Title
		c.Locked = slices.ContainsFunc(item.After, open)
	}
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
		LIMIT  `+strconv.Itoa(proposalLimit), w.Args...).Query(many(into))
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
