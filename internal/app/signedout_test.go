package app_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
)

// TestWhatIsSentAfterTheSessionIsGivenBack: somebody whose session ended while they typed gets it back to send again.
func TestWhatIsSentAfterTheSessionIsGivenBack(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	u := w.User("Hanna Reyes", authz.HR)
	hr := w.SignIn(u)
	if err := w.Features.Signin.EndAll(t.Context(), u.Actor(), u.ID); err != nil {
		t.Fatal(err)
	}
	p := hr.Post(path.Jobs, url.Values{"title": {`Engineer "A" <b>`}, "team": {"line one\nline two"}})
	if p.Status != http.StatusUnauthorized {
		t.Fatalf("status %d", p.Status)
	}
	for _, want := range []string{"You were signed out", `action="/jobs"`, `name="title" value="Engineer &#34;A&#34; &lt;b&gt;"`, "line one\nline two", "Send it again"} {
		if !strings.Contains(p.Body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if p := w.Visitor().Post(path.Jobs, url.Values{"title": {"x"}}); p.Status != http.StatusSeeOther {
		t.Errorf("a visitor who never signed in: status %d", p.Status)
	}
}

// TestBytesThatAreNoTextBreakNoPage: addresses and forms with bytes that no database stores are read without them.
func TestBytesThatAreNoTextBreakNoPage(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	hr := w.SignIn(w.User("Hanna Reyes", authz.HR))
	for _, address := range []string{"/jobs?level=%00", "/candidates?stage=%00", "/candidates?channel=a%00b", "/candidates?stage=%ff", "/people?level=%00&kind=%00"} {
		if p := hr.Get(address); p.Status != http.StatusOK {
			t.Errorf("%s: status %d", address, p.Status)
		}
	}
	if p := hr.Post(path.Jobs, url.Values{"title": {"a\x00b"}, "level": {"\x00"}, "manager": {"\xff"}}); p.Status != http.StatusUnprocessableEntity {
		t.Errorf("a form: status %d", p.Status)
	}
}
