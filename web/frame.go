package web

import (
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"gatehouse/internal/platform/authz"
	"gatehouse/web/layout"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
	"gatehouse/web/ui"
)

// entry is one line of the navigation and what it takes to see it.
type entry struct {
	group      string
	permission authz.Permission
	item       layout.NavItem
}

// navigation is the left column, in order. Only what the role can use is shown.
var navigation = []entry{
	{"", authz.Signed, layout.NavItem{Section: "today", Label: "Today", Href: path.Today, Icon: ui.IconLayoutGrid}},
	{"Hiring", authz.PersonRead, layout.NavItem{Section: "board", Label: "Board", Href: path.Board, Icon: ui.IconLayoutKanban}},
	{"Hiring", authz.PersonRead, layout.NavItem{Section: "candidates", Label: "Candidates", Href: path.Candidates, Icon: ui.IconUsers}},
	{"Hiring", authz.FlagDispose, layout.NavItem{Section: "flags", Label: "Flags", Href: path.Flags, Icon: ui.IconFlag}},
	{"Hiring", authz.InterviewRead, layout.NavItem{Section: "interviews", Label: "Interviews", Href: path.Interviews, Icon: ui.IconMessage2}},
	{"Hiring", authz.JobRead, layout.NavItem{Section: "jobs", Label: "Jobs", Href: path.Jobs, Icon: ui.IconBriefcase}},
	{"Workforce", authz.EngagementRead, layout.NavItem{Section: "people", Label: "People", Href: path.People, Icon: ui.IconId}},
	{"Workforce", authz.SignalRead, layout.NavItem{Section: "signals", Label: "Signals", Href: path.Signals, Icon: ui.IconActivity}},
	{"Cases", authz.CaseRead, layout.NavItem{Section: "cases", Label: "Cases", Href: path.Cases, Icon: ui.IconShieldLock}},
	{"Insights", authz.DashboardHiring, layout.NavItem{Section: "insights-hiring", Label: "Hiring risk", Href: path.InsightsHiring, Icon: ui.IconChartBar}},
	{"Insights", authz.DashboardCases, layout.NavItem{Section: "insights-response", Label: "Response", Href: path.InsightsCases, Icon: ui.IconClock}},
	{"Library", authz.Signed, layout.NavItem{Section: "library", Label: "Library", Href: path.Library, Icon: ui.IconBook2}},
	{"Admin", authz.UserManage, layout.NavItem{Section: "users", Label: "Users", Href: path.Users, Icon: ui.IconUserCheck}},
	{"Admin", authz.UserManage, layout.NavItem{Section: "sign-in", Label: "Sign-in", Href: path.SignInRules, Icon: ui.IconShieldLock}},
	{"Admin", authz.TokenManage, layout.NavItem{Section: "tokens", Label: "Tokens", Href: path.Tokens, Icon: ui.IconKey}},
	{"Admin", authz.AuditRead, layout.NavItem{Section: "audit", Label: "Audit log", Href: path.Audit, Icon: ui.IconHistory}},
	{"Admin", authz.PrivacyRead, layout.NavItem{Section: "privacy", Label: "Privacy", Href: path.Privacy, Icon: ui.IconEyeOff}},
	{"Admin", authz.UserManage, layout.NavItem{Section: "system", Label: "System", Href: path.System, Icon: ui.IconDatabase}},
}

// fresh is how long what waits for somebody is answered from memory. Their own writes renew it at once. For as long again
// as usable, a page shows what is remembered while it is counted anew beside it: nobody waits for the numbers.
const (
	fresh  = 5 * time.Second
	usable = 30 * time.Second
)

// frames remembers each signed-in user's navigation for a moment, and the parts of the frame rendered from it.
type frames struct {
	mu    sync.Mutex
	known map[string]rememberedNav
	// counting holds one count per user at a time, however many of their pages ask for it.
	counting singleflight.Group
}

type rememberedNav struct {
	groups []layout.NavGroup
	kept   *layout.Kept
	// at is when counting began, gone when it was last told to be out of date.
	at, gone time.Time
}

// forget makes the next page count anew. A count under way may have begun before the write: it is neither waited for
// nor kept.
func (f *frames) forget(userID string) {
	f.put(userID, rememberedNav{gone: time.Now()})
	f.counting.Forget(userID)
}

// find gives what is remembered, and whether it is time to count anew.
func (f *frames) find(userID string) (r rememberedNav, found, due bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, found = f.known[userID]
	age := time.Since(r.at)
	return r, found && age < usable, age >= fresh
}

// put keeps what was counted, unless it went out of date meanwhile.
func (f *frames) put(userID string, r rememberedNav) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !r.at.IsZero() && f.known[userID].gone.After(r.at) {
		return
	}
	if f.known == nil || len(f.known) > 10_000 {
		f.known = map[string]rememberedNav{}
	}
	f.known[userID] = r
}

// withFrame puts what surrounds every page into the request's context. API answers and fragments do without.
func (s *Server) withFrame(w http.ResponseWriter, r *http.Request) *http.Request {
	user := request.User(r)
	f := layout.Frame{
		Theme:   layout.ParseTheme(s.preference(r, layout.ThemeCookie)),
		Density: layout.ParseDensity(s.preference(r, layout.DensityCookie)),
		Version: s.version, ReadOnly: s.deps.Away(),
	}
	if user.ID != "" {
		noteActor(r.Context(), user.Actor())
		f.Person = layout.Person{Name: user.Name, Role: user.RoleTitles()}
		f.Links = layout.Links{Home: path.Today, Search: path.Search, Account: path.Account, SignOut: path.SignOut, Help: path.Library}
		f.Zone = zoneNamed(user.TimeZone)
		if !request.HTMX(r) {
			nav := s.navigationOf(r, user.Actor())
			f.Nav, f.Kept = nav.groups, nav.kept
		}
	}
	if r.Method == http.MethodGet && !request.HTMX(r) {
		if message := response.Flash(w, r); message != "" {
			f.Flash = &layout.Flash{Tone: ui.Good, Message: message}
		}
	}
	return r.WithContext(layout.WithFrame(r.Context(), f))
}

// zones remembers time zones by name: finding one reads files.
var zones sync.Map

// zoneNamed is the time zone of that name, or nil. Only names that exist are remembered, so their number is bounded.
func zoneNamed(name string) *time.Location {
	if zone, ok := zones.Load(name); ok {
		return zone.(*time.Location)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	zones.Store(name, zone)
	return zone
}

// preference is what the browser remembers under the name. Where people come over HTTPS its cookie is bound to this host by
// its name, and none of another host counts.
func (s *Server) preference(r *http.Request, name string) string {
	if s.deps.Config.Secure() {
		name = "__Host-" + name
	}
	return cookie(r, name)
}

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

func (s *Server) navigationOf(r *http.Request, actor authz.Actor) rememberedNav {
	nav, found, due := s.frames.find(actor.ID)
	if found && !due {
		return nav
	}
	// The count serves other requests too: it must not end with this one.
	ctx := context.WithoutCancel(r.Context())
	if !found {
		return s.countFor(ctx, actor)
	}
	go func() {
		defer func() {
			if p := recover(); p != nil { // here nobody else catches it
				s.log.Error("counts of what waits", "panic", p)
			}
		}()
		s.countFor(ctx, actor)
	}()
	return nav
}

// countFor counts what waits for the actor and remembers it.
func (s *Server) countFor(ctx context.Context, actor authz.Actor) rememberedNav {
	counted, _, _ := s.frames.counting.Do(actor.ID, func() (any, error) {
		ctx, cancel := context.WithTimeout(ctx, fresh)
		defer cancel()
		nav := rememberedNav{kept: &layout.Kept{}, at: time.Now()}
		nav.groups = groupsOf(actor, s.waiting(ctx, actor))
		s.frames.put(actor.ID, nav)
		return nav, nil
	})
	return counted.(rememberedNav)
}

// groupsOf is the navigation of the actor, with what waits for them.
func groupsOf(actor authz.Actor, waiting map[string]int) []layout.NavGroup {
	var groups []layout.NavGroup
	for _, e := range navigation {
		if !actor.May(e.permission) {
			continue
		}
		item := e.item
		item.Waiting = waiting[item.Section]
		if n := len(groups); n == 0 || groups[n-1].Label != e.group {
			groups = append(groups, layout.NavGroup{Label: e.group})
		}
		last := &groups[len(groups)-1]
		last.Items = append(last.Items, item)
	}
	return groups
}
