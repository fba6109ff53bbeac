package ui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/a-h/templ"
)

// Initials takes the first letters of the first and the last word.
func Initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' })
	if len(words) == 0 {
		return "?"
	}
	first, _ := utf8.DecodeRuneInString(words[0])
	out := string(unicode.ToUpper(first))
	if len(words) > 1 {
		last, _ := utf8.DecodeRuneInString(words[len(words)-1])
		out += string(unicode.ToUpper(last))
	}
	return out
}

func disc(class, name, hidden string) string {
	return `<span class="` + class + `"` + hidden + `>` + esc(Initials(name)) + `</span>`
}

// Avatar shows a colleague's initials; the name is on hover and for screen
// readers. There are never pictures: a face is no argument here.
func Avatar(name string) templ.Component {
	return raw(`<span class="avatar" role="img" title="` + esc(name) + `" aria-label="` + esc(name) + `">` + esc(Initials(name)) + `</span>`)
}

// AvatarName shows initials and the name beside them.
func AvatarName(name string) templ.Component {
	return raw(`<span class="who">` + disc("avatar", name, ` aria-hidden="true"`) + `<span class="clip">` + esc(name) + `</span></span>`)
}

// Avatars shows several people, overlapping, and "+3" for those beyond most.
func Avatars(names []string, most int) templ.Component {
	var b strings.Builder
	b.WriteString(`<span class="avatars" role="img" title="` + esc(strings.Join(names, ", ")) + `" aria-label="` + esc(strings.Join(names, ", ")) + `">`)
	for i, name := range names {
		if i == most {
			b.WriteString(`<span class="avatar">+` + Thousands(len(names)-most) + `</span>`)
			break
		}
		b.WriteString(disc("avatar", name, ""))
	}
	b.WriteString(`</span>`)
	return raw(b.String())
}
