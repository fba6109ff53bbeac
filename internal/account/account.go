// Package account owns the people who use Gatehouse and the tokens of machines: the tables users and api_tokens.
// Passwords are checked here; sessions are internal/signin's.
package account

import (
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
)

// ID identifies a user.
type ID string

// TokenID identifies an API token.
type TokenID string

// User is somebody who may sign in.
type User struct {
	ID         ID
	Email      string
	Name       string
	Roles      []authz.Role
	TimeZone   string
	PersonID   *string
	CreatedAt  time.Time
	DisabledAt *time.Time
	Version    int
}

// Actor is the user as the doer of something.
func (u User) Actor() authz.Actor {
	a := authz.Actor{Kind: authz.KindUser, ID: string(u.ID), Roles: u.Roles}
	if u.PersonID != nil {
		a.PersonID = *u.PersonID
	}
	return a
}

// RoleTitles names the user's roles for people, separated by commas.
func (u User) RoleTitles() string {
	titles := make([]string, len(u.Roles))
	for i, r := range u.Roles {
		titles[i] = r.Title()
	}
	return strings.Join(titles, ", ")
}

// Token is a machine's credential. The secret itself is shown once and never kept.
type Token struct {
	ID         TokenID
	Name       string
	Scopes     []authz.Permission
	CreatedAt  time.Time
	ExpiresAt  *time.Time
	LastUsedAt *time.Time
	RevokedAt  *time.Time
}

// Actor is the token as the doer of something.
func (t Token) Actor() authz.Actor {
	return authz.Actor{Kind: authz.KindToken, ID: string(t.ID), Label: "token:" + t.Name, Scopes: t.Scopes}
}

// TokenScopes lists the scopes a token may be given.
var TokenScopes = []authz.Permission{authz.SignalIngest}

// New describes a user to be added. Without a password they choose one by a link (NewLink).
type New struct {
	Email, Name, Password, TimeZone string
	Roles                           []authz.Role
}

// MinPassword is the shortest password accepted, in characters: length protects better than rules about symbols
// (NIST SP 800-63B, 5.1.1.2).
const MinPassword = 12

func (n *New) tidy() error {
	n.Email, n.Name = strings.TrimSpace(n.Email), strings.TrimSpace(n.Name)
	if n.TimeZone == "" {
		n.TimeZone = "UTC"
	}
	var p apperr.Problems
	addr, err := mail.ParseAddress(n.Email)
	p.Check(err == nil && addr.Address == n.Email, "email", "Enter an e-mail address such as name@example.com.")
	p.Check(len(n.Email) <= 254, "email", "Use at most 254 characters.") // RFC 5321, 4.5.3.1.3
	p.Check(n.Name != "", "name", "Enter a name.")
	p.Check(len(n.Name) <= 200, "name", "Use at most 200 characters.")
	p.Check(utf8.ValidString(n.Name) && !strings.ContainsFunc(n.Name, unicode.IsControl), "name", "Remove the characters that cannot be shown.")
	if n.Password != "" {
		checkPassword(&p, n.Password, n.Name, n.Email)
	}
	checkRoles(&p, n.Roles)
	_, err = time.LoadLocation(n.TimeZone)
	p.Check(err == nil, "time_zone", "Choose a time zone such as Europe/Lisbon.")
	return p.Err()
}

// FitsPassword is InvalidInput at "password" for one that the user may not have: too short, too long, or what is tried first.
func (u User) FitsPassword(password string) error {
	var p apperr.Problems
	checkPassword(&p, password, u.Name, u.Email)
	return p.Err()
}

// maxChecked is how much of a password is compared with what is common, in bytes: longer ones are made of nothing common only
// on purpose.
const maxChecked = 100

func checkPassword(p *apperr.Problems, password string, about ...string) {
	p.Check(len([]rune(password)) >= MinPassword, "password", "Use at least %d characters.", MinPassword)
	p.Check(len([]rune(password)) <= 1000, "password", "Use at most 1,000 characters.")
	if len([]rune(password)) >= MinPassword && len(password) <= maxChecked {
		p.Check(!tooCommon(password, about...), "password", "That is made of what others would try first. Use several words that do not belong together.")
	}
}

func checkRoles(p *apperr.Problems, roles []authz.Role) {
	p.Check(len(roles) > 0, "roles", "Choose at least one role.")
	for _, r := range roles {
		p.Check(slices.Contains(authz.Roles, r), "roles", "There is no role %q.", r)
	}
}

// hashing is argon2id with 19 MiB, two passes, one lane: OWASP's minimum that keeps a sign-in below 50 ms here.
var hashing = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// prepared is a password as it is hashed: one form for what keyboards write in several (NIST SP 800-63B-4, 3.1.1.2), without the
// zero bytes that no form keeps.
func prepared(password string) string {
	return norm.NFKC.String(strings.ReplaceAll(password, "\x00", ""))
}

// absent is compared against when no such user exists, so that the answer takes as long as for a wrong password.
var absent, _ = argon2id.CreateHash("nobody has this password", hashing)
