package journeys

import (
	"testing"

	"gatehouse/internal/account"
	"gatehouse/internal/browsertest"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/openid/openidtest"
	"gatehouse/internal/signin"
	"gatehouse/web/path"
)

// TestSingleSignOn: somebody comes by the company's provider, which is another site, is given an account, shows there once more
// who they are before they add a user, and signs out of both.
func TestSingleSignOn(t *testing.T) {
	provider := openidtest.Real(t)
	w := worldWith(t, func(url string, cfg *config.Config) {
		id, secret := provider.Register(url)
		cfg.BaseURL = url
		cfg.SSO = config.SSO{Issuer: provider.Issuer, ClientID: id, ClientSecret: secret, Scopes: "email profile groups", GroupsClaim: "groups", Name: "Okta"}
	})
	provider.Know("noor", openidtest.Account{Claims: map[string]any{"email": "noor@example.com", "email_verified": true, "name": "Noor Admin", "groups": []string{"Keys"}}})
	admin := w.arrive("Ada Admin", authz.Administrator)
	admin.open(path.SignInRules)
	admin.write("Roles by group", "Keys = administrator\nHiring Team = hr, interviewer")
	admin.tick("Make an account")
	admin.follow("Save single sign-on")
	admin.sees("Saved.", "Roles by group")
	admin.MustBeAccessible()
	admin.picture("sso-1-rules")

	noor := &desk{Page: w.browser.Page(), w: w, user: account.User{Name: "Noor Admin"}}
	noor.open(path.SignInThen(path.Users))
	noor.sees("Continue with Okta", "Or with your password")
	for _, theme := range []string{"light", "dark"} {
		noor.SetTheme(theme)
		noor.MustBeAccessible()
		noor.picture("sso-2-entrance-" + theme)
	}
	noor.SetViewport(390, 844)
	noor.picture("sso-3-entrance-phone")
	noor.follow("Continue with Okta")
	noor.identify()
	noor.at(path.Users)
	noor.sees("Ada Admin")
	noor.MustBeAccessible()

	_, err := w.DB.Pool().Exec(t.Context(), `UPDATE sessions SET proved_at = proved_at - interval '16 minutes'`)
	must(t, err)
	noor.open(path.Account)
	w.Features.Signin.Forget()
	noor.open(path.NewUser)
	noor.sees("Confirm that it is you")
	noor.picture("sso-4-confirm")
	noor.press("Confirm with Okta")
	noor.identify()
	noor.at(path.NewUser)
	noor.write("Name", "Wanda Writes")
	noor.write("E-mail", "wanda@example.com")
	noor.tick("HR")
	_, err = w.DB.Pool().Exec(t.Context(), `UPDATE sessions SET proved_at = proved_at - interval '16 minutes'`)
	must(t, err)
	w.Features.Signin.Forget()
	noor.refused("Add user", "Nothing is saved yet")
	noor.press("Confirm with Okta")
	noor.identify()
	noor.sees("What you typed before is kept")
	noor.MustBeAccessible()
	noor.picture("sso-5-resume")
	noor.follow("Send it now")
	noor.sees("Wanda Writes", "A link to choose a password")

	rules, err := w.Features.Signin.Rules(t.Context())
	must(t, err)
	if rules.Factor != signin.FactorOurs || !rules.Passwords {
		t.Errorf("the rules are %+v", rules)
	}
	noor.open(path.Account)
	browsertest.Eval[bool](noor.Page, `document.querySelector('form[action="`+path.SignOut+`"]').submit(), true`)
	noor.sees("Sign out?")
	noor.press("Yes, sign me out")
	noor.sees("Continue with Okta")
	noor.at(path.SignIn)
	noor.follow("Continue with Okta")
	noor.sees("Who are you?")
}

// identify says to the provider who it is, and waits until it has led back.
func (d *desk) identify() {
	d.w.t.Helper()
	d.sees("Who are you?")
	d.write("Who are you?", "noor")
	d.press("Go on")
	d.WaitUntil(`document.readyState === "complete" && location.origin === "` + d.w.URL + `"`)
}
