package upload

import (
	"bytes"
	"image"
	_ "image/gif"  // so that sizes are read
	_ "image/jpeg" // so that sizes are read
	_ "image/png"  // so that sizes are read
	"strings"

	_ "golang.org/x/image/webp" // so that sizes are read
)

// Facts are what a file's structure says of it, learnt while it passed, in bounded memory and time, without unpacking anything
// or drawing a picture. They are the file's own words: a directory can lie. The zero value says nothing.
type Facts struct {
	// Width and Height of an image, in pixels.
	Width  int `json:"width,omitempty"`
	Height int `json:"height,omitempty"`

	// Entries of an archive; Unpacked is how many bytes they come to, Archives how many are archives themselves by their
	// names, and Outside how many have names that lead out of the folder they would be unpacked in.
	Entries  int   `json:"entries,omitempty"`
	Unpacked int64 `json:"unpacked,omitempty"`
	Archives int   `json:"archives,omitempty"`
	Outside  int   `json:"outside,omitempty"`
	Macros   bool  `json:"macros,omitempty"`

	// Objects of a PDF, and what it can do or holds.
	Objects  int  `json:"objects,omitempty"`
	Script   bool `json:"script,omitempty"`
	Launches bool `json:"launches,omitempty"`
	Attached bool `json:"attached,omitempty"`
	// Packed says that a PDF has objects in compressed form, which were not looked into.
	Packed bool `json:"packed,omitempty"`

	// Encrypted is an archive or a document with a password.
	Encrypted bool `json:"encrypted,omitempty"`
	// Also is a second media type that the same bytes can be taken for.
	Also string `json:"also,omitempty"`
	// More says that there is more than was counted: the examination ended at its bound.
	More bool `json:"more,omitempty"`
	// Broken says that the structure does not add up.
	Broken bool `json:"broken,omitempty"`
}

const (
	maxEntries = 10_000
	maxPixels  = 100_000_000
	maxSide    = 32_000
	maxObjects = 500_000
	// maxRatio is how many times its size an archive may unpack to, once that is more than someUnpacked.
	maxRatio     = 100
	someUnpacked = 64 << 20
)

// Hazard says, in words for people, why a file could harm whoever opens it by its structure alone; empty when nothing of the
// kind shows.
func (f Facts) Hazard(size int64) string {
	switch {
	case f.Also != "":
		return "The same file can be taken for two kinds at once. Save it anew from a program that shows it, or take a screenshot."
	case f.Width > maxSide || f.Height > maxSide || f.Width*f.Height > maxPixels:
		return "This picture has more pixels than programs can safely show. Make it smaller, or take a screenshot."
	case f.Broken, f.More && f.Unpacked == 0:
		return "This archive is broken or cut off, or holds more than can be looked through. Choose it again, or add the files one by one."
	case f.Entries > maxEntries || f.Unpacked > someUnpacked && f.Unpacked/maxRatio > size:
		return "This archive unpacks to far more than its size. Add the files one by one."
	case f.Archives > 0:
		return "This archive holds further archives. Unpack it, and add the files one by one."
	case f.Outside > 0:
		return "This archive has names that lead out of its folder. Add the files one by one."
	case f.Objects > maxObjects:
		return "This PDF has more parts than programs can safely show. Print it to a new PDF, or take screenshots."
	}
	return ""
}

// part learns from the bytes of one kind of file as they pass.
type part interface {
	write(p []byte)
	// finish is called once, after the last byte, or not at all.
	finish(f *Facts)
}

// examiner looks at the structure of a file while it passes. Which kind it is shows in the first bytes.
type examiner struct {
	head      []byte
	mediaType string
	parts     []part
}

// write passes p on, once enough has come to tell the kind.
func (e *examiner) write(p []byte) {
	if e.parts == nil {
		e.head = append(e.head, p...)
		if len(e.head) < head {
			return
		}
		e.begin()
		return
	}
	e.pass(p)
}

func (e *examiner) pass(p []byte) {
	for _, part := range e.parts {
		part.write(p)
	}
}

// begin chooses what to learn, and lets it have what came so far.
func (e *examiner) begin() {
	e.mediaType = sniff(e.head[:min(len(e.head), head)])
	e.parts = partsFor(e.mediaType)
	e.pass(e.head)
	e.head = nil
}

func partsFor(mediaType string) []part {
	ends := &ending{mediaType: mediaType, keep: eocdMost}
	switch {
	case strings.HasPrefix(mediaType, "image/"):
		return []part{&picture{}, ends}
	case zipped(mediaType):
		ends.keep = directoryMost
	case mediaType == "application/pdf":
		return []part{&pdf{}, ends}
	case mediaType == "application/gzip", mediaType == "application/x-tar":
		return []part{newUnpacking(mediaType), ends}
	}
	return []part{ends}
}

func (e *examiner) finish() (mediaType string, f Facts) {
	if e.parts == nil {
		e.begin()
	}
	for _, part := range e.parts {
		part.finish(&f)
	}
	return e.mediaType, f
}

// close ends an examination that is not finished.
func (e *examiner) close() {
	for _, part := range e.parts {
		if u, ok := part.(*unpacking); ok {
			u.end()
		}
	}
}

// picture keeps the beginning of an image, where its size stands.
type picture struct{ begin []byte }

// pictureMost is how far into a file its size is looked for: what a camera notes comes before it.
const pictureMost = 512 << 10

func (p *picture) write(b []byte) {
	p.begin = append(p.begin, b[:min(len(b), pictureMost-len(p.begin))]...)
}

func (p *picture) finish(f *Facts) {
	if config, _, err := image.DecodeConfig(bytes.NewReader(p.begin)); err == nil {
		f.Width, f.Height = config.Width, config.Height
	}
}
