package ui

import (
	"sync"

	"github.com/a-h/templ"

	"gatehouse/static"
)

// IconName is the name of a symbol in the sprite, such as IconSearch. New ones
// are added to scripts/icons.txt.
type IconName string

type iconSet struct{ regular, small map[IconName]raw }

var icons = sync.OnceValue(func() iconSet {
	set := iconSet{map[IconName]raw{}, map[IconName]raw{}}
	sprite := static.Path("icons.svg")
	for _, name := range IconNames {
		use := `" aria-hidden="true"><use href="` + sprite + `#` + string(name) + `"/></svg>`
		set.regular[name] = raw(`<svg class="icon` + use)
		set.small[name] = raw(`<svg class="icon icon-sm` + use)
	}
	return set
})

// Icon draws an icon of 20 pixels. It is decoration: a label beside it, or an
// aria-label on its button, says what it means. An empty name draws nothing.
func Icon(name IconName) templ.Component { return icons().regular[name] }

// IconSmall draws an icon of 16 pixels, for use within a line of text.
func IconSmall(name IconName) templ.Component { return icons().small[name] }
