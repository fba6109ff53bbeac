// Package layout is the frame around every page: head, navigation, top bar,
// landmarks, toasts. What fills the frame (who is looking, what they may open,
// what waits for them) is put into the context once, by middleware, as a
// Frame; pages only say their title and where they stand. The package imports
// no feature and decides nothing about permission.
package layout

import (
	"context"
	"time"

	"gatehouse/web/ui"
)

// Theme is the colour scheme somebody chose. It is kept in the cookie named
// ThemeCookie, which the browser writes and the server only reads.
type Theme string

// The themes. System follows the device.
const (
	System Theme = "system"
	Light  Theme = "light"
	Dark   Theme = "dark"
)

// Names of the cookies that hold how somebody likes to see things.
const (
	ThemeCookie   = "theme"
	DensityCookie = "density"
)

// ParseTheme reads a cookie's value; anything unknown is System.
func ParseTheme(value string) Theme {
	if t := Theme(value); t == Light || t == Dark {
		return t
	}
	return System
}

// painted is the theme to write into the page before any script has run.
func (t Theme) painted() string {
	if t == Dark {
		return string(Dark)
	}
	return string(Light)
}

// Density is the height of rows that somebody chose.
type Density string

// Regular rows are 40 pixels high, Compact ones 32.
const (
	Regular Density = "regular"
	Compact Density = "compact"
)

// ParseDensity reads a cookie's value; anything unknown is Regular.
func ParseDensity(value string) Density {
	if Density(value) == Compact {
		return Compact
	}
	return Regular
}

// Person is who is looking.
type Person struct {
	Name string
	Role string // in words: "Security lead"
}

// NavItem is one entry of the navigation.
type NavItem struct {
	Section string // compared with Page.Section to mark where one is
	Label   string
	Href    string
	Icon    ui.IconName
	Waiting int // how much waits for the viewer; none is not shown
}

// NavGroup is a group of entries. The first has no label.
type NavGroup struct {
	Label string
	Items []NavItem
}

// Flash is the message of the last action, shown once.
type Flash struct {
	Tone    ui.Tone
	Message string
	Undo    string // where a form posts to take it back; may be empty
}

// Links are the addresses the frame needs. One that is empty hides its
// control.
type Links struct {
	Home    string
	Search  string // asked with ?q=; answers a fragment to htmx
	Inbox   string
	Account string
	SignOut string // takes a POST
	Help    string
}

// Frame is what surrounds every page of one request.
type Frame struct {
	Person  Person // an empty name means that nobody has signed in
	Nav     []NavGroup
	Inbox   int // unread notices
	Theme   Theme
	Density Density
	Zone    *time.Location // of the viewer; UTC when nil
	Flash   *Flash
	// ReadOnly says that nothing can be saved just now.
	ReadOnly bool
	Links    Links
	Version  string // of the program, in the foot; may be empty
	// Kept holds what of the frame was rendered before; with nil, each page renders all of it.
	Kept *Kept
}

type frameKey struct{}

// WithFrame puts the frame into the context, and the viewer's zone for times.
func WithFrame(ctx context.Context, f Frame) context.Context {
	return ui.WithZone(context.WithValue(ctx, frameKey{}, f), f.Zone)
}

// FrameFrom gives the frame of the request; an empty one if there is none.
func FrameFrom(ctx context.Context) Frame {
	f, _ := ctx.Value(frameKey{}).(Frame)
	return f
}

// Page is what a page says of itself.
type Page struct {
	Title   string // of the browser tab; never the name of a case's subject
	Section string // the NavItem one is in
	Crumbs  []ui.Crumb
	Scripts []string // files of package static that only this page needs
	Onward  string   // the address that the browser goes on to by itself
}

func (p Page) title() string {
	if p.Title == "" {
		return "Gatehouse"
	}
	return p.Title + " · Gatehouse"
}

func (f Frame) theme() Theme { return ParseTheme(string(f.Theme)) }

func (f Frame) density() Density { return ParseDensity(string(f.Density)) }
