package interview

import (
	"slices"
	"testing"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/apperr"
)

func edition(t *testing.T) *catalogue.Edition {
	t.Helper()
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	return lib.Current()
}

func TestFreezeMakesOpenChecksNotDone(t *testing.T) {
	at := time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	draft := Draft{
		"a": {CheckID: "a", Verdict: catalogue.Concern, Note: "said twice", Revision: 3},
		"b": {CheckID: "b", Verdict: Open, Note: "ask again", Revision: 1},
	}
	lines := draft.Freeze([]string{"c", "a", "b"}, map[string][]evidence.ID{"a": {"item"}}, at)
	want := []struct {
		check   string
		verdict catalogue.Answer
		note    string
	}{{"c", catalogue.NotDone, ""}, {"a", catalogue.Concern, "said twice"}, {"b", catalogue.NotDone, "ask again"}}
	for i, w := range want {
		if l := lines[i]; l.CheckID != w.check || l.Verdict != w.verdict || l.Note != w.note {
			t.Errorf("line %d is %+v, want %+v", i, l, w)
		}
	}
	if !slices.Equal(lines[1].Evidence, []evidence.ID{"item"}) || !lines[0].AnsweredAt.Equal(at) {
		t.Errorf("evidence %v, time %v", lines[1].Evidence, lines[0].AnsweredAt)
	}
	if left := draft.Left([]string{"c", "a", "b"}); !slices.Equal(left, []string{"c", "b"}) {
		t.Errorf("left: %v", left)
	}
	if draft.Mark() != 4 {
		t.Errorf("mark: %d", draft.Mark())
	}
}

func TestDiffers(t *testing.T) {
	card := func(verdict catalogue.Answer) Scorecard {
		return Scorecard{Answers: []Answer{{CheckID: "a", Verdict: verdict}}}
	}
	tests := []struct {
		name  string
		cards []Scorecard
		want  bool
	}{
		{"one card", []Scorecard{card(catalogue.Clear)}, false},
		{"same", []Scorecard{card(catalogue.Clear), card(catalogue.Clear)}, false},
		{"different", []Scorecard{card(catalogue.Clear), card(catalogue.Concern)}, true},
		{"one did not ask", []Scorecard{card(catalogue.NotDone), card(catalogue.RedFlag)}, false},
		{"different around one who did not ask", []Scorecard{card(catalogue.Clear), card(catalogue.NotDone), card(catalogue.RedFlag)}, true},
	}
	for _, tt := range tests {
		if got := Differs(tt.cards, "a"); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestLatestKeepsTheNewestOfEach(t *testing.T) {
	cards := []Scorecard{{ID: "a1", UserID: "a", Number: 1}, {ID: "a2", UserID: "a", Number: 2}, {ID: "b1", UserID: "b", Number: 1}}
	latest := Latest(cards)
	if len(latest) != 2 || latest[0].ID != "a2" || latest[1].ID != "b1" {
		t.Errorf("latest: %+v", latest)
	}
}

func TestKitKeepsWhatTheLevelRequires(t *testing.T) {
	ed := edition(t)
	const stage, level = "stage-screening-call", "level-verified"
	whole := StageKit(ed, stage, level)
	if len(whole) != len(ed.ChecksFor(stage)) {
		t.Fatalf("the stage's kit has %d of %d checks", len(whole), len(ed.ChecksFor(stage)))
	}
	required := requiredAt(ed, stage, level)
	if len(required) == 0 || !required[whole[0]] {
		t.Fatalf("required checks come first: %v, %v", required, whole)
	}
	without := slices.DeleteFunc(slices.Clone(whole), func(c string) bool { return c == whole[0] })
	if _, err := tidyKit(ed, stage, level, without); apperr.KindOf(err) != apperr.InvalidInput {
		t.Errorf("a kit without a required check: %v", err)
	}
	var fewest []string
	for c := range required {
		fewest = append(fewest, c)
	}
	kit, err := tidyKit(ed, stage, level, append(fewest, "check-cross-commits", "check-cross-commits"))
	if err != nil || len(kit) != len(required)+1 || kit[len(kit)-1] != "check-cross-commits" {
		t.Errorf("a short kit with an addition: %v, %v", kit, err)
	}
	for _, bad := range [][]string{{}, append(slices.Clone(whole), "check-nothing")} {
		if _, err := tidyKit(ed, stage, "", bad); apperr.KindOf(err) != apperr.InvalidInput {
			t.Errorf("kit %v: %v", bad, err)
		}
	}
}

func TestReviewSaysWhatIsLeftAndWhatCounts(t *testing.T) {
	ed := edition(t)
	room := Room{Interview: Interview{StageID: "stage-screening-call", LevelID: "level-verified",
		Kit: []string{"check-video-on", "check-liveness-challenge", "check-small-talk-location"}}, Edition: ed,
		Draft: Draft{"check-video-on": {CheckID: "check-video-on", Verdict: catalogue.Clear}}}
	v := review(room, nil)
	if len(v.Left) != 2 || v.Before.Done != 0 || v.Now.Done != 1 {
		t.Errorf("left %d, before %+v, now %+v", len(v.Left), v.Before, v.Now)
	}
	if v.Full.Done != v.Now.Done+len(v.Counting) {
		t.Errorf("full %+v with %d counting", v.Full, len(v.Counting))
	}
	again := review(room, map[string]catalogue.Answer{"check-video-on": catalogue.RedFlag})
	if again.Before != again.Now {
		t.Errorf("a check that was answered before adds nothing: %+v, %+v", again.Before, again.Now)
	}
}
