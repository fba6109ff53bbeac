package evidence

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/preview"
	"gatehouse/web/path"
	"gatehouse/web/ui"
)

// view is an item's page.
type view struct {
	evidence.Look
	lib        *catalogue.Library
	personName string // empty when the viewer does not see the person
	mayOpen    bool
	// mayHandle says that the viewer may download a file in which malware was found; scanner that there is one.
	mayHandle, scanner bool
	// opened says that what the item holds is to be shown: its content, or a picture of it, or the problem with that.
	opened           bool
	content, problem string
	picture          preview.Picture
	// reason is why it is opened, as it was typed, and reasonProblem what is wrong with it.
	reason, reasonProblem string
}

// reasonField asks why the item is opened.
func (v view) reasonField() ui.Field {
	return ui.Field{Name: reasonName, Label: "Why do you open it?", Help: "Kept in the custody of this item, with your name", Value: v.reason, Error: v.reasonProblem,
		Need: ui.Required, Attrs: templ.Attributes{"maxlength": "500", "autocomplete": "off"}}
}

func (v view) problems() []ui.FieldError {
	if v.reasonProblem == "" {
		return nil
	}
	return []ui.FieldError{{Field: reasonName, Message: v.reasonProblem}}
}

// source is the picture as an address that is the picture itself.
func (v view) source() string {
	return "data:" + v.picture.Type + ";base64," + base64.StdEncoding.EncodeToString(v.picture.Content)
}

// tainted reports whether malware was found in the item.
func (v view) tainted() bool { return v.Item.Malware == evidence.Found && v.Item.ErasedAt == nil }

func (v view) hash() string { return hex.EncodeToString(v.Item.SHA256) }

func (v view) collector() string {
	if v.Item.Collector == "" {
		return "Gatehouse"
	}
	return v.Item.Collector
}

func (v view) crumbs() []ui.Crumb {
	if v.personName == "" {
		return []ui.Crumb{{Label: "Evidence"}, {Label: v.Item.Title}}
	}
	return []ui.Crumb{{Label: "Hiring"}, {Label: "Candidates", Href: path.Candidates},
		{Label: v.personName, Href: path.Candidate(v.Item.PersonID)}, {Label: v.Item.Title}}
}

// section is the entry of the navigation that the item belongs to.
func (v view) section() string {
	if v.Item.CaseID != nil {
		return "cases"
	}
	return "candidates"
}

// attachment is one thing an item is attached to, in words, with its page.
type attachment struct {
	Label, Href string
}

func (v view) attachments() []attachment {
	var all []attachment
	for _, s := range v.Subjects {
		all = append(all, v.attachment(s))
	}
	return all
}

func (v view) attachment(s evidence.Subject) attachment {
	root, rest, _ := strings.Cut(s.ID, "/")
	switch s.Kind {
	case evidence.OnPerson:
		return attachment{"The person", path.Candidate(s.ID)}
	case evidence.OnClaim:
		return attachment{"A claim", path.CandidateTab(v.Item.PersonID, "claims")}
	case evidence.OnAnswer:
		if root == string(v.Item.PersonID) {
			return attachment{"Check: " + v.title(rest), path.Candidate(root)}
		}
		return attachment{"Answer: " + v.title(rest), path.InterviewCheck(root, rest)}
	case evidence.OnFlag:
		return attachment{"A flag", path.Flag(s.ID)}
	case evidence.OnSignal:
		return attachment{"A signal", path.Signal(s.ID)}
	case evidence.OnCase:
		return attachment{"The case", path.Case(s.ID)}
	case evidence.OnStep:
		return attachment{"Step: " + v.title(rest), path.CaseStep(root, rest)}
	case evidence.OnDossier:
		return attachment{"Dossier: " + v.title(rest), v.inCase("dossier")}
	case evidence.OnGrant:
		return attachment{"An access", v.inCase("access")}
	case evidence.OnPayment:
		return attachment{"A payment", v.inCase("payments")}
	}
	return attachment{Label: s.Kind}
}

// inCase is a tab of the item's case, or nothing for an item that belongs to none.
func (v view) inCase(tab string) string {
	if v.Item.CaseID == nil {
		return ""
	}
	return path.CaseTab(*v.Item.CaseID, tab)
}

// title is the title of an entry of the catalogue.
func (v view) title(id string) string {
	if item, ok := v.lib.Current().Item(id); ok {
		return item.Title
	}
	return id
}

// host is the host of a link, which is shown beside it: the rest of an address is made to mislead.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// happened describes a custody event.
func (v view) happened(e evidence.Event) ui.Event {
	event := ui.Event{At: e.At, By: e.Actor, ID: "e-" + e.ID}
	switch e.Action {
	case evidence.Collected:
		event.Title, event.Icon = "Collected", ui.IconUpload
	case evidence.Attached:
		event.Title, event.Icon = "Attached", ui.IconPaperclip
	case evidence.Opened:
		event.Title, event.Icon = "This page opened", ui.IconEye
	case evidence.Viewed:
		event.Title, event.Icon = "Viewed", ui.IconEye
	case evidence.Downloaded:
		event.Title, event.Icon = "Downloaded", ui.IconDownload
		if e.Detail.Malware != "" {
			event.Title, event.Tone = "Downloaded, knowing of the malware in it", ui.Warn
		}
	case evidence.Exported:
		event.Title, event.Icon = "Exported", ui.IconShare
	case evidence.Erased:
		event.Title, event.Icon = "Erased", ui.IconTrash
	case evidence.Verified:
		event.Title, event.Icon, event.Tone = "Verified: unchanged since it arrived", ui.IconShieldCheck, ui.Good
		if e.Detail.Result != evidence.Intact {
			event.Title, event.Icon, event.Tone = "Verified: altered or gone", ui.IconAlertTriangle, ui.Bad
		}
	}
	return event
}

// ways are the ways in which the item can be opened now.
func (v view) ways() []ui.Action {
	var all []ui.Action
	view, download := path.EvidenceAct(v.Item.ID, "view"), path.EvidenceAct(v.Item.ID, "download")
	if v.Item.Form != evidence.File && !v.opened {
		all = append(all, ui.Action{Label: "View", Icon: ui.IconEye, Kind: ui.ButtonPrimary, Href: view})
	}
	if previewed(v.Item) && !v.opened {
		all = append(all, ui.Action{Label: "Show preview", Icon: ui.IconPhoto, Href: view})
	}
	if v.Item.Form == evidence.File && !v.tainted() {
		all = append(all, ui.Action{Label: "Download", Icon: ui.IconDownload, Kind: ui.ButtonPrimary, Href: download})
	}
	return all
}

// submitted is an action as one of several buttons of a form.
func submitted(a ui.Action) ui.Action {
	a.Attrs = templ.Attributes{"formaction": a.Href}
	return a
}
