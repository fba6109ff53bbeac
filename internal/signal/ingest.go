package signal

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// row is a line on its way into the table.
type row struct {
	*Line
	month      int // since the year 0, as the table is divided
	key        pgtype.UUID
	person     pgtype.UUID
	engagement pgtype.UUID
}

// order compares rows by their key, the months of the table first.
func (r row) order(other row) int {
	return cmp.Or(cmp.Compare(r.month, other.month), cmp.Compare(r.Source, other.Source), cmp.Compare(r.ExternalID, other.ExternalID),
		r.OccurredAt.Compare(other.OccurredAt))
}

// Digest is the SHA-256 of what a sender sent.
type Digest [sha256.Size]byte

// Again answers a request that was taken whole before, word for word: all its lines are there already. found is false for
// any other, which Ingest takes in. It is an audit entry of its own.
func (s *Service) Again(ctx context.Context, actor authz.Actor, digest Digest) (r Receipt, found bool, err error) {
	if actor.Kind != authz.KindToken {
		return Receipt{}, false, nil
	}
	r = Receipt{Batch: BatchID(id.New()), Errors: []LineError{}}
	r.Duplicates, err = linesOf(ctx, s.db.Pool(), actor.ID, digest)
	if err != nil || r.Duplicates == 0 {
		return Receipt{}, false, err
	}
	err = s.db.Write(ctx, actor, func(tx *db.Tx) error {
		tx.Record(received(r, r.Duplicates))
		return insertBatch(ctx, tx, r, r.Duplicates, tally{}, nil)
	})
	return r, true, err
}

// received is the audit entry of a batch.
func received(r Receipt, lines int) db.Entry {
	return db.Entry{Action: "signals.ingested", SubjectKind: "signal_batch", SubjectID: string(r.Batch),
		Detail: map[string]any{"lines": lines, "accepted": r.Accepted, "duplicates": r.Duplicates, "rejected": r.Rejected, "unresolved": r.Unresolved}}
}

// Ingest takes in a batch of at most MaxLines events. Bad lines are reported and the good ones kept; lines that are
// there already are counted and change nothing. The batch is one audit entry. digest is of the request that brought the
// lines, for Again; the zero Digest is of none.
func (s *Service) Ingest(ctx context.Context, actor authz.Actor, digest Digest, lines []Line) (Receipt, error) {
	if len(lines) > MaxLines {
		return Receipt{}, apperr.TooLarge("More than %d lines. Send them in several requests.", MaxLines)
	}
	s.arriving.Add(1)
	defer s.arriving.Add(-1)
	receipt := Receipt{Batch: BatchID(id.New()), Errors: []LineError{}}
	rows := s.sift(lines, &receipt)
	err := s.db.Write(ctx, actor, func(tx *db.Tx) error {
		if err := s.resolve(ctx, tx, rows); err != nil {
			return err
		}
		fresh, err := storeRows(ctx, tx, receipt.Batch, rows)
		if err != nil {
			return err
		}
		t := tallyOf(fresh)
		receipt.Accepted, receipt.Duplicates, receipt.Unresolved = len(fresh), len(rows)-len(fresh), t.unresolved
		tx.Record(received(receipt, len(lines)))
		var known []byte
		if receipt.Rejected == 0 && digest != (Digest{}) {
			known = digest[:]
		}
		return insertBatch(ctx, tx, receipt, len(lines), t, known)
	})
	return receipt, err
}

// sift reports the bad lines and returns rows for the others, in the order of the unique key: two requests that carry
// the same lines then wait for one another at the first of them, instead of each holding what the other wants.
func (s *Service) sift(lines []Line, receipt *Receipt) []row {
	ed, now := s.lib.Current(), s.db.Now()
	rows := make([]row, 0, len(lines))
	for i := range lines {
		l := &lines[i]
		problem := l.check(ed, now)
		if problem == "" {
			l.OccurredAt = l.OccurredAt.UTC().Truncate(time.Microsecond)
			rows = append(rows, row{Line: l, month: l.OccurredAt.Year()*12 + int(l.OccurredAt.Month())})
			continue
		}
		receipt.Rejected++
		if len(receipt.Errors) < maxErrors {
			receipt.Errors = append(receipt.Errors, LineError{Line: l.Number, Error: problem})
		}
	}
	slices.SortFunc(rows, row.order)
	numberRows(rows)
	return rows
}

// numberRows gives the rows ids that differ in their last two bytes only, which are the row's place: so ten thousand ids
// cost one.
func numberRows(rows []row) {
	base, err := id.Bytes(id.New())
	if err != nil {
		panic(err) // New makes well-formed ids
	}
	for i := range rows {
		binary.BigEndian.PutUint16(base[14:], uint16(i))
		rows[i].key = pgtype.UUID{Bytes: base, Valid: true}
	}
}

// resolve finds whom the rows are about: ids, numbers and accounts by one query each.
func (s *Service) resolve(ctx context.Context, q db.Querier, rows []row) error {
	ids, numbers, accounts := map[pgtype.UUID]bool{}, map[int64]pgtype.UUID{}, map[string]bool{}
	for i := range rows {
		r := &rows[i]
		if raw, err := id.Bytes(r.Person); err == nil {
			r.person = pgtype.UUID{Bytes: raw, Valid: true}
			ids[r.person] = false
		} else if n, ok := person.ParseNumber(r.Person); ok {
			numbers[int64(n)] = pgtype.UUID{}
		} else {
			accounts[r.Account] = true
		}
	}
	if err := markKnown(ctx, q, ids); err != nil {
		return err
	}
	if err := findNumbers(ctx, q, numbers); err != nil {
		return err
	}
	owners, err := s.owners(ctx, q, accounts)
	if err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		switch {
		case r.person.Valid:
			r.person.Valid = ids[r.person]
		case r.Person != "":
			n, _ := person.ParseNumber(r.Person)
			r.person = numbers[int64(n)]
		default:
			r.person, r.engagement = owners[r.Account].person, owners[r.Account].engagement
		}
		if !r.person.Valid && r.Account == "" {
			r.Account = r.Person // what the source said is all that is left to find them by
		}
	}
	return nil
}

// owner is whose an account is.
type owner struct{ person, engagement pgtype.UUID }

func (s *Service) owners(ctx context.Context, q db.Querier, accounts map[string]bool) (map[string]owner, error) {
	if len(accounts) == 0 {
		return nil, nil
	}
	names := make([]string, 0, len(accounts))
	for name := range accounts {
		names = append(names, name)
	}
	found, err := s.hiring.AccountOwners(ctx, q, names)
	owners := make(map[string]owner, len(found))
	for name, o := range found {
		owners[name] = owner{uuid(string(o.PersonID)), uuid(string(o.EngagementID))}
	}
	return owners, err
}

// uuid is an id as the database takes it; one that is malformed is NULL.
func uuid(text string) pgtype.UUID {
	raw, err := id.Bytes(text)
	return pgtype.UUID{Bytes: raw, Valid: err == nil}
}

// tally is what came with a batch, as the arrays that the batch keeps until it is taken up.
type tally struct {
	unresolved int

	names []string
	place map[string]int16

	days      []time.Time
	dayKinds  []int16
	dayCounts []int32

	sources                 []int16
	sourceCounts            []int32
	sourceFirst, sourceLast []time.Time

	people        []pgtype.UUID
	personKinds   []int16
	personCounts  []int32
	personLast    []time.Time
	personSources []int16
}

// name is the place of a name among the names.
func (t *tally) name(s string) int16 {
	n, there := t.place[s]
	if !there {
		n = int16(len(t.names)) // at most MaxLines sources and the catalogue's kinds
		t.place[s], t.names = n, append(t.names, s)
	}
	return n
}

// tallyOf counts the rows of a batch. People come in order, so that two processes that take batches up lock the same
// totals in the same order.
func tallyOf(rows []row) tally {
	t := tally{place: map[string]int16{}}
	type dayKey struct {
		day  int64
		kind int16
	}
	days, sources := map[dayKey]int{}, map[int16]int{}
	byPerson := make([]int, 0, len(rows))
	for i := range rows {
		r := &rows[i]
		kind, source := t.name(r.SignalID), t.name(r.Source)
		key := dayKey{r.OccurredAt.Unix() / 86400, kind}
		at, there := days[key]
		if !there {
			at = len(t.days)
			days[key] = at
			t.days, t.dayKinds, t.dayCounts = append(t.days, time.Unix(key.day*86400, 0).UTC()), append(t.dayKinds, kind), append(t.dayCounts, 0)
		}
		t.dayCounts[at]++
		t.countSource(sources, source, r.OccurredAt)
		if r.person.Valid {
			byPerson = append(byPerson, i)
		} else {
			t.unresolved++
		}
	}
	t.countPeople(rows, byPerson)
	return t
}

func (t *tally) countSource(seen map[int16]int, source int16, when time.Time) {
	at, there := seen[source]
	if !there {
		at = len(t.sources)
		seen[source] = at
		t.sources, t.sourceCounts = append(t.sources, source), append(t.sourceCounts, 0)
		t.sourceFirst, t.sourceLast = append(t.sourceFirst, when), append(t.sourceLast, when)
	}
	t.sourceCounts[at]++
	if when.Before(t.sourceFirst[at]) {
		t.sourceFirst[at] = when
	}
	if when.After(t.sourceLast[at]) {
		t.sourceLast[at] = when
	}
}

// countPeople adds the rows with a person, by person and kind.
func (t *tally) countPeople(rows []row, byPerson []int) {
	slices.SortFunc(byPerson, func(i, j int) int {
		return cmp.Or(slices.Compare(rows[i].person.Bytes[:], rows[j].person.Bytes[:]), cmp.Compare(rows[i].SignalID, rows[j].SignalID))
	})
	for n, i := range byPerson {
		r := &rows[i]
		last := len(t.people) - 1
		if n == 0 || t.people[last] != r.person || t.names[t.personKinds[last]] != r.SignalID {
			t.people, t.personKinds = append(t.people, r.person), append(t.personKinds, t.place[r.SignalID])
			t.personCounts, t.personLast = append(t.personCounts, 0), append(t.personLast, time.Time{})
			t.personSources = append(t.personSources, 0)
			last++
		}
		t.personCounts[last]++
		if r.OccurredAt.After(t.personLast[last]) {
			t.personLast[last], t.personSources[last] = r.OccurredAt, t.place[r.Source]
		}
	}
}
