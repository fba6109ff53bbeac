package interviews

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/interview"
	"gatehouse/internal/platform/apperr"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// formLimit bounds a form without a file; the longest note is far below it.
const formLimit = 256 << 10

// bounded reads the form, at most formLimit of it, and returns one field.
func bounded(w http.ResponseWriter, r *http.Request, name string) string {
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	return request.Text(r, name)
}

func number(r *http.Request, name string) int {
	n, err := strconv.Atoi(request.Text(r, name))
	if err != nil {
		return 0
	}
	return n
}

func parseFilter(r *http.Request) interview.Filter {
	f := interview.Filter{Text: request.Text(r, "q"), Cursor: r.FormValue("after")}
	switch when := interview.When(r.FormValue("when")); when {
	case interview.Upcoming, interview.Past:
		f.When = when
	}
	switch status := interview.Status(r.FormValue("status")); status {
	case interview.Scheduled, interview.Done, interview.Cancelled:
		f.Status = status
	}
	return f
}

func parseAnswer(w http.ResponseWriter, r *http.Request) interview.Answer {
	return interview.Answer{Note: bounded(w, r, "note"), CheckID: request.Param(r, "check"),
		Verdict: catalogue.Answer(request.Text(r, "verdict")), Revision: number(r, "revision")}
}

// nextPage is where a plain form goes after saving: the check that it named, else where it was.
func nextPage(id interview.ID, check, next string) string {
	switch next {
	case "":
		return path.InterviewCheck(id, check)
	case "submit":
		return path.InterviewSubmit(id)
	}
	return path.InterviewCheck(id, next)
}

func wantsJSON(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "application/json")
}

// savedAnswer is an answer as the room's script reads it.
type savedAnswer struct {
	Verdict  catalogue.Answer `json:"verdict"`
	Note     string           `json:"note"`
	Revision int              `json:"revision"`
	At       time.Time        `json:"at"`
}

func saved(a interview.Answer) savedAnswer {
	return savedAnswer{Verdict: a.Verdict, Note: a.Note, Revision: a.Revision, At: a.AnsweredAt}
}

// answerJSON tells the room's script what is stored now, or why not. A conflict carries what is stored, so that
// the page can show both. Other errors are answered as everywhere.
func answerJSON(w http.ResponseWriter, r *http.Request, stored interview.Answer, err error) error {
	if err == nil {
		return response.JSON(w, r, http.StatusOK, saved(stored))
	}
	body := map[string]any{}
	var clash *interview.Clash
	if errors.As(err, &clash) {
		body["current"] = saved(clash.Current)
	}
	e, ok := apperr.As(err)
	if !ok {
		return err
	}
	status, known := map[apperr.Kind]int{apperr.Stale: http.StatusConflict, apperr.InvalidInput: http.StatusUnprocessableEntity,
		apperr.NotFound: http.StatusNotFound, apperr.Denied: http.StatusForbidden}[e.Kind]
	if !known {
		return err
	}
	body["message"] = e.Message
	for _, message := range e.Fields {
		body["message"] = message
	}
	return response.JSON(w, r, status, body)
}

func parseSubmission(w http.ResponseWriter, r *http.Request) interview.Submission {
	return interview.Submission{Summary: bounded(w, r, "summary"), Mark: number(r, "mark")}
}

// amendForm is an amendment as typed, with what is wrong with it.
type amendForm struct {
	interview.Amendment
	errors  map[string]string
	problem string
}

func parseAmendment(w http.ResponseWriter, r *http.Request) amendForm {
	return amendForm{Amendment: interview.Amendment{Note: bounded(w, r, "note"), CheckID: request.Param(r, "check"),
		Verdict: catalogue.Answer(request.Text(r, "verdict")), Reason: request.Text(r, "reason"), Number: number(r, "number")}}
}

// planForm is a plan as typed.
type planForm struct {
	starts, minutes, place, zone string
	interviewers, kit            []string
	version                      int
	errors                       map[string]string
}

// startLayout is how a browser writes a local date and time.
const startLayout = "2006-01-02T15:04"

func parsePlan(w http.ResponseWriter, r *http.Request) planForm {
	return planForm{starts: bounded(w, r, "starts"), minutes: request.Text(r, "minutes"), place: request.Text(r, "place"),
		zone: request.User(r).TimeZone, interviewers: r.Form["interviewers"], kit: r.Form["kit"], version: number(r, "version")}
}

// planOf is the form filled with the plan as it stands.
func planOf(r *http.Request, room interview.Room) planForm {
	f := planForm{minutes: strconv.Itoa(room.Minutes), place: room.Place, zone: request.User(r).TimeZone, version: room.Version}
	f.starts = room.StartsAt.In(f.location()).Format(startLayout)
	for _, p := range room.Interviewers {
		f.interviewers = append(f.interviewers, string(p.UserID))
	}
	return f
}

// location is the planner's time zone: what they type is meant there.
func (f planForm) location() *time.Location {
	zone, err := time.LoadLocation(f.zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// plan turns what was typed into types; what cannot be read stays empty for the service to name.
func (f planForm) plan() interview.Plan {
	p := interview.Plan{Place: f.place, Kit: f.kit}
	if at, err := time.ParseInLocation(startLayout, f.starts, f.location()); err == nil {
		p.StartsAt = at.UTC()
	}
	if n, err := strconv.Atoi(f.minutes); err == nil {
		p.Minutes = n
	}
	for _, user := range f.interviewers {
		p.Interviewers = append(p.Interviewers, account.ID(user))
	}
	return p
}

func (f planForm) inKit(checkID string) bool { return slices.Contains(f.kit, checkID) }

// attached is evidence as it comes in: a link, or a file still to be read.
type attached struct {
	interview.Attachment
	link, fileName string
	file           io.Reader
}

// fieldLimit bounds a text field of the evidence form, and fieldsMost how many there are.
const fieldLimit, fieldsMost = 8 << 10, 20

// receive reads the evidence form part by part, so that a file is never held in memory or on disk on its way. The
// file is the form's last field: what describes it is known by then.
func receive(r *http.Request, check string, store func(attached) error) error {
	parts, err := r.MultipartReader()
	if err != nil {
		return apperr.Invalid("file", "Choose a file or enter a link.")
	}
	a := attached{Attachment: interview.Attachment{CheckID: check}}
	for range fieldsMost {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return apperr.With(err, apperr.InvalidInput, "The file did not arrive whole. Choose it again.")
		}
		if part.FormName() == "file" && part.FileName() != "" {
			a.file, a.fileName = part, part.FileName()
			return store(a)
		}
		value, err := io.ReadAll(io.LimitReader(part, fieldLimit))
		if err != nil {
			return apperr.With(err, apperr.InvalidInput, "The form did not arrive whole. Try again.")
		}
		a.set(part.FormName(), strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(string(value), "\x00", ""), "\uFFFD")))
	}
	if a.link == "" {
		return apperr.Invalid("file", "Choose a file or enter a link.")
	}
	return store(a)
}

func (a *attached) set(field, value string) {
	switch field {
	case "kind":
		a.Kind = catalogue.EvidenceKind(value)
	case "title":
		a.Title = value
	case "link":
		a.link = value
	}
}

// fieldsOf are the messages at the fields of an InvalidInput error.
func fieldsOf(err error) map[string]string {
	if e, ok := apperr.AsInvalid(err); ok && len(e.Fields) > 0 {
		return e.Fields
	}
	return map[string]string{}
}

// problemOf is an error as one line for the page.
func problemOf(err error) string {
	e, ok := apperr.As(err)
	if !ok {
		return ""
	}
	for _, message := range e.Fields {
		return message
	}
	return e.Message
}
