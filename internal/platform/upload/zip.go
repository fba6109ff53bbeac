package upload

import (
	"bytes"
	"encoding/binary"
	"math"
	"path"
	"slices"
	"strings"
)

// zipped reports whether files of a media type are ZIP archives, whatever else they are.
func zipped(mediaType string) bool {
	return strings.HasPrefix(mediaType, "application/vnd.openxmlformats-") || strings.HasPrefix(mediaType, "application/vnd.oasis.opendocument.") ||
		slices.Contains([]string{"application/zip", "application/java-archive", "application/vnd.android.package-archive", "application/epub+zip"}, mediaType)
}

const (
	// eocdSize is the length of the record at the end of a ZIP, which a comment may follow; eocdMost is the longest with one.
	eocdSize = 22
	eocdMost = eocdSize + math.MaxUint16
	// directoryMost is how long a ZIP's directory may be for it to be read.
	directoryMost = 1 << 20
)

// ending keeps the end of a file: there a ZIP has its directory, and there a second archive hides behind a picture.
type ending struct {
	mediaType string
	keep      int
	last      []byte
	size      int64
	begin     []byte
}

func (e *ending) write(p []byte) {
	e.size += int64(len(p))
	e.begin = append(e.begin, p[:min(len(p), 1024-len(e.begin))]...)
	if len(e.last)+len(p) > 2*e.keep {
		e.last = e.last[:copy(e.last, e.last[max(0, len(e.last)-e.keep):])]
		p = p[max(0, len(p)-e.keep):]
	}
	e.last = append(e.last, p...)
}

func (e *ending) finish(f *Facts) {
	at, is := e.eocd()
	switch {
	case zipped(e.mediaType) && !is:
		f.Broken = true
	case zipped(e.mediaType):
		e.directory(at, f)
	case is:
		f.Also = "application/zip"
	case e.mediaType == "application/pdf":
		f.Also = e.beforePDF()
	}
}

// beforePDF is what a PDF is without the mark that makes it one: programs look for the mark in the first thousand bytes, so
// that a picture or a program can stand before it. Text before it is common.
func (e *ending) beforePDF() string {
	other := sniff(bytes.ReplaceAll(e.begin, []byte("%PDF-"), nil))
	if other == "application/octet-stream" || strings.HasPrefix(other, "text/") {
		return ""
	}
	return other
}

// eocd finds the record with which a ZIP ends: its comment reaches to the very end of the file.
func (e *ending) eocd() (at int, found bool) {
	for at = len(e.last) - eocdSize; at >= 0 && at >= len(e.last)-eocdMost; at-- {
		if bytes.HasPrefix(e.last[at:], []byte("PK\x05\x06")) &&
			at+eocdSize+int(binary.LittleEndian.Uint16(e.last[at+20:])) == len(e.last) {
			return at, true
		}
	}
	return 0, false
}

// directory reads the directory that ends before the record at a place: one header after the other, as far as they go.
func (e *ending) directory(eocd int, f *Facts) {
	from, count, ok := e.where(eocd)
	if !ok {
		f.Broken = true
		return
	}
	if from < 0 {
		// Longer than what is kept of the file: whoever writes so many entries does not mean them to be read.
		f.More, f.Entries = true, int(min(count, math.MaxInt32))
		return
	}
	const header = 46
	for rest := e.last[from:eocd]; len(rest) >= header && bytes.HasPrefix(rest, []byte("PK\x01\x02")); {
		name := int(binary.LittleEndian.Uint16(rest[28:]))
		extra := int(binary.LittleEndian.Uint16(rest[30:]))
		comment := int(binary.LittleEndian.Uint16(rest[32:]))
		if header+name+extra+comment > len(rest) {
			f.Broken = true
			return
		}
		unpacked := uint64(binary.LittleEndian.Uint32(rest[24:]))
		if unpacked == math.MaxUint32 {
			unpacked = longSize(rest[header+name : header+name+extra])
		}
		f.Encrypted = f.Encrypted || rest[8]&1 != 0
		f.entry(string(rest[header:header+name]), unpacked)
		rest = rest[header+name+extra+comment:]
	}
	f.Broken = f.Broken || uint64(f.Entries) != count
}

// where says where in last the directory begins, which may be before it, and how many entries it has.
func (e *ending) where(eocd int) (from int, count uint64, ok bool) {
	end := e.last[eocd:]
	count = uint64(binary.LittleEndian.Uint16(end[10:]))
	length := uint64(binary.LittleEndian.Uint32(end[12:]))
	at := eocd
	const locator, record = 20, 56
	if long := eocd - locator - record; long >= 0 && bytes.HasPrefix(e.last[eocd-locator:], []byte("PK\x06\x07")) &&
		bytes.HasPrefix(e.last[long:], []byte("PK\x06\x06")) {
		count = binary.LittleEndian.Uint64(e.last[long+32:])
		length = binary.LittleEndian.Uint64(e.last[long+40:])
		at = long
	}
	if length > uint64(e.size) {
		return 0, 0, false
	}
	return at - int(length), count, true
}

// longSize reads an unpacked size of more than 32 bits from an entry's extra fields.
func longSize(extra []byte) uint64 {
	for len(extra) >= 4 {
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		extra = extra[4:]
		if size > len(extra) {
			break
		}
		if id == 1 && size >= 8 {
			return binary.LittleEndian.Uint64(extra)
		}
		extra = extra[size:]
	}
	return math.MaxUint32
}

// archives are the endings of what is an archive itself.
var archives = []string{".zip", ".7z", ".rar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".tar", ".jar", ".cab", ".iso"}

// entry notes one entry of an archive, by what its directory says.
func (f *Facts) entry(name string, size uint64) {
	f.Entries++
	f.Unpacked = int64(min(uint64(f.Unpacked)+min(size, math.MaxInt64), math.MaxInt64))
	if slices.Contains(archives, strings.ToLower(path.Ext(name))) {
		f.Archives++
	}
	if outside(name) {
		f.Outside++
	}
	f.Macros = f.Macros || strings.EqualFold(path.Base(name), "vbaProject.bin")
}

// outside reports whether a program that takes a name as it is would write elsewhere than into the folder it unpacks to.
func outside(name string) bool {
	name = strings.ReplaceAll(name, `\`, "/")
	return strings.HasPrefix(name, "/") || strings.ContainsRune(name, 0) || len(name) > 1 && name[1] == ':' ||
		slices.Contains(strings.Split(name, "/"), "..")
}
