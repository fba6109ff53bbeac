package upload

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxName keeps a name, in bytes, within what every file system takes.
	maxName = 180
	// maxExt is the longest ending that is kept when a name is cut.
	maxExt = 16
	// nameless stands for a name of which nothing is left.
	nameless = "file"
)

// Attachment returns a Content-Disposition (RFC 6266) that makes a browser
// save the file under a safe form of its name, and never show it in place.
func Attachment(name string) string {
	name = SafeName(name)
	ascii := fallback(name)
	header := `attachment; filename="` + ascii + `"`
	if ascii != name {
		header += "; filename*=UTF-8''" + percentEncode(name)
	}
	return header
}

// SafeName returns what is left of a file name when everything is gone that
// could lead elsewhere, hide or mislead: folders, control and invisible
// characters, changes of writing direction (which make "exe.pdf" of an
// executable), characters and names with a meaning to some system, dots and
// spaces at the edges, excessive length. Other scripts stay as they are.
func SafeName(name string) string {
	name = strings.ToValidUTF8(name, "_")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Join(strings.Fields(strings.Map(safeRune, name)), " ")
	name = trim(shorten(trim(name)))
	if name == "" {
		return nameless
	}
	if isDevice(name) {
		return "_" + name
	}
	return name
}

// trim takes away the dots and spaces that hide a file or that Windows drops.
func trim(name string) string { return strings.Trim(name, ". ") }

// safeRune maps a character to itself, to a harmless one or, as -1, to nothing.
func safeRune(r rune) rune {
	switch {
	case unicode.IsSpace(r): // before control characters, which some of it is
		return ' '
	case strings.ContainsRune("<>:\"|?*;%", r):
		return '_' // has a meaning in Windows, or in some reader of the header
	case strings.ContainsRune("⁄∕⧸⧹╱╲／＼﹨", r):
		return '_' // looks like a separator
	case r == '\u2800' || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		return -1 // cannot be seen
	}
	return r
}

// shorten cuts a name to maxName bytes, between characters, and keeps its ending.
func shorten(name string) string {
	if len(name) <= maxName {
		return name
	}
	ext := path.Ext(name)
	if len(ext) > maxExt {
		ext = ""
	}
	cut := maxName - len(ext)
	for !utf8.RuneStart(name[cut]) {
		cut--
	}
	return trim(name[:cut]) + ext
}

// isDevice reports whether Windows takes the name, whatever its ending, for a device.
func isDevice(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	stem = strings.TrimSpace(stem)
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	port, numbered := strings.CutPrefix(stem, "COM")
	if !numbered {
		port, numbered = strings.CutPrefix(stem, "LPT")
	}
	return numbered && utf8.RuneCountInString(port) == 1 && strings.Contains("0123456789¹²³", port)
}

// fallback is the name for readers that know no filename*: ASCII only.
func fallback(name string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return '_'
		}
		return r
	}, name)
}

// percentEncode writes the value of filename* (RFC 8187).
func percentEncode(name string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$&+-.^_`|~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return b.String()
}
