package localdb

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// install puts files that look like the programs into dir.
func install(t *testing.T, dir string) string {
	t.Helper()
	must(t, os.MkdirAll(dir, 0o755))
	for _, program := range []string{"initdb", "postgres"} {
		must(t, os.WriteFile(filepath.Join(dir, program), []byte("#!/bin/sh\n"), 0o755))
	}
	return dir
}

func env(pairs ...string) func(string) string {
	return func(key string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == key {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestFindPrefersTheVariableThenPath(t *testing.T) {
	chosen, onPath := install(t, t.TempDir()), install(t, t.TempDir())
	links := t.TempDir()
	must(t, os.Symlink(filepath.Join(onPath, "postgres"), filepath.Join(links, "postgres")))

	bin, err := Find(env(BinVariable, chosen, "PATH", onPath))
	must(t, err)
	if bin.Dir != chosen {
		t.Errorf("variable: %s", bin.Dir)
	}
	bin, err = Find(env("PATH", "relative"+string(filepath.ListSeparator)+links))
	must(t, err)
	if bin.Dir != onPath {
		t.Errorf("links were not followed: %s", bin.Dir)
	}
	var missing *NotFoundError
	if _, err := Find(env(BinVariable, links+"/none", "PATH", onPath)); !errors.As(err, &missing) || !strings.Contains(err.Error(), links+"/none") {
		t.Errorf("a wrong variable: %v", err)
	}
}

func TestFindNewestFirstAndTheOthersBehind(t *testing.T) {
	systemPatternsFor(t, filepath.Join(t.TempDir(), "*", "bin"))
	root := strings.TrimSuffix(systemPatterns[0], "/*/bin")
	for _, version := range []string{"9.6", "15", "16"} {
		install(t, filepath.Join(root, version, "bin"))
	}
	data := t.TempDir()
	name, err := npmPackage()
	must(t, err)
	packaged := install(t, filepath.Join(data, "node_modules", name, "native", "bin"))

	bin, err := Find(env(), data)
	must(t, err)
	if !strings.HasSuffix(bin.Dir, "/16/bin") || len(bin.others) != 3 || bin.others[2] != packaged {
		t.Errorf("got %+v", bin)
	}
}

func TestFindExplainsWhatIsMissing(t *testing.T) {
	systemPatternsFor(t, "/nowhere/*/bin")
	data := t.TempDir()
	_, err := Find(env("PATH", t.TempDir()), data)
	var missing *NotFoundError
	if !errors.As(err, &missing) {
		t.Fatalf("got %v", err)
	}
	for _, word := range []string{"PATH", "/nowhere/*/bin", data, "postgresql", "@embedded-postgres/", BinVariable} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the message lacks %q:\n%v", word, err)
		}
	}
}

// systemPatternsFor searches a place of the test's own instead of the system's.
func systemPatternsFor(t *testing.T, pattern string) {
	before := systemPatterns
	systemPatterns = []string{pattern}
	t.Cleanup(func() { systemPatterns = before })
}

func TestDefaultDir(t *testing.T) {
	for _, c := range []struct {
		uid  int
		env  []string
		want string
	}{
		{0, []string{"HOME", "/root", "XDG_DATA_HOME", "/root/.data"}, "/var/lib/gatehouse"},
		{1000, []string{"HOME", "/home/sam"}, "/home/sam/.local/share/gatehouse"},
		{1000, []string{"HOME", "/home/sam", "XDG_DATA_HOME", "/data/sam"}, "/data/sam/gatehouse"},
		{1000, []string{"HOME", "/home/sam", "XDG_DATA_HOME", "relative"}, "/home/sam/.local/share/gatehouse"},
		{1000, nil, "/var/lib/gatehouse"},
	} {
		if got := DefaultDir(env(c.env...), c.uid); got != c.want {
			t.Errorf("uid %d, %v: got %s, want %s", c.uid, c.env, got, c.want)
		}
	}
}

func TestParseVersion(t *testing.T) {
	for line, want := range map[string]int{
		"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n": 15,
		"postgres (PostgreSQL) 19beta1":                          19,
	} {
		if got, err := parseVersion(line); err != nil || got != want {
			t.Errorf("%q: got %d, %v", line, got, err)
		}
	}
	if _, err := parseVersion("something else"); err == nil {
		t.Error("no error for a foreign program")
	}
}

func TestLinkLibraries(t *testing.T) {
	native := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(native, "lib"), 0o755))
	must(t, os.WriteFile(filepath.Join(native, "lib", "libpq.so.5.18"), []byte("library"), 0o644))
	list := func(target string) {
		content := `[{"source":"native/lib/libpq.so.5.18","target":"` + target + `"}]`
		must(t, os.WriteFile(filepath.Join(native, "pg-symlinks.json"), []byte(content), 0o644))
	}
	list("native/lib/libpq.so")
	for range 2 { // the second time finds the link there
		must(t, linkLibraries(native))
	}
	content, err := os.ReadFile(filepath.Join(native, "lib", "libpq.so"))
	if err != nil || string(content) != "library" {
		t.Errorf("the link leads to %q, %v", content, err)
	}
	for _, outside := range []string{"native/../../evil", "/etc/evil", "elsewhere/evil"} {
		list(outside)
		if err := linkLibraries(native); err == nil {
			t.Errorf("made a link at %s", outside)
		}
	}
}

func TestLocale(t *testing.T) {
	for _, c := range []struct {
		goos  string
		major int
		want  string
	}{
		{"linux", 15, "--locale=C.UTF-8"},
		{"linux", 18, "--builtin-locale=C.UTF-8"},
		{"darwin", 16, "--lc-ctype=UTF-8"},
	} {
		if got := localeArgs(c.goos, c.major); !slices.Contains(got, c.want) {
			t.Errorf("%s %d: %v lacks %s", c.goos, c.major, got, c.want)
		}
	}
}
