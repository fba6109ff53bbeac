package archtest

import (
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// requirement is a line of docs/asvs.md: number, level, what it asks, how it stands, and what shows that.
var requirement = regexp.MustCompile(`^\| (v5\.0\.0-[0-9.]+) \| ([12]) \| ([^|]+) \| (met|not met|not applicable) \| ([^|]+) \|$`)

var quoted = regexp.MustCompile("`([^`]+)`")

// TestEveryRequirementIsAnswered: each requirement of levels 1 and 2 stands in the table once, what is met names a test or a
// file, and every test and file that is named exists.
func TestEveryRequirementIsAnswered(t *testing.T) {
	t.Parallel()
	want := map[string]string{}
	for line := range lines(t, "testdata/asvs.txt") {
		number, level, _ := strings.Cut(line, " ")
		want[number] = level
	}
	known, counted := testNames(t), map[string]int{}
	whole := slices.Collect(lines(t, "../../docs/asvs.md"))
	for _, line := range whole {
		if !strings.HasPrefix(line, "| v") {
			continue
		}
		row := requirement.FindStringSubmatch(line)
		if row == nil {
			t.Errorf("not a row of the table: %s", line)
			continue
		}
		number, level, stands, why := row[1], row[2], row[4], row[5]
		if want[number] != level {
			t.Errorf("%s is not of level %s, or stands twice", number, level)
		}
		delete(want, number)
		counted[level+" "+stands]++
		named := quoted.FindAllStringSubmatch(why, -1)
		if stands == "met" && len(named) == 0 {
			t.Errorf("%s is met, but nothing shows it", number)
		}
		for _, name := range named {
			if !shown(name[1], known) {
				t.Errorf("%s names %s, which is neither a test nor a file", number, name[1])
			}
		}
	}
	for _, level := range []string{"1", "2"} {
		if row := fmt.Sprintf("| %s | %d | %d | %d |", level, counted[level+" met"], counted[level+" not met"], counted[level+" not applicable"]); !slices.Contains(whole, row) {
			t.Errorf("the table of sums lacks %s", row)
		}
	}
	for number := range want {
		t.Errorf("%s is not in the table", number)
	}
}

// shown reports whether a name is that of a test, or of a file or folder of the repository.
func shown(name string, tests map[string]bool) bool {
	if strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz") {
		return tests[name]
	}
	_, err := os.Stat(filepath.Join("../..", filepath.FromSlash(name)))
	return err == nil
}

// testNames are the tests and fuzz targets of the repository.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Za-z0-9_]*)\(`)
	names := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(content, -1) {
			names[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// lines are those of a file.
func lines(t *testing.T, name string) iter.Seq[string] {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func(string) bool) {
		for line := range strings.Lines(string(content)) {
			if !yield(strings.TrimSuffix(line, "\n")) {
				return
			}
		}
	}
}
