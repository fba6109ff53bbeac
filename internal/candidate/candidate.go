// Package candidate reads across features what the page of one candidate shows: who they are, where they stand,
// what they claim and what was seen, the flags, and the way there. It reads everything in one round trip and changes
// nothing of it: the one table it owns keeps the sheets, which are made of others' rows.
//
// It also holds one rule of its own: whoever still owes a scorecard on this person does not see what other
// interviewers answered, nor what follows from it, so that each interviewer judges alone first (View.Withheld).
package candidate

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/claim"
	"gatehouse/internal/evidence"
	"gatehouse/internal/flag"
	"gatehouse/internal/hiring"
	"gatehouse/internal/incident"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
)

// Tab is one part of the page's main column.
type Tab string

// The tabs, in order; TabClaims is the first and the default.
const (
	TabClaims     Tab = "claims"
	TabInterviews Tab = "interviews"
	TabEvidence   Tab = "evidence"
	TabHistory    Tab = "history"
)

// ParseTab reads a tab's name; anything unknown is the first tab.
func ParseTab(s string) Tab {
	if t := Tab(s); slices.Contains([]Tab{TabInterviews, TabEvidence, TabHistory}, t) {
		return t
	}
	return TabClaims
}

// Head is the person with what the head of the page says of their current application and of the viewer.
type Head struct {
	person.Person
	ManagerName        string     `db:"-"`
	LevelID            string     `db:"-"`
	Edition            string     `db:"-"` // of the application; empty without one
	ApplicationStatus  string     `db:"-"` // active, hired, closed, withdrawn; empty without one
	ApplicationVersion int        `db:"-"`
	EndedReason        string     `db:"-"`
	EndedAt            *time.Time `db:"-"`
	Awaited            []string   // required checks before the next stage
	Overrides          []Override `db:"-"`
	InterviewCount     int        `db:"-"`
	Owes               bool       // the viewer has not submitted an own scorecard yet
}

// Override is a required check that somebody with the right to do so left out when moving the person on.
type Override struct {
	CheckID string    `json:"check_id"`
	StageID string    `json:"stage_id"`
	Reason  string    `json:"reason"`
	ByID    *string   `json:"by_id"`
	By      string    `json:"-"`
	At      time.Time `json:"at"`
}

// Flag is a flag with the names of those who settled it.
type Flag struct {
	flag.Flag
	DisposedByName string `db:"-"`
	SecondedByName string `db:"-"`
}

// Seen is what one check or signal said, from one origin.
type Seen struct {
	ItemID     string
	OriginKind string
	OriginID   string
	Answer     catalogue.Answer
	Note       string
	Count      int
	NotedAt    time.Time
	NotedByID  *string
	NotedBy    string `db:"-"`
	// State is that of the flag it raised: empty without one.
	State flag.State `db:"-"`
	// Evidence counts the items attached to the answer.
	Evidence int `db:"-"`
}

// Link is one evidence item and, if it is attached to something, what to.
type Link struct {
	EvidenceID  evidence.ID
	CaseID      *string `db:"-"` // the case that the item lies in
	SubjectKind string
	SubjectID   string
}

// Interview is one line of the interviews tab.
type Interview struct {
	ID           string
	StageID      string
	StartsAt     time.Time
	Minutes      int
	Status       string
	Interviewers []string
	Submitted    int
	Mine         bool // the viewer is one of the interviewers
}

// Event is one line of the history.
type Event struct {
	ID      string
	At      time.Time
	By      string
	Action  string
	Subject string // kind of what was acted on
	Detail  map[string]any
	Reason  string
}

// Agreement says how a claim and what was seen of it go together.
type Agreement string

// The agreements. A claim that nobody has looked at is unproven, and one of which checks are still open, or none was
// asked for yet, agrees so far at most: unknown is not clear.
const (
	Agrees      Agreement = "agrees"
	AgreesSoFar Agreement = "agrees-so-far"
	Explained   Agreement = "explained" // a doubt was cleared up, and nothing else was seen
	Doubtful    Agreement = "doubtful"
	Conflicts   Agreement = "conflicts"
	Unproven    Agreement = "unproven"
)

// Line is one claim of the catalogue: what the person says that falls under it, what was seen, and how they go together.
type Line struct {
	ClaimID   string
	Title     string
	Tests     string
	Said      []claim.Claim
	Seen      []Seen
	Agreement Agreement
	// Done of Total checks in scope are answered.
	Done, Total int
}

// View is everything the page shows.
type View struct {
	Head       Head
	Tab        Tab
	Assessment assessment.Stored
	Assessed   bool
	Flags      []Flag
	Lines      []Line   // claims tab
	Other      []Seen   // signals, which test no single claim
	Missing    []string // required checks that block the next stage
	Blocking   []Flag   // findings that block it until they are cleared up
	Claims     int      // how many things the person says of themselves
	Evidence   int
	Interviews []Interview
	Items      []evidence.Item
	History    []Event
	Standing   incident.Standing // the cases that the viewer sees, and whether one is proposed
	Older      string            // cursor of the next page of the history
	// Withheld says that other interviewers' answers are left out until the viewer has submitted an own scorecard.
	Withheld bool
}

// agreement judges by what counts now: an explained finding is settled, but
// only a clear answer says that the claim agrees.
func agreement(seen []Seen) Agreement {
	result := Unproven
	for _, s := range seen {
		var a Agreement
		switch {
		case s.Answer == catalogue.NotDone:
			continue
		case s.State == flag.Explained:
			a = Explained
		case s.Answer == catalogue.Clear:
			a = Agrees
		case s.Answer == catalogue.Concern:
			a = Doubtful
		default:
			a = Conflicts
		}
		if rank(a) > rank(result) {
			result = a
		}
	}
	return result
}

func rank(a Agreement) int {
	return slices.Index([]Agreement{Unproven, Explained, Agrees, Doubtful, Conflicts}, a)
}

// lines puts claims and what was seen side by side, in the catalogue's order: claims in doubt first, then those
// with something to show, then what nobody has looked at.
func lines(ed *catalogue.Edition, covered []assessment.ClaimCoverage, said []claim.Claim, seen []Seen) (all []Line, other []Seen) {
	all = make([]Line, len(ed.Claims))
	for i, c := range ed.Claims {
		all[i].ClaimID, all[i].Title, all[i].Tests = c.ID, c.Title, c.Tests
	}
	place := func(claimID string) int { // there are some twenty: looking is cheaper than an index
		return slices.IndexFunc(ed.Claims, func(c *catalogue.Claim) bool { return c.ID == claimID })
	}
	for _, c := range covered {
		if i := place(c.Claim); i >= 0 {
			all[i].Done, all[i].Total = c.Done, c.Total
		}
	}
	for _, c := range said {
		if i := place(c.ClaimID); i >= 0 {
			all[i].Said = append(all[i].Said, c)
		}
	}
	for _, s := range seen {
		check, ok := ed.Check(s.ItemID)
		i := -1
		if ok {
			i = place(check.Claim)
		}
		if i < 0 {
			other = append(other, s)
			continue
		}
		all[i].Seen = append(all[i].Seen, s)
	}
	for i := range all {
		all[i].Agreement = agreement(all[i].Seen)
		if all[i].Agreement == Agrees && (all[i].Total == 0 || all[i].Done < all[i].Total) {
			all[i].Agreement = AgreesSoFar
		}
	}
	all = slices.DeleteFunc(all, func(l Line) bool { return len(l.Said) == 0 && len(l.Seen) == 0 && l.Total == 0 })
	slices.SortStableFunc(all, func(a, b Line) int { return cmp.Compare(order(a), order(b)) })
	return all, other
}

func order(l Line) int {
	switch {
	case l.Agreement == Conflicts:
		return 0
	case l.Agreement == Doubtful:
		return 1
	case len(l.Said) > 0 || len(l.Seen) > 0:
		return 2
	}
	return 3
}

// unanswered are the awaited checks that nobody has answered.
func unanswered(awaited []string, seen []Seen) []string {
	answered := map[string]bool{}
	for _, s := range seen {
		if s.Answer != catalogue.NotDone {
			answered[s.ItemID] = true
		}
	}
	var missing []string
	for _, id := range awaited {
		if !answered[id] {
			missing = append(missing, id)
		}
	}
	return missing
}

// blocking are the flags that a gate of hiring would stop at.
func blocking(flags []Flag, overrides []Override) []Flag {
	let := map[string]*hiring.Overridden{}
	for _, o := range overrides {
		let[o.CheckID] = &hiring.Overridden{OverriddenAt: o.At}
	}
	var block []Flag
	for _, f := range flags {
		if hiring.Blocks(f.Flag, let[f.ItemID]) {
			block = append(block, f)
		}
	}
	return block
}

// join gives each outcome the state of its flag and the number of evidence items attached to it. An interview's
// answer is known to evidence as "<interview>/<check>", with or without the interviewer between them.
func join(seen []Seen, flags []Flag, links []Link) {
	type key struct{ item, kind, id string }
	states := map[key]flag.State{}
	for _, f := range flags {
		if f.WithdrawnAt == nil {
			states[key{f.ItemID, f.OriginKind, f.OriginID}] = f.State
		}
	}
	for i := range seen {
		s := &seen[i]
		s.State = states[key{s.ItemID, s.OriginKind, s.OriginID}]
		root, _, _ := strings.Cut(s.OriginID, "/")
		root, _, _ = strings.Cut(root, "#")
		for _, l := range links {
			if l.SubjectKind == evidence.OnAnswer && strings.HasPrefix(l.SubjectID, root+"/") && strings.HasSuffix(l.SubjectID, "/"+s.ItemID) {
				s.Evidence++
			}
		}
	}
}

// withhold leaves out what other interviewers answered, and what follows from it, while the actor still owes a
// scorecard. Whoever answers flags has to see them.
func (v *View) withhold(actor authz.Actor, seen []Seen) []Seen {
	if !v.Head.Owes || actor.May(authz.FlagDispose) {
		return seen
	}
	v.Withheld = true
	v.Assessment.Reasons, v.Assessment.Next = nil, nil
	v.Flags = slices.DeleteFunc(v.Flags, func(f Flag) bool { return flag.OfAnother(f.OriginKind, f.OriginID, actor.ID) })
	return slices.DeleteFunc(seen, func(s Seen) bool { return flag.OfAnother(s.OriginKind, s.OriginID, actor.ID) })
}
