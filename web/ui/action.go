package ui

import "github.com/a-h/templ"

// ButtonKind says how much a button asks for attention.
type ButtonKind string

// The kinds of button: at most one primary on a page.
const (
	ButtonSecondary ButtonKind = ""
	ButtonPrimary   ButtonKind = "btn-primary"
	ButtonDanger    ButtonKind = "btn-danger"
	ButtonGhost     ButtonKind = "btn-ghost"
)

// ButtonSize is regular, or small for tables and cards.
type ButtonSize string

// The sizes of button.
const (
	SizeRegular ButtonSize = ""
	SizeSmall   ButtonSize = "btn-sm"
)

// ButtonState is what a button allows just now.
type ButtonState string

// The states of a button. A disabled one needs words near it that say why.
const (
	Enabled  ButtonState = ""
	Disabled ButtonState = "disabled"
)

// Labelling says whether a label is read or only heard.
type Labelling string

// LabelShown writes the label; LabelHidden leaves only the icon, with the
// label as its accessible name and tooltip (dense tables, top bar).
const (
	LabelShown  Labelling = ""
	LabelHidden Labelling = "hidden"
)

// Action is something a person can do: the same description serves as a
// button, a link, a one-button form and an entry of a menu.
type Action struct {
	Label    string
	Icon     IconName
	Kind     ButtonKind
	Size     ButtonSize
	State    ButtonState
	Labelled Labelling
	Href     string // where a link leads, or a form posts
	Name     string // of the submitted value, if any
	Value    string
	// Confirm is asked before the action runs and must name the thing:
	// "Revoke GitHub access of R. Lindqvist?". Empty asks nothing.
	Confirm string
	// Attrs are anything else, such as hx-*. A class among them comes beside
	// the action's own.
	Attrs templ.Attributes
}

func (a Action) class() string {
	class := "btn"
	if a.Kind != "" {
		class += " " + string(a.Kind)
	}
	if a.Size != "" {
		class += " " + string(a.Size)
	}
	if a.Labelled == LabelHidden {
		class += " btn-icon"
	}
	return class + a.extraClass()
}

// extraClass is the class among the attributes. It is written with the others:
// of two class attributes, browsers drop the second.
func (a Action) extraClass() string {
	if extra, ok := a.Attrs["class"].(string); ok && extra != "" {
		return " " + extra
	}
	return ""
}

// attrs are the attributes common to all forms of an action.
func (a Action) attrs() templ.Attributes {
	if len(a.Attrs) == 0 && a.Confirm == "" && a.Labelled == LabelShown {
		return nil
	}
	all := templ.Attributes{}
	for k, v := range a.Attrs {
		all[k] = v
	}
	delete(all, "class")
	if a.Confirm != "" {
		all["data-confirm"] = a.Confirm
		all["data-confirm-verb"] = a.Label
	}
	if a.Labelled == LabelHidden {
		all["aria-label"], all["title"] = a.Label, a.Label
	}
	return all
}

func (a Action) submitAttrs() templ.Attributes {
	all := a.attrs()
	if all == nil && (a.Name != "" || a.State == Disabled) {
		all = templ.Attributes{}
	}
	if a.Name != "" {
		all["name"], all["value"] = a.Name, a.Value
	}
	if a.State == Disabled {
		all["disabled"] = true
	}
	return all
}

func (a Action) itemClass() string {
	if a.Kind == ButtonDanger {
		return "menu-item menu-item-danger" + a.extraClass()
	}
	return "menu-item" + a.extraClass()
}
