package app_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gatehouse/internal/account"
	"gatehouse/internal/app/apptest"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/id"
	"gatehouse/web"
	"gatehouse/web/path"
	"gatehouse/web/response"
)

// A kind is what the addresses below a prefix name, with the one rule of who sees which. The matrix below tries every route as
// every role on an object of one's own, on another's, and on none.
type kind struct {
	prefix string
	about  about // whose record the object is part of
	// of gives the parameters of the address of an estate's object.
	of func(estate) map[string]string
	// shown says that others, who do not see the object here, see it at another address: they may be told so, or led there, but nothing
	// comes of what they send.
	shown bool
	// own and others report whether somebody with the route's permission sees their own object, and that of others.
	own, others func(authz.Actor) bool
}

// about says which person of an estate a kind is about.
type about int

const (
	nobodys about = iota
	aCandidate
	aColleague
)

func everybody(authz.Actor) bool     { return true }
func nobody(authz.Actor) bool        { return false }
func all(actor authz.Actor) bool     { return actor.SeesAllPeople() }
func members(actor authz.Actor) bool { return actor.May(authz.CaseRead) }

// hiringOrAll see what is part of hiring: some all of it, others what is theirs.
func hiringOrAll(actor authz.Actor) bool {
	return actor.SeesAllPeople() || actor.HasAny(authz.HiringManager, authz.Interviewer)
}

func interviewOf(e estate) map[string]string {
	return map[string]string{"{id}": string(e.interview), "{check}": e.check}
}

func one(name, value string) map[string]string { return map[string]string{name: value} }

// provider is where users of the matrix are linked to.
const provider = "https://127.0.0.1:1"

// kinds are tried in this order: the first prefix that fits says what an address names.
var kinds = []kind{
	{path.Candidates + "/{id}", aCandidate, func(e estate) map[string]string { return one("{id}", string(e.candidate)) }, false, hiringOrAll, all},
	{path.Applications + "/{id}", aCandidate, func(e estate) map[string]string { return one("{id}", string(e.application)) }, false, hiringOrAll, all},
	{path.Jobs + "/{id}", nobodys, func(e estate) map[string]string { return one("{id}", string(e.job)) }, false,
		func(a authz.Actor) bool { return all(a) || a.Has(authz.HiringManager) }, all},
	{path.InsightsJobs + "/{id}", nobodys, func(e estate) map[string]string { return one("{id}", string(e.job)) }, false, all, all},
	{path.Interviews + "/{id}/answers", aCandidate, interviewOf, true, hiringOrAll, nobody},
	{path.Interviews + "/{id}/submit", aCandidate, interviewOf, true, hiringOrAll, nobody},
	{path.Interviews + "/{id}", aCandidate, interviewOf, false, hiringOrAll, all},
	{path.EvidenceItems + "/{id}", aCandidate, func(e estate) map[string]string { return one("{id}", string(e.evidence)) }, false, hiringOrAll, all},
	{path.Flags + "/{id}", aCandidate, func(e estate) map[string]string { return one("{id}", e.flag) }, false, hiringOrAll, all},
	{path.People + "/{id}/escalate", aColleague, func(e estate) map[string]string { return one("{id}", string(e.colleague)) }, false, all, all},
	{path.People + "/{id}", aColleague, func(e estate) map[string]string { return one("{id}", string(e.engagement)) }, false, all, all},
	{path.Signals + "/{place}", aColleague, func(e estate) map[string]string { return one("{place}", e.signal) }, false, all, all},
	{path.Cases + "/{id}", aColleague, func(e estate) map[string]string {
		return map[string]string{"{id}": string(e.caseID), "{step}": "step-open-case", "{field}": "field-phone", "{act}": "revoke",
			"{grant}": string(e.grant), "{payment}": string(e.payment), "{entry}": e.entry, "{user}": string(e.user)}
	}, false, members, nobody},
	{path.Views + "/{id}", nobodys, func(e estate) map[string]string { return one("{id}", e.view) }, false, everybody, nobody},
	{path.Library + "/{id}", nobodys, func(e estate) map[string]string { return one("{id}", e.check) }, false, everybody, everybody},
	{path.Audit + "/{id}", aColleague, func(e estate) map[string]string { return one("{id}", e.logged) }, false, members, nobody},
	{path.PrivacyHolds + "/{id}", aColleague, func(e estate) map[string]string { return one("{id}", e.hold) }, false, members, nobody},
	{path.Users + "/{id}", nobodys, func(e estate) map[string]string {
		return map[string]string{"{id}": string(e.user), "{session}": e.elsewhere, "{act}": "follow"}
	}, false, everybody, everybody},
	{path.Tokens + "/{id}", nobodys, func(e estate) map[string]string { return one("{id}", e.token) }, false, everybody, everybody},
	{path.Sessions + "/{id}", nobodys, func(e estate) map[string]string { return one("{id}", e.session) }, false, everybody, nobody},
	{path.Passkeys + "/{id}", nobodys, func(e estate) map[string]string { return one("{id}", e.passkey) }, false, nobody, nobody},
	{path.SignIn + "/link/{secret}", nobodys, func(e estate) map[string]string { return one("{secret}", e.link) }, false, everybody, everybody},
}

// words are parameters that name something of the framework, the same in every object.
var words = []string{"{check}", "{step}", "{field}", "{act}"}

// kindOf says what a pattern names; ok is false for a pattern without parameters.
func kindOf(t testing.TB, pattern string) (k kind, ok bool) {
	t.Helper()
	if !parameter.MatchString(pattern) {
		return kind{}, false
	}
	i := slices.IndexFunc(kinds, func(k kind) bool { return strings.HasPrefix(pattern, k.prefix) })
	if i < 0 {
		t.Fatalf("%s: what does its address name? Say in kinds who sees it", pattern)
	}
	for _, name := range parameter.FindAllString(pattern, -1) {
		if _, known := kinds[i].of(estate{})[name]; !known {
			t.Fatalf("%s: what does %s name? Say it in kinds", pattern, name)
		}
	}
	return kinds[i], true
}

// filled is the pattern with the parameters in place.
func filled(pattern string, params map[string]string) string {
	return parameter.ReplaceAllStringFunc(pattern, func(name string) string { return url.PathEscape(params[name]) })
}

// nothing are parameters that name nothing, but for the words.
func nothing(params map[string]string) map[string]string {
	none := maps.Clone(params)
	for name := range params {
		if !slices.Contains(words, name) {
			none[name] = id.New()
		}
	}
	return none
}

// crossed are the addresses of an object with a part of another's in them.
func crossed(pattern string, mine, theirs map[string]string) []map[string]string {
	var list []map[string]string
	for i, name := range parameter.FindAllString(pattern, -1) {
		if i > 0 && !slices.Contains(words, name) {
			mixed := maps.Clone(mine)
			mixed[name] = theirs[name]
			list = append(list, mixed)
		}
	}
	return list
}

// gently orders routes so that what takes an object away comes after all else that is tried on it.
func gently(table []web.Route) []web.Route {
	table = slices.Clone(table)
	weight := func(r web.Route) int {
		switch {
		case r.Method == http.MethodGet && !strings.HasSuffix(r.Pattern, "/amend"):
			return 0
		case strings.HasPrefix(r.Pattern, path.Users):
			return 3
		case strings.HasSuffix(r.Pattern, "/seal"): // afterwards the case is open to nobody
			return 4
		case strings.HasSuffix(r.Pattern, "/amend"), strings.HasSuffix(r.Pattern, "/remove"), strings.HasSuffix(r.Pattern, "/end"), strings.HasSuffix(r.Pattern, "/cancel"), strings.HasSuffix(r.Pattern, "/disable"):
			return 2
		}
		return 1
	}
	slices.SortStableFunc(table, func(a, b web.Route) int { return cmp.Compare(weight(a), weight(b)) })
	return table
}

// TestEveryRouteOnOwnOthersAndNone tries every route that names something as every role: on what is theirs, on what is somebody
// else's, on what was never there, on the parts of one thing below another, and on what is about themselves. What somebody
// does not see is answered as what was never there, and a refused request leaves nothing behind.
func TestEveryRouteOnOwnOthersAndNone(t *testing.T) {
	t.Parallel()
	w := apptest.New(t, func(cfg *config.Config) { // one that nobody asks, so that there is something to link users to
		cfg.SSO = config.SSO{Issuer: provider, ClientID: "gatehouse", ClientSecret: "secret", GroupsClaim: "groups"}
	})
	others := arrange(t, w, hire(w, "Other"), w.User("Somebody Else", authz.Roles...))
	others.giveKey(t, w)
	table := gently(routes(w))
	tried := 0
	for _, role := range authz.Roles {
		who := w.User("User "+string(role), role)
		mine := arrange(t, w, hire(w, string(role)), who)
		m := matrix{T: t, w: w, who: who, b: w.SignIn(who), form: url.Values{"version": {"0"}, "item": {"0"}, "explanation": {"Because."}, "channel": {"channel-public-application"}, "reason": {"Because."},
			"name": {"Robin"}, "title": {"Engineer"}, "level": {"level-verified"}, "manager": {string(who.ID)}}}
		for _, r := range table {
			k, named := kindOf(t, r.Pattern)
			if !named {
				continue
			}
			m.try(r, k, mine, others)
		}
		m.self(table, mine)
		tried += m.tried
	}
	if tried < 1000 {
		t.Errorf("%d requests", tried)
	}
}

// matrix tries routes as one user.
type matrix struct {
	*testing.T
	w     *apptest.World
	who   account.User
	b     *apptest.Browser
	form  url.Values
	tried int
}

func (m *matrix) try(r web.Route, k kind, mine, others estate) {
	m.Helper()
	actor := m.who.Actor()
	none, other := nothing(k.of(mine)), k.of(others)
	inCase := k.prefix == path.Cases+"/{id}"
	if !actor.May(r.Permission) {
		if inCase {
			m.refused(r, "other", other, http.StatusNotFound)
		}
		if inCase && !k.own(actor) {
			m.refused(r, "own", k.of(mine), http.StatusNotFound)
			return
		}
		m.refused(r, "own", k.of(mine), http.StatusForbidden)
		return
	}
	absent := m.refused(r, "none", none, http.StatusNotFound)
	switch {
	case k.shown && all(actor):
		m.unchanged(r, "other", other, http.StatusForbidden, http.StatusNotFound, http.StatusSeeOther, http.StatusUnprocessableEntity)
	case !k.others(actor):
		if got := m.refused(r, "other", other, http.StatusNotFound); len(inner(got)) != len(inner(absent)) {
			m.Errorf("%s: the answer is told apart from that for what was never there", m.name(r, "other"))
		}
	default:
		m.seen(r, "other", other)
	}
	if !k.own(actor) {
		m.refused(r, "own", k.of(mine), http.StatusNotFound)
		return
	}
	for _, mixed := range crossed(r.Pattern, k.of(mine), other) {
		m.refused(r, "another's part below one's own", mixed, http.StatusNotFound)
	}
	m.seen(r, "own", k.of(mine))
}

// inner is a page without its frame, in which numbers change as time goes by.
func inner(p apptest.Page) string {
	_, main, _ := strings.Cut(p.Body, "<main")
	return main
}

func (m *matrix) name(r web.Route, relation string) string {
	return fmt.Sprintf("%s %s as %v, %s", r.Method, r.Pattern, m.who.Roles, relation)
}

func (m *matrix) send(r web.Route, params map[string]string) apptest.Page {
	m.tried++
	return send(m.b, r.Method, filled(r.Pattern, params), m.form)
}

// refused expects a refusal that changes nothing and notes nothing.
func (m *matrix) refused(r web.Route, relation string, params map[string]string, want int) apptest.Page {
	m.Helper()
	return m.unchanged(r, relation, params, want)
}

// unchanged expects one of some answers, and that nothing is changed or noted.
func (m *matrix) unchanged(r web.Route, relation string, params map[string]string, want ...int) apptest.Page {
	m.Helper()
	before := m.entries()
	got := m.send(r, params)
	if !slices.Contains(want, got.Status) {
		m.Errorf("%s: status %d, want %v", m.name(r, relation), got.Status, want)
	}
	if after := m.entries(); after != before {
		m.Errorf("%s: %s entries of the log, before %s", m.name(r, relation), after, before)
	}
	return got
}

// seen expects any answer but one that says that there is nothing, or nothing for them.
func (m *matrix) seen(r web.Route, relation string, params map[string]string) {
	m.Helper()
	switch got := m.send(r, params); {
	case got.Status >= 500, got.Status == http.StatusNotFound, got.Status == http.StatusForbidden, got.Status == http.StatusUnauthorized,
		strings.HasPrefix(got.Header.Get("Location"), path.SignIn):
		m.Errorf("%s: status %d, to %q", m.name(r, relation), got.Status, got.Header.Get("Location"))
	}
	// What the next page would say of it stands in the way of comparing pages.
	m.b.Jar.SetCookies(mustParse(m.T, m.w.URL), []*http.Cookie{{Name: response.FlashCookie, Path: "/", MaxAge: -1}})
}

func (m *matrix) entries() string {
	return text(m, m.w, `SELECT count(*)::text FROM audit_entries`)
}

// self tries what is about the user as a person: nobody sees their own record, nor works on it.
func (m *matrix) self(table []web.Route, mine estate) {
	m.Helper()
	for about, who := range map[about]person.ID{aCandidate: mine.candidate, aColleague: mine.colleague} {
		subject(m, m.w, m.who, who)
		m.w.Features.Signin.Forget()
		m.b = m.w.SignIn(m.who)
		for _, r := range table {
			k, named := kindOf(m, r.Pattern)
			if !named || k.about != about || !m.who.Actor().May(r.Permission) {
				continue
			}
			m.refused(r, "about oneself", k.of(mine), http.StatusNotFound)
		}
	}
}
