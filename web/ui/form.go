package ui

import (
	"maps"
	"slices"
	"strings"

	"github.com/a-h/templ"
)

// Need says whether a field must be filled in.
type Need string

// Optional is the rule and is written at the label; Required is not.
const (
	Optional Need = ""
	Required Need = "required"
)

// FieldType is the type of a one-line input.
type FieldType string

// The types of one-line input.
const (
	TypeText     FieldType = "text"
	TypeEmail    FieldType = "email"
	TypeURL      FieldType = "url"
	TypeNumber   FieldType = "number"
	TypePassword FieldType = "password"
	TypeSearch   FieldType = "search"
	TypeDate     FieldType = "date"
	TypeDateTime FieldType = "datetime-local"
	TypeTime     FieldType = "time"
	TypeTel      FieldType = "tel"
)

// Field is one question of a form with what was typed and what is wrong with
// it. All kinds of field take the same description.
type Field struct {
	Name    string
	Label   string
	Help    string // one short line under the label
	Error   string // empty when all is well
	Value   string
	Values  []string // what is chosen, where several may be
	Type    FieldType
	Need    Need
	Options []Option
	ID      string           // "f-" and the name when empty
	Attrs   templ.Attributes // placeholder, autocomplete, min, maxlength, hx-*, …
}

// Option is one choice of a Select, a RadioGroup or a CheckboxGroup.
type Option struct {
	Value string
	Label string
	Help  string
}

// FieldError is a message at a field, for ErrorSummary.
type FieldError struct {
	Field   string // the field's name
	Message string
}

func (f Field) id() string {
	if f.ID != "" {
		return f.ID
	}
	return fieldID(f.Name)
}

func fieldID(name string) string { return "f-" + name }

func (f Field) has(value string) bool {
	if f.Value == value {
		return true
	}
	for _, v := range f.Values {
		if v == value {
			return true
		}
	}
	return false
}

// control gives the attributes that tie an input to its label, help and error.
func (f Field) control() templ.Attributes {
	all := templ.Attributes{"id": f.id(), "name": f.Name}
	for k, v := range f.Attrs {
		all[k] = v
	}
	if f.Need == Required {
		all["required"] = true
	}
	f.describe(all)
	return all
}

func (f Field) describe(all templ.Attributes) {
	var by []string
	if f.Help != "" {
		by = append(by, f.id()+"-help")
	}
	if f.Error != "" {
		by = append(by, f.id()+"-error")
		all["aria-invalid"] = "true"
	}
	if len(by) > 0 {
		all["aria-describedby"] = strings.Join(by, " ")
	}
}

// group gives the attributes of a fieldset; its inputs have their own.
func (f Field) group() templ.Attributes {
	all := templ.Attributes{"id": f.id()}
	f.describe(all)
	delete(all, "aria-invalid") // not allowed on a group
	return all
}

func (f Field) inputType() string {
	if f.Type == "" {
		return string(TypeText)
	}
	return string(f.Type)
}

// choiceID names one input of a group.
func (f Field) choiceID(value string) string { return f.id() + "-" + slug(value) }

// FieldErrors lists the messages at fields in the order of the form; those at fields that the order does not name
// come last.
func FieldErrors(problems map[string]string, order ...string) []FieldError {
	list := make([]FieldError, 0, len(problems))
	for _, name := range order {
		if message := problems[name]; message != "" {
			list = append(list, FieldError{Field: name, Message: message})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(problems)) {
		if !slices.Contains(order, name) {
			list = append(list, FieldError{Field: name, Message: problems[name]})
		}
	}
	return list
}
