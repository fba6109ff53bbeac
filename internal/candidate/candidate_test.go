package candidate

import (
	"slices"
	"testing"

	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/claim"
	"gatehouse/internal/flag"
	"gatehouse/internal/platform/authz"
)

func TestAgreement(t *testing.T) {
	clear, concern := Seen{Answer: catalogue.Clear}, Seen{Answer: catalogue.Concern}
	red, notDone := Seen{Answer: catalogue.RedFlag}, Seen{Answer: catalogue.NotDone}
	explained := Seen{Answer: catalogue.RedFlag, State: flag.Explained}
	confirmed := Seen{Answer: catalogue.RedFlag, State: flag.Confirmed}
	for _, tt := range []struct {
		name string
		seen []Seen
		want Agreement
	}{
		{"nothing seen", nil, Unproven},
		{"tried in vain", []Seen{notDone}, Unproven},
		{"clear", []Seen{notDone, clear}, Agrees},
		{"a concern outweighs clear", []Seen{clear, concern}, Doubtful},
		{"a red flag outweighs all", []Seen{concern, red, clear}, Conflicts},
		{"explained is settled, which is less than seen to agree", []Seen{explained}, Explained},
		{"explained and clear", []Seen{explained, clear}, Agrees},
		{"explained beside a concern", []Seen{explained, concern}, Doubtful},
		{"confirmed", []Seen{clear, confirmed}, Conflicts},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := agreement(tt.seen); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func library(t *testing.T) *catalogue.Edition {
	t.Helper()
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	return lib.Current()
}

func TestLinesPutDoubtFirst(t *testing.T) {
	ed := library(t)
	check := ed.Checks[0]
	said := []claim.Claim{{ClaimID: "claim-language", Value: "Portuguese"}}
	seen := []Seen{{ItemID: check.ID, Answer: catalogue.RedFlag}, {ItemID: ed.Signals[0].ID, Answer: catalogue.Raised}}
	covered := []assessment.ClaimCoverage{{Claim: "claim-payment", Coverage: assessment.Coverage{Total: 3}}}
	got, other := lines(ed, covered, said, seen)
	var ids []string
	for _, l := range got {
		ids = append(ids, l.ClaimID)
	}
	if want := []string{check.Claim, "claim-language", "claim-payment"}; !slices.Equal(ids, want) {
		t.Errorf("lines %v, want %v", ids, want)
	}
	if len(other) != 1 || other[0].ItemID != ed.Signals[0].ID {
		t.Errorf("other %v", other)
	}
}

// TestOneClearCheckIsNotTheWholeClaim: a claim agrees once every check of it in scope is done.
func TestOneClearCheckIsNotTheWholeClaim(t *testing.T) {
	ed := library(t)
	check := ed.Checks[0]
	seen := []Seen{{ItemID: check.ID, Answer: catalogue.Clear}}
	for _, tt := range []struct {
		done, total int
		seen        []Seen
		want        Agreement
	}{
		{1, 4, seen, AgreesSoFar},
		{4, 4, seen, Agrees},
		{0, 0, seen, AgreesSoFar}, // what was seen agrees, but nothing that is asked for
		{1, 4, []Seen{{ItemID: check.ID, Answer: catalogue.Concern}}, Doubtful},
		{0, 4, nil, Unproven},
	} {
		covered := []assessment.ClaimCoverage{{Claim: check.Claim, Coverage: assessment.Coverage{Done: tt.done, Total: tt.total}}}
		got, _ := lines(ed, covered, nil, tt.seen)
		if len(got) != 1 || got[0].Agreement != tt.want {
			t.Errorf("%d of %d checks: %+v, want %s", tt.done, tt.total, got, tt.want)
		}
	}
}

func TestUnanswered(t *testing.T) {
	seen := []Seen{{ItemID: "a", Answer: catalogue.Clear}, {ItemID: "b", Answer: catalogue.NotDone}}
	if got := unanswered([]string{"a", "b", "c"}, seen); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("unanswered %v", got)
	}
}

func TestJoinTellsStateAndEvidence(t *testing.T) {
	seen := []Seen{{ItemID: "check-a", OriginKind: flag.FromAnswer, OriginID: "interview/user"},
		{ItemID: "check-a", OriginKind: flag.FromCheck, OriginID: "person#2"}}
	flags := []Flag{{Flag: flag.Flag{ItemID: "check-a", OriginKind: flag.FromCheck, OriginID: "person#2", State: flag.Confirmed}}}
	links := []Link{{SubjectKind: "answer", SubjectID: "interview/check-a"}, {SubjectKind: "answer", SubjectID: "person/check-a"},
		{SubjectKind: "answer", SubjectID: "person/check-b"}, {SubjectKind: "flag", SubjectID: "person/check-a"}}
	join(seen, flags, links)
	if seen[0].State != "" || seen[0].Evidence != 1 || seen[1].State != flag.Confirmed || seen[1].Evidence != 1 {
		t.Errorf("joined %+v", seen)
	}
}

func TestWithholding(t *testing.T) {
	own := Seen{OriginKind: flag.FromAnswer, OriginID: "i/me"}
	other := Seen{OriginKind: flag.FromAnswer, OriginID: "i/you"}
	checked := Seen{OriginKind: flag.FromCheck, OriginID: "p"}
	interviewer := authz.Actor{Kind: authz.KindUser, ID: "me", Roles: []authz.Role{authz.Interviewer}}
	hr := authz.Actor{Kind: authz.KindUser, ID: "me", Roles: []authz.Role{authz.HR}}
	for _, tt := range []struct {
		name  string
		actor authz.Actor
		owes  bool
		want  int
	}{
		{"owes a scorecard", interviewer, true, 2},
		{"has submitted", interviewer, false, 3},
		{"answers flags", hr, true, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := View{Head: Head{Owes: tt.owes}, Flags: []Flag{{Flag: flag.Flag{OriginKind: flag.FromAnswer, OriginID: "i/you"}}}}
			v.Assessment.Reasons = []assessment.Reason{{ID: "check-a"}}
			seen := v.withhold(tt.actor, []Seen{own, other, checked})
			withheld := tt.want < 3
			if len(seen) != tt.want || v.Withheld != withheld || (len(v.Flags) == 0) != withheld || (v.Assessment.Reasons == nil) != withheld {
				t.Errorf("seen %d, view %+v", len(seen), v)
			}
		})
	}
}
