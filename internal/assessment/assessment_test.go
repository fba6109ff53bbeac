package assessment_test

import (
	"strings"
	"testing"

	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
)

func edition(t testing.TB) *catalogue.Edition {
	t.Helper()
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	return lib.Current()
}

// findings reads a short notation: "red check-a, concern*3 check-b explained,
// raised signal-c confirmed, clear check-d".
func findings(t testing.TB, ed *catalogue.Edition, text string) []assessment.Finding {
	t.Helper()
	answers := map[string]catalogue.Answer{
		"red": catalogue.RedFlag, "concern": catalogue.Concern, "raised": catalogue.Raised,
		"clear": catalogue.Clear, "not-done": catalogue.NotDone,
	}
	var list []assessment.Finding
	for part := range strings.SplitSeq(text, ",") {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		f := assessment.Finding{ID: words[1]}
		word, times, _ := strings.Cut(words[0], "*")
		f.Answer = answers[word]
		for _, digit := range times {
			f.Count = 10*f.Count + int(digit-'0')
		}
		if len(words) > 2 {
			f.Disposition = assessment.Disposition(words[2])
		}
		if _, ok := ed.Item(f.ID); !ok || f.Answer == "" {
			t.Fatalf("bad finding %q", part)
		}
		list = append(list, f)
	}
	return list
}

func TestCatalogueScenarios(t *testing.T) {
	ed := edition(t)
	for _, s := range ed.Scenarios {
		var in assessment.Input
		for _, r := range s.Raised {
			in.Findings = append(in.Findings, assessment.Finding{ID: r.ID, Answer: r.Answer})
		}
		for _, id := range s.Evaded {
			in.Findings = append(in.Findings, assessment.Finding{ID: id, Answer: catalogue.Clear})
		}
		if a := assessment.Assess(ed, in); a.Band != s.ExpectedOutcome {
			t.Errorf("%s: %s (%d), expected %s", s.ID, a.Band, a.Score, s.ExpectedOutcome)
		}
	}
}

// Situations beyond the catalogue's, each following from the meaning of
// strengths and bands.
func TestSituations(t *testing.T) {
	const identity = "clear check-id-next-to-face, clear check-liveness-challenge, "
	tests := []struct {
		name, findings string
		want           catalogue.Band
	}{
		{"nothing known", "", catalogue.Low},
		{"nothing done", "not-done check-id-next-to-face, not-done check-place-photo", catalogue.Low},
		{"everything clear", identity + "clear check-employer-direct", catalogue.Low},

		{"one weak concern", "concern check-avatar", catalogue.Low},
		{"one moderate concern", "concern check-email-osint", catalogue.Low},
		{"one strong concern", "concern check-meeting-avoidance", catalogue.Elevated},
		{"one decisive concern", "concern check-place-photo", catalogue.Elevated},
		{"one strong concern, cleared nearby", "concern check-meeting-avoidance, clear check-place-photo, clear check-login-origin", catalogue.Low},
		{"two moderate concerns, two groups", "concern check-email-osint, concern check-employer-real", catalogue.Elevated},
		{"two moderate concerns, one group", "concern check-education-direct, concern check-employer-real", catalogue.Low},
		{"two moderate concerns, strong clears", identity + "concern check-email-osint, concern check-employer-real, clear check-employer-direct", catalogue.Low},
		{"weak concerns everywhere", "concern check-avatar, concern check-phone-type, concern check-reading-answers, concern check-background-visible, concern check-met-in-person, concern check-workplace-claim, concern check-readme-padding, concern check-follower-volume, concern check-visibility-avoidance, concern check-sourcing-recorded", catalogue.Elevated},

		{"one weak red flag", "red check-reading-answers", catalogue.Low},
		{"weak red flags in two groups", "red check-reading-answers, red check-avatar", catalogue.Elevated},
		{"weak red flags in six groups", "red check-reading-answers, red check-avatar, red check-phone-type, red check-workplace-claim, red check-readme-padding, red check-visibility-avoidance", catalogue.Elevated},

		{"one moderate red flag", "red check-cv-anachronism", catalogue.Elevated},
		{"one moderate red flag and concerns", "red check-cv-anachronism, concern check-email-osint, concern check-avatar, concern check-window-view", catalogue.Elevated},
		{"one moderate red flag against strong clears", identity + "red check-cv-anachronism, clear check-employer-direct, clear check-references-live", catalogue.Elevated},
		{"five moderate red flags, one group", "red check-account-age-vs-commits, red check-displayed-activity-years, red check-event-history-missing, red check-commit-identities, red check-prior-handle", catalogue.Elevated},
		{"moderate red flags in two groups", "red check-cv-anachronism, red check-window-view", catalogue.High},
		{"the same against strong clears", identity + "red check-cv-anachronism, red check-window-view, clear check-employer-direct, clear check-login-origin", catalogue.High},
		{"moderate red flags in three groups", "red check-cv-anachronism, red check-window-view, red check-email-osint", catalogue.High},
		{"moderate red flags in three groups and concerns", "red check-cv-anachronism, red check-window-view, red check-email-osint, concern check-avatar, concern check-video-on", catalogue.High},
		{"moderate red flags in five groups", "red check-cv-anachronism, red check-window-view, red check-email-osint, red check-live-task, red check-payment-route", catalogue.Critical},
		{"a moderate red flag and a strong concern elsewhere", "red check-cv-anachronism, concern check-meeting-avoidance", catalogue.High},

		{"one strong red flag", "red check-cross-commits", catalogue.High},
		{"one strong red flag, all else clear", identity + "red check-cross-commits, clear check-contributor-volume, clear check-explains-own-code, clear check-employer-direct", catalogue.High},
		{"three strong red flags, one group", "red check-call-name, red check-identity-switch, red check-in-person-identity", catalogue.High},
		{"one strong red flag and many concerns", "red check-cross-commits, concern check-email-osint, concern check-window-view, concern check-live-task, concern check-employer-real", catalogue.High},
		{"strong red flags in two groups", "red check-cross-commits, red check-call-name", catalogue.Critical},
		{"a strong and a moderate red flag", "red check-cross-commits, red check-window-view", catalogue.Critical},
		{"a strong red flag, the second one explained", "red check-cross-commits, red check-call-name explained", catalogue.High},
		{"both strong red flags explained", "red check-cross-commits explained, red check-call-name explained", catalogue.Low},

		{"one decisive red flag", "red check-place-photo", catalogue.Critical},
		{"one decisive red flag, all else clear", identity + "red check-place-photo, clear check-login-origin, clear check-window-view, clear check-address-real", catalogue.Critical},
		{"a decisive red flag explained", "red check-place-photo explained", catalogue.Low},
		{"a decisive red flag confirmed", "red check-place-photo confirmed", catalogue.Critical},
		{"two interviewers disagree", "clear check-place-photo, red check-place-photo", catalogue.Critical},

		{"a weak signal a hundred times", "raised*100 signal-long-lived-session", catalogue.Low},
		{"a moderate signal", "raised signal-mouse-jiggler", catalogue.Elevated},
		{"a moderate signal fifty times", "raised*50 signal-mouse-jiggler", catalogue.Elevated},
		{"a moderate signal after a clean hiring", identity + "raised signal-mouse-jiggler, clear check-employer-direct, clear check-first-day-identity", catalogue.Elevated},
		{"a moderate signal that nearby answers explain", "raised signal-vpn-proxy-exit, clear check-login-origin, clear check-window-view", catalogue.Low},
		{"the same, confirmed by a person", "raised signal-vpn-proxy-exit confirmed, clear check-login-origin, clear check-window-view", catalogue.Elevated},
		{"the signal explained", "raised signal-mouse-jiggler explained", catalogue.Low},
		{"a strong signal a thousand times", "raised*1000 signal-remote-access-tool", catalogue.High},
		{"strong signals in two groups", "raised signal-remote-access-tool, raised signal-device-activated-elsewhere", catalogue.Critical},
		{"a decisive signal", "raised signal-extortion-threat", catalogue.Critical},
		{"a mixed story: documents pass, work does not", identity + "red check-live-task, concern check-explains-own-code, red check-meeting-amnesia, clear check-document-authenticity", catalogue.Elevated},
		{"a mixed story: location and payment both false", "red check-login-origin, red check-different-account-request, clear check-video-on, clear check-live-task", catalogue.Critical},
	}
	ed := edition(t)
	for _, tt := range tests {
		a := assessment.Assess(ed, assessment.Input{Findings: findings(t, ed, tt.findings)})
		if a.Band != tt.want {
			t.Errorf("%s: %s (score %d, %.1f points, ceiling %s), want %s", tt.name, a.Band, a.Score, a.Points, a.Ceiling, tt.want)
		}
	}
}

func TestReasons(t *testing.T) {
	ed := edition(t)
	a := assessment.Assess(ed, assessment.Input{Findings: findings(t, ed,
		"red check-place-photo, concern check-window-view, red check-cross-commits confirmed, red check-avatar explained, concern check-email-osint")})
	if len(a.Reasons) != 3 {
		t.Fatalf("%d reasons", len(a.Reasons))
	}
	first := a.Reasons[0]
	if first.ID != "check-place-photo" || len(first.Also) != 1 || first.Also[0] != "check-window-view" {
		t.Errorf("first reason is %+v", first)
	}
	if !strings.Contains(first.Sentence, "second person") || !strings.Contains(a.Reasons[1].Sentence, "confirmed") {
		t.Errorf("sentences: %q, %q", first.Sentence, a.Reasons[1].Sentence)
	}
	if len(a.AwaitingConfirmation) != 1 || a.AwaitingConfirmation[0] != "check-place-photo" {
		t.Errorf("awaiting confirmation: %v", a.AwaitingConfirmation)
	}
	total := 0
	for _, r := range a.Reasons {
		total += r.Share
		if r.ID == "check-avatar" {
			t.Error("an explained finding is a reason")
		}
	}
	if total != 100 {
		t.Errorf("shares add up to %d", total)
	}
}

func TestUnknownIDsAreReported(t *testing.T) {
	a := assessment.Assess(edition(t), assessment.Input{Findings: []assessment.Finding{
		{ID: "check-nothing", Answer: catalogue.RedFlag}, {ID: "check-nothing", Answer: catalogue.Clear},
	}})
	if a.Score != 0 || len(a.Unknown) != 1 || a.Unknown[0] != "check-nothing" {
		t.Errorf("score %d, unknown %v", a.Score, a.Unknown)
	}
}

func TestCoverage(t *testing.T) {
	ed := edition(t)
	var all []assessment.Finding
	for _, c := range ed.Required("level-verified") {
		all = append(all, assessment.Finding{ID: c.ID, Answer: catalogue.Clear})
	}
	whole := assessment.Assess(ed, assessment.Input{Findings: all, Level: "level-verified"})
	if whole.Coverage.Fraction != 1 || whole.Coverage.Done != len(all) {
		t.Errorf("all required checks done: %+v", whole.Coverage)
	}
	for _, n := range whole.Next {
		if n.Required {
			t.Errorf("%s is done and still required", n.ID)
		}
	}
	none := assessment.Assess(ed, assessment.Input{Level: "level-verified"})
	if none.Coverage.Fraction != 0 || none.Coverage.Total != len(all) || none.Band != catalogue.Low {
		t.Errorf("nothing done: %+v, %s", none.Coverage, none.Band)
	}
	for _, claim := range none.Claims {
		if claim.Total == 0 || claim.Fraction != 0 {
			t.Errorf("%s: %+v", claim.Claim, claim.Coverage)
		}
	}
	early := assessment.Assess(ed, assessment.Input{Level: "level-verified", Stage: "stage-screening-call"})
	if early.Coverage.Total == 0 || early.Coverage.Total >= len(all) {
		t.Errorf("by the screening call %d of %d checks are due", early.Coverage.Total, len(all))
	}
	nothingDue := assessment.Assess(ed, assessment.Input{Level: "level-verified", Stage: "stage-sourcing"})
	if nothingDue.Coverage.Fraction != 0 {
		t.Errorf("nothing asked yet must not look covered: %+v", nothingDue.Coverage)
	}
	flagged := assessment.Assess(ed, assessment.Input{Level: "level-verified",
		Findings: findings(t, ed, "red check-id-next-to-face explained, not-done check-video-on")})
	if flagged.Coverage.Done != 1 {
		t.Errorf("an explained answer is an answer, not-done is none: %+v", flagged.Coverage)
	}
}

func TestNextChecks(t *testing.T) {
	ed := edition(t)
	in := assessment.Input{Level: "level-verified", Stage: "stage-screening-call",
		Findings: findings(t, ed, "red check-window-view, concern check-email-osint, clear check-video-on")}
	a := assessment.Assess(ed, in)
	if len(a.Next) == 0 || len(a.Next) > 5 {
		t.Fatalf("%d suggestions", len(a.Next))
	}
	reached, _ := ed.Stage(in.Stage)
	for i, n := range a.Next {
		check, ok := ed.Check(n.ID)
		if !ok || n.Why == "" || n.Effort == "" || n.IfClear.Rank() > a.Band.Rank() || n.IfRedFlag.Rank() < a.Band.Rank() {
			t.Errorf("suggestion %+v in band %s", n, a.Band)
		}
		if same := n.IfClear == n.IfRedFlag; same != strings.Contains(n.Why, "By itself it leaves the band") {
			t.Errorf("%s would mean %s or %s, and says %q", n.ID, n.IfClear, n.IfRedFlag, n.Why)
		}
		if home, _ := ed.Stage(check.Stage); home.Order > reached.Order {
			t.Errorf("%s belongs to a later stage", n.ID)
		}
		if n.ID == "check-window-view" || n.ID == "check-video-on" {
			t.Errorf("%s has an answer already", n.ID)
		}
		if i > 0 && n.Settles > a.Next[i-1].Settles {
			t.Error("suggestions are out of order")
		}
	}
}
