package journeys

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/browsertest"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
)

// codeOf is what an authenticator with that key shows, so many steps from now.
func codeOf(t *testing.T, key string, steps int) string {
	t.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(key, " ", ""), time.Now().Add(time.Duration(steps)*30*time.Second))
	must(t, err)
	return code
}

// password fills in the form for signing in, and sends it: whatever comes after that.
func (d *desk) password() {
	d.w.t.Helper()
	d.write("E-mail address", d.user.Email)
	d.write("Password", apptest.Password)
	d.follow("Sign in")
}

// TestASecondFactorFromSetUpToReset: somebody sets an authenticator up, signs in with it elsewhere, with a recovery code when
// it is not at hand, shows again that it is them before a file leaves, ends a session that is not theirs, and has it reset.
func TestASecondFactorFromSetUpToReset(t *testing.T) {
	w := newWorld(t)
	hr := w.arrive("Hanna Cole", authz.HR)
	hr.open(path.Account)
	hr.sees("Authenticator app", "Not set up")
	hr.picture("trust-1-account")
	hr.follow("Set up")
	hr.follow("Set up an authenticator")
	hr.sees("Scan this code")
	hr.picture("trust-2-scan")
	key := browsertest.Eval[string](hr.Page, `document.querySelector("code").innerText`)
	hr.write("The code it shows now", "123")
	hr.refused("Turn on", "That is not the code the authenticator shows now")
	hr.write("The code it shows now", codeOf(t, key, -1))
	hr.follow("Turn on")
	hr.sees("Your recovery codes", "They are not shown again")
	hr.MustBeAccessible()
	hr.picture("trust-3-codes")
	recovery := browsertest.Eval[[]string](hr.Page, `[...document.querySelectorAll(".codes li")].map((c) => c.innerText)`)
	hr.follow("I have kept them")

	elsewhere := &desk{Page: w.browser.Page(), w: w, user: hr.user}
	elsewhere.open(path.SignInThen(path.Candidates))
	elsewhere.password()
	elsewhere.sees("Enter your code")
	elsewhere.MustBeAccessible()
	elsewhere.picture("trust-4-code")
	elsewhere.write("Code", "000000")
	elsewhere.refused("Confirm", "That is not a code that counts now")
	elsewhere.write("Code", codeOf(t, key, 0))
	elsewhere.follow("Confirm")
	elsewhere.at(path.Candidates)

	// The session elsewhere turns out not to be hers.
	hr.open(path.Account)
	hr.confirm("End")
	hr.sees("That session has ended")
	elsewhere.open(path.Candidates)
	elsewhere.at(path.SignIn)
	elsewhere.password()
	elsewhere.write("Code", strings.ToLower(recovery[2]))
	elsewhere.follow("Confirm")
	elsewhere.open(path.Account)
	elsewhere.sees("9 recovery codes left")

	// A quarter of an hour later a file asks who is there.
	_, err := w.DB.Pool().Exec(t.Context(), `UPDATE sessions SET proved_at = proved_at - interval '16 minutes'`)
	must(t, err)
	w.Features.Signin.Forget()
	elsewhere.open(path.InsightsHiring)
	elsewhere.follow("CSV")
	elsewhere.sees("Confirm that it is you")
	elsewhere.write("Code", recovery[5])
	elsewhere.follow("Confirm")
	elsewhere.sees("Your file is ready", "Download")

	admin := w.arrive("Ada Admin", authz.Administrator)
	admin.open(path.User(hr.user.ID))
	admin.sees("They have an authenticator; 8 recovery codes left")
	admin.within("Why it is reset")
	admin.write("Why it is reset", "Called back on the number on file; her manager stood beside her.")
	admin.confirm("Reset second factor")
	admin.sees("Second factor reset")
	admin.within("")
	admin.open(path.SignInRules)
	admin.tick("HR")
	admin.follow("Save")
	admin.sees("Saved.")
	admin.picture("trust-5-rules")
	hr.open(path.Today)
	hr.at(path.SignIn)
	hr.password()
	hr.sees("Your role needs one")
	hr.open(path.Candidates)
	hr.at(path.Authenticator)
}

// TestAPasskeyOpensTheDoor: a device makes a passkey, and signs its owner in with it.
func TestAPasskeyOpensTheDoor(t *testing.T) {
	w := newWorld(t)
	lead := &desk{Page: w.browser.Page(), w: w, user: w.User("Lena Lead", authz.SecurityLead)}
	at, err := url.Parse(w.URL)
	must(t, err)
	w.World.URL = "http://localhost:" + at.Port() // passkeys are bound to a name
	lead.GiveAuthenticator()
	lead.signIn(apptest.Password)
	lead.open(path.Account)
	lead.write("Name of the passkey", "Work laptop")
	lead.picture("trust-6-passkey")
	lead.follow("Add passkey")
	lead.sees("Your recovery codes")
	lead.follow("I have kept them")
	lead.open(path.Account)
	lead.sees("Work laptop", "Passkey, since", "10 recovery codes left")
	lead.MustBeAccessible()
	lead.picture("trust-7-passkeys")
	lead.write("Name of the passkey", "Work laptop again")
	lead.press("Add passkey")
	lead.sees("This device is set up already")

	lead.press("LL") // the initials of Lena Lead
	lead.follow("Sign out")
	lead.open(path.SignIn)
	lead.password()
	lead.sees("Use your passkey", "Recovery code")
	lead.MustBeAccessible()
	lead.picture("trust-8-use")
	lead.follow("Use a passkey")
	lead.at(path.Today)
	lead.open(path.Account)
	lead.sees("last used")
	lead.confirm("Remove")
	lead.sees("That passkey opens nothing any more", "Your password alone lets you in")
}
