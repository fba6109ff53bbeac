package signin

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/account"
	"gatehouse/internal/factor"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// FactorBy says whose second factor counts in a session that the provider began.
type FactorBy string

// Whose second factor counts: ours alone; the provider's where it says that it asked for one; the provider's whatever it says,
// since asking is its job.
const (
	FactorOurs   FactorBy = "ours"
	FactorShown  FactorBy = "shown"
	FactorTheirs FactorBy = "theirs"
)

// Rules are what administrators set about signing in by the provider.
type Rules struct {
	// Groups are the roles that a group of the provider stands for.
	Groups map[string][]authz.Role `json:"groups"`
	// Default is the role of those who are in none of the groups; empty for none.
	Default authz.Role `json:"default"`
	// Creates makes an account for whoever comes with a role; Links gives them the account with the same address, where the
	// provider has verified it.
	Creates bool `json:"creates"`
	Links   bool `json:"links"`
	// Factor says whose second factor counts; ACR is the way of signing in that stands for one, beside the method "mfa".
	Factor FactorBy `json:"factor"`
	ACR    string   `json:"acr"`
	// Passwords says that people may sign in by password; otherwise only BreakGlass does.
	Passwords  bool       `json:"passwords"`
	BreakGlass account.ID `json:"break_glass"`
	Version    int        `json:"-"`
}

// RolesOf are the roles of somebody in these groups; none where they have no role here.
func (r Rules) RolesOf(groups []string) []authz.Role {
	var roles []authz.Role
	for _, role := range authz.Roles {
		if slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(r.Groups[g], role) }) {
			roles = append(roles, role)
		}
	}
	if len(roles) == 0 && r.Default != "" {
		roles = []authz.Role{r.Default}
	}
	return roles
}

const (
	mostGroups = 500
	maxName    = 200
)

func (r Rules) check() error {
	var p apperr.Problems
	p.Check(len(r.Groups) <= mostGroups, "groups", "Use at most %d groups.", mostGroups)
	for _, name := range slices.Sorted(maps.Keys(r.Groups)) {
		p.Check(name != "" && len(name) <= maxName, "groups", "Name each group, in at most %d characters.", maxName)
		for _, role := range r.Groups[name] {
			p.Check(slices.Contains(authz.Roles, role), "groups", "There is no role %q. The roles are: %s.", role, roleNames())
		}
	}
	p.Check(r.Default == "" || slices.Contains(authz.Roles, r.Default), "default", "There is no role %q.", r.Default)
	p.Check(r.Default != authz.Administrator, "default", "Nobody is an administrator by default. Give that role to a group.")
	p.Check(slices.Contains([]FactorBy{FactorOurs, FactorShown, FactorTheirs}, r.Factor), "factor", "Choose whose second factor counts.")
	p.Check(len(r.ACR) <= maxName && !strings.ContainsAny(r.ACR, " \t\r\n"), "acr", "Use one value without spaces, of at most %d characters.", maxName)
	return p.Err()
}

func roleNames() string {
	names := make([]string, len(authz.Roles))
	for i, r := range authz.Roles {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}

// Rules returns what is set about signing in by the provider.
func (s *Service) Rules(ctx context.Context) (Rules, error) { return rules(ctx, s.db.Pool(), "") }

// HasProvider reports whether people can sign in by a provider.
func (s *Service) HasProvider() bool { return s.provider != nil }

// TakesPasswords reports whether people may sign in by password. Where no provider is set up they do whatever the rules say: the
// machine's administrator took it away, and nobody else could get in.
func (s *Service) TakesPasswords(ctx context.Context) (bool, error) {
	if s.provider == nil {
		return true, nil
	}
	r, err := s.Rules(ctx)
	return r.Passwords, err
}

// SetRules replaces the rules. Whoever switches passwords off has come by the provider themselves, which shows that it works; all
// sessions that a password began end with it, but those of the break-glass account. A stale version is a Conflict.
func (s *Service) SetRules(ctx context.Context, found Session, r Rules) error {
	if err := r.check(); err != nil {
		return err
	}
	defer s.Forget()
	return s.db.Write(ctx, found.User.Actor(), func(tx *db.Tx) error {
		before, err := rules(ctx, tx, "FOR UPDATE")
		if err != nil {
			return err
		}
		if before.Version != r.Version {
			return apperr.Conflict("The rules were changed meanwhile. Look at the current ones and try again.")
		}
		if err := s.maySwitchOff(ctx, tx, found, before, r); err != nil {
			return err
		}
		if err := saveRules(ctx, tx, r); err != nil {
			return err
		}
		detail := map[string]any{"from": before, "to": r}
		if before.Passwords && !r.Passwords {
			if detail["sessions_ended"], err = endPasswordSessions(ctx, tx, r.BreakGlass); err != nil {
				return err
			}
		}
		if before.Factor != r.Factor || before.ACR != r.ACR {
			if _, err := tx.Exec(ctx, `UPDATE sessions SET provider_factor = false WHERE provider_factor`); err != nil {
				return err
			}
		}
		tx.Record(db.Entry{Action: "sso_rules.set", SubjectKind: "installation", SubjectID: "sso_rules", Detail: detail})
		return nil
	})
}

// maySwitchOff checks what has to hold while passwords open nothing but the break-glass account.
func (s *Service) maySwitchOff(ctx context.Context, tx *db.Tx, found Session, before, r Rules) error {
	switch {
	case r.Passwords:
		return nil
	case r.BreakGlass == "":
		return apperr.Invalid("break_glass", "Choose the account that opens Gatehouse when the provider does not answer.")
	case before.Passwords && (s.provider == nil || !found.Provider):
		return apperr.Invalid("passwords", "Sign in by the provider yourself first: that shows that it works.")
	}
	fits, err := fitsBreakGlass(ctx, tx, r.BreakGlass)
	if err == nil && !fits {
		err = apperr.Invalid("break_glass", "This has to be an enabled administrator with a password and a second factor.")
	}
	return err
}

// AllowPasswords lets people sign in by password again, from the machine itself, with the reason. Conflict when they may.
func (s *Service) AllowPasswords(ctx context.Context, actor authz.Actor, reason string) error {
	if reason == "" {
		return apperr.Invalid("reason", "Say why: it stays in the audit log.")
	}
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE sso_rules SET passwords = true, version = version + 1 WHERE NOT passwords`)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return apperr.Conflict("People may sign in by password already.")
		}
		tx.Record(db.Entry{Action: "sso_rules.passwords_allowed", SubjectKind: "installation", SubjectID: "sso_rules", Reason: reason})
		return nil
	})
}

// BreakGlassCandidates lists the accounts that could be the break-glass account, by name.
func (s *Service) BreakGlassCandidates(ctx context.Context) ([]account.User, error) {
	all, err := s.accounts.Enabled(ctx)
	if err != nil {
		return nil, err
	}
	fitting, err := breakGlassCandidates(ctx, s.db.Pool())
	return slices.DeleteFunc(all, func(u account.User) bool { return !slices.Contains(fitting, u.ID) }), err
}

// fit is the SQL condition that a user can be the break-glass account.
var fit = `disabled_at IS NULL AND 'administrator' = ANY (roles) AND coalesce(password_hash, '') <> '' AND ` + factor.HasOne("users.id")

func breakGlassCandidates(ctx context.Context, q db.Querier) ([]account.ID, error) {
	rows, _ := q.Query(ctx, `SELECT id FROM users WHERE `+fit)
	return pgx.CollectRows(rows, pgx.RowTo[account.ID])
}

// fitsBreakGlass makes whoever takes something away from the user at the same moment wait.
func fitsBreakGlass(ctx context.Context, tx *db.Tx, userID account.ID) (fits bool, err error) {
	if _, err := tx.Exec(ctx, `SELECT FROM users WHERE id = $1 FOR UPDATE`, userID); err != nil {
		return false, err
	}
	err = tx.QueryRow(ctx, `SELECT `+fit+` FROM users WHERE id = $1`, userID).Scan(&fits)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return fits, err
}

func rules(ctx context.Context, q db.Querier, lock string) (Rules, error) {
	r := Rules{Groups: map[string][]authz.Role{}}
	err := q.QueryRow(ctx, `
		SELECT coalesce(default_role, ''), creates, links, factor, acr, passwords, coalesce(break_glass::text, ''), version
		FROM   sso_rules `+lock).Scan(&r.Default, &r.Creates, &r.Links, &r.Factor, &r.ACR, &r.Passwords, &r.BreakGlass, &r.Version)
	if err != nil {
		return r, err
	}
	rows, _ := q.Query(ctx, `SELECT name, role FROM sso_groups ORDER BY name, role`)
	var name string
	var role authz.Role
	_, err = pgx.ForEachRow(rows, []any{&name, &role}, func() error {
		r.Groups[name] = append(r.Groups[name], role)
		return nil
	})
	return r, err
}

func saveRules(ctx context.Context, tx *db.Tx, r Rules) error {
	if _, err := tx.Exec(ctx, `
		UPDATE sso_rules
		SET    default_role = nullif($1, ''), creates = $2, links = $3, factor = $4, acr = $5, passwords = $6,
		       break_glass = nullif($7, '')::uuid, version = version + 1`,
		string(r.Default), r.Creates, r.Links, r.Factor, r.ACR, r.Passwords, string(r.BreakGlass)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM sso_groups`); err != nil {
		return err
	}
	var names, roles []string
	for _, name := range slices.Sorted(maps.Keys(r.Groups)) {
		for _, role := range r.Groups[name] {
			names, roles = append(names, name), append(roles, string(role))
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO sso_groups (name, role) SELECT DISTINCT * FROM unnest($1::text[], $2::text[])`, names, roles)
	return err
}

func endPasswordSessions(ctx context.Context, tx *db.Tx, but account.ID) (int64, error) {
	tag, err := tx.Exec(ctx, `DELETE FROM sessions WHERE issuer IS NULL AND user_id <> $1`, but)
	return tag.RowsAffected(), err
}
