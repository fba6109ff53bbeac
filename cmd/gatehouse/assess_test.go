package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// lines decodes the command's output and checks that each line is whole.
func lines(t *testing.T, out string) []assessLine {
	t.Helper()
	var list []assessLine
	for text := range strings.Lines(out) {
		var keys map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &keys); err != nil {
			t.Fatalf("not a JSON line: %v: %s", err, text)
		}
		for _, key := range []string{"id", "score", "band", "coverage", "reasons", "next", "expected", "ok"} {
			if _, ok := keys[key]; !ok {
				t.Errorf("no %q in %s", key, text)
			}
		}
		var line assessLine
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		list = append(list, line)
	}
	return list
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAssessCatalogue(t *testing.T) {
	code, out, errout := gatehouse(t, "", "assess", "../../internal/catalogue/content/1.0.0/catalogue.yaml")
	list := lines(t, out)
	if code != 0 || len(list) != 15 || errout != "" {
		t.Fatalf("exit %d, %d lines, stderr %q", code, len(list), errout)
	}
	for _, line := range list {
		total := 0
		for _, r := range line.Reasons {
			total += r.Share
		}
		if !line.OK || total != 100 || len(line.Next) == 0 {
			t.Errorf("%+v", line)
		}
	}
}

// Every shape of file holds the same scenario: a moderate red flag.
func TestAssessShapes(t *testing.T) {
	const yamlOne = "id: one\nraised:\n  - {id: check-cv-anachronism, answer: red-flag}\nevaded: [check-video-on]\nexpected_outcome: elevated\n"
	const jsonOne = "{\n\t\"id\": \"one\",\n\t\"raised\": [{\"id\": \"check-cv-anachronism\", \"answer\": \"red-flag\"}],\n\t\"summary\": \"\\ud83d\\ude00\",\n\t\"expected_outcome\": [\"elevated\", \"high\"]\n}"
	indented := "- " + strings.ReplaceAll(strings.TrimSpace(yamlOne), "\n", "\n  ") + "\n"
	two := strings.Replace(yamlOne, "id: one", "id: two", 1)
	tests := []struct {
		name, text string
		ids        []string
	}{
		{"mapping.yaml", yamlOne, []string{"one"}},
		{"list.yaml", indented, []string{"one"}},
		{"key.yaml", "meta: {version: 1}\nscenarios:\n" + indented, []string{"one"}},
		{"documents.yaml", yamlOne + "---\n" + two, []string{"one", "two"}},
		{"alias.yaml", "- &a {id: one, raised: &r [{id: check-cv-anachronism, answer: red-flag}]}\n- {id: two, raised: *r}\n", []string{"one", "two"}},
		{"flow.yaml", "{id: one, raised: [{id: check-cv-anachronism, answer: red-flag}]}", []string{"one"}},
		{"mapping.json", jsonOne, []string{"one"}},
		{"list.json", "[" + jsonOne + "]", []string{"one"}},
		{"lines.json", jsonOne + "\n" + strings.Replace(jsonOne, "one", "two", 1), []string{"one", "two"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, out, errout := gatehouse(t, "", "assess", file(t, tt.name, tt.text))
			if code != 0 {
				t.Fatalf("exit %d: %s", code, errout)
			}
			var ids []string
			for _, line := range lines(t, out) {
				ids = append(ids, line.ID)
				if line.Band != "elevated" || !line.OK {
					t.Errorf("%+v", line)
				}
			}
			if !slices.Equal(ids, tt.ids) {
				t.Errorf("ids %v", ids)
			}
		})
	}
	code, out, _ := gatehouse(t, yamlOne, "assess", "-", file(t, "two.yaml", two))
	if code != 0 || len(lines(t, out)) != 2 {
		t.Errorf("standard input and a file: exit %d, %s", code, out)
	}
}

func TestAssessExpectations(t *testing.T) {
	tests := []struct {
		name, text string
		code       int
		expected   string
	}{
		{"met", "{id: a, expected_outcome: low}", 0, `"expected":"low","ok":true`},
		{"missed", "{id: a, expected_outcome: high}", 1, `"expected":"high","ok":false`},
		{"one of several", "{id: a, expected_outcome: [elevated, low]}", 0, `"expected":["elevated","low"],"ok":true`},
		{"none of several", "{id: a, expected_outcome: [elevated]}", 1, `"expected":["elevated"],"ok":false`},
		{"nothing expected", "{id: a, raised: [{id: check-place-photo, answer: red-flag}]}", 0, `"expected":null,"ok":true`},
		{"explained", "{id: a, raised: [{id: check-place-photo, answer: red-flag, disposition: explained}], expected_outcome: low}", 0, `"reasons":[]`},
		{"counted", "{id: a, raised: [{id: signal-mouse-jiggler, answer: raised, count: 40}], expected_outcome: elevated}", 0, `"ok":true`},
		{"level and stage", "{id: a, level: level-verified, stage: stage-offer, evaded: [check-video-on]}", 0, `"coverage":0.0`},
	}
	for _, tt := range tests {
		code, out, errout := gatehouse(t, tt.text, "assess", "-")
		if code != tt.code || !strings.Contains(out, tt.expected) {
			t.Errorf("%s: exit %d, %s%s", tt.name, code, out, errout)
		}
	}
}

// A fault names file, line and id, and nothing is weighed.
func TestAssessFaults(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"unknown check", "id: a\nraised:\n  - {id: check-place-photo, answer: red-flag}\n  - {id: check-moon, answer: red-flag}\n", `:4: a: unknown id "check-moon"`},
		{"unknown evaded", "id: a\nevaded:\n  - check-video-on\n  - signal-moon\n", `:4: a: unknown id "signal-moon"`},
		{"unknown id in JSON", "{\n\t\"id\": \"a\",\n\t\"raised\": [\n\t\t{\"answer\": \"concern\", \"id\": \"check-moon\"}]}", `:4: a: unknown id "check-moon"`},
		{"another kind", "id: a\nevaded: [step-terminate]\n", `:2: a: "step-terminate" is neither a check nor a signal (kind: step)`},
		{"excluded", "id: a\nraised: [{id: excluded-accent, answer: red-flag}]\n", "(kind: excluded)"},
		{"unknown answer", "id: a\nraised:\n  - id: check-avatar\n    answer: maybe\n", `:4: a: check-avatar: answer "maybe"`},
		{"no answer", "id: a\nraised:\n  - id: check-avatar\n", `:3: a: check-avatar: answer ""`},
		{"raised check", "id: a\nraised: [{id: check-avatar, answer: raised}]\n", `answer "raised"`},
		{"unknown disposition", "id: a\nraised:\n  - {id: check-avatar, answer: concern, disposition: forgotten}\n", `:3: a: check-avatar: disposition "forgotten"`},
		{"count", "id: a\nraised: [{id: signal-mouse-jiggler, answer: raised, count: 0}]\n", `count "0"`},
		{"unknown band", "id: a\nexpected_outcome: terrible\n", `:2: a: expected_outcome "terrible"`},
		{"unknown level", "id: a\nlevel: level-nine\n", `:2: unknown level "level-nine"`},
		{"unknown stage", "id: a\nstage: moon\n", `:2: unknown stage "moon"`},
		{"duplicate scenario", "- {id: a}\n- {id: a}\n", `:2: scenario id "a" is used twice`},
		{"no id", "raised: []\n", "a scenario without an id"},
		{"empty", "", "no scenario in it"},
		{"scalar", "hello", "expected a scenario"},
		{"not YAML", "id: [\n", "line"},
		{"raised is no list", "id: a\nraised: {id: check-avatar}\n", "raised must be a list"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := file(t, "in.yaml", tt.text)
			code, out, errout := gatehouse(t, "", "assess", path)
			if code != 2 || out != "" || !strings.Contains(errout, path) || !strings.Contains(errout, tt.want) {
				t.Errorf("exit %d, stdout %q, stderr %q", code, out, errout)
			}
		})
	}
	good := file(t, "good.yaml", "id: a\n")
	for _, args := range [][]string{{"assess"}, {"assess", "no-such-file.yaml"}, {"assess", "--nonsense", good}, {"assess", good, good}} {
		if code, out, _ := gatehouse(t, "", args...); code != 2 || out != "" {
			t.Errorf("%v: exit %d, %q", args, code, out)
		}
	}
}

func TestAssessWarnsOfMisspeltKeys(t *testing.T) {
	code, _, errout := gatehouse(t, "id: a\nrasied: [{id: check-place-photo, answer: red-flag}]\n", "assess", "-")
	if code != 0 || !strings.Contains(errout, `stdin:2: a: key "rasied" is not read`) {
		t.Errorf("exit %d, %q", code, errout)
	}
}
