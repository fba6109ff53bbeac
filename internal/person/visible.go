package person

import (
	"strings"

	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// Visible adds the condition under which the actor sees the row of people known by alias in the query:
//
//   - HR, security and auditors see everybody, and so does the system;
//   - a hiring manager sees whoever applied for one of their jobs, an interviewer whoever they interview, both until the
//     hire: what is found of a colleague is not theirs to read, and they might talk;
//   - everybody else, and a machine's token, sees nobody;
//   - nobody sees their own record: what is known of a person is not for that person to work on.
//
// Every read of anything about a person asks it, by joining people or through EXISTS.
func Visible(actor authz.Actor, w *db.Where, alias string) {
	if actor.PersonID != "" {
		w.Add(alias+".id <> ?", actor.PersonID)
	}
	if actor.SeesAllPeople() {
		return
	}
	hiring := alias + ".status NOT IN ('engaged', 'former') AND "
	var ways []string
	var args []any
	if actor.Kind == authz.KindUser && actor.Has(authz.HiringManager) {
		// A person stands in one place, which people has the manager of. Other applications of the same person are
		// rare, marked as such, and found by an index of their own: arrays, unlike joins, leave the planner the
		// choice of the list's index.
		ways = append(ways, hiring+alias+".manager_id = ?", alias+`.id = ANY (ARRAY(
			SELECT a.person_id FROM applications a JOIN jobs j ON j.id = a.job_id
			WHERE  a.aside AND j.manager_id = ?))`)
		args = append(args, actor.ID, actor.ID)
	}
	if actor.Kind == authz.KindUser && actor.Has(authz.Interviewer) {
		ways = append(ways, hiring+alias+`.id = ANY (ARRAY(
			SELECT i.person_id FROM interviewers v JOIN interviews i ON i.id = v.interview_id
			WHERE  v.user_id = ? AND i.status <> 'cancelled'))`)
		args = append(args, actor.ID)
	}
	if len(ways) == 0 {
		w.Add("false")
		return
	}
	w.Add("("+strings.Join(ways, " OR ")+")", args...)
}
