package backup

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"gatehouse/internal/audit"
	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/db"
)

// The part of the rows is a row of records: a byte that says what follows, its length in four bytes, and that. The first
// lists the tables. Then comes the data of each table, in the binary form of COPY and in pieces, and what it must come to; then
// the sequences.
const (
	recordTables    = 'T'
	recordData      = 'D'
	recordEnd       = 'E' // of a table: its fingerprint
	recordSequences = 'S'
)

// longestRecord bounds what is read at a time.
const longestRecord = 64 << 20

type records struct{ w io.Writer }

func (r records) write(kind byte, content []byte) error {
	head := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(content)))
	if _, err := r.w.Write(head); err != nil {
		return err
	}
	_, err := r.w.Write(content)
	return err
}

func (r records) json(kind byte, v any) error {
	content, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return r.write(kind, content)
}

// Write takes a piece of a table's data.
func (r records) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		piece := rest[:min(len(rest), 1<<20)]
		if err := r.write(recordData, piece); err != nil {
			return 0, err
		}
		rest = rest[len(piece):]
	}
	return len(p), nil
}

// dump writes what one snapshot of the database sees, and returns the items of evidence that it names.
func (b *making) dump(ctx context.Context, w io.Writer) (items []file, err error) {
	err = b.DB.Pool().AcquireFunc(ctx, func(pooled *pgxpool.Conn) error {
		return pgx.BeginTxFunc(ctx, pooled, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
			if err := b.dumpRows(ctx, tx, w); err != nil {
				return err
			}
			var err error
			if b.manifest.Checkpoint, err = audit.CheckpointFrom(ctx, tx); err != nil {
				return err
			}
			items, err = itemsOf(ctx, tx)
			return err
		})
	})
	return items, err
}

// dumpRows writes the rows. Tables are locked against being altered or dropped, not against being written.
func (b *making) dumpRows(ctx context.Context, tx pgx.Tx, w io.Writer) error {
	if err := steady(ctx, tx); err != nil {
		return err
	}
	tables, err := tablesOf(ctx, tx)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if _, err := tx.Exec(ctx, `LOCK TABLE `+t.ident()+` IN ACCESS SHARE MODE`); err != nil {
			return err
		}
	}
	if b.manifest.Schema, err = version(ctx, tx); err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(w, 256<<10)
	out := records{buffered}
	if err := out.json(recordTables, tables); err != nil {
		return err
	}
	for _, t := range tables {
		if err := b.dumpTable(ctx, tx, t, out); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	sequences, err := sequencesOf(ctx, tx)
	if err != nil {
		return err
	}
	return errors.Join(out.json(recordSequences, sequences), buffered.Flush())
}

func (b *making) dumpTable(ctx context.Context, tx pgx.Tx, t table, out records) error {
	b.tell.say("table %s", t.Name)
	f, err := fingerprintOf(ctx, tx, t)
	if err != nil {
		return err
	}
	tag, err := tx.Conn().PgConn().CopyTo(ctx, out, `COPY `+t.ident()+` (`+t.columns()+`) TO STDOUT (FORMAT binary)`)
	if err != nil {
		return err
	}
	if tag.RowsAffected() != f.Rows {
		return fmt.Errorf("%d rows were copied of %d", tag.RowsAffected(), f.Rows)
	}
	b.report.Rows += f.Rows
	return out.json(recordEnd, f)
}

// itemsOf lists the files of evidence that the transaction sees.
func itemsOf(ctx context.Context, q db.Querier) (items []file, err error) {
	err = evidence.EachKept(ctx, q, func(k evidence.Kept) error {
		if k.BlobKey != nil {
			items = append(items, file{Key: *k.BlobKey, kept: k})
		}
		return nil
	})
	return items, err
}

// loading reads the records of a backup into a database.
type loading struct {
	tx     pgx.Tx
	in     *bufio.Reader
	tables []table
	tell   *teller
	rows   int64
	prints map[string]fingerprint
}

// next reads the head of the next record.
func (l *loading) next() (kind byte, size int64, err error) {
	var head [5]byte
	if _, err := io.ReadFull(l.in, head[:]); err != nil {
		return 0, 0, err
	}
	size = int64(binary.BigEndian.Uint32(head[1:]))
	if size > longestRecord {
		return 0, 0, fmt.Errorf("a record of %d bytes", size)
	}
	return head[0], size, nil
}

// expect reads a record of one kind.
func (l *loading) expect(kind byte, into any) error {
	found, size, err := l.next()
	if err != nil {
		return err
	}
	if found != kind {
		return fmt.Errorf("a record %q where %q belongs", found, kind)
	}
	return json.NewDecoder(io.LimitReader(l.in, size)).Decode(into)
}

// load puts all rows in, with foreign keys and triggers as they were at its end.
func (l *loading) load(ctx context.Context) error {
	if err := steady(ctx, l.tx); err != nil {
		return err
	}
	if err := l.expect(recordTables, &l.tables); err != nil {
		return err
	}
	there, err := tablesOf(ctx, l.tx)
	if err != nil {
		return err
	}
	if err := withoutMade(ctx, l.tx, there); err != nil {
		return err
	}
	relink, err := unlinked(ctx, l.tx)
	if err != nil {
		return err
	}
	if err := partitioned(ctx, l.tx, there, l.tables); err != nil {
		return err
	}
	for _, t := range l.tables {
		if err := l.loadTable(ctx, t); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	var sequences []sequence
	if err := l.expect(recordSequences, &sequences); err != nil {
		return err
	}
	for _, s := range sequences {
		if _, err := l.tx.Exec(ctx, `SELECT setval($1::text::regclass, $2)`, pgx.Identifier{s.Name}.Sanitize(), s.Last); err != nil {
			return fmt.Errorf("sequence %s: %w", s.Name, err)
		}
	}
	l.tell.say("foreign keys")
	return relink()
}

func (l *loading) loadTable(ctx context.Context, t table) error {
	l.tell.say("table %s", t.Name)
	data := &tableData{l: l}
	tag, err := l.tx.Conn().PgConn().CopyFrom(ctx, data, `COPY `+t.ident()+` (`+t.columns()+`) FROM STDIN (FORMAT binary)`)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, data); err != nil { // up to the end of its data, where the server needed less
		return err
	}
	var f fingerprint
	if err := json.Unmarshal(data.end, &f); err != nil {
		return err
	}
	if tag.RowsAffected() != f.Rows {
		return fmt.Errorf("%d rows were loaded of %d", tag.RowsAffected(), f.Rows)
	}
	l.prints[t.Name] = f
	l.rows += f.Rows
	return nil
}

// verify compares every table with its fingerprint.
func (l *loading) verify(ctx context.Context) error {
	for _, t := range l.tables {
		l.tell.say("verifying table %s", t.Name)
		f, err := fingerprintOf(ctx, l.tx, t)
		if err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
		if want := l.prints[t.Name]; f != want {
			return fmt.Errorf("table %s holds other rows than those that were backed up: %d of %d", t.Name, f.Rows, want.Rows)
		}
	}
	return nil
}

// tableData is the data of one table, piece by piece up to the record of its end.
type tableData struct {
	l    *loading
	left int64
	end  []byte
}

func (d *tableData) Read(p []byte) (int, error) {
	for d.left == 0 {
		if d.end != nil {
			return 0, io.EOF
		}
		if err := d.piece(); err != nil {
			return 0, err
		}
	}
	n, err := d.l.in.Read(p[:min(int64(len(p)), d.left)])
	d.left -= int64(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (d *tableData) piece() error {
	kind, size, err := d.l.next()
	switch {
	case err == io.EOF:
		return io.ErrUnexpectedEOF
	case err != nil:
		return err
	case kind == recordData:
		d.left = size
		return nil
	case kind == recordEnd:
		d.end = make([]byte, size)
		_, err := io.ReadFull(d.l.in, d.end)
		return err
	}
	return fmt.Errorf("a record %q within a table", kind)
}
