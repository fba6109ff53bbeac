package incident

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// membersSQL reads everybody who was ever a member, which also names everybody who ever did something in the case.
const membersSQL = `
	SELECT m.user_id, u.name, u.email, m.function, m.sees, m.added_at, m.added_by, m.removed_at
	FROM   case_members m
	JOIN   users u ON u.id = m.user_id
	WHERE  m.case_id = $1`

func membersOf(ctx context.Context, q db.Querier, id ID) ([]Member, error) {
	rows, _ := q.Query(ctx, membersSQL, id)
	members, err := db.Many[Member](rows)
	byPlace(members)
	return members, err
}

// byPlace sorts members as pages list them: by function, the lead first, then by name.
func byPlace(members []Member) {
	order := Functions()
	slices.SortFunc(members, func(a, b Member) int {
		return cmp.Or(slices.Index(order, a.Function)-slices.Index(order, b.Function),
			strings.Compare(a.Name, b.Name), strings.Compare(a.UserID, b.UserID))
	})
}

// current leaves out those who were removed.
func current(members []Member) []Member {
	var now []Member
	for _, m := range members {
		if m.RemovedAt == nil {
			now = append(now, m)
		}
	}
	return now
}

// names maps the members' ids to their names.
func names(members []Member) map[string]string {
	m := make(map[string]string, len(members))
	for _, member := range members {
		m[member.UserID] = member.Name
	}
	return m
}

// nameOf is the name of who did something, empty for the system.
func nameOf(names map[string]string, id *string) string {
	if id == nil {
		return ""
	}
	return names[*id]
}

// addable narrows users u to those who can be members of case $1: enabled, with one of the roles $2, not the subject, not
// referred by the subject.
const addable = `
	u.disabled_at IS NULL AND u.roles && $2
	AND NOT EXISTS (
	    SELECT 1
	    FROM   cases c JOIN people p ON p.id = u.person_id
	    WHERE  c.id = $1 AND (p.id = c.person_id OR p.referrer_id = c.person_id))`

// holders are the roles with the permission.
func holders(p authz.Permission) []string {
	roles := []string{}
	for _, r := range authz.Roles {
		if slices.Contains(authz.Grants(r), p) {
			roles = append(roles, string(r))
		}
	}
	return roles
}

// Candidate is a user who could be added to a case.
type Candidate struct {
	UserID string
	Name   string
	Roles  []authz.Role
}

// MayLead reports whether one of the user's roles lets them lead a case.
func (c Candidate) MayLead() bool {
	return authz.Actor{Kind: authz.KindUser, Roles: c.Roles}.May(authz.CaseLead)
}

func addableUsers(ctx context.Context, q db.Querier, id ID) ([]Candidate, error) {
	rows, _ := q.Query(ctx, `
		SELECT u.id AS user_id, u.name, u.roles
		FROM   users u
		WHERE  `+addable+`
		AND    NOT EXISTS (SELECT 1 FROM case_members m
		                   WHERE m.case_id = $1 AND m.user_id = u.id AND m.removed_at IS NULL)
		ORDER  BY u.name, u.id
		LIMIT  500`, id, holders(authz.CaseRead))
	return db.Many[Candidate](rows)
}

// isAddable reports whether the user can be a member and holds the permission.
func isAddable(ctx context.Context, q db.Querier, id ID, userID string, p authz.Permission) (bool, error) {
	var ok bool
	err := q.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM users u WHERE u.id = $3 AND `+addable+`)`,
		id, holders(p), userID).Scan(&ok)
	return ok, err
}

// putMember adds a member, or changes the function of one; somebody removed before comes back.
func putMember(ctx context.Context, tx *db.Tx, id ID, userID string, function Function, sees Sees) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO case_members (case_id, user_id, function, sees, added_at, added_by)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (case_id, user_id) DO UPDATE SET
		    function = excluded.function, sees = excluded.sees, removed_at = NULL,
		    added_at = CASE WHEN case_members.removed_at IS NULL THEN case_members.added_at ELSE excluded.added_at END,
		    added_by = CASE WHEN case_members.removed_at IS NULL THEN case_members.added_by ELSE excluded.added_by END`,
		id, userID, function, sees, tx.Now, tx.ActorID())
	return err
}

// deputise makes the present lead a deputy, before another takes over.
func deputise(ctx context.Context, tx *db.Tx, id ID) error {
	_, err := tx.Exec(ctx, `
		UPDATE case_members SET function = 'deputy' WHERE case_id = $1 AND function = 'lead' AND removed_at IS NULL`, id)
	return err
}

// removeMember also takes the member's open steps back, so that no clock runs for somebody who cannot see it.
func removeMember(ctx context.Context, tx *db.Tx, id ID, userID string) error {
	b := &pgx.Batch{}
	b.Queue(`UPDATE case_members SET removed_at = $3 WHERE case_id = $1 AND user_id = $2`, id, userID, tx.Now)
	b.Queue(`
		UPDATE case_steps SET owner_id = NULL, version = version + 1
		WHERE  case_id = $1 AND owner_id = $2 AND state = 'open'`, id, userID)
	return tx.SendBatch(ctx, b).Close()
}
