package admin

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"gatehouse/internal/account"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/signin"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
	"gatehouse/web/ui"
)

// rulesView is the page of who has to show what to sign in.
type rulesView struct {
	// Required are the roles that need a second factor; Missing counts, by role, who has none.
	Required []string
	Missing  map[authz.Role]int
	// Provider names the sign-in provider, empty where there is none.
	Provider string
	SSO      ssoForm
	// Glass are the accounts that could be the break-glass account.
	Glass    []account.User
	Problems map[string]string
}

// ssoForm is what somebody typed about signing in by the provider.
type ssoForm struct {
	Groups, Default, Factor, ACR, BreakGlass string
	Creates, Links, Closed                   bool
	Version                                  int
}

func ssoFormOf(r signin.Rules) ssoForm {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(r.Groups)) {
		lines = append(lines, name+" = "+strings.Join(roleNames(r.Groups[name]), ", "))
	}
	return ssoForm{Groups: strings.Join(lines, "\n"), Default: string(r.Default), Factor: string(r.Factor), ACR: r.ACR,
		BreakGlass: string(r.BreakGlass), Creates: r.Creates, Links: r.Links, Closed: !r.Passwords, Version: r.Version}
}

func parseSSO(r *http.Request) ssoForm {
	return ssoForm{Groups: request.Text(r, "groups"), Default: request.Text(r, "default"), Factor: request.Text(r, "factor"),
		ACR: request.Text(r, "acr"), BreakGlass: request.Text(r, "break_glass"), Creates: r.PostForm.Has("creates"),
		Links: r.PostForm.Has("links"), Closed: r.PostForm.Has("passwords"), Version: request.Version(r)}
}

// rules gives the form its types. A line of groups is a name, an equals sign and roles; the name may hold an equals sign itself.
func (f ssoForm) rules() (signin.Rules, error) {
	r := signin.Rules{Groups: map[string][]authz.Role{}, Default: authz.Role(f.Default), Creates: f.Creates, Links: f.Links,
		Factor: signin.FactorBy(f.Factor), ACR: f.ACR, Passwords: !f.Closed, BreakGlass: account.ID(f.BreakGlass), Version: f.Version}
	for line := range strings.Lines(f.Groups) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		at := strings.LastIndex(line, "=")
		if at < 0 {
			return r, apperr.Invalid("groups", "%q is no line such as “Security = security_lead”.", line)
		}
		name := strings.TrimSpace(line[:at])
		for role := range strings.SplitSeq(line[at+1:], ",") {
			r.Groups[name] = append(r.Groups[name], authz.Role(strings.TrimSpace(role)))
		}
	}
	return r, nil
}

// Rules shows which roles need a second factor, how many of their holders have one, and how people sign in by the provider.
func (h *Handlers) Rules(w http.ResponseWriter, r *http.Request) error {
	return h.showRules(w, r, http.StatusOK, nil, nil, nil)
}

// showRules shows the rules as they are, but for what was just typed.
func (h *Handlers) showRules(w http.ResponseWriter, r *http.Request, status int, chosen []string, typed *ssoForm, problems map[string]string) error {
	v := rulesView{Required: chosen, Provider: h.provider, Problems: problems}
	var err error
	if v.Missing, err = h.factors.Without(r.Context()); err != nil {
		return err
	}
	if chosen == nil {
		required, err := h.factors.Required(r.Context())
		if err != nil {
			return err
		}
		v.Required = roleNames(required)
	}
	rules, err := h.signin.Rules(r.Context())
	if err != nil {
		return err
	}
	if v.SSO = ssoFormOf(rules); typed != nil {
		v.SSO = *typed
	}
	if v.Glass, err = h.signin.BreakGlassCandidates(r.Context()); err != nil {
		return err
	}
	return response.Page(w, r, status, rulesPage(v))
}

// SetRules replaces the roles that need a second factor.
func (h *Handlers) SetRules(w http.ResponseWriter, r *http.Request) error {
	if err := request.Form(w, r); err != nil {
		return err
	}
	roles := make([]authz.Role, len(r.PostForm["roles"]))
	for i, name := range r.PostForm["roles"] {
		roles[i] = authz.Role(name)
	}
	err := h.factors.Require(r.Context(), request.Actor(r), roles)
	if invalid, ok := apperr.AsInvalid(err); ok {
		return h.showRules(w, r, http.StatusUnprocessableEntity, roleNames(roles), nil, invalid.Fields)
	}
	if err != nil {
		return err
	}
	h.signin.Forget()
	return response.See(w, r, path.SignInRules, "Saved. Whoever lacks a second factor sets one up before their next page.")
}

// SetSSORules replaces how people sign in by the provider.
func (h *Handlers) SetSSORules(w http.ResponseWriter, r *http.Request) error {
	if err := request.Form(w, r); err != nil {
		return err
	}
	found, _, err := h.sessions.Found(r)
	if err != nil {
		return err
	}
	form := parseSSO(r)
	rules, err := form.rules()
	if err == nil {
		err = h.signin.SetRules(r.Context(), found, rules)
	}
	if invalid, ok := apperr.AsInvalid(err); ok {
		return h.showRules(w, r, http.StatusUnprocessableEntity, nil, &form, invalid.Fields)
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.SignInRules, "Saved. It holds from the next sign-in on.")
}

// ChangeIdentity unlinks a user from the provider, or lets their roles follow their groups or not.
func (h *Handlers) ChangeIdentity(w http.ResponseWriter, r *http.Request) error {
	u, err := h.user(r)
	if err != nil {
		return err
	}
	var done string
	switch request.Param(r, "act") {
	case "unlink":
		done, err = "Unlinked. The sessions that "+h.provider+" began have ended.", h.signin.Unlink(r.Context(), request.Actor(r), u.ID)
	case "follow":
		done, err = "Their roles follow their groups from the next sign-in on.", h.signin.FollowGroups(r.Context(), request.Actor(r), u.ID)
	case "keep":
		done, err = "Their roles stay as they are set here.", h.signin.KeepRoles(r.Context(), request.Actor(r), u.ID)
	default:
		err = apperr.Missing("page")
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.User(u.ID), done)
}

// defaultOptions are the roles that somebody may have without a group.
func defaultOptions() []ui.Option {
	options := []ui.Option{{Value: "", Label: "None: they are not let in"}}
	for _, r := range authz.Roles {
		if r != authz.Administrator {
			options = append(options, ui.Option{Value: string(r), Label: r.Title()})
		}
	}
	return options
}

func factorOptions(provider string) []ui.Option {
	return []ui.Option{
		{Value: string(signin.FactorOurs), Label: "Gatehouse asks for its own", Help: "Whoever has one here, or needs one by role, gives it after " + provider + "."},
		{Value: string(signin.FactorShown), Label: "The provider's, where it says that it asked for one", Help: "By the method “mfa” (amr), or the value below (acr)."},
		{Value: string(signin.FactorTheirs), Label: "The provider's, always", Help: "Asking for a second factor is its job. Make sure that it does."},
	}
}

func glassOptions(fitting []account.User) []ui.Option {
	options := []ui.Option{{Value: "", Label: "None"}}
	for _, u := range fitting {
		options = append(options, ui.Option{Value: string(u.ID), Label: fmt.Sprintf("%s, %s", u.Name, u.Email)})
	}
	return options
}

// ticked is the value of a checkbox.
func ticked(yes bool) []string {
	if yes {
		return []string{"on"}
	}
	return nil
}
