package demo

import (
	"context"
	"fmt"

	"gatehouse/internal/account"
	"gatehouse/internal/cast"
	"gatehouse/internal/hiring"
	"gatehouse/internal/platform/authz"
)

// Login is one way into the demo.
type Login struct {
	Role        authz.Role
	Email, Name string
}

// Logins lists one login per role, in the order in which pages show roles.
func Logins() []Login {
	deck := cast.NewDeck(companySeed)
	logins := make([]Login, len(authz.Roles))
	for i, role := range authz.Roles {
		logins[i] = Login{Role: role, Email: emails[role], Name: deck.Deal().Name()}
	}
	return logins
}

// The decks of the people of the company and of those outside.
const (
	companySeed = 71
	peopleSeed  = 72
)

var emails = map[authz.Role]string{
	authz.Administrator: "admin@example.com", authz.SecurityLead: "lead@example.com", authz.SecurityAnalyst: "analyst@example.com",
	authz.HR: "hr@example.com", authz.HiringManager: "manager@example.com", authz.Interviewer: "interviewer@example.com",
	authz.Finance: "finance@example.com", authz.Legal: "legal@example.com", authz.Auditor: "auditor@example.com",
}

// colleagues are further users, so that tasks and interviews have more than one pair of hands.
var colleagues = []struct {
	key, email string
	role       authz.Role
}{
	{"manager2", "manager.two@example.com", authz.HiringManager}, {"interviewer2", "interviewer.two@example.com", authz.Interviewer},
	{"interviewer3", "interviewer.three@example.com", authz.Interviewer}, {"analyst2", "analyst.two@example.com", authz.SecurityAnalyst},
	{"hr2", "hr.two@example.com", authz.HR},
}

// staff are the users by role, and the colleagues by key.
type staff map[string]authz.Actor

func (s staff) of(role authz.Role) authz.Actor { return s[string(role)] }

// job is an open position.
type job struct {
	id      hiring.JobID
	level   string
	title   string
	manager authz.Actor
}

// positions are the jobs, at each of the three levels.
var positions = []struct{ key, title, team, level, manager string }{
	{"contract", "Smart-contract engineer", "Protocol", "level-verified", "hiring_manager"},
	{"rust", "Rust engineer", "Protocol", "level-verified", "hiring_manager"},
	{"frontend", "Frontend engineer", "Wallet", "level-verified", "hiring_manager"},
	{"backend", "Backend engineer", "Payments", "level-verified", "manager2"},
	{"design", "Product designer", "Wallet", "level-pseudonymous", "manager2"},
	{"devrel", "Developer-relations engineer", "Community", "level-verified", "manager2"},
	{"moderator", "Community moderator", "Community", "level-pseudonymous", "manager2"},
	{"release", "Release engineer", "Infrastructure", "level-privileged", "hiring_manager"},
	{"treasury", "Treasury operations", "Finance", "level-privileged", "manager2"},
}

// found makes users and jobs, a month before the first story.
func (t *teller) found(ctx context.Context) error {
	t.at(t.Now.AddDate(0, -7, 0))
	t.staff = staff{}
	deck := cast.NewDeck(companySeed)
	for _, login := range Logins() {
		deck.Deal()
		if err := t.addUser(ctx, string(login.Role), login); err != nil {
			return err
		}
	}
	for _, c := range colleagues {
		if err := t.addUser(ctx, c.key, Login{c.role, c.email, deck.Deal().Name()}); err != nil {
			return err
		}
	}
	if err := t.connect(ctx); err != nil {
		return err
	}
	for _, p := range positions {
		manager := t.staff[p.manager]
		jobID, err := t.f.Hiring.AddJob(ctx, t.staff.of(authz.HR), hiring.NewJob{Title: p.title, LevelID: p.level, ManagerID: manager.ID, Team: p.team})
		if err != nil {
			return fmt.Errorf("job %s: %w", p.title, err)
		}
		t.jobs[p.key] = job{jobID, p.level, p.title, manager}
	}
	return nil
}

func (t *teller) addUser(ctx context.Context, key string, l Login) error {
	userID, err := t.f.Accounts.Add(ctx, authz.System("demo"), account.New{
		Email: l.Email, Name: l.Name, Password: Password, Roles: []authz.Role{l.Role}, TimeZone: "Europe/Lisbon"})
	if err != nil {
		return fmt.Errorf("user %s: %w", l.Email, err)
	}
	t.staff[key] = account.User{ID: userID, Roles: []authz.Role{l.Role}}.Actor()
	return nil
}
