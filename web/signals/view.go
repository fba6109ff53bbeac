package signals

import (
	"bytes"
	"encoding/json"
	"fmt"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/page"
	"gatehouse/internal/signal"
	"gatehouse/web/path"
	"gatehouse/web/ui"
)

// title is a kind's title, or its id when no edition at hand has it.
func title(ed *catalogue.Edition, id string) string {
	if s, ok := ed.Signal(id); ok {
		return s.Title
	}
	return id
}

func severity(ed *catalogue.Edition, id string) catalogue.Severity {
	if s, ok := ed.Signal(id); ok {
		return s.Severity
	}
	return ""
}

// listView is the page of the list.
type listView struct {
	ed      *catalogue.Edition
	query   query
	Page    page.Slice[signal.Signal]
	Sources []signal.Source
	Person  person.Person
}

func (v listView) severities() []ui.Option {
	options := []ui.Option{{Label: "Any severity"}}
	for _, s := range catalogue.Severities() {
		word := string(s)
		options = append(options, ui.Option{Value: word, Label: string(word[0]-'a'+'A') + word[1:]})
	}
	return options
}

func (v listView) kinds() []ui.Option {
	return append([]ui.Option{{Label: "Any signal"}}, kinds(v.ed)...)
}

func kinds(ed *catalogue.Edition) []ui.Option {
	var options []ui.Option
	for _, s := range ed.Signals {
		options = append(options, ui.Option{Value: s.ID, Label: s.Title})
	}
	return options
}

func (v listView) sources() []ui.Option {
	options := []ui.Option{{Label: "Any source"}}
	for _, s := range v.Sources {
		options = append(options, ui.Option{Value: s.Source, Label: s.Source})
	}
	return options
}

// chips take off the filter that has no field of its own.
func (v listView) chips() []ui.Chip {
	if v.query.Person == "" {
		return nil
	}
	without := v.query
	without.Person, without.After, without.Before = "", "", ""
	return []ui.Chip{{Label: "About " + v.Person.Name, Href: without.href(path.Signals), State: ui.ChipOn}}
}

// who is how a signal names the person when nobody is known.
func who(s signal.Signal) string {
	if s.Account == "" {
		return "Nobody named"
	}
	return s.Account
}

// showView is a signal's page.
type showView struct {
	ed     *catalogue.Edition
	Signal signal.Signal
	Others []signal.Signal
}

func (v showView) kind() *catalogue.Signal {
	if s, ok := v.ed.Signal(v.Signal.SignalID); ok {
		return s
	}
	return &catalogue.Signal{Title: v.Signal.SignalID}
}

// others are the person's latest signals but this one.
func (v showView) others() []signal.Signal {
	var others []signal.Signal
	for _, s := range v.Others {
		if s.ID != v.Signal.ID {
			others = append(others, s)
		}
	}
	return others
}

// detail lists what the source said, in its order; values that are not simple are shown as JSON.
func (v showView) detail() []ui.KV {
	var items []ui.KV
	in := json.NewDecoder(bytes.NewReader(v.Signal.Detail))
	if _, err := in.Token(); err != nil { // the brace
		return nil
	}
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return items
		}
		var value json.RawMessage
		if err := in.Decode(&value); err != nil {
			return items
		}
		items = append(items, ui.KV{Key: fmt.Sprint(key), Value: ui.Text(plain(value))})
	}
	return items
}

// plain is a JSON string as its text, and any other value as it is written.
func plain(value json.RawMessage) string {
	var text string
	if err := json.Unmarshal(value, &text); err == nil {
		return text
	}
	return string(value)
}

// formView is the page of the form.
type formView struct {
	ed         *catalogue.Edition
	Engagement hiring.Engagement
	form       form
	Problems   map[string]string
}

func (v formView) kinds() []ui.Option {
	return append([]ui.Option{{Label: "Choose…"}}, kinds(v.ed)...)
}

func (v formView) errors() []ui.FieldError {
	var all []ui.FieldError
	for _, field := range []string{"signal", "occurred_at", "note"} {
		if message := v.Problems[field]; message != "" {
			all = append(all, ui.FieldError{Field: field, Message: message})
		}
	}
	return all
}
