package admin

import (
	"strings"

	"gatehouse/internal/account"
	"gatehouse/internal/factor"
	"gatehouse/internal/signin"
	"gatehouse/web/ui"
)

// accountView is one's own account with the sessions that are live, one of which is this.
type accountView struct {
	User     account.User
	Sessions []signin.Live
	Here     signin.SessionID
	Factor   factor.State
	Passkeys []factor.Passkey
	// Provider names the sign-in provider, empty where there is none; Linked that they have an account there.
	Provider string
	Linked   bool
	// Came says that the provider let this session in: a password is nothing to change in it.
	Came bool
	// Named says that the address is one that passkeys can be bound to.
	Named bool
}

// fewCodes is how many recovery codes are so few that it is time for new ones.
const fewCodes = factor.RecoveryCodes / 3

// userView is a user as an administrator sees them.
type userView struct {
	User     account.User
	Form     userForm
	Problems map[string]string
	Factor   factor.State
	Sessions []signin.Live
	// Provider names the sign-in provider, empty where there is none; Linked is their account there, if Has says so.
	Provider string
	Linked   signin.Linked
	Has      bool
	// Link is the address just made by which they choose a password, shown once.
	Link string
	// Here is the session of the administrator who looks.
	Here signin.SessionID
	// Self says that the administrator looks at their own.
	Self bool
}

// Marks of browsers and systems in the text that a browser sends of itself, the telling ones first: nearly all call
// themselves Mozilla, most Chrome or Safari too, and Android is a Linux.
var (
	browsers = [][2]string{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}}
	systems  = [][2]string{{"Windows", "Windows"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"CrOS", "ChromeOS"},
		{"Mac OS X", "macOS"}, {"Linux", "Linux"}}
)

// deviceName says in words what a session was begun with, for its owner to recognise. It is what the browser claims.
func deviceName(userAgent string) string {
	browser, system := marked(browsers, userAgent), marked(systems, userAgent)
	switch {
	case browser != "" && system != "":
		return browser + " on " + system
	case browser+system != "":
		return browser + system
	case userAgent == "":
		return "Unknown device"
	}
	name, _, _ := strings.Cut(userAgent, "/")
	return "Another program: " + name
}

func marked(marks [][2]string, in string) string {
	for _, m := range marks {
		if strings.Contains(in, m[0]) {
			return m[1]
		}
	}
	return ""
}

// factorWords says what somebody proves themselves with.
func factorWords(f factor.State) string {
	var has []string
	if f.Authenticator != nil {
		has = append(has, "an authenticator")
	}
	if f.Passkeys > 0 {
		has = append(has, ui.Plural(f.Passkeys, "passkey", "passkeys"))
	}
	return strings.Join(has, " and ") + "; " + ui.Plural(f.RecoveryLeft, "recovery code", "recovery codes") + " left"
}

func orUnknown(address string) string {
	if address == "" {
		return "an unknown address"
	}
	return address
}
