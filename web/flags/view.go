package flags

import (
	"slices"
	"strconv"

	"gatehouse/internal/candidate"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/flag"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/page"
	"gatehouse/web/parts"
	"gatehouse/web/ui"
)

// listView is the list of waiting flags.
type listView struct {
	ed      *catalogue.Edition
	Waiting page.Slice[flag.Waiter]
}

// showView is one flag with the form that answers it.
type showView struct {
	candidate.FlagView
	ed      *catalogue.Edition
	Form    form
	Errors  map[string]string
	Problem string // what changed meanwhile
}

func newShowView(ed *catalogue.Edition, found candidate.FlagView, typed *form, problem *apperr.Error, maxBytes int64) showView {
	v := showView{FlagView: found, ed: ed}
	if typed != nil {
		v.Form = *typed
	}
	v.Form.Version = found.Flag.Version
	v.Form.New.MaxBytes, v.Form.New.Errors = maxBytes, map[string]string{}
	if problem != nil {
		v.Errors = problem.Fields
		if problem.Kind == apperr.InvalidInput {
			v.Form.New.Errors = problem.Fields
		}
		if problem.Kind == apperr.Stale {
			v.Problem = problem.Message
		}
	}
	return v
}

func (v showView) version() string { return strconv.Itoa(v.Form.Version) }

func titleOf(ed *catalogue.Edition, itemID string) string {
	if item, ok := ed.Item(itemID); ok {
		return item.Title
	}
	return itemID
}

// about is what the catalogue says of the flag's check or signal.
type about struct {
	Question, Meaning, Innocent, Fairness string
}

func (v showView) about() about {
	if c, ok := v.ed.Check(v.Flag.ItemID); ok {
		return about{c.Question, c.Meaning(v.Flag.Answer), c.FalsePositives, c.Fairness}
	}
	if s, ok := v.ed.Signal(v.Flag.ItemID); ok {
		return about{s.Description, s.RecommendedAction, s.FalsePositives, s.Fairness}
	}
	return about{}
}

// editable reports whether the flag can still be given another state.
func (v showView) editable() bool {
	return v.Flag.WithdrawnAt == nil && v.Flag.State != flag.Explained
}

// kept says where what somebody typed is, when the flag changed meanwhile.
func (v showView) kept() string {
	switch {
	case v.editable():
		return "What you typed is kept below."
	case v.Form.Reason != "":
		return "It takes no other answer now. What you typed was not saved; it stands below, to copy."
	}
	return ""
}

// maySecond reports whether the actor can be the second person.
func (v showView) maySecond(actor authz.Actor) bool {
	return v.Flag.NeedsSecond() && actor.May(authz.FlagDispose) &&
		(v.Flag.DisposedBy == nil || *v.Flag.DisposedBy != actor.ID)
}

// states are the answers on offer: every state but the present one.
func (v showView) states() []ui.Option {
	all := []ui.Option{
		{Value: string(flag.Explained), Label: "Explained", Help: "There is a good answer, and evidence for it. It stops counting, for good: an explained flag is sealed."},
		{Value: string(flag.Confirmed), Label: "Confirmed", Help: v.confirmedHelp()},
		{Value: string(flag.Open), Label: "Open again", Help: "The answer given does not hold; it waits once more."},
	}
	return slices.DeleteFunc(all, func(o ui.Option) bool { return o.Value == string(v.Flag.State) })
}

func (v showView) confirmedHelp() string {
	if v.Flag.Strength == catalogue.Decisive {
		return "It holds. Since it is decisive, it counts as confirmed once a second person agrees."
	}
	return "It holds: clear answers no longer lower it."
}

func (v showView) problems() []ui.FieldError {
	var list []ui.FieldError
	for _, field := range []string{"state", "reason", "evidence"} {
		if message := v.Errors[field]; message != "" {
			list = append(list, ui.FieldError{Field: field, Message: message})
		}
	}
	return append(list, parts.EvidenceProblems(v.Form.New.Errors)...)
}

// origin says where the finding comes from.
func origin(kind string) string {
	switch kind {
	case flag.FromAnswer:
		return "An interviewer's answer"
	case flag.FromSignal:
		return "A signal"
	}
	return "A check recorded by hand"
}
