package applications

import (
	"gatehouse/internal/account"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/hiring"
	"gatehouse/internal/platform/apperr"
	"gatehouse/web/ui"
)

// problem is why the last try was refused.
type problem struct {
	Fields map[string]string
	// Message is a conflict's or a refusal's; a blocked gate speaks for itself.
	Message string
	Gate    *hiring.Gate
}

// explain sorts out an error that shows the form again.
func (p *problem) explain(err error) {
	if blocked, ok := hiring.AsBlocked(err); ok {
		p.Gate = &blocked.Gate
		return
	}
	e, ok := apperr.As(err)
	if !ok {
		return
	}
	if e.Kind == apperr.InvalidInput {
		p.Fields = e.Fields
		return
	}
	p.Message = e.Message
}

func title(ed *catalogue.Edition, itemID string) string {
	if item, ok := ed.Item(itemID); ok {
		return item.Title
	}
	return itemID
}

// moveView is the page that moves an application.
type moveView struct {
	act
	problem
	Stages []*catalogue.Stage
	// Ahead is what stands before the chosen stage, refused or not; nil when that cannot be said.
	Ahead *hiring.Gate
	ed    *catalogue.Edition
}

// nextStage is the stage after the application's, or the same at the end.
func (v moveView) nextStage() string {
	at, ok := v.ed.Stage(v.App.StageID)
	if !ok || at.Order+1 >= len(v.ed.Stages) || v.ed.Stages[at.Order+1].ID == hiring.StageEmployed {
		return v.App.StageID
	}
	return v.ed.Stages[at.Order+1].ID
}

// backward reports whether the chosen stage is an earlier one.
func (v moveView) backward() bool { return v.Ahead != nil && v.Ahead.Backward() }

func (v moveView) stages() []ui.Option {
	options := make([]ui.Option, 0, len(v.Stages))
	for _, s := range v.Stages {
		o := ui.Option{Value: s.ID, Label: s.Title, Help: s.Purpose}
		if s.ID == v.App.StageID {
			o.Label += " (now)"
		}
		options = append(options, o)
	}
	return options
}

// overrideView is the page on which blocked items are let pass.
type overrideView struct {
	act
	problem
	Ahead *hiring.Gate
	ed    *catalogue.Edition
}

// items are what blocks, to choose from.
func (v overrideView) items() []ui.Option {
	if v.Ahead == nil {
		return nil
	}
	var options []ui.Option
	for _, id := range v.Ahead.Items() {
		o := ui.Option{Value: id, Label: title(v.ed, id), Help: "Flag to be cleared up"}
		for _, n := range v.Ahead.Missing() {
			if n.Check.ID == id {
				o.Help = "Not answered yet. " + n.Check.Question
			}
		}
		options = append(options, o)
	}
	return options
}

// hireView is the page that begins an engagement.
type hireView struct {
	act
	problem
	Users []account.User
	Ahead *hiring.Gate
}

// early reports whether the application is not where people are hired from.
func (v hireView) early() bool {
	return v.App.StageID != hiring.StageOffer && v.App.StageID != hiring.StageOnboarding
}

func (v hireView) kinds() []ui.Option {
	var options []ui.Option
	for _, k := range hiring.EngagementKinds() {
		options = append(options, ui.Option{Value: string(k), Label: k.Title()})
	}
	return options
}

func (v hireView) managers() []ui.Option {
	options := []ui.Option{{Label: "Choose whom they report to"}}
	for _, u := range v.Users {
		options = append(options, ui.Option{Value: string(u.ID), Label: u.Name})
	}
	return options
}

// turnKind says whether an application is ended or taken up again.
type turnKind string

const (
	closing   turnKind = "close"
	reopening turnKind = "reopen"
)

// turnView is the page that closes or reopens an application.
type turnView struct {
	act
	problem
	Kind turnKind
}

func (v turnView) title() string {
	if v.Kind == reopening {
		return "Reopen the application"
	}
	return "Close the application"
}

func (v turnView) who() string {
	if v.Form.Withdrawn {
		return "candidate"
	}
	return "us"
}
