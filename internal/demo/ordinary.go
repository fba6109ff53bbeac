package demo

import (
	"fmt"
	"math/rand/v2"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/flag"
	"gatehouse/internal/hiring"
)

// fate is one way an ordinary application goes, and how many of a hundred go it.
type fate struct {
	share  int
	until  string
	ending ending
	reason string
}

var fates = []fate{
	{30, "stage-application-review", closed, "Other applicants had more experience with what the team needs."},
	{16, "stage-screening-call", closed, "Good talk, but we look for somebody with more years in this field."},
	{6, "stage-screening-call", withdrawn, "Took another offer meanwhile."},
	{10, "stage-technical-interview", closed, "The task showed gaps that the role cannot carry."},
	{9, "stage-application-review", open, ""},
	{8, "stage-screening-call", open, ""},
	{6, "stage-technical-interview", open, ""},
	{4, "stage-identity-verification", open, ""},
	{2, "stage-references", open, ""},
	{2, "stage-offer", open, ""},
	{7, hiring.StageEmployed, open, ""},
}

// ordinaryTales are candidates about whom there is little to tell: one in six leaves a question open on the way.
func ordinaryTales(ed *catalogue.Edition, n int) []tale {
	r := rand.New(rand.NewPCG(73, 0))
	tales := make([]tale, n)
	for i := range tales {
		f := draw(r)
		p := positions[r.IntN(len(positions))]
		pace := time.Duration(2+r.IntN(4)) * day
		tales[i] = tale{title: fmt.Sprintf("ordinary candidate %d", i+1), job: p.key, channel: ed.Channels[r.IntN(len(ed.Channels))].ID,
			pace: pace, until: f.until, ending: f.ending, reason: f.reason}
		tales[i].daysAgo = 3 + r.IntN(175)
		if f.ending == open && f.until != hiring.StageEmployed {
			tales[i].daysAgo = 2 + stagesTo(ed, f.until)*int(pace/day) + r.IntN(9) // still on their way
		}
		if f.until == hiring.StageEmployed {
			tales[i].daysAgo = 60 + r.IntN(115)
		}
		tales[i].clear, tales[i].found = smallTalk(ed, r, f.until)
		tales[i].partly = f.ending != open || f.until != hiring.StageEmployed && r.IntN(3) > 0
		if f.until == hiring.StageEmployed && r.IntN(4) == 0 {
			tales[i].skipped = []string{"check-references-live"}
		}
		if f.ending == open {
			tales[i].call = []call{held, owed, upcoming, upcoming}[i%4]
		}
	}
	arrangeNext(tales)
	return tales
}

// arrangeNext puts the first interview that is still to come a few minutes from now, and sees to it that somebody
// owes a scorecard.
func arrangeNext(tales []tale) {
	first := map[string]call{"stage-screening-call": soon, "stage-technical-interview": owed}
	for i := range tales {
		if how, ok := first[tales[i].until]; ok && tales[i].ending == open {
			tales[i].call, tales[i].found = how, nil
			delete(first, tales[i].until)
		}
	}
}

func draw(r *rand.Rand) fate {
	n := r.IntN(100)
	for _, f := range fates {
		if n -= f.share; n < 0 {
			return f
		}
	}
	return fates[0]
}

func stagesTo(ed *catalogue.Edition, stage string) int {
	for i, s := range ed.Stages {
		if s.ID == stage {
			return i
		}
	}
	return len(ed.Stages)
}

// smallTalk is what comes up beside the required checks.
func smallTalk(ed *catalogue.Edition, r *rand.Rand, until string) (clear []string, doubts []found) {
	for p := range min(stagesTo(ed, until)+1, len(ed.Stages)-1) {
		own := ownChecks(ed, ed.Stages[p].ID)
		for _, at := range r.Perm(len(own))[:min(2, len(own))] {
			clear = append(clear, own[at].ID)
		}
	}
	if r.IntN(6) > 0 || len(clear) == 0 {
		return clear, nil
	}
	last := len(clear) - 1
	doubt := found{item: clear[last], answer: catalogue.Concern}
	check, _ := ed.Check(doubt.item)
	switch r.IntN(4) {
	case 0:
		if !check.Strength.AtLeast(catalogue.Strong) {
			doubt.answer = catalogue.RedFlag
		}
	case 1:
		doubt.state, doubt.reason = flag.Explained, "Asked about it on the next call: there is a plain reason, and a paper that says so."
	}
	return clear[:last], []found{doubt}
}

// ownChecks are the checks whose home a stage is.
func ownChecks(ed *catalogue.Edition, stage string) []*catalogue.Check {
	var own []*catalogue.Check
	for _, c := range ed.ChecksFor(stage) {
		if c.Stage == stage {
			own = append(own, c)
		}
	}
	return own
}
