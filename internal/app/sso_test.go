package app_test

import (
	"context"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gatehouse/internal/account"
	"gatehouse/internal/app/apptest"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/openid/openidtest"
	"gatehouse/internal/signin"
	"gatehouse/web/path"
)

// house is an installation whose people sign in by a real provider.
type house struct {
	*apptest.World
	t        *testing.T
	provider *openidtest.Provider
}

func newHouse(t *testing.T) *house {
	t.Helper()
	t.Parallel()
	h := &house{t: t, provider: openidtest.Real(t)}
	h.World = apptest.With(t, func(url string, cfg *config.Config) {
		id, secret := h.provider.Register(url)
		cfg.BaseURL = url
		cfg.SSO = config.SSO{Issuer: h.provider.Issuer, ClientID: id, ClientSecret: secret, Scopes: "email profile groups", GroupsClaim: "groups", Name: "Okta"}
	})
	return h
}

// rules sets the rules as an administrator does who came by the provider, where that matters.
func (h *house) rules(change func(*signin.Rules)) {
	h.t.Helper()
	r, err := h.Features.Signin.Rules(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	change(&r)
	if err := h.Features.Signin.SetRules(h.t.Context(), signin.Session{Provider: true, User: h.anybody()}, r); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) anybody() account.User {
	all, err := h.Features.Accounts.All(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	if len(all) == 0 {
		return h.User("Ada Admin", authz.Administrator)
	}
	return all[0]
}

// sub is the provider's name for somebody: tests share it, and each has people of its own.
func (h *house) sub(login string) string { return h.t.Name() + "/" + login }

// know lets the provider know somebody with groups.
func (h *house) know(login string, groups ...string) {
	h.provider.Know(h.sub(login), openidtest.Account{Claims: map[string]any{"email": login + "@example.com", "email_verified": true, "name": "The " + login, "groups": groups}})
}

// user is the account with the address of somebody whom the provider knows.
func (h *house) user(login string) account.User {
	h.t.Helper()
	u, err := h.Features.Accounts.ByEmail(h.t.Context(), login+"@example.com")
	if err != nil {
		h.t.Fatalf("%s: %v", login, err)
	}
	return u
}

// entries counts the entries of an action in the log.
func (h *house) entries(action string) (n int) {
	h.t.Helper()
	if err := h.DB.Pool().QueryRow(h.t.Context(), `SELECT count(*) FROM audit_entries WHERE action = $1`, action).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// walker is a browser without scripts that follows where it is led, to the provider and back, and says there who it is.
type walker struct {
	h      *house
	client *http.Client
	login  string
	// stop, where it is set, is the path at which it does not follow any further.
	stop string
	// asked counts how often the provider asked who it is.
	asked int
}

// landed is the page that a walker ends at.
type landed struct {
	apptest.Page
	at *url.URL
}

func (h *house) walker(login string) *walker {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &walker{h: h, login: login, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (x *walker) get(to string) landed { return x.walk(http.MethodGet, x.h.URL+to, nil) }

func (x *walker) post(to string, form url.Values) landed {
	return x.walk(http.MethodPost, x.h.URL+to, form)
}

var (
	refresh    = regexp.MustCompile(`<meta http-equiv="refresh" content="0; url=([^"]+)"`)
	formTarget = regexp.MustCompile(`<form[^>]*method="post"[^>]*action="([^"]+)"`)
	xsrf       = regexp.MustCompile(`name="xsrf" value="([^"]+)"`)
)

func (x *walker) walk(method, address string, form url.Values) landed {
	x.h.t.Helper()
	for range 20 {
		page := x.send(method, address, form)
		location := page.Header.Get("Location")
		switch {
		case location != "":
			to, err := page.at.Parse(location)
			if err != nil {
				x.h.t.Fatal(err)
			}
			if x.stop != "" && to.Path == x.stop {
				page.at = to
				return page
			}
			if address = to.String(); page.Status != http.StatusTemporaryRedirect {
				method, form = http.MethodGet, nil
			}
		case refresh.MatchString(page.Body):
			method, address, form = http.MethodGet, html.UnescapeString(refresh.FindStringSubmatch(page.Body)[1]), nil
		case strings.Contains(page.Body, "Who are you?"):
			x.asked++
			method, address, form = http.MethodPost, x.target(page), url.Values{"login": {x.h.sub(x.login)}}
		case xsrf.MatchString(page.Body): // the provider asks whether to sign out there
			method, address, form = http.MethodPost, x.target(page), url.Values{"xsrf": {xsrf.FindStringSubmatch(page.Body)[1]}, "logout": {"yes"}}
		default:
			return page
		}
	}
	x.h.t.Fatal("led in circles")
	return landed{}
}

func (x *walker) target(page landed) string {
	found := formTarget.FindStringSubmatch(page.Body)
	if found == nil {
		x.h.t.Fatalf("no form: %.600s", page.Body)
	}
	to, err := page.at.Parse(html.UnescapeString(found[1]))
	if err != nil {
		x.h.t.Fatal(err)
	}
	return to.String()
}

func (x *walker) send(method, address string, form url.Values) landed {
	x.h.t.Helper()
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(x.h.t.Context(), method, address, body)
	if err != nil {
		x.h.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := x.client.Do(req)
	if err != nil {
		x.h.t.Fatalf("%s %s: %v", method, address, err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		x.h.t.Fatal(err)
	}
	return landed{Page: apptest.Page{Status: resp.StatusCode, Header: resp.Header, Body: string(content)}, at: req.URL}
}

// arrives signs in by the provider and expects to land on a page of ours.
func (x *walker) arrives() landed {
	x.h.t.Helper()
	got := x.get(path.SSOThen(path.Account))
	if got.Status != http.StatusOK || got.at.Path != path.Account || got.at.Host != strings.TrimPrefix(x.h.URL, "http://") {
		x.h.t.Fatalf("%s landed at %s with status %d: %.1500s", x.login, got.at.Redacted(), got.Status, mainOf(got.Body))
	}
	return got
}

// refused expects not to be let in, with these words, and to be a visitor still.
func (x *walker) refused(words string) {
	x.h.t.Helper()
	got := x.get(path.SSO)
	if got.Status != http.StatusForbidden || !strings.Contains(got.Body, words) || !strings.Contains(got.Body, path.SignIn) {
		x.h.t.Errorf("%s: status %d, without %q: %.1500s", x.login, got.Status, words, mainOf(got.Body))
	}
	if got := x.get(path.Account); got.at.Path != path.SignIn {
		x.h.t.Errorf("%s is signed in all the same", x.login)
	}
}

func mainOf(body string) string {
	_, main, _ := strings.Cut(body, "<main")
	return main
}

// TestPeopleSignInByAProvider: the flow itself, accounts made on the way, and roles that follow the groups.
func TestPeopleSignInByAProvider(t *testing.T) {
	h := newHouse(t)
	admin := h.User("Ada Admin", authz.Administrator)
	if got := h.Visitor().Get(path.SignIn); !strings.Contains(got.Body, "Continue with Okta") || !strings.Contains(got.Body, `type="password"`) {
		t.Errorf("the sign-in page: %.800s", mainOf(got.Body))
	}
	h.know("robin", "Hiring", "Other")
	robin := h.walker("robin")
	robin.refused("You have no account here")
	h.rules(func(r *signin.Rules) {
		r.Creates, r.Groups = true, map[string][]authz.Role{"Hiring": {authz.HR}, "Rounds": {authz.Interviewer, authz.HiringManager}, "Keys = all": {authz.Administrator}}
	})
	if got := robin.arrives(); !strings.Contains(got.Body, "The robin") || strings.Contains(got.Body, "Change your password") {
		t.Error("the account page shows another, or a password to change")
	}
	u := h.user("robin")
	if !slices.Equal(u.Roles, []authz.Role{authz.HR}) || h.entries("user.added") != 2 || h.entries("identity.linked") != 1 {
		t.Errorf("made with roles %v", u.Roles)
	}

	h.know("robin", "Rounds", "Keys = all")
	again := h.walker("robin")
	again.arrives()
	if u = h.user("robin"); !slices.Equal(u.Roles, []authz.Role{authz.Administrator, authz.HiringManager, authz.Interviewer}) ||
		h.entries("user.roles_followed") != 1 || h.entries("user.administrator_by_group") != 1 {
		t.Errorf("after the groups changed: %v", u.Roles)
	}
	if got := robin.get(path.Account); got.at.Path != path.SignIn {
		t.Error("a session with the old roles lives on")
	}

	// Roles that do not follow stay; when the last administrator leaves the group, the house does not lose them.
	if got := h.SignIn(admin).Post(path.UserIdentity(u.ID, "keep"), nil); got.Status != http.StatusSeeOther {
		t.Errorf("keep: status %d", got.Status)
	}
	h.know("robin", "Hiring")
	again.get(path.SignOut)
	h.walker("robin").arrives()
	if got := h.user("robin"); len(got.Roles) != 3 {
		t.Errorf("roles that are kept became %v", got.Roles)
	}
	if got := h.SignIn(admin).Post(path.UserIdentity(u.ID, "follow"), nil); got.Status != http.StatusSeeOther {
		t.Errorf("follow: status %d", got.Status)
	}
	admin, err := h.Features.Accounts.ByID(t.Context(), admin.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Features.Accounts.Disable(t.Context(), authz.System("test"), admin.ID, admin.Version); err != nil {
		t.Fatal(err)
	}
	h.walker("robin").arrives()
	if u = h.user("robin"); !slices.Contains(u.Roles, authz.Administrator) || !slices.Contains(u.Roles, authz.HR) || h.entries("user.administrator_kept") != 1 {
		t.Errorf("the last administrator became %v", u.Roles)
	}

	h.know("robin")
	h.walker("robin").refused("none of your groups has a role here")
	h.rules(func(r *signin.Rules) { r.Default = authz.Interviewer })
	h.know("sam")
	h.walker("sam").arrives()
	sam := h.user("sam")
	if !slices.Equal(sam.Roles, []authz.Role{authz.Interviewer}) {
		t.Errorf("by default: %v", sam.Roles)
	}
	if err := h.Features.Accounts.Disable(t.Context(), authz.System("test"), sam.ID, sam.Version); err != nil {
		t.Fatal(err)
	}
	h.walker("sam").refused("Your account is disabled here")
	h.provider.Know(h.sub("nemo"), openidtest.Account{Claims: map[string]any{"email": "nemo@example.com", "email_verified": false, "groups": []string{"Hiring"}}})
	h.walker("nemo").refused("no verified e-mail address")
	if n := h.entries("session.refused"); n != 4 {
		t.Errorf("%d refusals in the log, want 4", n)
	}
}

// TestAnAddressIsNoAccount: whoever comes with the address of somebody's account does not get it, unless its owner linked it or
// the rules say so and the provider has verified the address; an administrator's never.
func TestAnAddressIsNoAccount(t *testing.T) {
	h := newHouse(t)
	h.rules(func(r *signin.Rules) {
		r.Creates, r.Groups = true, map[string][]authz.Role{"Hiring": {authz.HR}}
	})
	hanna := h.User("hanna", authz.Interviewer)
	h.User("boss", authz.Administrator)
	h.know("hanna", "Hiring")
	h.know("boss", "Hiring")
	h.walker("hanna").refused("is not linked to your provider")
	h.rules(func(r *signin.Rules) { r.Links = true })
	h.walker("boss").refused("is not linked to your provider")
	h.provider.Know(h.sub("thief"), openidtest.Account{Claims: map[string]any{"email": "HANNA@example.com", "email_verified": false, "groups": []string{"Hiring"}}})
	h.walker("thief").refused("is not linked to your provider")
	h.provider.Know(h.sub("quiet"), openidtest.Account{Claims: map[string]any{"email": "hanna@example.com", "groups": []string{"Hiring"}}})
	h.walker("quiet").refused("is not linked to your provider")

	h.walker("hanna").arrives()
	if u := h.user("hanna"); u.ID != hanna.ID || !slices.Equal(u.Roles, []authz.Role{authz.Interviewer}) {
		t.Errorf("linked by address: %v", u)
	}
	h.provider.Know(h.sub("second"), openidtest.Account{Claims: map[string]any{"email": "hanna@example.com", "email_verified": true, "groups": []string{"Hiring"}}})
	h.walker("second").refused("is linked to another one")

	// Their owner links an account by showing both, and an administrator takes that away.
	otto := h.User("otto", authz.HR)
	x := h.walker("boss")
	signIn := url.Values{"email": {otto.Email}, "password": {apptest.Password}, "next": {path.Account}}
	if got := x.post(path.SignIn, signIn); !strings.Contains(got.Body, "Link to Okta") {
		t.Fatalf("the account page offers no link: %.800s", mainOf(got.Body))
	}
	if got := x.post(path.LinkSSO, nil); got.at.Path != path.Account || !strings.Contains(got.Body, "Linked.") {
		t.Errorf("linking: at %s, status %d", got.at.Path, got.Status)
	}
	if got := h.walker("boss").arrives(); !strings.Contains(got.Body, otto.Email) {
		t.Error("the link leads to another account")
	}
	y := h.walker("boss")
	y.post(path.SignIn, url.Values{"email": {h.User("nina", authz.HR).Email}, "password": {apptest.Password}})
	if got := y.post(path.LinkSSO, nil); got.Status != http.StatusConflict {
		t.Errorf("linked twice: status %d", got.Status)
	}
	admin := h.SignIn(h.User("ada", authz.Administrator))
	if got := admin.Get(path.User(otto.ID)); !strings.Contains(got.Body, "Linked to Okta since") {
		t.Error("the link does not show to administrators")
	}
	if got := admin.Post(path.UserIdentity(otto.ID, "unlink"), nil); got.Status != http.StatusSeeOther {
		t.Errorf("unlink: status %d", got.Status)
	}
	if got := admin.Post(path.UserIdentity(otto.ID, "unlink"), nil); got.Status != http.StatusNotFound {
		t.Errorf("unlink again: status %d", got.Status)
	}
	h.walker("boss").refused("is not linked to your provider")
}

// TestTheWayBackIsForOneBrowserOnce: what comes back elsewhere, again, or with another state begins no session.
func TestTheWayBackIsForOneBrowserOnce(t *testing.T) {
	h := newHouse(t)
	h.rules(func(r *signin.Rules) { r.Creates, r.Default = true, authz.HR })
	h.know("robin")
	x := h.walker("robin")
	x.stop = path.SSOCallback
	back := x.get(path.SSO).at
	if back.Path != path.SSOCallback || back.Query().Get("code") == "" || back.Query().Get("iss") != h.provider.Issuer {
		t.Fatalf("led back to %s", back.Path)
	}
	x.stop = ""
	begin := func(got landed) {
		t.Helper()
		if got.Status != http.StatusConflict || !strings.Contains(got.Body, "Begin again") || strings.Contains(got.Body, back.Query().Get("code")) {
			t.Errorf("status %d: %.600s", got.Status, mainOf(got.Body))
		}
	}
	begin(h.walker("robin").walk(http.MethodGet, back.String(), nil)) // another browser, as one that was sent the link
	forged := *back
	q := forged.Query()
	q.Set("state", "another")
	forged.RawQuery = q.Encode()
	begin(x.walk(http.MethodGet, forged.String(), nil))
	if got := x.walk(http.MethodGet, back.String(), nil); got.Status != http.StatusOK || got.at.Path != path.Today {
		t.Fatalf("the browser it was for: at %s, status %d", got.at.Path, got.Status)
	}
	begin(x.walk(http.MethodGet, back.String(), nil)) // again

	// A second tab's way does not end the first one's.
	y := h.walker("robin")
	y.stop = path.SSOCallback
	first, second := y.get(path.SSO).at, y.get(path.SSO).at
	y.stop = ""
	for _, tab := range []*url.URL{second, first} {
		if got := y.walk(http.MethodGet, tab.String(), nil); got.at.Path != path.Today {
			t.Errorf("one of two tabs: at %s, status %d", got.at.Path, got.Status)
		}
	}

	// A code that was redeemed, or made for another verifier, and an answer in another provider's name.
	z := h.walker("robin")
	for name, value := range map[string]string{"code": back.Query().Get("code"), "iss": "https://evil.example", "error": "access_denied"} {
		z.stop = path.SSOCallback
		mine := z.get(path.SSO).at
		z.stop = ""
		q := mine.Query()
		q.Set(name, value)
		mine.RawQuery = q.Encode()
		if got := z.walk(http.MethodGet, mine.String(), nil); got.Status != http.StatusBadRequest && got.Status != http.StatusForbidden || strings.Contains(got.Body, "evil.example") {
			t.Errorf("another %s: status %d", name, got.Status)
		}
	}
	if got := z.get(path.Account); got.at.Path != path.SignIn {
		t.Error("signed in all the same")
	}
	// Somebody who goes back at the provider, or whom it does not know.
	if got := h.walker("nobody").get(path.SSO); got.Status != http.StatusForbidden || !strings.Contains(got.Body, "did not say who you are") {
		t.Errorf("unknown to the provider: status %d", got.Status)
	}
	for _, next := range []string{"https://evil.example", "//evil.example"} {
		if got := h.walker("robin").get(path.SSOThen(next)); got.at.Path != path.Today {
			t.Errorf("next=%s leads to %s", next, got.at)
		}
	}
}

// TestTheProviderAsksAgainBeforeGraveThings: a session that it began shows there that it is still them; the form that was
// interrupted is kept, and another account there does not do.
func TestTheProviderAsksAgainBeforeGraveThings(t *testing.T) {
	h := newHouse(t)
	h.rules(func(r *signin.Rules) {
		r.Creates, r.Groups = true, map[string][]authz.Role{"Keys": {authz.Administrator}}
	})
	h.know("robin", "Keys")
	h.know("sam", "Keys")
	x := h.walker("robin")
	x.arrives()
	if got := x.get(path.Users); got.Status != http.StatusOK || got.at.Path != path.Users {
		t.Fatalf("just signed in: at %s", got.at)
	}
	age := func() {
		t.Helper()
		if _, err := h.DB.Pool().Exec(context.Background(), `UPDATE sessions SET proved_at = proved_at - interval '16 minutes'`); err != nil {
			t.Fatal(err)
		}
		h.Features.Signin.Forget()
	}
	age()
	got := x.get(path.Users)
	if got.at.Path != path.Confirm || !strings.Contains(got.Body, "Confirm with Okta") || strings.Contains(got.Body, `type="password"`) {
		t.Fatalf("later: at %s: %.900s", got.at, mainOf(got.Body))
	}
	asked := x.asked
	if got = x.post(path.SSOConfirm, url.Values{"next": {path.Users}}); got.at.Path != path.Users || got.Status != http.StatusOK || x.asked != asked+1 {
		t.Errorf("after the provider: at %s, asked %d times", got.at, x.asked-asked)
	}
	age()
	form := url.Values{"name": {"New <Person>"}, "email": {"new@example.com"}, "password": {"another long password"}, "time_zone": {"UTC"}, "roles": {"hr", "finance"}}
	if got = x.post(path.Users, form); got.Status != http.StatusUnauthorized || !strings.Contains(got.Body, `value="New &lt;Person&gt;"`) {
		t.Fatalf("a form: status %d", got.Status)
	}
	form.Set("gatehouse_resume", path.Users)
	if got = x.post(path.SSOConfirm, form); got.Status != http.StatusOK || !strings.Contains(got.Body, "Send it now") || !strings.Contains(got.Body, `value="New &lt;Person&gt;"`) ||
		strings.Count(got.Body, `name="roles"`) != 2 || strings.Contains(got.Body, "another long password") || x.target(got) != h.URL+path.Users {
		t.Errorf("the form comes back as %.900s", mainOf(got.Body))
	}
	if n := count(t, h, `SELECT count(*) FROM sso_flows`); n != 0 {
		t.Errorf("%d ways to the provider are kept after their end", n)
	}
	age()
	if got = x.post(path.Confirm, url.Values{"gatehouse_proof": {apptest.Password}}); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("a password in such a session: status %d", got.Status)
	}
	// Another account there: the provider ends its session of the first, and with it ours.
	x.login = "sam"
	if got = x.post(path.SSOConfirm, url.Values{"next": {path.Users}}); got.at.Path != path.SignIn || strings.Contains(got.at.RawQuery, "code") {
		t.Errorf("another account there: status %d at %s", got.Status, got.at)
	}
	if got = x.get(path.Users); got.at.Path != path.SignIn {
		t.Errorf("it counted: at %s", got.at)
	}
}

func count(t *testing.T, h *house, sql string) (n int) {
	t.Helper()
	if err := h.DB.Pool().QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSigningOutHereAndThere: signing out ends the provider's session too, and signing out there ends the session here.
func TestSigningOutHereAndThere(t *testing.T) {
	h := newHouse(t)
	h.rules(func(r *signin.Rules) { r.Creates, r.Default = true, authz.HR })
	h.know("robin")
	x := h.walker("robin")
	x.arrives()
	if x.arrives(); x.asked != 1 {
		t.Errorf("the provider asked %d times, though its session lives", x.asked)
	}
	if got := x.post(path.SignOut, nil); got.at.Path != path.SignIn || got.at.Host != strings.TrimPrefix(h.URL, "http://") {
		t.Errorf("signing out leads to %s", got.at)
	}
	if x.arrives(); x.asked != 2 {
		t.Errorf("signed out, the provider asked %d times", x.asked)
	}

	elsewhere := h.walker("robin")
	elsewhere.arrives()
	x.walk(http.MethodGet, h.provider.Issuer+"/session/end", nil)
	if got := x.get(path.Account); got.at.Path != path.SignIn {
		t.Errorf("signed out there, and still at %s here", got.at)
	}
	if got := elsewhere.get(path.Account); got.at.Path != path.Account {
		t.Error("another session of theirs ended as well")
	}
	if n := h.entries("session.ended_by_provider"); n == 0 {
		t.Error("no entry")
	}
	if got := h.Visitor().Post(path.SSOLogout, url.Values{"logout_token": {"x.y.z"}}); got.Status != http.StatusBadRequest || got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("nonsense: status %d", got.Status)
	}
}

// TestPasswordsSwitchedOff: nobody but the break-glass account signs in with one, its use shows, and it cannot be taken away.
func TestPasswordsSwitchedOff(t *testing.T) {
	h := newHouse(t)
	admin, other := h.User("Ada Admin", authz.Administrator), h.User("hanna", authz.HR)
	local := h.SignIn(admin)
	theirs := h.SignIn(other)
	post := func(b interface {
		Post(string, url.Values) apptest.Page
	}, change url.Values) apptest.Page {
		t.Helper()
		r, err := h.Features.Signin.Rules(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		form := url.Values{"groups": {"Keys = administrator\nHiring Team = hr, interviewer"}, "factor": {"ours"}, "creates": {"on"}, "version": {itoa(r.Version)}}
		for name, values := range change {
			form[name] = values
		}
		return b.Post(path.SSORules, form)
	}
	for problem, change := range map[string]url.Values{
		"There is no role":                  {"groups": {"Keys = king"}},
		"is no line such as":                {"groups": {"Keys"}},
		"Nobody is an administrator":        {"default": {"administrator"}},
		"Choose the account that opens":     {"passwords": {"on"}},
		"Sign in by the provider yourself":  {"passwords": {"on"}, "break_glass": {string(admin.ID)}},
		"Choose whose second factor counts": {"factor": {"nobody's"}},
		"Use one value without spaces":      {"acr": {"a b"}},
	} {
		if got := post(local, change); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, problem) {
			t.Errorf("%v: status %d, without %q", change, got.Status, problem)
		}
	}
	if got := post(local, nil); got.Status != http.StatusSeeOther {
		t.Fatalf("good rules: status %d: %.900s", got.Status, mainOf(got.Body))
	}
	if got := post(local, url.Values{"version": {"1"}}); got.Status != http.StatusConflict {
		t.Errorf("from a page of before: status %d", got.Status)
	}
	h.know("robin", "Keys")
	robin := h.walker("robin")
	robin.arrives()
	off := url.Values{"passwords": {"on"}, "break_glass": {string(admin.ID)}}
	by := poster(func(to string, form url.Values) apptest.Page { return robin.post(to, form).Page })
	if got := post(by, off); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "with a password and a second factor") {
		t.Errorf("an account without a second factor: status %d", got.Status)
	}
	secret := enrolled(t, local)
	if got := post(by, off); got.Status != http.StatusOK {
		t.Fatalf("switched off: status %d: %.900s", got.Status, mainOf(got.Body))
	}
	if got := theirs.Get(path.Account); got.Status != http.StatusSeeOther {
		t.Error("a session that a password began lives on")
	}
	page := h.Visitor().Get(path.SignIn)
	if strings.Contains(page.Body, `type="password"`) || !strings.Contains(page.Body, "Break-glass account") {
		t.Error("the sign-in page shows a form for passwords, or no way to the break-glass account")
	}
	if got := h.Visitor().Get(path.BreakGlass("/")); !strings.Contains(got.Body, `type="password"`) {
		t.Error("no form for the break-glass account")
	}
	right := h.Visitor().Post(path.SignIn, url.Values{"email": {other.Email}, "password": {apptest.Password}})
	if right.Status != http.StatusUnprocessableEntity || !strings.Contains(right.Body, "The e-mail address or the password is not right.") {
		t.Errorf("a right password: status %d", right.Status)
	}
	glass := h.Visitor()
	glass.Post(path.SignIn, url.Values{"email": {admin.Email}, "password": {apptest.Password}})
	if got := glass.Post(path.Confirm, url.Values{"gatehouse_proof": {codeOf(t, secret, 0)}}); got.Status != http.StatusSeeOther {
		t.Errorf("break-glass: status %d", got.Status)
	}
	if got := robin.get(path.AuditAction("break_glass.used")); h.entries("break_glass.used") != 1 || !strings.Contains(got.Body, "break_glass.used") {
		t.Error("its use does not show")
	}

	u, err := h.Features.Accounts.ByID(t.Context(), admin.ID)
	if err != nil {
		t.Fatal(err)
	}
	version := url.Values{"version": {itoa(u.Version)}, "roles": {"hr"}}
	has, err := h.Features.Factors.Of(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	for act, form := range map[string]url.Values{"/disable": version, "/roles": version, "/factor/reset": {"mark": {has.Mark()}, "reason": {"Lost."}}} {
		if got := robin.post(path.User(u.ID)+act, form); got.Status != http.StatusConflict || !strings.Contains(got.Body, "break-glass account") {
			t.Errorf("%s of the break-glass account: status %d", act, got.Status)
		}
	}
	if got := glass.Post(path.Authenticator+"/remove", nil); got.Status != http.StatusConflict {
		t.Errorf("it removes its own second factor: status %d", got.Status)
	}
	if err := h.Features.Signin.AllowPasswords(t.Context(), authz.System("cli"), "The provider is gone."); err != nil {
		t.Fatal(err)
	}
	if got := h.Visitor().Post(path.SignIn, url.Values{"email": {other.Email}, "password": {apptest.Password}}); got.Status != http.StatusSeeOther {
		t.Errorf("passwords again: status %d", got.Status)
	}
}

type poster func(string, url.Values) apptest.Page

func (p poster) Post(to string, form url.Values) apptest.Page { return p(to, form) }

// TestAProviderThatIsAwayKeepsNobodyOut: the start does not ask it, and who comes reads what is the matter.
func TestAProviderThatIsAwayKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	i := openidtest.NewIssuer(t)
	i.Break(true)
	w := apptest.With(t, func(_ string, cfg *config.Config) {
		cfg.SSO = config.SSO{Issuer: i.URL, ClientID: openidtest.ClientID, GroupsClaim: "groups", Name: "Okta"}
	})
	if got := w.Visitor().Get(path.SSO); got.Status != http.StatusServiceUnavailable || !strings.Contains(got.Body, "does not answer") || !strings.Contains(got.Body, path.SignIn) || got.Header.Get("Retry-After") == "" {
		t.Errorf("status %d: %.900s", got.Status, mainOf(got.Body))
	}
	u := w.User("hanna", authz.HR)
	if got := w.Visitor().Post(path.SignIn, url.Values{"email": {u.Email}, "password": {apptest.Password}}); got.Status != http.StatusSeeOther {
		t.Errorf("by password: status %d", got.Status)
	}
	if got := w.Visitor().Post(path.SSOLogout, url.Values{"logout_token": {"x.y.z"}}); got.Status != http.StatusServiceUnavailable {
		t.Errorf("a logout token: status %d", got.Status)
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
