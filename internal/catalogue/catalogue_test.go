package catalogue_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"gatehouse/internal/catalogue"
)

func load(t *testing.T) *catalogue.Edition {
	t.Helper()
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	return lib.Current()
}

// generic decodes YAML or JSON into plain maps through JSON, so that the two
// compare.
func generic(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	plain, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(plain, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// idsOf lists the ids of one section of a generically decoded catalogue.
func idsOf(doc map[string]any, section string) []string {
	entries, _ := doc[section].([]any)
	if section == "sources" {
		entries, _ = doc["meta"].(map[string]any)["sources"].([]any)
	}
	var ids []string
	for _, entry := range entries {
		id, _ := entry.(map[string]any)["id"].(string)
		ids = append(ids, id)
	}
	return ids
}

func TestEveryIDOfTheFileIsThere(t *testing.T) {
	ed := load(t)
	raw, err := os.ReadFile("content/1.0.0/catalogue.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc := generic(t, raw)
	sections := map[catalogue.Kind]string{
		catalogue.KindStage: "stages", catalogue.KindClaim: "claims", catalogue.KindChannel: "channels",
		catalogue.KindCheck: "checks", catalogue.KindLiveness: "liveness", catalogue.KindSignal: "signals",
		catalogue.KindControl: "controls", catalogue.KindLevel: "verification_levels",
		catalogue.KindStep: "playbook", catalogue.KindField: "dossier", catalogue.KindRisk: "risks",
		catalogue.KindProfile: "profile", catalogue.KindScenario: "scenarios", catalogue.KindLearn: "learn",
		catalogue.KindReading: "reading", catalogue.KindExcluded: "excluded", catalogue.KindSource: "sources",
	}
	byKind := map[catalogue.Kind][]string{}
	for _, item := range ed.Items() {
		byKind[item.Kind] = append(byKind[item.Kind], item.ID)
	}
	for kind, section := range sections {
		want := idsOf(doc, section)
		if len(want) == 0 {
			t.Errorf("%s: the file has none", section)
		}
		if !slices.Equal(byKind[kind], want) {
			t.Errorf("%s: ids differ: %d loaded, %d in the file", section, len(byKind[kind]), len(want))
		}
	}
	if coverage := doc["coverage"].([]any); len(coverage) != len(ed.Coverage) {
		t.Errorf("coverage: %d loaded, %d in the file", len(ed.Coverage), len(coverage))
	}
	if len(doc) != len(sections)+1 { // sources are inside meta; meta and coverage have no ids
		t.Errorf("the file has %d sections", len(doc))
	}
}

// The edition was taken from a catalogue kept outside the repository. Where that
// is at hand, nothing of it may be missing.
func TestNothingOfTheOriginIsMissing(t *testing.T) {
	raw, err := os.ReadFile("../../../shared/framework/catalogue.yaml")
	if err != nil {
		t.Log("no catalogue beside the repository: nothing to compare with")
		return
	}
	ed := load(t)
	doc := generic(t, raw)
	for section := range doc {
		for _, id := range idsOf(doc, section) {
			if id == "" {
				continue
			}
			if _, ok := ed.Item(id); !ok {
				t.Errorf("%s: %s is missing", section, id)
			}
		}
	}
}

func TestExportIsWhole(t *testing.T) {
	ed := load(t)
	file, err := os.ReadFile("content/1.0.0/catalogue.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := generic(t, file)
	for _, format := range []string{"json", "yaml"} {
		var out bytes.Buffer
		if err := ed.Export(&out, format); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(generic(t, out.Bytes()), want) {
			t.Errorf("the %s export differs from the file", format)
		}
	}
	if err := ed.Export(&bytes.Buffer{}, "csv"); err == nil {
		t.Error("csv was accepted")
	}
}

func TestEditions(t *testing.T) {
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	if lib.At("1.0.0").Version() != "1.0.0" {
		t.Error("1.0.0 is not found")
	}
	if lib.At("0.0.1") != lib.Current() {
		t.Error("an unknown edition must fall back to the current one")
	}
	if _, ok := lib.Lookup("0.0.1"); ok {
		t.Error("Lookup must not guess")
	}
}

func TestKits(t *testing.T) {
	ed := load(t)
	seen := map[string]bool{}
	for _, stage := range ed.Stages {
		kit := ed.ChecksFor(stage.ID)
		if len(kit) == 0 {
			t.Errorf("%s has no checks", stage.ID)
		}
		guests := false
		for _, check := range kit {
			home := check.Stage == stage.ID
			if home && guests {
				t.Errorf("%s: %s follows checks of other stages", stage.ID, check.ID)
			}
			guests = guests || !home
			if home {
				seen[check.ID] = true
			}
		}
	}
	if len(seen) != len(ed.Checks) {
		t.Errorf("%d of %d checks are at home in a stage", len(seen), len(ed.Checks))
	}
	for _, level := range ed.Levels {
		if got := len(ed.Required(level.ID)); got != len(level.RequiredChecks) {
			t.Errorf("%s: %d of %d required checks", level.ID, got, len(level.RequiredChecks))
		}
	}
}

func TestSearch(t *testing.T) {
	ed := load(t)
	tests := []struct{ query, first string }{
		{"check-place-photo", "check-place-photo"},
		{"mouse jiggler", "signal-mouse-jiggler"},
		{"Revoke", "step-revoke-access"},
		{"MOUSE JIG", "signal-mouse-jiggler"},
		{"facilitator", "learn-facilitators"},
	}
	for _, tt := range tests {
		hits := ed.Search(tt.query)
		if len(hits) == 0 || hits[0].ID != tt.first {
			t.Errorf("%q finds %v first", tt.query, hits[:min(3, len(hits))])
		}
	}
	for _, nothing := range []string{"", "  ", "zzzz", "mouse zzzz"} {
		if hits := ed.Search(nothing); len(hits) != 0 {
			t.Errorf("%q finds %d entries", nothing, len(hits))
		}
	}
}

func TestDue(t *testing.T) {
	day := 24 * time.Hour
	tests := []struct {
		text  string
		want  time.Duration
		words string
	}{
		{"PT1H", time.Hour, "1 hour"},
		{"PT90M", 90 * time.Minute, "90 minutes"},
		{"P3D", 3 * day, "3 days"},
		{"P1W", 7 * day, "7 days"},
		{"P1DT12H", 36 * time.Hour, "36 hours"},
	}
	for _, tt := range tests {
		got, err := catalogue.ParseDue(tt.text)
		if err != nil || got != tt.want {
			t.Errorf("%s is %v, %v", tt.text, got, err)
		}
		if w := catalogue.Due(tt.text).Words(); w != tt.words {
			t.Errorf("%s reads %q", tt.text, w)
		}
	}
	for _, bad := range []string{"", "P", "PT", "P1M", "P1Y", "3D", "P-1D", "PT0H", "P1D ", "P99999D"} {
		if _, err := catalogue.ParseDue(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

// Each edit breaks the edition in one way; Parse must name it.
func TestParseNamesFaults(t *testing.T) {
	raw, err := os.ReadFile("content/1.0.0/catalogue.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, old, new, want string }{
		{"unknown key", "    due: PT1H\n", "    deu: PT1H\n", "deu not found"},
		{"bad due", "    due: PT1H\n", "    due: P1M\n", "step-open-case: due"},
		{"due before its predecessor", "    due: PT2H\n", "    due: PT30M\n", "step-keep-facade: is due before step-open-case"},
		{"cycle", "    after: []\n", "    after: [step-keep-facade]\n", "step-open-case: waits for step-keep-facade"},
		{"unknown step", "    after: [step-open-case]\n", "    after: [step-nowhere]\n", `"step-nowhere" does not exist`},
		{"wrong kind", "checks: [check-agency-vetting, check-first-day-identity]", "checks: [signal-mouse-jiggler]", "is a signal"},
		{"duplicate id", "  - id: check-own-due-diligence\n", "  - id: check-sourcing-recorded\n", "check-sourcing-recorded: the id is used twice"},
		{"unknown strength", "    strength: weak\n", "    strength: feeble\n", `strength "feeble"`},
		{"unknown source", "{source: source-seal-ttp,", "{source: source-hearsay,", `"source-hearsay" does not exist`},
		{"new word", "      weak: ", "      feeble: ", "vocabulary strength"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			broken := strings.Replace(string(raw), tt.old, tt.new, 1)
			if broken == string(raw) {
				t.Fatal("the edit changes nothing")
			}
			_, err := catalogue.Parse([]byte(broken))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want it to contain %q", err, tt.want)
			}
		})
	}
}

// Pages read an edition from many requests at once.
func TestConcurrentReading(t *testing.T) {
	ed := load(t)
	done := make(chan int)
	for range 8 {
		go func() {
			total := 0
			for _, item := range ed.Items() {
				found, _ := ed.Item(item.ID)
				total += len(found.Title)
			}
			done <- total + len(ed.Search("access"))
		}()
	}
	first := <-done
	for range 7 {
		if <-done != first {
			t.Error("readers disagree")
		}
	}
}
