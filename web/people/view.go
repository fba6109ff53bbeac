package people

import (
	"strings"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/claim"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/web/path"
	"gatehouse/web/ui"
)

// view is the form's page.
type view struct {
	Form     form
	Jobs     []hiring.Job
	Problems map[string]string
	Conflict string
	ed       *catalogue.Edition
}

func (v view) fresh() bool { return v.Form.ID == "" }

func (v view) title() string {
	if v.fresh() {
		return "Add candidate"
	}
	return "Edit " + v.Form.Person.Name
}

func (v view) action() string {
	if v.fresh() {
		return path.Candidates
	}
	return path.EditCandidate(v.Form.ID)
}

func (v view) back() string {
	if v.fresh() {
		return path.Candidates
	}
	return path.Candidate(v.Form.ID)
}

func (v view) submit() string {
	if v.fresh() {
		return "Add candidate"
	}
	return "Save"
}

// onConflict says what sending the form once more does.
func (v view) onConflict() string {
	if v.fresh() {
		return "What you typed is still here; sending it again adds one more person."
	}
	return "What you typed is still here; saving again replaces what is stored now."
}

// errors lists the messages in the order of the form.
func (v view) errors() []ui.FieldError {
	order := []string{"job", "name", "channel", "location", "time_zone", "referrer_name", "referrer", "source", "paste", "claims"}
	for _, kind := range sections {
		for _, r := range v.Form.of(kind) {
			for _, name := range []string{"value", "claim", "service", "fluency", "method", "role", "place", "from", "to", "note"} {
				order = append(order, claim.Field(r.Number, name))
			}
		}
	}
	return ui.FieldErrors(v.Problems, order...)
}

func (v view) channels() []ui.Option {
	options := []ui.Option{{Label: "Choose how they reached you"}}
	for _, c := range v.ed.Channels {
		options = append(options, ui.Option{Value: c.ID, Label: c.Title})
	}
	return options
}

func jobOptions(jobs []hiring.Job) []ui.Option {
	options := []ui.Option{{Label: "Choose a job"}}
	for _, j := range jobs {
		options = append(options, ui.Option{Value: string(j.ID), Label: j.Title + " (" + j.Number.String() + ")"})
	}
	return options
}

func choices(first string, words []string) []ui.Option {
	options := []ui.Option{{Label: first}}
	for _, word := range words {
		options = append(options, ui.Option{Value: word, Label: strings.ToUpper(word[:1]) + word[1:]})
	}
	return options
}

func (v view) claimOptions() []ui.Option {
	options := []ui.Option{{Label: "What it is about"}}
	for _, c := range v.ed.Claims {
		options = append(options, ui.Option{Value: c.ID, Label: c.Title})
	}
	return options
}

// cell is one input of a row: shorter than a field of the form, since a row has several and may stay empty.
type cell struct {
	Row     row
	Name    string // "value", "role", …
	Label   string
	Type    ui.FieldType
	Value   string
	Hint    string
	Options []ui.Option
}

// cells are the inputs of a row, by what it is about.
func (v view) cells(r row) []cell {
	d := r.Detail
	value := func(label, hint string, kind ui.FieldType) cell {
		return cell{Row: r, Name: "value", Label: label, Type: kind, Value: r.Value, Hint: hint}
	}
	text := func(name, label, value, hint string) cell {
		return cell{Row: r, Name: name, Label: label, Type: ui.TypeText, Value: value, Hint: hint}
	}
	from := cell{Row: r, Name: "from", Label: "From", Type: "month", Value: d.From, Hint: "2021-03"}
	to := cell{Row: r, Name: "to", Label: "To", Type: "month", Value: d.To, Hint: "now"}
	switch r.Kind {
	case claim.Email:
		return []cell{value("E-mail address", "name@example.com", ui.TypeText)}
	case claim.Phone:
		return []cell{value("Phone number", "+1 416 555 0123", ui.TypeTel)}
	case claim.Handle:
		return []cell{value("Handle", "@name", ui.TypeText), text("service", "Network", d.Service, "Telegram")}
	case claim.Profile:
		return []cell{value("Address of the profile", "https://…", ui.TypeText)}
	case claim.Employer:
		return []cell{value("Employer", "", ui.TypeText), text("role", "Position", d.Role, ""), text("place", "Where", d.Place, ""), from, to}
	case claim.Education:
		return []cell{value("School", "", ui.TypeText), text("role", "Degree", d.Role, ""), text("place", "Where", d.Place, ""), from, to}
	case claim.Language:
		return []cell{value("Language", "", ui.TypeText), {Row: r, Name: "fluency", Label: "How well", Value: d.Fluency, Options: choices("Not said", claim.Fluencies())}}
	case claim.Payment:
		return []cell{value("How they wish to be paid", "", ui.TypeText), {Row: r, Name: "method", Label: "By", Value: d.Method, Options: choices("Not said", claim.Methods())}}
	case claim.Other:
		return []cell{value("What they say", "", ui.TypeText), {Row: r, Name: "claim", Label: "About", Value: r.ClaimID, Options: v.claimOptions()}}
	}
	return []cell{value(r.Kind.Title(), "", ui.TypeText)}
}

func (c cell) name() string { return claim.Field(c.Row.Number, c.Name) }

// heading is a section's title and what is asked there.
func heading(kind claim.Kind) (title, help string) {
	switch kind {
	case claim.Email:
		return "E-mail addresses", ""
	case claim.Phone:
		return "Phone numbers", "With the country code"
	case claim.Handle:
		return "Handles", "On chat and social networks"
	case claim.Profile:
		return "Online profiles", "Code hosts, professional networks, a site of their own"
	case claim.Employer:
		return "Work history", "As they tell it; no end means until now"
	case claim.Education:
		return "Education", ""
	case claim.Language:
		return "Languages", "Those that they say they speak"
	case claim.Payment:
		return "Payment", "What they ask for, if they have said so"
	case claim.Address:
		return "Addresses", "For contract or delivery"
	case claim.Name:
		return "Other names", "Names that they use beside the one above"
	case claim.Location:
		return "Other places", "Places that they name beside the one above"
	case claim.TimeZone:
		return "Other time zones", "Such as Europe/Lisbon"
	}
	return "Anything else", "A statement that a check could test"
}

// absent are the kinds of which the form has no row.
func (v view) absent() []claim.Kind {
	var kinds []claim.Kind
	for _, kind := range sections {
		if len(v.Form.of(kind)) == 0 {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

func addLabel(kind claim.Kind) string {
	switch kind {
	case claim.Name, claim.Location, claim.TimeZone:
		return "Another " + lower(kind.Title())
	case claim.Other:
		return "Another statement"
	}
	return kind.Title()
}

// applyView is the form by which a known person applies for another job.
type applyView struct {
	Person   person.Person
	Jobs     []hiring.Job
	JobID    string
	Problems map[string]string
}
