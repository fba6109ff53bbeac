package demo

import (
	"context"
	"time"

	"gatehouse/internal/cast"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/flag"
	"gatehouse/internal/hiring"
)

// story says where one of the catalogue's scenarios stands in the demo. What was found is the catalogue's; here is
// which job it was, how far it came, and what people made of the findings.
type story struct {
	id, job, channel string
	daysAgo          int
	pace             time.Duration
	until            string
	ending           ending
	reason           string
	foundAgo         time.Duration
	// later are findings that are made only in what follows (then).
	later []string
	// skipped are required checks that nobody made: the security lead let the gate pass.
	skipped []string
	made    map[string]disposition
	then    func(context.Context, *teller, *walk) error
}

// disposition is what people made of a finding, and why.
type disposition struct {
	state  flag.State
	reason string
}

const day = 24 * time.Hour

var stories = []story{
	{id: "scenario-seal-dormant-account", job: "rust", channel: "channel-open-source", daysAgo: 24, pace: 5 * day, until: "stage-technical-interview",
		made: map[string]disposition{"check-event-history-missing": {flag.Confirmed, "The archive of public events has nothing before last year, for any of the repositories shown."}}},
	{id: "scenario-seal-quiet-employee", job: "backend", channel: "channel-public-application", daysAgo: 176, pace: 5 * day, until: hiring.StageEmployed,
		foundAgo: 3 * day, then: runningCase,
		made: map[string]disposition{
			"check-cross-commits":   {flag.Confirmed, "The old nickname stands in two commits to an account on our list."},
			"check-id-next-to-face": {flag.Confirmed, "Left the call when asked to hold the document up, and did not come back."}}},
	{id: "scenario-seal-laptop-host", job: "contract", channel: "channel-recommendation", daysAgo: 178, pace: 4 * day, until: hiring.StageEmployed,
		foundAgo: 76 * day, later: []string{"check-place-photo"}, skipped: []string{"check-references-live", "check-employer-direct"}, then: closedCase,
		made: map[string]disposition{"check-cross-commits": {flag.Confirmed, "All contributors of three repositories are known under several names."}}},
	{id: "scenario-dtex-interview", job: "frontend", channel: "channel-public-application", daysAgo: 33, pace: 4 * day, until: "stage-technical-interview",
		ending: closed, reason: "We asked for a clarification of the timeline and have had no answer in two weeks."},
	{id: "scenario-knowbe4", job: "backend", channel: "channel-public-application", daysAgo: 58, pace: 5 * day, until: hiring.StageEmployed, foundAgo: 26 * time.Hour,
		made: map[string]disposition{
			"signal-first-boot-malware":  {flag.Confirmed, "The endpoint team found the loader on the disk image."},
			"check-reachability":         {flag.Confirmed, "No answer on any channel since the first call from security."},
			"check-profile-photo-edited": {flag.Confirmed, "The picture is a stock photo with another face set in; the original is attached."}}},
	{id: "scenario-kraken", job: "treasury", channel: "channel-recruiter", daysAgo: 29, pace: 6 * day, until: "stage-identity-verification",
		made: map[string]disposition{"check-contact-watchlist": {flag.Confirmed, "The address is on the list that our partners share."}}},
	{id: "scenario-gtig-personas", job: "backend", channel: "channel-staffing-agency", daysAgo: 96, pace: 5 * day, until: hiring.StageEmployed, foundAgo: 6 * day},
	{id: "scenario-shared-mfa", job: "devrel", channel: "channel-dev-shop", daysAgo: 120, pace: 6 * day, until: hiring.StageEmployed, foundAgo: 9 * day},
	{id: "scenario-open-deposit", job: "design", channel: "channel-freelance-platform", daysAgo: 26, pace: 4 * day, until: "stage-offer"},
	{id: "scenario-benign-devrel", job: "devrel", channel: "channel-chat-community", daysAgo: 88, pace: 6 * day, until: hiring.StageEmployed,
		made: map[string]disposition{"check-follower-volume": {flag.Explained, "Her work is to be followed: the talks are on video, and the events confirm them."}}},
	{id: "scenario-benign-reupload", job: "rust", channel: "channel-open-source", daysAgo: 47, pace: 6 * day, until: "stage-offer",
		made: map[string]disposition{"check-account-age-vs-commits": {flag.Explained, "The old server was shown on a shared screen, with the same history."}}},
	{id: "scenario-benign-blur", job: "frontend", channel: "channel-public-application", daysAgo: 21, pace: 4 * day, until: "stage-references",
		made: map[string]disposition{"check-virtual-background-off": {flag.Explained, "The camera was turned to a plain wall and to the window on request; the home is shared."}}},
	{id: "scenario-benign-relocated", job: "treasury", channel: "channel-recommendation", daysAgo: 40, pace: 6 * day, until: "stage-references",
		made: map[string]disposition{"check-name-consistency": {flag.Explained, "The marriage certificate and the school's letter name both spellings."}}},
	{id: "scenario-benign-shy-senior", job: "backend", channel: "channel-recruiter", daysAgo: 70, pace: 5 * day, until: hiring.StageEmployed},
	{id: "scenario-benign-vpn", job: "frontend", channel: "channel-public-application", daysAgo: 110, pace: 6 * day, until: hiring.StageEmployed,
		made: map[string]disposition{
			"check-call-network-origin": {flag.Explained, "The second call came from an address in the town stated, with the VPN off. Both records are attached."},
			"signal-vpn-proxy-exit":     {flag.Explained, "A consumer VPN by habit, as said on the first call; the device was shown at the verified address."}}},
}

// tales are all that is told, the stories among the ordinary. Who somebody is comes off the deck in the order of the
// telling, whatever the tale.
func (w *world) tales() []tale {
	all := append(storyTales(w.app.Features.Catalogue.Current()), ordinaryTales(w.app.Features.Catalogue.Current(), w.Ordinary)...)
	deck := cast.NewDeck(peopleSeed)
	for i := range all {
		all[i].who, all[i].number = deck.Deal(), i+1
	}
	return all
}

// storyTales joins the catalogue's scenarios with where they stand.
func storyTales(ed *catalogue.Edition) []tale {
	var tales []tale
	for _, s := range stories {
		for _, scenario := range ed.Scenarios {
			if scenario.ID == s.id {
				tales = append(tales, s.tale(scenario))
			}
		}
	}
	return tales
}

func (s story) tale(scenario *catalogue.Scenario) tale {
	t := tale{title: scenario.Title, story: s.id, job: s.job, channel: s.channel, daysAgo: s.daysAgo, pace: s.pace, until: s.until,
		ending: s.ending, reason: s.reason, clear: scenario.Evaded, skipped: s.skipped, foundAgo: s.foundAgo, later: s.later, then: s.then}
	later := map[string]bool{}
	for _, item := range s.later {
		later[item] = true
	}
	for _, raised := range scenario.Raised {
		if later[raised.ID] {
			continue
		}
		made := s.made[raised.ID]
		t.found = append(t.found, found{item: raised.ID, answer: raised.Answer, state: made.state, reason: made.reason})
	}
	return t
}
