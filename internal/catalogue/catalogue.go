// Package catalogue holds the domain content of Gatehouse: checks, signals,
// controls, the response playbook, the dossier, and the texts that explain them.
//
// The content lives in numbered editions under content/<version>/, embedded in
// the binary. Load parses every edition strictly and cross-checks it, so that a
// misspelt key, an unknown word or a reference to nothing stops the program at
// start instead of surfacing in front of a person. Interviews and cases keep the
// edition they began with and ask for it by At.
//
// The package owns no tables, knows nothing of people or outcomes, and never
// changes after Load: an Edition and everything reached from it may be shared by
// any number of goroutines and must not be modified.
package catalogue

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed content/*/catalogue.yaml
var content embed.FS

// Library is every edition this binary carries.
type Library struct {
	editions map[string]*Edition
	versions []string // oldest first
}

// Load gives the embedded editions, parsed and cross-checked. The work is done
// once; as nothing changes afterwards, all callers share the result.
func Load() (*Library, error) { return load() }

var load = sync.OnceValues(parseAll)

func parseAll() (*Library, error) {
	paths, err := fs.Glob(content, "content/*/catalogue.yaml")
	if err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	lib := &Library{editions: map[string]*Edition{}}
	for _, path := range paths {
		raw, err := content.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("catalogue: %w", err)
		}
		ed, err := Parse(raw)
		if err != nil {
			return nil, fmt.Errorf("catalogue: %s: %w", path, err)
		}
		if folder := strings.Split(path, "/")[1]; folder != ed.Version() {
			return nil, fmt.Errorf("catalogue: %s: calls itself version %q", path, ed.Version())
		}
		lib.editions[ed.Version()] = ed
		lib.versions = append(lib.versions, ed.Version())
	}
	if len(lib.versions) == 0 {
		return nil, fmt.Errorf("catalogue: no edition embedded")
	}
	slices.SortFunc(lib.versions, compareVersions)
	return lib, nil
}

// Versions lists the editions, oldest first.
func (l *Library) Versions() []string { return slices.Clone(l.versions) }

// Current is the newest edition: the one new work begins with.
func (l *Library) Current() *Edition { return l.editions[l.versions[len(l.versions)-1]] }

// Lookup finds an edition by version.
func (l *Library) Lookup(version string) (*Edition, bool) {
	ed, ok := l.editions[version]
	return ed, ok
}

// At is the edition that a piece of work began with. An edition this binary
// does not carry (an older binary on newer data) is logged as an error and
// answered with the current one, so that a case in progress stays usable.
// Callers that must not guess use Lookup.
func (l *Library) At(version string) *Edition {
	if ed, ok := l.editions[version]; ok {
		return ed
	}
	slog.Error("catalogue edition is not in this binary, using the current one",
		"wanted", version, "current", l.Current().Version())
	return l.Current()
}

// compareVersions orders dotted numbers, so that 1.10.0 follows 1.9.0.
func compareVersions(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(x, y string) int {
		m, errM := strconv.Atoi(x)
		n, errN := strconv.Atoi(y)
		if errM != nil || errN != nil {
			return cmp.Compare(x, y)
		}
		return cmp.Compare(m, n)
	})
}
