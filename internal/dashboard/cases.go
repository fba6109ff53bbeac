package dashboard

import (
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// MemberOf adds the condition that the case known by the SQL expression is one that the actor is a current member of,
// seeing it whole or only their tasks. The subject of a case, and whoever the subject referred, is walled off even if
// somebody made them a member. The system's own work sees every case.
func MemberOf(actor authz.Actor, w *db.Where, caseID string, how Membership) {
	if actor.Kind == authz.KindSystem {
		return
	}
	if actor.Kind != authz.KindUser {
		w.Add("false")
		return
	}
	whole := ""
	if how == Whole {
		whole = " AND m.sees = 'whole'"
	}
	if actor.PersonID == "" {
		w.Add(caseID+` = ANY (ARRAY(
			SELECT m.case_id FROM case_members m
			WHERE  m.user_id = ? AND m.removed_at IS NULL`+whole+`))`, actor.ID)
		return
	}
	w.Add(caseID+` = ANY (ARRAY(
		SELECT m.case_id
		FROM   case_members m
		JOIN   cases mc ON mc.id = m.case_id
		WHERE  m.user_id = ? AND m.removed_at IS NULL`+whole+` AND mc.person_id <> ?::uuid
		       AND NOT EXISTS (SELECT FROM people r WHERE r.id = ?::uuid AND r.referrer_id = mc.person_id)))`,
		actor.ID, actor.PersonID, actor.PersonID)
}

// asMember joins the actor's membership m to the cases c, for queries that need it: the cases are those that MemberOf with
// Any means. The system's own work is nobody's member; m is null.
func asMember(actor authz.Actor, w *db.Where, user string) string {
	join := `JOIN case_members m ON m.case_id = c.id AND m.user_id = ` + user + ` AND m.removed_at IS NULL`
	switch {
	case actor.Kind == authz.KindSystem:
		return "LEFT " + join
	case actor.Kind != authz.KindUser:
		w.Add("false")
	case actor.PersonID != "":
		w.Add("c.person_id <> ?::uuid AND NOT EXISTS (SELECT FROM people r WHERE r.id = ?::uuid AND r.referrer_id = c.person_id)",
			actor.PersonID, actor.PersonID)
	}
	return join
}

// Membership says how much of a case a member must see to be meant.
type Membership int

// Any member, or only one who sees the whole case.
const (
	Any Membership = iota
	Whole
)
