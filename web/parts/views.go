package parts

import (
	"gatehouse/internal/dashboard"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
	"gatehouse/web/ui"
)

// SavedViews is what the menu of saved views shows: the page's views, and its present filters to be saved.
type SavedViews struct {
	Page  dashboard.ViewPage
	Query string
	Views []dashboard.View
	Actor authz.Actor
	// Form is what was typed to save a view, Errors what is wrong with it.
	Form   dashboard.NewView
	Errors map[string]string
}

// Problems are the messages in the order of the fields.
func (s SavedViews) Problems() []ui.FieldError {
	var list []ui.FieldError
	for _, field := range []string{"name", "query", "replace"} {
		if message := s.Errors[field]; message != "" {
			list = append(list, ui.FieldError{Field: "view-" + field, Message: message})
		}
	}
	return list
}

func ticked(yes bool) []string {
	if yes {
		return []string{"on"}
	}
	return nil
}

var viewPaths = map[dashboard.ViewPage]string{
	dashboard.ViewCandidates: path.Candidates, dashboard.ViewBoard: path.Board, dashboard.ViewSignals: path.Signals,
	dashboard.ViewHiring: path.InsightsHiring, dashboard.ViewResponse: path.InsightsCases, dashboard.ViewAudit: path.Audit,
}

// ViewURL is the page of a view with the view's filters.
func ViewURL(page dashboard.ViewPage, query string) string {
	to := viewPaths[page]
	if to == "" {
		to = path.Today
	}
	if query == "" {
		return to
	}
	return to + "?" + query
}

// audience is whom the button of a view would share it with.
func audience(v dashboard.View) dashboard.Audience {
	if v.Shared {
		return dashboard.Myself
	}
	return dashboard.Everybody
}

func shareLabel(v dashboard.View) string {
	if v.Shared {
		return "Stop sharing “" + v.Name + "”"
	}
	return "Share “" + v.Name + "”"
}

func viewNote(v dashboard.View, actor authz.Actor) string {
	switch {
	case !v.Mine(actor):
		return "by " + v.Owner
	case v.Shared:
		return "shared"
	}
	return ""
}

func (s SavedViews) mine() []dashboard.View {
	var list []dashboard.View
	for _, v := range s.Views {
		if v.Mine(s.Actor) {
			list = append(list, v)
		}
	}
	return list
}
