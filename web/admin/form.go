package admin

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/request"
	"gatehouse/web/ui"
)

// userForm is what somebody typed about a user. The password is never shown again.
type userForm struct {
	Email, Name, TimeZone string
	Roles                 []string
	Version               int
	Reason                string // why a second factor is reset
	password              string
}

func (f userForm) roles() []authz.Role {
	roles := make([]authz.Role, len(f.Roles))
	for i, r := range f.Roles {
		roles[i] = authz.Role(r)
	}
	return roles
}

func formOf(u account.User) userForm {
	f := userForm{Email: u.Email, Name: u.Name, TimeZone: u.TimeZone, Version: u.Version}
	for _, r := range u.Roles {
		f.Roles = append(f.Roles, string(r))
	}
	return f
}

func parseUser(w http.ResponseWriter, r *http.Request) (userForm, error) {
	if err := request.Form(w, r); err != nil {
		return userForm{}, err
	}
	version, _ := strconv.Atoi(r.FormValue("version")) // absent or odd: a version that fits no row
	return userForm{Email: request.Text(r, "email"), Name: request.Text(r, "name"), TimeZone: request.Text(r, "time_zone"),
		Roles: slices.Clone(r.PostForm["roles"]), Version: version, Reason: request.Text(r, "reason"),
		password: r.PostFormValue("password")}, nil
}

// tokenForm is what somebody typed about a token, and after creating it the secret.
type tokenForm struct {
	Name, Days, Secret string
}

// parseToken reads the form; days is how long the token lives, empty for ever.
func parseToken(w http.ResponseWriter, r *http.Request) (tokenForm, *time.Time, error) {
	if err := request.Form(w, r); err != nil {
		return tokenForm{}, nil, err
	}
	form := tokenForm{Name: request.Text(r, "name"), Days: request.Text(r, "days")}
	if form.Days == "" {
		return form, nil, nil
	}
	days, err := strconv.Atoi(form.Days)
	if err != nil || days < 1 || days > 3650 {
		return form, nil, apperr.Invalid("days", "Enter a number of days from 1 to 3650, or leave it empty for no end.")
	}
	at := time.Now().AddDate(0, 0, days)
	return form, &at, nil
}

// roleOptions explains each role where it is given.
func roleOptions() []ui.Option {
	help := map[authz.Role]string{
		authz.Administrator:   "Users, tokens, the installation. Sees no candidates.",
		authz.SecurityLead:    "Flags, signals, cases, overriding gates.",
		authz.SecurityAnalyst: "Flags, signals, cases.",
		authz.HR:              "Jobs, candidates, verification, hiring dashboards.",
		authz.HiringManager:   "Candidates of their own jobs.",
		authz.Interviewer:     "Their own interviews.",
		authz.Finance:         "Tasks in cases they are called into.",
		authz.Legal:           "Tasks in cases they are called into.",
		authz.Auditor:         "Reads everything but cases, changes nothing.",
	}
	options := make([]ui.Option, len(authz.Roles))
	for i, r := range authz.Roles {
		options[i] = ui.Option{Value: string(r), Label: r.Title(), Help: help[r]}
	}
	return options
}

func roleNames(roles []authz.Role) []string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return names
}

// ruleOptions are the roles with how many of their holders a rule would make set something up.
func ruleOptions(without map[authz.Role]int) []ui.Option {
	options := make([]ui.Option, len(authz.Roles))
	for i, r := range authz.Roles {
		help := "Nobody is without one."
		if n := without[r]; n > 0 {
			help = ui.Plural(n, "person has", "people have") + " none yet."
		}
		options[i] = ui.Option{Value: string(r), Label: r.Title(), Help: help}
	}
	return options
}

// problemsOf lists field messages in the order of the form.
func problemsOf(problems map[string]string, order ...string) []ui.FieldError {
	var list []ui.FieldError
	for _, name := range order {
		if message := problems[name]; message != "" {
			list = append(list, ui.FieldError{Field: name, Message: message})
		}
	}
	return list
}
