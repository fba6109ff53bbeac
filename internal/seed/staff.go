package seed

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/alexedwards/argon2id"

	"gatehouse/internal/cast"
	"gatehouse/internal/platform/authz"
)

// user is somebody of the company.
type user struct {
	id    uuid
	email string
	role  authz.Role
}

// staff are the company's people, by what they do.
type staff struct {
	all                                                                    []user
	leads, analysts, hr, managers, interviewers, finance, legal, lookersOn []user
}

// job is an open or closed position.
type job struct {
	id      uuid
	title   string
	level   int // in the catalogue's order
	manager uuid
}

var headcount = []struct {
	role authz.Role
	n    int
}{
	{authz.Administrator, 2}, {authz.SecurityLead, 4}, {authz.SecurityAnalyst, 16}, {authz.HR, 12}, {authz.HiringManager, 40},
	{authz.Interviewer, 120}, {authz.Finance, 4}, {authz.Legal, 4}, {authz.Auditor, 2},
}

// jobCount is how many jobs the company has had.
const jobCount = 200

// Kinds of things that mint makes identifiers for.
const (
	kindUser = iota + 1
	kindJob
	kindPerson
	kindClaim
	kindApplication
	kindMove
	kindFlag
	kindInterview
	kindScorecard
	kindEvidence
	kindCustody
	kindEngagement
	kindAudit
	kindBandMove
	kindCase
	kindCaseRow
	kindSignal
	kindBatch
)

// loadStaff writes users and jobs.
func (s *seeder) loadStaff(ctx context.Context) error {
	hash, err := argon2id.CreateHash(s.Password, argon2id.DefaultParams)
	if err != nil {
		return fmt.Errorf("hash the password: %w", err)
	}
	start := s.Now.AddDate(-2, 0, 0)
	// One after the other: jobs refer to users.
	var users, jobs *stream
	err = s.copyAll(ctx, func(ctx context.Context) []*stream {
		users = newStream(ctx, &s.sent, "users", "id email name password_hash roles created_at")
		return []*stream{users}
	}, func() error {
		s.writeUsers(users, hash, start)
		return nil
	})
	if err != nil {
		return err
	}
	return s.copyAll(ctx, func(ctx context.Context) []*stream {
		jobs = newStream(ctx, &s.sent, "jobs", "id title level_id edition manager_id team created_at created_by")
		return []*stream{jobs}
	}, func() error {
		s.writeJobs(jobs, start)
		return nil
	})
}

func (s *seeder) writeUsers(users *stream, hash string, start time.Time) {
	deck := cast.NewDeck(s.Seed ^ 0x57aff)
	for _, group := range headcount {
		for n := range group.n {
			u := user{s.mint(start, kindUser, uint64(len(s.hands.all))), fmt.Sprintf("%s-%d@example.com", group.role, n+1), group.role}
			s.hands.add(u)
			users.row()
			users.id(u.id)
			users.text(u.email)
			users.text(deck.Deal().Name())
			users.text(hash)
			users.texts([]string{string(u.role)})
			users.time(start)
		}
	}
}

func (st *staff) add(u user) {
	st.all = append(st.all, u)
	lists := map[authz.Role]*[]user{authz.SecurityLead: &st.leads, authz.SecurityAnalyst: &st.analysts, authz.HR: &st.hr,
		authz.HiringManager: &st.managers, authz.Interviewer: &st.interviewers, authz.Finance: &st.finance, authz.Legal: &st.legal}
	list, ok := lists[u.role]
	if !ok {
		list = &st.lookersOn
	}
	*list = append(*list, u)
}

var (
	crafts = []string{"Backend engineer", "Frontend engineer", "Smart-contract engineer", "Site reliability engineer", "Data engineer",
		"Mobile engineer", "Security engineer", "Product designer", "QA engineer", "Support engineer", "Technical writer", "Treasury operations"}
	teams = []string{"Payments", "Platform", "Wallet", "Growth", "Data", "Infrastructure", "Compliance", "Mobile"}
	// levelShare: of ten jobs two ask for a pseudonym only, six for a verified person, two for a privileged one.
	levelShare = []int{0, 0, 1, 1, 1, 1, 1, 1, 2, 2}
)

func (s *seeder) writeJobs(jobs *stream, start time.Time) {
	r := rand.New(rand.NewPCG(s.Seed, 0x10b))
	for n := range jobCount {
		at := start.AddDate(0, 0, n)
		j := job{id: s.mint(at, kindJob, uint64(n)), level: levelShare[n%len(levelShare)], manager: pick(r, s.hands.managers).id}
		team := pick(r, teams)
		j.title = pick(r, crafts) + ", " + team
		s.jobs = append(s.jobs, j)
		jobs.row()
		jobs.id(j.id)
		jobs.text(j.title)
		jobs.text(s.ed.Levels[j.level].ID)
		jobs.text(s.ed.Version())
		jobs.id(j.manager)
		jobs.text(team)
		jobs.time(at)
		jobs.id(pick(r, s.hands.hr).id)
	}
}
