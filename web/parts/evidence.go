// Package parts holds the components that pages of several features share and that know the features' types. What
// knows no feature is in web/ui.
package parts

import (
	"encoding/hex"

	"gatehouse/internal/evidence"
	"gatehouse/web/ui"
)

// EvidenceForm says what the form for new evidence adds to, and what was typed before if it was refused. Where the
// form stands inside a page, only the first block is needed.
type EvidenceForm struct {
	PersonID, CaseID       string
	SubjectKind, SubjectID string
	// Back is the path of the page to return to.
	Back string
	// MaxBytes is how long a file may be (evidence.Service.MaxBytes).
	MaxBytes int64

	Kind, Title, Source, Sensitivity string
	URL, Text                        string
	// Errors is set, if only empty, where the form has a page of its own.
	Errors map[string]string
}

// empty reports that nothing was typed.
func (f EvidenceForm) empty() bool {
	return f.Kind == "" && f.Title == "" && f.Source == "" && f.URL == "" && f.Text == "" && f.Errors["file"] == ""
}

// alone reports whether the form has a page of its own.
func (f EvidenceForm) alone() bool { return f.Errors != nil }

func evidenceKinds() []ui.Option {
	options := []ui.Option{{Value: "", Label: "Choose…"}}
	for _, k := range evidence.Kinds() {
		options = append(options, ui.Option{Value: string(k), Label: evidence.KindTitle(k)})
	}
	return options
}

func sensitivities() []ui.Option {
	return []ui.Option{
		{Value: "personal", Label: "Personal"},
		{Value: "normal", Label: "Business data"},
		{Value: "special", Label: "Special: identity, images, bank"},
	}
}

// EvidenceOptions offers items to be attached to something, as a CheckboxGroup shows them. Erased ones are left out:
// there is nothing in them to point at.
func EvidenceOptions(items []evidence.Item) []ui.Option {
	var options []ui.Option
	for _, item := range items {
		if item.ErasedAt == nil {
			options = append(options, ui.Option{Value: string(item.ID), Label: item.Title, Help: evidence.KindTitle(item.Kind) + ", " + item.CollectedAt.UTC().Format("2 Jan 2006")})
		}
	}
	return options
}

// EvidenceIcon is the icon of an item's form.
func EvidenceIcon(form evidence.Form) ui.IconName {
	switch form {
	case evidence.File:
		return ui.IconFile
	case evidence.Link:
		return ui.IconLink
	case evidence.Text:
		return ui.IconNotes
	}
	return ui.IconFile
}

// shortHash is as much of a hash as tells items apart at a glance.
func shortHash(sum []byte) string {
	if len(sum) < 4 {
		return ""
	}
	return hex.EncodeToString(sum[:4])
}
