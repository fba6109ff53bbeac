package dashboard

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// Hiring is the hiring dashboard. People are those in hiring now; flags and changes of band are of everybody.
type Hiring struct {
	At       time.Time
	Stages   []Spread
	Coverage []Spread
	Channels []Spread
	Ageing   []Spread
	// Waiting are the flags that wait for a disposition, by age.
	Waiting  []Bucket
	Findings []Finding
	Checks   []CheckGap
	Moves    Moves
	Uneven   []UnevenJob
	// UnevenJobs is how many jobs are uneven in all, Uneven being the worst of them.
	UnevenJobs int
}

// People is how many are in hiring, in the bands asked for.
func (h Hiring) People() int {
	sum := 0
	for _, s := range h.Stages {
		sum += s.Total()
	}
	return sum
}

// FlagsWaiting is how many flags wait in all.
func (h Hiring) FlagsWaiting() int {
	sum := 0
	for _, b := range h.Waiting {
		sum += b.N
	}
	return sum
}

// Finding is a check or signal with how many flags of it are neither explained nor withdrawn.
type Finding struct {
	ItemID, Title string
	N             int
}

// CheckGap is a required check that was not answered: for people whose next stage waits for it, and for people who
// were moved on all the same.
type CheckGap struct {
	CheckID, Title      string
	Waiting, Overridden int
}

// Total is how often the check was left out.
func (c CheckGap) Total() int { return c.Waiting + c.Overridden }

// Moves says how bands changed in the last seven days and in the seven before.
type Moves struct {
	Up, Down             int
	UpBefore, DownBefore int
	// From is the first day of the last seven. Days holds the moves up and down of each of fourteen days, oldest first.
	From time.Time
	Days []MoveDay
}

// MoveDay is one day's changes of band.
type MoveDay struct {
	Day      time.Time
	Up, Down int
}

// UnevenJob is a job of which some candidates were asked a required check that others, as far on, were not.
type UnevenJob struct {
	JobID, Title string
	Checks       int
}

// Coverage keys, as the tallies cut them.
const (
	CoverageThin    = "thin"
	CoveragePartial = "partial"
	CoverageKnown   = "known"
)

// The bounds of the coverage keys, in percent.
const (
	PartialFrom = 40
	KnownFrom   = 75
)

const (
	topFindings = 8
	topChecks   = 8
	topJobs     = 8
)

// Hiring reads the hiring dashboard; bands narrow the figures about people, none means all. It is shared with others who
// ask within a moment.
func (s *Service) Hiring(ctx context.Context, _ authz.Actor, bands ...string) (Hiring, error) {
	now := s.db.Now()
	return s.hiring.Get(ctx, fmt.Sprint(db.Lags(ctx), bands), now, func(ctx context.Context) (Hiring, error) {
		return s.readHiring(ctx, now, bands)
	})
}

func (s *Service) readHiring(ctx context.Context, now time.Time, bands []string) (Hiring, error) {
	batch := &pgx.Batch{}
	var counts []count
	var h Hiring
	queueTallies(batch, []string{"stage", "channel", "coverage", "since", "missing", "override", "waiting", "finding", "move"},
		now, &counts)
	queueUneven(batch, topJobs, &h.Uneven, &h.UnevenJobs)
	if err := s.db.Heavy(ctx).SendBatch(ctx, batch).Close(); err != nil {
		return Hiring{}, err
	}
	return s.arrange(h, collect(counts), now, bands), nil
}

func (s *Service) arrange(h Hiring, f figures, now time.Time, bands []string) Hiring {
	ed := s.lib.Current()
	h.At = now
	h.Stages = f.spread("stage", stageRows(ed), bands)
	h.Channels = f.spread("channel", channelRows(ed), bands)
	h.Coverage = f.spread("coverage", []Spread{
		{Key: CoverageThin, Title: "Under 40 % known"},
		{Key: CoveragePartial, Title: "40 to 74 % known"},
		{Key: CoverageKnown, Title: "75 % and more known"},
	}, bands)
	h.Ageing = f.byAge("since", now, bands)
	h.Waiting = waitingByAge(f.byAge("waiting", now, nil))
	h.Findings = findings(ed, f["finding"])
	h.Checks = checkGaps(ed, f["missing"], f["override"])
	h.Moves = moves(f["move"], now)
	return h
}

func stageRows(ed *catalogue.Edition) []Spread {
	rows := make([]Spread, len(ed.Stages))
	for i, stage := range ed.Stages {
		rows[i] = Spread{Key: stage.ID, Title: stage.Title}
	}
	return rows
}

func channelRows(ed *catalogue.Edition) []Spread {
	rows := make([]Spread, len(ed.Channels), len(ed.Channels)+1)
	for i, channel := range ed.Channels {
		rows[i] = Spread{Key: channel.ID, Title: channel.Title}
	}
	return append(rows, Spread{Title: "Not recorded"})
}

func (f figures) byAge(figure string, now time.Time, bands []string) []Spread {
	return f.spread(figure, spans(now), bands)
}

func waitingByAge(rows []Spread) []Bucket {
	var buckets []Bucket
	for _, row := range rows {
		buckets = append(buckets, Bucket{Title: row.Title, N: row.Total(), From: row.From, Before: row.Before})
	}
	return buckets
}

func findings(ed *catalogue.Edition, counts []count) []Finding {
	sum := map[string]int{}
	for _, c := range counts {
		sum[c.A] += c.N
	}
	var rows []Finding
	for id, n := range sum {
		if n > 0 {
			rows = append(rows, Finding{ItemID: id, Title: titleOf(ed, id), N: n})
		}
	}
	slices.SortFunc(rows, func(a, b Finding) int { return cmp.Or(b.N-a.N, strings.Compare(a.ItemID, b.ItemID)) })
	return rows[:min(len(rows), topFindings)]
}

func checkGaps(ed *catalogue.Edition, missing, overridden []count) []CheckGap {
	gaps := map[string]CheckGap{}
	for _, c := range missing {
		g := gaps[c.A]
		g.Waiting += c.N
		gaps[c.A] = g
	}
	for _, c := range overridden {
		g := gaps[c.A]
		g.Overridden += c.N
		gaps[c.A] = g
	}
	var rows []CheckGap
	for id, g := range gaps {
		if g.Total() > 0 {
			g.CheckID, g.Title = id, titleOf(ed, id)
			rows = append(rows, g)
		}
	}
	slices.SortFunc(rows, func(a, b CheckGap) int { return cmp.Or(b.Total()-a.Total(), strings.Compare(a.CheckID, b.CheckID)) })
	return rows[:min(len(rows), topChecks)]
}

func titleOf(ed *catalogue.Edition, id string) string {
	if item, known := ed.Item(id); known {
		return item.Title
	}
	return id
}

func moves(counts []count, now time.Time) Moves {
	first := midnight(now).AddDate(0, 0, -13)
	m := Moves{From: first.AddDate(0, 0, 7), Days: make([]MoveDay, 14)}
	for i := range m.Days {
		m.Days[i].Day = first.AddDate(0, 0, i)
	}
	for _, c := range counts {
		i := int(dayOf(c.A).Sub(first) / (24 * time.Hour))
		if i < 0 || i >= len(m.Days) {
			continue
		}
		from, to, _ := strings.Cut(c.B, ">")
		up := catalogue.Band(to).Rank() > catalogue.Band(from).Rank()
		day, week := &m.Days[i].Down, &m.DownBefore
		switch {
		case up && i >= 7:
			day, week = &m.Days[i].Up, &m.Up
		case up:
			day, week = &m.Days[i].Up, &m.UpBefore
		case i >= 7:
			week = &m.Down
		}
		*day += c.N
		*week += c.N
	}
	return m
}

// queueTallies asks for figures. Days of which only the age matters come as ages (spans), so that a year of them is
// four rows; of the changes of band only the last two weeks are asked for.
func queueTallies(batch *pgx.Batch, names []string, now time.Time, into *[]count) {
	rows := spans(now)
	batch.Queue(`
		SELECT figure,
		       CASE WHEN figure NOT IN ('since', 'waiting') THEN a
		            WHEN a >= $3 THEN 'week' WHEN a >= $4 THEN 'fortnight' WHEN a >= $5 THEN 'month'
		            WHEN a <> '' THEN 'longer' ELSE '' END AS a,
		       b, sum(n)::bigint AS n
		FROM   (SELECT figure, a, b, n FROM tallies
		        WHERE  figure = ANY ($1) AND (figure <> 'move' OR a >= $2)
		        UNION  ALL
		        SELECT figure, a, b, n FROM tally_deltas
		        WHERE  figure = ANY ($1) AND (figure <> 'move' OR a >= $2)) t
		GROUP  BY 1, 2, 3
		HAVING sum(n) <> 0`, names, midnight(now).AddDate(0, 0, -13).Format(time.DateOnly),
		rows[0].From.Format(time.DateOnly), rows[1].From.Format(time.DateOnly), rows[2].From.Format(time.DateOnly)).
		Query(func(rows pgx.Rows) error {
			defer rows.Close()
			for rows.Next() {
				var c count
				if err := rows.Scan(&c.Figure, &c.A, &c.B, &c.N); err != nil {
					return err
				}
				*into = append(*into, c)
			}
			return rows.Err()
		})
}

func queueUneven(batch *pgx.Batch, limit int, into *[]UnevenJob, total *int) {
	batch.Queue(`
		SELECT j.id AS job_id, j.title, c.uneven AS checks
		FROM   job_comparisons c
		JOIN   jobs j ON j.id = c.job_id
		WHERE  c.uneven > 0
		ORDER  BY c.uneven DESC, c.job_id
		LIMIT  $1`, limit).Query(many(into))
	batch.Queue(`SELECT count(*) FROM job_comparisons WHERE uneven > 0`).QueryRow(func(row pgx.Row) error {
		return row.Scan(total)
	})
}

// many collects the rows of a queued query by column name.
func many[T any](into *[]T) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		var err error
		*into, err = db.Many[T](rows)
		return err
	}
}
