package hiring

import (
	"context"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// EngagementKind is the form of the contract.
type EngagementKind string

// The kinds of engagement. Vendor means: supplied by a firm that is the contract's other side.
const (
	Employee   EngagementKind = "employee"
	Contractor EngagementKind = "contractor"
	Vendor     EngagementKind = "vendor"
)

// EngagementKinds lists the kinds in the order in which forms offer them.
func EngagementKinds() []EngagementKind { return []EngagementKind{Employee, Contractor, Vendor} }

// Title is the kind as shown to people.
func (k EngagementKind) Title() string {
	switch k {
	case Employee:
		return "Employee"
	case Contractor:
		return "Contractor"
	case Vendor:
		return "Via a vendor"
	}
	return string(k)
}

// Account is what an engagement uses in some system; signals name it when they do not name the person.
type Account struct {
	System  string
	Account string
}

// Engagement is a hired person's contract, with what pages show of the person.
type Engagement struct {
	ID            EngagementID
	PersonID      person.ID
	PersonName    string
	PersonNumber  person.Number
	ApplicationID *ApplicationID
	JobID         *JobID
	Kind          EngagementKind
	Title         string
	ManagerID     *string
	ManagerName   string
	StartedOn     time.Time
	EndedOn       *time.Time
	Device        string
	DeviceSerial  string
	CreatedAt     time.Time
	Version       int
	// Accounts is filled by Engagement, not by lists.
	Accounts []Account `db:"-"`
}

// Terms is what is entered of an engagement.
type Terms struct {
	Kind                 EngagementKind
	Title                string
	ManagerID            string
	StartedOn            time.Time
	Device, DeviceSerial string
	Accounts             []Account
}

// mostAccounts bounds the accounts of one engagement.
const mostAccounts = 100

func (t *Terms) tidy() error {
	t.Title, t.Device, t.DeviceSerial = strings.TrimSpace(t.Title), strings.TrimSpace(t.Device), strings.TrimSpace(t.DeviceSerial)
	var p apperr.Problems
	p.Check(slices.Contains(EngagementKinds(), t.Kind), "kind", "Choose the form of the contract.")
	p.Check(t.Title != "", "title", "Enter the position.")
	p.Check(!t.StartedOn.IsZero() && t.StartedOn.Year() >= 1970 && t.StartedOn.Year() < 2200, "started_on", "Enter the first day of work.")
	_, err := id.Parse(t.ManagerID)
	p.Check(err == nil, "manager", "Choose whom the person reports to.")
	for field, text := range map[string]string{"title": t.Title, "device": t.Device, "device_serial": t.DeviceSerial} {
		p.Check(len([]rune(text)) <= 200, field, "Use at most 200 characters.")
		p.Check(!strings.ContainsRune(text, 0), field, "Remove the characters that cannot be shown.")
	}
	t.StartedOn = day(t.StartedOn)
	t.tidyAccounts(&p)
	return p.Err()
}

func (t *Terms) tidyAccounts(p *apperr.Problems) {
	var accounts []Account
	for _, a := range t.Accounts {
		a = Account{strings.TrimSpace(a.System), strings.TrimSpace(a.Account)}
		p.Check(a.System != "" && a.Account != "", "accounts", "Write each account as system: account, such as GitHub: ada-berg.")
		p.Check(len([]rune(a.System)) <= 100 && len([]rune(a.Account)) <= 200, "accounts", "Use at most 200 characters for an account.")
		p.Check(!strings.ContainsRune(a.System+a.Account, 0), "accounts", "Remove the characters that cannot be shown.")
		if !slices.Contains(accounts, a) {
			accounts = append(accounts, a)
		}
	}
	p.Check(len(accounts) <= mostAccounts, "accounts", "Enter at most %d accounts.", mostAccounts)
	t.Accounts = accounts
}

// Hire asks for the end of hiring and the beginning of an engagement.
type Hire struct {
	ApplicationID  ApplicationID
	Version        int
	Terms          Terms
	OverrideReason string
}

// Hire ends an application at the offer or in onboarding with an engagement. A gate in its way makes it a Blocked
// error.
func (s *Service) Hire(ctx context.Context, actor authz.Actor, h Hire) (EngagementID, error) {
	if err := h.Terms.tidy(); err != nil {
		return "", err
	}
	engagementID := EngagementID(id.New())
	return engagementID, s.db.Write(ctx, actor, func(tx *db.Tx) error {
		a, err := s.lock(ctx, tx, h.ApplicationID, h.Version)
		if err != nil {
			return err
		}
		if a.StageID != StageOffer && a.StageID != StageOnboarding && a.Status == Active {
			return apperr.Conflict("A person is hired from the offer or from onboarding. Move the application there first.")
		}
		to, err := s.gateStage(a, StageEmployed)
		if err != nil {
			return err
		}
		gate, err := s.gate(ctx, tx, tx.Actor, a, to)
		if err != nil {
			return err
		}
		if err := s.pass(ctx, tx, gate, strings.TrimSpace(h.OverrideReason)); err != nil {
			return err
		}
		if err := begin(ctx, tx, engagementID, a, h.Terms); err != nil {
			return err
		}
		return s.step(ctx, tx, a, StageEmployed, Hired, "")
	})
}

// begin stores an engagement that an application led to.
func begin(ctx context.Context, tx *db.Tx, engagementID EngagementID, a Application, t Terms) error {
	running, err := engagementsOf(ctx, tx, a.PersonID)
	if err != nil {
		return err
	}
	for _, e := range running {
		if e.EndedOn == nil {
			return apperr.Conflict("This person is engaged already, as %s. End that engagement first.", e.Title)
		}
	}
	if err := checkUser(ctx, tx, t.ManagerID); err != nil {
		return err
	}
	if err := insertEngagement(ctx, tx, engagementID, a, t); err != nil {
		return err
	}
	if err := replaceAccounts(ctx, tx, engagementID, t.Accounts); err != nil {
		return err
	}
	tx.Record(db.Entry{Action: "engagement.begun", SubjectKind: "engagement", SubjectID: string(engagementID), PersonID: string(a.PersonID),
		Detail:  map[string]any{"application": a.ID, "kind": t.Kind, "started": t.StartedOn.Format(time.DateOnly), "manager": t.ManagerID},
		Changes: t.changes(Terms{})})
	return nil
}

// changes lists what differs from the old terms, for the audit log.
func (t Terms) changes(old Terms) []db.Change {
	var changes []db.Change
	for _, c := range []db.Change{
		db.Changed("title", old.Title, t.Title),
		db.Changed("device", old.Device, t.Device),
		db.Changed("device serial", old.DeviceSerial, t.DeviceSerial),
		db.Changed("accounts", AccountLines(old.Accounts), AccountLines(t.Accounts)),
	} {
		if c.Old != c.New && (c.Old == nil || c.New == nil || *c.Old != *c.New) {
			changes = append(changes, c)
		}
	}
	return changes
}

// ParseAccounts reads accounts, one a line, as "system: account". What has no colon has no account, which is refused
// when the terms are stored.
func ParseAccounts(text string) []Account {
	var accounts []Account
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		system, account, _ := strings.Cut(line, ":")
		accounts = append(accounts, Account{strings.TrimSpace(system), strings.TrimSpace(account)})
	}
	return accounts
}

// AccountLines is the inverse of ParseAccounts.
func AccountLines(accounts []Account) string {
	lines := make([]string, len(accounts))
	for i, a := range accounts {
		lines[i] = a.System + ": " + a.Account
	}
	return strings.Join(lines, "\n")
}

// EditEngagement changes a running or ended engagement.
func (s *Service) EditEngagement(ctx context.Context, actor authz.Actor, engagementID EngagementID, version int, t Terms) error {
	if err := t.tidy(); err != nil {
		return err
	}
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		old, err := s.lockEngagement(ctx, tx, engagementID, version)
		if err != nil {
			return err
		}
		if old.EndedOn != nil && t.StartedOn.After(*old.EndedOn) {
			return apperr.Invalid("started_on", "This is after the engagement ended.")
		}
		if old.ManagerID == nil || *old.ManagerID != t.ManagerID {
			if err := checkUser(ctx, tx, t.ManagerID); err != nil {
				return err
			}
		}
		if err := updateEngagement(ctx, tx, engagementID, t); err != nil {
			return err
		}
		if err := replaceAccounts(ctx, tx, engagementID, t.Accounts); err != nil {
			return err
		}
		was := Terms{Title: old.Title, Device: old.Device, DeviceSerial: old.DeviceSerial, Accounts: old.Accounts}
		tx.Record(db.Entry{Action: "engagement.edited", SubjectKind: "engagement", SubjectID: string(engagementID), PersonID: string(old.PersonID),
			Detail:  map[string]any{"kind": t.Kind, "started": t.StartedOn.Format(time.DateOnly), "manager": t.ManagerID},
			Changes: t.changes(was)})
		return s.settle(ctx, tx, old.PersonID)
	})
}

// End asks for the end of an engagement.
type End struct {
	EngagementID EngagementID
	Version      int
	On           time.Time
	Reason       string
}

// EndEngagement ends an engagement inside the caller's transaction, with an audit entry of its own. That access is
// taken away too is for the case, or the people who do so, to see to.
func (s *Service) EndEngagement(ctx context.Context, tx *db.Tx, e End) error {
	e.Reason = strings.TrimSpace(e.Reason)
	var p apperr.Problems
	checkReason(&p, "reason", e.Reason)
	p.Check(!e.On.IsZero() && !day(e.On).After(day(tx.Now.Add(24*time.Hour))), "ended_on", "Enter the last day, today at the latest.")
	if err := p.Err(); err != nil {
		return err
	}
	old, err := s.lockEngagement(ctx, tx, e.EngagementID, e.Version)
	if err != nil {
		return err
	}
	if old.EndedOn != nil {
		return apperr.Conflict("This engagement has ended already, on %s.", old.EndedOn.Format("2 Jan 2006"))
	}
	if day(e.On).Before(old.StartedOn) {
		return apperr.Invalid("ended_on", "This is before the engagement began, on %s.", old.StartedOn.Format("2 Jan 2006"))
	}
	if err := endEngagement(ctx, tx, e.EngagementID, day(e.On)); err != nil {
		return err
	}
	tx.Record(db.Entry{Action: "engagement.ended", SubjectKind: "engagement", SubjectID: string(e.EngagementID), PersonID: string(old.PersonID),
		Detail: map[string]any{"ended": e.On.Format(time.DateOnly)}, Reason: e.Reason})
	return s.settle(ctx, tx, old.PersonID)
}

// End ends an engagement as an act of its own.
func (s *Service) End(ctx context.Context, actor authz.Actor, e End) error {
	return s.db.Write(ctx, actor, func(tx *db.Tx) error { return s.EndEngagement(ctx, tx, e) })
}

// lockEngagement reads an engagement for change: the person first.
func (s *Service) lockEngagement(ctx context.Context, tx *db.Tx, engagementID EngagementID, version int) (Engagement, error) {
	e, err := engagementByID(ctx, tx, tx.Actor, engagementID, "")
	if err != nil {
		return Engagement{}, err
	}
	if _, err := s.people.Lock(ctx, tx, e.PersonID); err != nil {
		return Engagement{}, err
	}
	e, err = engagementByID(ctx, tx, tx.Actor, engagementID, "FOR UPDATE OF e")
	if err != nil {
		return Engagement{}, err
	}
	if e.Version != version {
		return Engagement{}, apperr.Conflict("Somebody changed this engagement meanwhile. Look at the current values and try again.")
	}
	e.Accounts, err = accountsOf(ctx, tx, engagementID)
	return e, err
}

// Owner is whose account something is.
type Owner struct {
	PersonID     person.ID
	EngagementID EngagementID
}

// AccountOwners finds whose the accounts are, by the account's text as given. A running engagement wins over an
// ended one, a later over an earlier; an account that two people use at the same time is nobody's: to attribute it to
// the wrong one is worse than to leave it open.
func (s *Service) AccountOwners(ctx context.Context, q db.Querier, accounts []string) (map[string]Owner, error) {
	return accountOwners(ctx, q, accounts)
}
