package privacy

import (
	"net/http"
	"strconv"
	"strings"

	"gatehouse/internal/person"
	"gatehouse/internal/privacy"
	"gatehouse/web/request"
	"gatehouse/web/ui"
)

// ruleForm is one rule as it was typed: days, or nothing.
type ruleForm struct {
	Outcome          privacy.Outcome
	Record, Evidence string
}

type rulesForm struct {
	Rules     []ruleForm
	Automatic bool
	Version   int
}

func formOf(p privacy.Policy) rulesForm {
	f := rulesForm{Automatic: p.Automatic, Version: p.Version}
	for _, rule := range p.Rules {
		f.Rules = append(f.Rules, ruleForm{rule.Outcome, rule.RecordDays(), rule.EvidenceDays()})
	}
	return f
}

func (f rulesForm) policy() privacy.Policy {
	p := privacy.Policy{Automatic: f.Automatic, Version: f.Version}
	for _, rule := range f.Rules {
		p.Rules = append(p.Rules, privacy.Rule{Outcome: rule.Outcome, Record: number(rule.Record), Evidence: number(rule.Evidence)})
	}
	return p
}

func number(s string) *int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return nil
	}
	return &n
}

// parseRules reads the form, and says of which fields no number can be made.
func parseRules(w http.ResponseWriter, r *http.Request) (rulesForm, map[string]string, error) {
	if err := request.Form(w, r); err != nil {
		return rulesForm{}, nil, err
	}
	f := rulesForm{Automatic: r.PostFormValue("automatic") != "", Version: request.Version(r)}
	problems := map[string]string{}
	for _, o := range privacy.Outcomes() {
		rule := ruleForm{o, request.Text(r, "record-"+string(o)), request.Text(r, "evidence-"+string(o))}
		for field, typed := range map[string]string{"record-": rule.Record, "evidence-": rule.Evidence} {
			if typed != "" && number(typed) == nil {
				problems[field+string(o)] = "Enter a number of days, or nothing."
			}
		}
		f.Rules = append(f.Rules, rule)
	}
	return f, problems, nil
}

func parseReason(w http.ResponseWriter, r *http.Request) (string, error) {
	if err := request.Form(w, r); err != nil {
		return "", err
	}
	return request.Text(r, "reason"), nil
}

func parseDisclosure(w http.ResponseWriter, r *http.Request) (privacy.Cases, error) {
	if err := request.Form(w, r); err != nil {
		return privacy.WithoutCases, err
	}
	return privacy.Cases(r.PostFormValue("cases") != ""), nil
}

// erasureForm is what somebody typed who wants to erase a person.
type erasureForm struct {
	Basis   privacy.Basis
	Number  string
	Version int
}

func parseErasure(w http.ResponseWriter, r *http.Request) (erasureForm, error) {
	if err := request.Form(w, r); err != nil {
		return erasureForm{}, err
	}
	return erasureForm{Basis: privacy.Basis(request.Text(r, "basis")), Number: request.Text(r, "number"), Version: request.Version(r)}, nil
}

type rulesView struct {
	Form     rulesForm
	Problems map[string]string
	Conflict string
	// Now is what is stored, shown beside what was typed after a conflict.
	Now  rulesForm
	Runs []privacy.Run
}

// underWay reports whether a run is going on.
func (v rulesView) underWay() bool { return len(v.Runs) > 0 && v.Runs[0].EndedAt == nil }

func (v rulesView) errors() []ui.FieldError {
	var order []string
	for _, o := range privacy.Outcomes() {
		order = append(order, "record-"+string(o), "evidence-"+string(o))
	}
	return ui.FieldErrors(v.Problems, order...)
}

type personView struct {
	Person   person.Person
	Preview  privacy.Preview
	Erasures []privacy.Erasure
	Erasure  erasureForm
	Reason   string // typed for a hold
	Problems map[string]string
	Refused  string
}

func (v personView) erased() bool { return v.Person.ErasedAt != nil }

func basisOptions() []ui.Option {
	var options []ui.Option
	for _, b := range privacy.Bases() {
		options = append(options, ui.Option{Value: string(b), Label: b.Title()})
	}
	return options
}

// fateWords says what erasing does to a table's rows.
func fateWords(f privacy.Fate) string {
	if f == privacy.Deleted {
		return "Deleted"
	}
	return "Emptied"
}

// columnWords lists what is personal in a table.
func columnWords(columns []privacy.Column) string {
	text := ""
	for i, c := range columns {
		if i > 0 {
			text += ", "
		}
		text += c.What
	}
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// sizeWords writes a number of bytes for people.
func sizeWords(n int64) string {
	for _, unit := range []struct {
		name string
		size int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= unit.size {
			return strconv.FormatFloat(float64(n)/float64(unit.size), 'f', 1, 64) + " " + unit.name
		}
	}
	return strconv.FormatInt(n, 10) + " bytes"
}
