package app_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"gatehouse/internal/account"
	"gatehouse/internal/app/apptest"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
)

var keyShown = regexp.MustCompile(`<code class="mono break">([A-Z2-7 ]+)</code>`)

// enrolled sets an authenticator up as a person does; it gives its secret.
func enrolled(t *testing.T, b *apptest.Browser) string {
	t.Helper()
	if got := b.Post(path.Authenticator, nil); got.Status != http.StatusSeeOther {
		t.Fatalf("begin: status %d", got.Status)
	}
	shown := keyShown.FindStringSubmatch(b.Get(path.Authenticator).Body)
	if shown == nil {
		t.Fatal("no key on the page")
	}
	secret := strings.ReplaceAll(shown[1], " ", "")
	if got := b.Post(path.Authenticator+"/confirm", url.Values{"code": {"000000"}}); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "is not the code") {
		t.Errorf("a wrong first code: status %d", got.Status)
	}
	got := b.Post(path.Authenticator+"/confirm", url.Values{"code": {codeOf(t, secret, -1)}})
	if got.Status != http.StatusOK || !strings.Contains(got.Body, "Your recovery codes") {
		t.Fatalf("confirm: status %d", got.Status)
	}
	return secret
}

func codeOf(t *testing.T, secret string, steps int) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, time.Now().Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// TestAHalfSessionOpensNothing: with the password alone, and with a role whose second factor is still missing, every route
// leads to where it is given, and no page shows anything.
func TestAHalfSessionOpensNothing(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	admin, lead := w.User("Ada Admin", authz.Administrator), w.User("Lena Lead", authz.SecurityLead)
	enrolled(t, w.SignIn(admin))
	if err := w.Features.Factors.Require(context.Background(), authz.System("test"), []authz.Role{authz.SecurityLead}); err != nil {
		t.Fatal(err)
	}
	for _, half := range []struct {
		user    account.User
		to      string
		settles []string
	}{
		{admin, path.Confirm, []string{path.Confirm, path.SignOut, path.Confirm + "/passkey"}},
		{lead, path.Authenticator, []string{path.Confirm, path.SignOut, path.Authenticator, path.Authenticator + "/confirm", path.Passkeys, path.Passkeys + "/options"}},
	} {
		b := w.SignIn(half.user)
		for _, r := range routes(w) {
			if r.Permission == authz.Public || slices.Contains(half.settles, r.Pattern) || strings.HasPrefix(r.Pattern, "/api/") {
				continue
			}
			got := b.Send(r.Method, fill(r.Pattern), "application/x-www-form-urlencoded", strings.NewReader("note=kept"))
			led := got.Status == http.StatusSeeOther && strings.HasPrefix(got.Header.Get("Location"), half.to)
			kept := r.Method == http.MethodPost && got.Status == http.StatusUnauthorized && (strings.Contains(got.Body, `value="kept"`) || strings.Contains(got.Body, "What you just sent is not saved"))
			if !led && !kept {
				t.Errorf("%s %s as %s: status %d to %q", r.Method, r.Pattern, half.user.Name, got.Status, got.Header.Get("Location"))
			}
			if strings.Contains(got.Body, `href="`+path.Library+`"`) {
				t.Errorf("%s %s as %s: the navigation shows", r.Method, r.Pattern, half.user.Name)
			}
		}
		if got := b.Get("/nowhere"); got.Status != http.StatusSeeOther || !strings.HasPrefix(got.Header.Get("Location"), half.to) {
			t.Errorf("an address that is none: status %d to %q", got.Status, got.Header.Get("Location"))
		}
		if got := b.Get(path.SignIn); got.Status != http.StatusOK || !strings.Contains(got.Body, "<h1>Sign in</h1>") {
			t.Errorf("somebody else cannot sign in: status %d", got.Status)
		}
	}
}

func TestSigningInWithACode(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	u := w.User("Ada Admin", authz.Administrator)
	secret := enrolled(t, w.SignIn(u))
	b := w.Visitor()
	got := b.Post(path.SignIn, url.Values{"email": {u.Email}, "password": {apptest.Password}, "next": {"/admin/users?x=1"}})
	if got = b.Get(got.Header.Get("Location")); !strings.HasPrefix(got.Header.Get("Location"), path.Confirm+"?next=%2Fadmin%2Fusers%3Fx%3D1") {
		t.Fatalf("after the password: to %q", got.Header.Get("Location"))
	}
	if page := b.Get(got.Header.Get("Location")); !strings.Contains(page.Body, "Enter your code") || strings.Contains(page.Body, "Users") {
		t.Errorf("the page that asks for the code: %.400s", page.Body)
	}
	if got := b.Post(path.Confirm, url.Values{"gatehouse_proof": {"123"}, "next": {"/admin/users?x=1"}}); got.Status != http.StatusUnprocessableEntity ||
		!strings.Contains(got.Body, "not a code that counts now") || !strings.Contains(got.Body, `value="/admin/users?x=1"`) {
		t.Errorf("a wrong code: status %d", got.Status)
	}
	got = b.Post(path.Confirm, url.Values{"gatehouse_proof": {codeOf(t, secret, 0)}, "next": {"/admin/users?x=1"}})
	if got.Status != http.StatusSeeOther || got.Header.Get("Location") != "/admin/users?x=1" {
		t.Fatalf("the right code: status %d to %q", got.Status, got.Header.Get("Location"))
	}
	if got := b.Get(path.Users); got.Status != http.StatusOK {
		t.Errorf("after the code: status %d", got.Status)
	}
	if got := b.Post(path.Confirm, url.Values{"gatehouse_proof": {"x"}, "next": {"//evil.example/"}}); strings.Contains(got.Body, "evil.example") {
		t.Error("the form leads to another site")
	}
}

// TestTheConfirmationForgivesSlips: an empty field is no guess, a right proof makes up for wrong ones before, the proof is not
// sent on to itself, and whoever has to wait is told on the form.
func TestTheConfirmationForgivesSlips(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	b := w.SignIn(w.User("Hanna HR", authz.HR))
	prove := func(given string) apptest.Page { return b.Post(path.Confirm, url.Values{"gatehouse_proof": {given}}) }
	for range 6 {
		if got := prove(" "); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "Enter it to go on") {
			t.Fatalf("an empty field: status %d", got.Status)
		}
	}
	for range 3 {
		for range 4 {
			if got := prove("wrong"); got.Status != http.StatusUnprocessableEntity {
				t.Fatalf("a wrong password: status %d", got.Status)
			}
		}
		if got := prove(apptest.Password); got.Status != http.StatusSeeOther {
			t.Fatalf("the right one: status %d", got.Status)
		}
	}
	if got := w.Visitor().Post(path.Confirm, url.Values{"gatehouse_proof": {apptest.Password}}); got.Status != http.StatusSeeOther || strings.Contains(got.Body, apptest.Password) {
		t.Errorf("without a session: status %d", got.Status)
	}
	for _, to := range []string{path.Confirm, path.SignOut} {
		if got := b.Post(path.Confirm, url.Values{"gatehouse_proof": {apptest.Password}, "gatehouse_resume": {to}}); got.Status != http.StatusSeeOther {
			t.Errorf("sent on to %s: status %d", to, got.Status)
		}
	}
	throttled := w.User("Otto HR", authz.HR)
	for range 3 {
		b = w.SignIn(throttled)
		for range 4 {
			prove("wrong")
		}
	}
	got := prove(apptest.Password)
	if got.Status != http.StatusTooManyRequests || !strings.Contains(got.Body, "Wait a minute") || !strings.Contains(got.Body, "gatehouse_proof") || got.Header.Get("Retry-After") == "" {
		t.Errorf("after many tries: status %d", got.Status)
	}
}

// TestTheCurrentPasswordIsNotGuessedAtWhereItIsChanged: wrong ones count as wrong proofs, and what is wrong with the new one says
// nothing of the current.
func TestTheCurrentPasswordIsNotGuessedAtWhereItIsChanged(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	b := w.SignIn(w.User("Hanna HR", authz.HR))
	change := func(current, next string) apptest.Page {
		return b.Post(path.Account+"/password", url.Values{"current": {current}, "password": {next}})
	}
	for _, current := range []string{apptest.Password, "wrong"} {
		if got := change(current, "short"); got.Status != http.StatusUnprocessableEntity || strings.Contains(got.Body, "not your current password") {
			t.Errorf("with %q: status %d", current, got.Status)
		}
	}
	for range 4 {
		if got := change("wrong", "another long password"); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "not your current password") {
			t.Fatalf("a wrong one: status %d", got.Status)
		}
	}
	change("wrong", "another long password")
	if got := b.Get(path.Today); got.Status != http.StatusSeeOther {
		t.Errorf("after five wrong ones: status %d", got.Status)
	}
	if got := w.SignIn(w.User("Otto HR", authz.HR)).Post(path.Passkeys, url.Values{"name": {"My laptop"}, "answer": {"{}"}}); got.Status != http.StatusConflict {
		t.Errorf("a passkey at an address without a name: status %d", got.Status)
	}
}

// TestWhatCannotBeKeptIsSaid: a file sent by a session that owes a code is not carried along, nor is a password.
func TestWhatCannotBeKeptIsSaid(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	u := w.User("Ada Admin", authz.Administrator)
	enrolled(t, w.SignIn(u))
	b := w.SignIn(u)
	got := b.Send(http.MethodPost, path.EvidenceItems, "multipart/form-data; boundary=x", strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nA\r\n--x--\r\n"))
	if got.Status != http.StatusUnauthorized || !strings.Contains(got.Body, "could not be kept") {
		t.Errorf("a file: status %d", got.Status)
	}
	got = b.Post(path.Account+"/password", url.Values{"current": {apptest.Password}, "password": {"another long password"}, "note": {"x"}})
	if strings.Contains(got.Body, apptest.Password) || strings.Contains(got.Body, "another long password") {
		t.Error("a password stands in the page")
	}
}

// TestGraveThingsAskForAFreshProof: a session older than a quarter of an hour shows that it is still the same person before
// files leave and before users are changed; what was typed is sent on.
func TestGraveThingsAskForAFreshProof(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	hr, admin := w.SignIn(w.User("Hanna HR", authz.HR)), w.SignIn(w.User("Ada Admin", authz.Administrator))
	age := func() {
		if _, err := w.DB.Pool().Exec(context.Background(), `UPDATE sessions SET proved_at = proved_at - interval '16 minutes'`); err != nil {
			t.Fatal(err)
		}
		w.Features.Signin.Forget()
	}
	if got := hr.Get(path.CandidatesCSV); got.Status != http.StatusOK {
		t.Fatalf("just signed in: status %d", got.Status)
	}
	age()
	if got := hr.Get(path.Candidates); got.Status != http.StatusOK {
		t.Errorf("a page: status %d", got.Status)
	}
	if got := hr.Post(path.OtherSessions, nil); got.Status != http.StatusUnauthorized {
		t.Errorf("ending other sessions: status %d", got.Status)
	}
	got := hr.Get(path.CandidatesCSV + "?q=a")
	if got.Status != http.StatusSeeOther || got.Header.Get("Location") != path.ConfirmThen(path.CandidatesCSV+"?q=a") {
		t.Fatalf("a file: status %d to %q", got.Status, got.Header.Get("Location"))
	}
	got = hr.Post(path.Confirm, url.Values{"gatehouse_proof": {apptest.Password}, "next": {path.CandidatesCSV + "?q=a"}})
	if got.Status != http.StatusOK || !strings.Contains(got.Body, `href="/candidates.csv?q=a"`) {
		t.Errorf("the way on to the file: status %d", got.Status)
	}
	if got := hr.Get(path.CandidatesCSV); got.Status != http.StatusOK {
		t.Errorf("the file: status %d", got.Status)
	}

	form := url.Values{"name": {"New <Person>"}, "email": {"new@example.com"}, "password": {"another long password"}, "time_zone": {"UTC"}, "roles": {"hr", "finance"}}
	got = admin.Post(path.Users, form)
	if got.Status != http.StatusUnauthorized || !strings.Contains(got.Body, `value="New &lt;Person&gt;"`) || !strings.Contains(got.Body, `value="finance"`) {
		t.Fatalf("a form: status %d", got.Status)
	}
	again := url.Values{"gatehouse_proof": {"wrong"}, "gatehouse_resume": {path.Users}}
	for name, values := range form {
		again[name] = values
	}
	if got = admin.Post(path.Confirm, again); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, `value="New &lt;Person&gt;"`) {
		t.Errorf("a wrong password: status %d", got.Status)
	}
	again.Set("gatehouse_proof", apptest.Password)
	if got = admin.Post(path.Confirm, again); got.Status != http.StatusTemporaryRedirect || got.Header.Get("Location") != path.Users {
		t.Fatalf("the right one: status %d to %q", got.Status, got.Header.Get("Location"))
	}
	if !strings.Contains(admin.Post(path.Confirm, url.Values{"gatehouse_proof": {"x"}, "password": {"another long password"}}).Body, `name="password" value="-"`) {
		t.Error("a password that is left out is not asked for again")
	}
	again.Set("password", "-")
	if got = admin.Post(path.Users, again); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, `value="New &lt;Person&gt;"`) {
		t.Errorf("sent again: status %d", got.Status)
	}
	again.Set("gatehouse_resume", "//evil.example/")
	if got = admin.Post(path.Confirm, again); strings.Contains(got.Header.Get("Location"), "evil") {
		t.Error("the form is sent to another site")
	}
}

func TestAnAdministratorResetsASecondFactor(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	u := w.User("Hanna HR", authz.HR)
	theirs, admin := w.SignIn(u), w.SignIn(w.User("Ada Admin", authz.Administrator))
	enrolled(t, theirs)
	page := admin.Get(path.User(u.ID)).Body
	if !strings.Contains(page, "They have an authenticator") || !strings.Contains(page, "10 recovery codes left") {
		t.Error("the second factor does not show")
	}
	w.SignIn(u) // with the password alone
	if page := admin.Get(path.User(u.ID)).Body; strings.Count(page, "Only the password was given") != 1 {
		t.Error("a session that owes a code is not marked")
	}
	if got := admin.Post(path.User(u.ID)+"/factor/reset", nil); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "how you know that it is them") {
		t.Errorf("without a reason: status %d", got.Status)
	}
	if got := admin.Post(path.User(u.ID)+"/factor/reset", url.Values{"reason": {"Met at her desk."}, "mark": {"stale"}}); got.Status != http.StatusConflict {
		t.Errorf("from a page of before: status %d", got.Status)
	}
	mark := regexp.MustCompile(`name="mark" value="([^"]+)"`).FindStringSubmatch(admin.Get(path.User(u.ID)).Body)
	if got := admin.Post(path.User(u.ID)+"/factor/reset", url.Values{"reason": {"Met at her desk."}, "mark": {mark[1]}}); got.Status != http.StatusSeeOther {
		t.Errorf("with a reason: status %d", got.Status)
	}
	if got := theirs.Get(path.Today); got.Status != http.StatusSeeOther {
		t.Errorf("their session lives on: status %d", got.Status)
	}
	if got := w.SignIn(u).Get(path.Today); got.Status != http.StatusOK {
		t.Errorf("their password alone: status %d", got.Status)
	}
	if got := admin.Post(path.SignInRules, url.Values{"roles": {"hr", "administrator"}}); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "Set one up on your account page first") {
		t.Errorf("a rule that its maker does not keep: status %d", got.Status)
	}
	if got := admin.Post(path.SignInRules, url.Values{"roles": {"hr"}}); got.Status != http.StatusSeeOther {
		t.Errorf("the rule: status %d", got.Status)
	}
	if page := admin.Get(path.SignInRules).Body; !strings.Contains(page, "1 person has none yet.") {
		t.Error("who has none is not counted")
	}
	if got := w.SignIn(u).Get(path.Today); got.Header.Get("Location") != path.Authenticator {
		t.Errorf("after the rule: to %q", got.Header.Get("Location"))
	}
}
