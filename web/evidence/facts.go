package evidence

import (
	"fmt"
	"slices"

	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/upload"
	"gatehouse/web/ui"
)

// archives are the types whose entries are what people think of as their content.
var archives = []string{"application/zip", "application/gzip", "application/x-tar"}

// facts says what the structure of a file shows, a line each. Nothing was unpacked or drawn to learn it.
func facts(i evidence.Item) []string {
	f := i.Facts
	var lines []string
	say := func(when bool, line string) {
		if when {
			lines = append(lines, line)
		}
	}
	say(f.Width > 0, fmt.Sprintf("%s × %s pixels", ui.Thousands(f.Width), ui.Thousands(f.Height)))
	if slices.Contains(archives, i.MediaType) && f.Entries > 0 {
		say(true, contents(f))
	}
	say(f.Archives > 0, ui.Plural(f.Archives, "archive", "archives")+" within, not looked into")
	say(f.Outside > 0, ui.Plural(f.Outside, "name", "names")+" that would be unpacked outside its folder")
	say(f.Encrypted, "Locked with a password")
	say(f.Macros, "Has macros")
	say(f.Script, "Has scripts")
	say(f.Launches, "Can start programs")
	say(f.Attached, "Has files attached")
	say(f.Packed, "Has packed parts, not looked into")
	say(f.Also != "", "Can be taken for "+f.Also+" as well")
	say(f.Broken, "Broken, cut off, or made to mislead")
	return lines
}

// contents says how much an archive holds, by its own account.
func contents(f upload.Facts) string {
	line := ui.Plural(f.Entries, "file", "files")
	if f.More {
		line = "At least " + line
	}
	if f.Unpacked == 0 {
		return line
	}
	if f.More {
		return line + ", more than " + evidence.Size(f.Unpacked) + " unpacked"
	}
	return line + ", " + evidence.Size(f.Unpacked) + " unpacked"
}

// scanned says what a scanner for malware said.
func (v view) scanned() string {
	switch v.Item.Malware {
	case evidence.Found:
		return "Found: " + v.Item.MalwareName
	case evidence.Clean:
		return "None found"
	case evidence.NoScan:
		return "Not scanned: too large for the scanner"
	}
	if !v.scanner {
		return "Not scanned: no scanner is set up"
	}
	return "Not scanned yet"
}
