package dashboard

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// ViewID identifies a saved view.
type ViewID string

// ViewPage is a page whose filters can be saved.
type ViewPage string

// The pages whose filters can be saved.
const (
	ViewCandidates ViewPage = "candidates"
	ViewBoard      ViewPage = "board"
	ViewSignals    ViewPage = "signals"
	ViewHiring     ViewPage = "insights-hiring"
	ViewResponse   ViewPage = "insights-response"
	ViewAudit      ViewPage = "audit"
)

var viewTitles = map[ViewPage]string{ViewCandidates: "Candidates", ViewBoard: "Board", ViewSignals: "Signals",
	ViewHiring: "Hiring risk", ViewResponse: "Response", ViewAudit: "Audit log"}

// Title is what the page is called.
func (p ViewPage) Title() string { return viewTitles[p] }

// ViewPages lists the pages whose filters can be saved.
func ViewPages() []ViewPage {
	return []ViewPage{ViewCandidates, ViewBoard, ViewSignals, ViewHiring, ViewResponse, ViewAudit}
}

// View is a named filter of a page.
type View struct {
	ID      ViewID
	OwnerID string
	Owner   string
	Page    ViewPage
	Name    string
	// Query is the part of the address after the question mark.
	Query     string
	Shared    bool
	CreatedAt time.Time
}

// Mine reports whether the view is the actor's own to share and to remove.
func (v View) Mine(actor authz.Actor) bool { return v.OwnerID == actor.ID }

// NewView is what is saved.
type NewView struct {
	Page   ViewPage
	Name   string
	Query  string
	Shared bool
	// Replace lets it take the place of the owner's view of that name.
	Replace bool
}

const (
	maxViewName  = 60
	maxViewQuery = 2000
	maxViews     = 50
)

func (n *NewView) tidy() error {
	n.Name = strings.Join(strings.Fields(n.Name), " ")
	var p apperr.Problems
	p.Check(slices.Contains(ViewPages(), n.Page), "page", "The filters of this page cannot be saved.")
	p.Check(n.Name != "", "name", "Give the view a name.")
	p.Check(len([]rune(n.Name)) <= maxViewName, "name", "Use at most %d characters.", maxViewName)
	query, err := url.ParseQuery(n.Query)
	p.Check(err == nil && len(n.Query) <= maxViewQuery, "query", "These filters cannot be saved.")
	query.Del("after") // a view begins at the first page
	query.Del("before")
	n.Query = query.Encode()
	return p.Err()
}

// Views lists the actor's own and the shared views of a page, by name.
func (s *Service) Views(ctx context.Context, actor authz.Actor, of ViewPage) ([]View, error) {
	rows, _ := s.db.Pool().Query(ctx, `
		SELECT v.id, v.owner_id, u.name AS owner, v.page, v.name, v.query, v.shared, v.created_at
		FROM   saved_views v
		JOIN   users u ON u.id = v.owner_id
		WHERE  v.page = $1 AND (v.shared OR v.owner_id = $2)
		ORDER  BY lower(v.name), v.id
		LIMIT  $3`, of, nullable(actor.ID), 4*maxViews)
	return db.Many[View](rows)
}

// SaveView keeps a filter under a name. A name that the actor uses already is refused, as a problem at the field "replace",
// unless the new view is to take the other's place.
func (s *Service) SaveView(ctx context.Context, actor authz.Actor, n NewView) error {
	if err := n.tidy(); err != nil {
		return err
	}
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		var kept, same int
		err := tx.QueryRow(ctx, `
			SELECT count(*) FILTER (WHERE lower(name) <> lower($3)), count(*) FILTER (WHERE lower(name) = lower($3))
			FROM   saved_views
			WHERE  owner_id = $1 AND page = $2`, tx.ActorID(), n.Page, n.Name).Scan(&kept, &same)
		switch {
		case err != nil:
			return err
		case kept >= maxViews:
			return apperr.Invalid("name", "You have %d views of this page. Remove one first.", kept)
		case same > 0 && !n.Replace:
			return apperr.Invalid("replace", "You have a view called “%s” already. Tick this to replace it, or choose another name.", n.Name)
		}
		var viewID string
		err = tx.QueryRow(ctx, `
			INSERT INTO saved_views (id, owner_id, page, name, query, shared, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON     CONFLICT (owner_id, page, lower(name)) DO UPDATE
			SET    name = excluded.name, query = excluded.query, shared = excluded.shared
			RETURNING id`, id.New(), tx.ActorID(), n.Page, n.Name, n.Query, n.Shared, tx.Now).Scan(&viewID)
		tx.Record(db.Entry{Action: "view.saved", SubjectKind: "view", SubjectID: viewID,
			Detail:  map[string]any{"page": n.Page, "shared": n.Shared},
			Changes: []db.Change{db.Changed("name", "", n.Name), db.Changed("query", "", n.Query)}})
		return err
	})
}

// ShareView lets everybody who may open the page use the actor's view, or no longer.
func (s *Service) ShareView(ctx context.Context, actor authz.Actor, viewID ViewID, with Audience) error {
	return s.onView(ctx, actor, viewID, "view.shared", map[string]any{"with": with},
		`UPDATE saved_views SET shared = $3 WHERE id = $1 AND owner_id = $2`, with == Everybody)
}

// Audience says who may use a view.
type Audience string

// The audiences of a view.
const (
	Myself    Audience = "myself"
	Everybody Audience = "everybody"
)

// RemoveView forgets the actor's view.
func (s *Service) RemoveView(ctx context.Context, actor authz.Actor, viewID ViewID) error {
	return s.onView(ctx, actor, viewID, "view.removed", nil, `DELETE FROM saved_views WHERE id = $1 AND owner_id = $2`)
}

func (s *Service) onView(ctx context.Context, actor authz.Actor, viewID ViewID, action string, detail map[string]any, sql string, more ...any) error {
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		tag, err := tx.Exec(ctx, sql, append([]any{viewID, tx.ActorID()}, more...)...)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return apperr.Missing("view")
		}
		tx.Record(db.Entry{Action: action, SubjectKind: "view", SubjectID: string(viewID), Detail: detail})
		return nil
	})
}

// ForgetName removes the views that search for somebody's full name, when the person is erased. The caller records the entry.
func (s *Service) ForgetName(ctx context.Context, tx *db.Tx, name string) error {
	if name == "" {
		return nil
	}
	_, err := tx.Exec(ctx, `DELETE FROM saved_views WHERE position(lower($1) IN lower(query)) > 0`, url.QueryEscape(name))
	return err
}
