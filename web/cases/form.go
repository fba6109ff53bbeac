package cases

import (
	"cmp"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/incident"
	"gatehouse/internal/inventory"
	"gatehouse/internal/payment"
	"gatehouse/internal/platform/apperr"
	"gatehouse/web/request"
	"gatehouse/web/ui"
)

// formLimit bounds the forms of these pages, in bytes; a pasted inventory is the longest of them.
const formLimit = 512 << 10

// readForm reads a form of either encoding into r.Form.
func readForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	var err error
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		err = r.ParseMultipartForm(formLimit)
	} else {
		err = r.ParseForm()
	}
	if err != nil {
		return apperr.With(err, apperr.InvalidInput, "The form could not be read, or is longer than 500 KB.")
	}
	return nil
}

// retry is a form that was refused: which one, what was typed, what is wrong. The zero value is a fresh page.
type retry struct {
	At       string
	Values   url.Values
	Problems map[string]string
	// Message is set when the state of the case forbids the act.
	Message string
}

// words are what somebody wrote into the form, a paragraph for each field.
func (a retry) words() string {
	var written []string
	for _, name := range []string{"note", "body", "reason", "override", "lessons", "explanation", "value", "source", "system", "level",
		"account", "lines", "amount", "destination"} {
		for _, text := range a.Values[name] {
			if text = strings.TrimSpace(text); text != "" {
				written = append(written, text)
			}
		}
	}
	return strings.Join(written, "\n\n")
}

// field completes the description of a field of the form called at.
func (a retry) field(at string, f ui.Field) ui.Field {
	f.ID = "f-" + at + "-" + f.Name
	if a.At != at {
		return f
	}
	if values, typed := a.Values[f.Name]; typed && len(values) > 0 {
		f.Value, f.Values = values[0], values
	}
	f.Error = a.Problems[f.Name]
	if f.Name == "lines" && f.Error == "" && len(a.Problems) > 0 {
		f.Error = "Nothing was imported yet. Correct the lines named above and send them again."
	}
	return f
}

// errors are the messages for the summary above the page. A message about a line of an import leads to the lines.
func (a retry) errors() []ui.FieldError {
	var all []ui.FieldError
	for field, message := range a.Problems {
		if strings.HasPrefix(field, "line ") {
			message, field = strings.ToUpper(field[:1])+field[1:]+": "+message, "lines"
		}
		all = append(all, ui.FieldError{Field: a.At + "-" + field, Message: message})
	}
	slices.SortFunc(all, func(x, y ui.FieldError) int {
		return cmp.Or(cmp.Compare(lineNumber(x.Message), lineNumber(y.Message)), cmp.Compare(x.Field, y.Field))
	})
	return all
}

// lineNumber reads the number out of "Line 12: …"; other messages come first.
func lineNumber(message string) int {
	rest, is := strings.CutPrefix(message, "Line ")
	if !is {
		return 0
	}
	number, _, _ := strings.Cut(rest, ":")
	n, _ := strconv.Atoi(number)
	return n
}

// versionOf reads the version a form was made from; an absent or odd one fits no row.
func versionOf(r *http.Request) int {
	n, _ := strconv.Atoi(r.FormValue("version"))
	return n
}

func statusOf(value string) incident.Status {
	switch s := incident.Status(value); s {
	case incident.StatusOpen, incident.StatusClosed:
		return s
	}
	return ""
}

// dayOf reads a day; an empty one is the zero time.
func dayOf(r *http.Request, field string) (time.Time, error) {
	text := request.Text(r, field)
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return day, apperr.Invalid(field, "Enter a day such as 2026-11-22.")
	}
	return day, nil
}

func settlementOf(r *http.Request, caseID incident.ID) (incident.Settlement, error) {
	lastDay, err := dayOf(r, "ended_on")
	return incident.Settlement{CaseID: caseID, StepID: request.Param(r, "step"), Version: versionOf(r), LastDay: lastDay,
		Note: request.Text(r, "note"), OverrideReason: request.Text(r, "override"), EvidenceIDs: chosen(r, "evidence")}, err
}

func grantOf(r *http.Request) (inventory.New, error) {
	n := inventory.New{System: request.Text(r, "system"), Level: request.Text(r, "level"),
		Account: request.Text(r, "account"), Note: request.Text(r, "note")}
	granted, err := dayOf(r, "granted_on")
	if !granted.IsZero() {
		n.GrantedOn = &granted
	}
	return n, err
}

// linesOf reads an import: a file if one was chosen, else what was pasted.
func linesOf(r *http.Request) (io.Reader, error) {
	file, _, err := r.FormFile("file")
	if err == nil {
		defer file.Close()
		content, err := io.ReadAll(file)
		if err != nil {
			return nil, apperr.With(err, apperr.InvalidInput, "The file could not be read.")
		}
		// What the file held goes where it can be corrected, should a line be refused.
		r.Form.Set("lines", strings.ToValidUTF8(string(content), "\uFFFD"))
	}
	return strings.NewReader(r.Form.Get("lines")), nil
}

func paymentOf(r *http.Request) (payment.New, error) {
	day, err := dayOf(r, "pay_on")
	n := payment.New{PayOn: day, Amount: request.Text(r, "amount"), Currency: request.Text(r, "currency"),
		Method: payment.Method(r.FormValue("method")), Destination: request.Text(r, "destination"),
		State: payment.State(r.FormValue("state")), Note: request.Text(r, "note")}
	return n, err
}

// chosen reads the values of a list, without the invitation to choose.
func chosen(r *http.Request, field string) []string {
	return slices.DeleteFunc(slices.Clone(r.Form[field]), func(value string) bool { return value == "" })
}
