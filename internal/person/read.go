package person

import (
	"context"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/page"
)

// Sort is the order of a list. Each is backed by an index.
type Sort string

// The orders: last changed first, highest score first, by name.
const (
	ByUpdate Sort = ""
	ByScore  Sort = "score"
	ByName   Sort = "name"
)

// PageSize is how many people a page of the list shows unless the filter says otherwise.
const PageSize = 50

// Filter narrows a list. Zero fields do not narrow; within a field any value may hold, across fields all must.
type Filter struct {
	// Text is looked for in names; a number such as C-000123 finds that person.
	Text        string
	Statuses    []Status
	Bands       []catalogue.Band
	Stages      []string
	JobID       string
	ChannelID   string
	ManagerID   string
	OpenFlags   bool // only people with open flags
	Missing     bool // only people whose next stage is blocked by missing checks
	MinCoverage int  // percent
	// BelowCoverage, in percent, leaves out those of whom that much is known; 0 leaves out nobody.
	BelowCoverage int
	// MissingCheck is a required check that nobody has answered and that blocks the next stage.
	MissingCheck string
	// StageFrom and StageBefore bound the time of the last move: from the first, before the second.
	StageFrom, StageBefore *time.Time
	Sort                   Sort
	// After and Before are cursors of a page.Slice; at most one is set. One that is not of this list means the start.
	After, Before string
	Size          int
}

// ByID returns a person, or NotFound if the actor does not see them.
func (s *Service) ByID(ctx context.Context, actor authz.Actor, personID ID) (Person, error) {
	return personByID(ctx, s.db.Pool(), actor, personID, "")
}

// ByNumber returns the person with the number, or NotFound if the actor does not see them.
func (s *Service) ByNumber(ctx context.Context, actor authz.Actor, n Number) (Person, error) {
	return personByNumber(ctx, s.db.Heavy(ctx), actor, n)
}

// List returns a page of the people whom the actor sees. Its rows hold what a list shows: location, time zone,
// referrer, ids of job and application, and the times but UpdatedAt and StageSince stay empty.
func (s *Service) List(ctx context.Context, actor authz.Actor, f Filter) (page.Slice[Person], error) {
	return listPeople(ctx, s.db.Heavy(ctx), actor, f)
}

// Search finds people by name or number, the last changed first, for the search box.
func (s *Service) Search(ctx context.Context, actor authz.Actor, text string, limit int) ([]Person, error) {
	found, err := listPeople(ctx, s.db.Heavy(ctx), actor, Filter{Text: text, Size: limit})
	return found.Items, err
}

// row is a list's row with the sort key that only the database can tell.
type row struct {
	Person
	lowerName string
}

func atUpdate(r row) page.Cursor[time.Time] {
	return page.Cursor[time.Time]{Key: r.UpdatedAt, ID: string(r.ID)}
}

func atScore(r row) page.Cursor[int64] {
	return page.Cursor[int64]{Key: int64(r.Score), ID: string(r.ID)}
}

func atName(r row) page.Cursor[string] {
	return page.Cursor[string]{Key: r.lowerName, ID: string(r.ID)}
}

// withoutKeys strips a page's rows of their sort keys.
func withoutKeys(s page.Slice[row]) page.Slice[Person] {
	people := make([]Person, len(s.Items))
	for i := range s.Items {
		people[i] = s.Items[i].Person
	}
	return page.Slice[Person]{Items: people, Next: s.Next, Previous: s.Previous}
}
