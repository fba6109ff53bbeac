// Package static holds every file the browser loads: styles, scripts, icons
// and fonts. They are embedded in the binary and served below /static/<hash>/,
// where the hash covers all of them, so that a browser may keep each for ever
// and relative addresses inside a style sheet stay right.
//
// The style sheets of css/ and the scripts of js/ are joined, in the order of
// their names, into gatehouse.css and gatehouse.js when first asked for: one
// file per topic for the reader, one request each for the browser, and no
// build step. A script that only one page needs is a file of its own here.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed css js vendor *.svg *.js
var files embed.FS

// Prefix is the path below which Handler expects to be mounted.
const Prefix = "/static/"

// types are the only kinds of file served; anything else is not found.
var types = map[string]string{
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml",
	".woff2": "font/woff2",
}

type asset struct {
	kind   string
	plain  []byte
	zipped func() []byte // nil when compressing would not help
}

type bundle struct {
	hash   string
	assets map[string]*asset
}

var load = sync.OnceValue(newBundle)

// Path gives the address of a file, such as Path("gatehouse.css"). A name that
// does not exist is a programming error and panics, so that a test of any page
// finds it.
func Path(name string) string {
	b := load()
	if b.assets[name] == nil {
		panic("static: no file named " + name)
	}
	return Prefix + b.hash + "/" + name
}

// Handler serves the files. Only the current hash is answered: what is cached
// for ever must never be filled with another version's content.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := load()
		hash, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, Prefix), "/")
		a := b.assets[name]
		if hash != b.hash || a == nil {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		a.serve(w, r)
	})
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", a.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	body := a.plain
	if a.zipped != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			body = a.zipped()
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	// A failed write means that the browser has gone; there is nobody to tell.
	_, _ = w.Write(body)
}

// acceptsGzip reads the header as strictly as needed: "gzip;q=0" refuses.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			return strings.ReplaceAll(params, " ", "") != "q=0"
		}
	}
	return false
}

func newBundle() *bundle {
	b := &bundle{assets: map[string]*asset{}}
	b.join("gatehouse.css", "css")
	b.join("gatehouse.js", "js")
	b.each(".", func(name string) {
		if top, _, _ := strings.Cut(name, "/"); top == "css" || top == "js" {
			return
		}
		b.add(name, read(name))
	})
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(b.assets)) {
		sum.Write([]byte(name)) // a hash never fails
		sum.Write(b.assets[name].plain)
	}
	b.hash = hex.EncodeToString(sum.Sum(nil))[:12]
	return b
}

// join concatenates the files of a folder, which embed lists in order of name.
func (b *bundle) join(name, folder string) {
	var all bytes.Buffer
	b.each(folder, func(file string) {
		all.Write(read(file))
		all.WriteByte('\n')
	})
	b.add(name, all.Bytes())
}

func (b *bundle) each(folder string, do func(name string)) {
	err := fs.WalkDir(files, folder, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			do(name)
		}
		return err
	})
	if err != nil {
		panic("static: " + err.Error()) // the embedded tree cannot fail to be read
	}
}

func (b *bundle) add(name string, content []byte) {
	kind := types[path.Ext(name)]
	if kind == "" {
		return
	}
	a := &asset{kind: kind, plain: content}
	if path.Ext(name) != ".woff2" { // already compressed
		a.zipped = sync.OnceValue(func() []byte { return compress(content) })
	}
	b.assets[name] = a
}

func compress(content []byte) []byte {
	var out bytes.Buffer
	zw, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is valid
	_, _ = zw.Write(content)                                 // a buffer does not fail
	_ = zw.Close()
	return out.Bytes()
}

func read(name string) []byte {
	content, err := files.ReadFile(name)
	if err != nil {
		panic("static: " + err.Error())
	}
	return content
}
