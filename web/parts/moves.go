package parts

import (
	"time"

	"gatehouse/internal/dashboard"
	"gatehouse/web/path"
	"gatehouse/web/ui"
)

// BandsRose is the figure of bands that rose in a week, in the same words wherever it stands.
func BandsRose(m dashboard.Moves) ui.StatProps {
	return ui.StatProps{Label: "Bands that rose in 7 days", Value: ui.Thousands(m.Up), Href: path.Movement("up", m.From.Format(time.DateOnly)),
		Definition: "Changes of somebody's band to a higher one in the last seven days, today included.", Change: weekBefore(m.UpBefore)}
}

// BandsFell is the figure of bands that fell in a week.
func BandsFell(m dashboard.Moves) ui.StatProps {
	return ui.StatProps{Label: "Bands that fell in 7 days", Value: ui.Thousands(m.Down), Href: path.Movement("down", m.From.Format(time.DateOnly)),
		Definition: "Changes of somebody's band to a lower one in the last seven days, today included.", Change: weekBefore(m.DownBefore)}
}

// weekBefore is a number to compare with, which a difference would leave to be worked out.
func weekBefore(n int) string { return ui.Thousands(n) + " in the 7 days before" }
