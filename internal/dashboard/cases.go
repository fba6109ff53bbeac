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

// Membership says how much of a case a member must see to be meant.
type Membership int

// Any member, or only one who sees the whole case.
const (
	Any Membership = iota
	Whole
)
