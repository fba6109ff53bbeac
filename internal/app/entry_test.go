package app_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
)

// TestAnInvitedUserChoosesAPassword by a link that works once and that no log or later page shows.
func TestAnInvitedUserChoosesAPassword(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	admin := w.SignIn(w.User("Ada Admin", authz.Administrator))
	got := admin.Post(path.Users, url.Values{"name": {"Noor New"}, "email": {"noor@example.com"}, "time_zone": {"UTC"}, "roles": {"hr"}})
	shown := regexp.MustCompile(`<code class="mono break">` + regexp.QuoteMeta(w.URL) + `(/sign-in/link/[A-Za-z0-9_-]{43})</code>`).FindStringSubmatch(got.Body)
	if got.Status != http.StatusOK || shown == nil {
		t.Fatalf("added without a password: status %d, no link", got.Status)
	}
	link, visitor := shown[1], w.Visitor()
	if got := visitor.Get(link); got.Status != http.StatusOK || !strings.Contains(got.Body, "noor@example.com") {
		t.Errorf("the link: status %d", got.Status)
	}
	if got := visitor.Post(link, url.Values{"password": {"short"}}); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "at least 12") {
		t.Errorf("a short password: status %d", got.Status)
	}
	if got := visitor.Post(link, url.Values{"password": {"a chosen passphrase"}}); got.Header.Get("Location") != path.SignIn {
		t.Fatalf("a good one: status %d", got.Status)
	}
	for _, again := range []apptest.Page{visitor.Get(link), visitor.Post(link, url.Values{"password": {"another passphrase"}})} {
		if again.Status != http.StatusNotFound || !strings.Contains(again.Body, "Ask an administrator for a new one") || strings.Contains(again.Body, "noor@") ||
			!strings.Contains(again.Body, "Go to sign-in") {
			t.Errorf("used again: status %d", again.Status)
		}
	}
	if got := visitor.Post(path.SignIn, url.Values{"email": {"noor@example.com"}, "password": {"a chosen passphrase"}}); got.Status != http.StatusSeeOther {
		t.Errorf("signing in: status %d", got.Status)
	}
	if got := visitor.Get(path.Today); got.Status != http.StatusOK {
		t.Errorf("signed in: status %d", got.Status)
	}

	// A link made for somebody who is signed in ends their sessions when it is used.
	users := admin.Get(path.Users).Body
	id := regexp.MustCompile(`href="(/admin/users/[0-9a-f-]{36})">Noor New`).FindStringSubmatch(users)
	if id == nil {
		t.Fatal("the user is not listed")
	}
	reset := regexp.MustCompile(`/sign-in/link/[A-Za-z0-9_-]{43}`).FindString(admin.Post(id[1]+"/link", nil).Body)
	if got := w.Visitor().Post(reset, url.Values{"password": {"yet another passphrase"}}); got.Status != http.StatusSeeOther {
		t.Errorf("the second link: status %d", got.Status)
	}
	if got := visitor.Get(path.Today); got.Status != http.StatusSeeOther {
		t.Errorf("the old session lives on: status %d", got.Status)
	}
}

// TestGuessingFromElsewhereDoesNotLockOut: who tries somebody's account from other machines uses up the strangers' tries; the
// browser that the account knows has its own.
func TestGuessingFromElsewhereDoesNotLockOut(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	u := w.User("Hanna HR", authz.HR)
	try := func(b *apptest.Browser, password string) int {
		return b.Post(path.SignIn, url.Values{"email": {u.Email}, "password": {password}}).Status
	}
	hers, other := w.Visitor(), w.Visitor()
	if got := try(hers, apptest.Password); got != http.StatusSeeOther {
		t.Fatalf("signing in: status %d", got)
	}
	hers.Post(path.SignOut, nil)
	for try(other, "wrong") != http.StatusTooManyRequests {
	}
	if got := try(other, apptest.Password); got != http.StatusTooManyRequests {
		t.Errorf("a stranger's browser with the right password: status %d", got)
	}
	if got := try(hers, apptest.Password); got != http.StatusSeeOther {
		t.Errorf("her own browser: status %d", got)
	}

	// The mark is the account's: it opens no other's tries, and one made up opens none.
	lead := w.User("Lena Lead", authz.SecurityLead)
	limited := 0
	for range 40 {
		if hers.Post(path.SignIn, url.Values{"email": {lead.Email}, "password": {"wrong"}}).Status == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited < 20 {
		t.Errorf("of 40 tries at another's account %d were refused", limited)
	}
	var mark *http.Cookie
	for _, c := range hers.Jar.Cookies(mustParse(t, w.URL)) {
		if strings.HasPrefix(c.Name, "gatehouse-device-") {
			mark = c
		}
	}
	if mark == nil {
		t.Fatal("her browser has no mark")
	}
	for try(other, "wrong") != http.StatusTooManyRequests { // a slow machine gives one back meanwhile
	}
	forged := w.Visitor()
	forged.Jar.SetCookies(mustParse(t, w.URL), []*http.Cookie{{Name: mark.Name, Value: "AAAA.AAAA", Path: "/"}})
	if got := try(forged, apptest.Password); got != http.StatusTooManyRequests {
		t.Errorf("a mark made up: status %d", got)
	}

	// A second person at the same browser does not take the first one's mark away.
	otto := w.User("Otto HR", authz.HR)
	if got := hers.Post(path.SignIn, url.Values{"email": {otto.Email}, "password": {apptest.Password}}).Status; got != http.StatusSeeOther {
		t.Fatalf("the second person: status %d", got)
	}
	for try(other, "wrong") != http.StatusTooManyRequests {
	}
	if got := try(hers, apptest.Password); got != http.StatusSeeOther {
		t.Errorf("her own browser after somebody else: status %d", got)
	}
}

func TestATokenIsLimited(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	_, secret, err := w.Features.Accounts.NewToken(t.Context(), authz.System("test"), "flood", []authz.Permission{authz.SignalIngest}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := w.Visitor()
	for range 3000 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+path.SignalsAPI, strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secret)
		got, err := b.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
		if got.StatusCode == http.StatusTooManyRequests {
			if got.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			return
		}
	}
	t.Error("three thousand requests in a row were all answered")
}
