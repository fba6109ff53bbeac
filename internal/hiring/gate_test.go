package hiring

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/flag"
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

// TestABlindReaderLearnsNoOthersAnswer: whoever still owes a scorecard is told that something blocks, not what it is.
func TestABlindReaderLearnsNoOthersAnswer(t *testing.T) {
	g := Gate{To: edition(t).Stages[3], Flags: []Raised{
		{Flag: flag.Flag{OriginKind: flag.FromAnswer, OriginID: "i/you#1"}, Title: "Theirs"},
		{Flag: flag.Flag{OriginKind: flag.FromAnswer, OriginID: "i/me"}, Title: "Mine"},
		{Flag: flag.Flag{OriginKind: flag.FromCheck, OriginID: "p"}, Title: "Recorded"}}}
	if got := len(g.Shown()); got != 3 {
		t.Errorf("%d shown to others", got)
	}
	g.Blind = "me"
	said := (&Blocked{g}).Error()
	if len(g.Shown()) != 2 || g.Open() || strings.Contains(said, "Theirs") || !strings.Contains(said, "Mine; Recorded. "+Withheld) {
		t.Errorf("shown %+v, said %s", g.Shown(), said)
	}
}

func TestStagesThatTheFlowKnowsByName(t *testing.T) {
	ed := edition(t)
	last := ed.Stages[len(ed.Stages)-1].ID
	if last != StageEmployed || next(ed, StageOffer) != StageOnboarding || next(ed, StageOnboarding) != StageEmployed || next(ed, last) != last {
		t.Errorf("the catalogue's stages end otherwise than hiring expects: %v", last)
	}
	if order(ed, "stage-nowhere") != -1 || len(stages(ed)) != len(ed.Stages)-1 {
		t.Error("unknown stage, or a stage too many")
	}
}

func TestRequired(t *testing.T) {
	ed := edition(t)
	tests := []struct {
		name, level, from, to string
		want, without         []string
	}{
		{"before the first call nothing is due", "level-verified", "stage-sourcing", "stage-screening-call", nil, []string{"check-video-on"}},
		{"leaving the call asks for what belongs to it", "level-verified", "stage-screening-call", "stage-technical-interview",
			[]string{"check-video-on"}, []string{"check-same-person-throughout"}},
		{"a jump asks for every stage jumped over", "level-verified", "stage-sourcing", "stage-offer",
			[]string{"check-video-on", "check-same-person-throughout", "check-id-next-to-face", "check-references-live"}, []string{"check-bank-account-owner"}},
		{"hiring from the offer leaves onboarding for later", "level-verified", StageOffer, StageEmployed,
			[]string{"check-bank-account-owner"}, []string{"check-first-day-identity"}},
		{"hiring from onboarding does not", "level-verified", StageOnboarding, StageEmployed,
			[]string{"check-first-day-identity", "check-shipping-address"}, nil},
		{"what belongs after the hire never blocks it", "level-privileged", StageOnboarding, StageEmployed,
			[]string{"check-in-person-identity"}, []string{"check-met-in-person"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := checkIDs(required(ed, tt.level, tt.from, tt.to))
			for _, id := range tt.want {
				if !slices.Contains(got, id) {
					t.Errorf("%s is not due; due: %v", id, got)
				}
			}
			for _, id := range tt.without {
				if slices.Contains(got, id) {
					t.Errorf("%s is due", id)
				}
			}
		})
	}
}

func TestNeedMet(t *testing.T) {
	for answer, want := range map[catalogue.Answer]bool{"": false, catalogue.NotDone: false, catalogue.Clear: true, catalogue.Concern: true, catalogue.RedFlag: true} {
		if got := (Need{Answer: answer}).Met(); got != want {
			t.Errorf("%q met: %v, want %v", answer, got, want)
		}
	}
	if !(Need{Override: &Overridden{}}).Met() {
		t.Error("an overridden check is not met")
	}
}

func TestFlagsThatBlock(t *testing.T) {
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	strong := flag.Flag{Answer: catalogue.RedFlag, Strength: catalogue.Strong, State: flag.Open, RaisedAt: at}
	with := func(change func(f *flag.Flag)) flag.Flag { f := strong; change(&f); return f }
	tests := []struct {
		name     string
		flag     flag.Flag
		override *Overridden
		want     bool
	}{
		{"strong", strong, nil, true},
		{"decisive", with(func(f *flag.Flag) { f.Strength = catalogue.Decisive }), nil, true},
		{"a raised signal", with(func(f *flag.Flag) { f.Answer = catalogue.Raised }), nil, true},
		{"confirmed", with(func(f *flag.Flag) { f.State = flag.Confirmed }), nil, true},
		{"moderate", with(func(f *flag.Flag) { f.Strength = catalogue.Moderate }), nil, false},
		{"a concern", with(func(f *flag.Flag) { f.Answer = catalogue.Concern }), nil, false},
		{"explained", with(func(f *flag.Flag) { f.State = flag.Explained }), nil, false},
		{"withdrawn", with(func(f *flag.Flag) { f.WithdrawnAt = &at }), nil, false},
		{"let pass afterwards", strong, &Overridden{OverriddenAt: at.Add(time.Hour)}, false},
		{"let pass before it was raised", strong, &Overridden{OverriddenAt: at.Add(-time.Hour)}, true},
	}
	for _, tt := range tests {
		if got := Blocks(tt.flag, tt.override); got != tt.want {
			t.Errorf("%s: blocks %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestBlockedIsAConflictThatNamesWhatIsMissing(t *testing.T) {
	ed := edition(t)
	check, _ := ed.Check("check-video-on")
	to, _ := ed.Stage(StageOffer)
	err := error(&Blocked{Gate{To: to, Needs: []Need{{Check: check}}}})
	if apperr.KindOf(err) != apperr.Stale {
		t.Errorf("kind of %v", err)
	}
	if b, ok := AsBlocked(err); !ok || !slices.Equal(b.Gate.Items(), []string{"check-video-on"}) {
		t.Errorf("blocked: %v", err)
	}
}

func TestTermsTidy(t *testing.T) {
	good := Terms{Kind: Employee, Title: " Engineer ", ManagerID: "0198c0de-0000-7000-8000-000000000000", StartedOn: time.Date(2026, 3, 1, 15, 0, 0, 0, time.UTC),
		Accounts: []Account{{"GitHub", " ada "}, {"GitHub", "ada"}}}
	if err := good.tidy(); err != nil || good.Title != "Engineer" || len(good.Accounts) != 1 || good.StartedOn.Hour() != 0 {
		t.Errorf("%+v, %v", good, err)
	}
	for field, change := range map[string]func(*Terms){
		"kind":       func(t *Terms) { t.Kind = "friend" },
		"title":      func(t *Terms) { t.Title = " " },
		"manager":    func(t *Terms) { t.ManagerID = "" },
		"started_on": func(t *Terms) { t.StartedOn = time.Time{} },
		"accounts":   func(t *Terms) { t.Accounts = []Account{{"", "ada"}} },
	} {
		terms := good
		change(&terms)
		if invalid, ok := apperr.AsInvalid(terms.tidy()); !ok || invalid.Fields[field] == "" {
			t.Errorf("%s: no message", field)
		}
	}
}
