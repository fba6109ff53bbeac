package seed

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// uuid is an identifier as COPY wants it.
type uuid [16]byte

// stream is one table being filled by COPY in the binary format. Rows are written into a buffer, which goes to the
// server in chunks through a short queue: memory stays bounded however many rows there are.
type stream struct {
	table   string
	columns []string
	buf     []byte
	rows    int64
	chunks  chan []byte
	gone    <-chan struct{} // closed when the load is given up
	sent    *atomic.Int64
}

const (
	chunkSize = 256 << 10
	queueLen  = 4
)

// epoch is where PostgreSQL counts time from, in microseconds since 1970.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

func newStream(ctx context.Context, sent *atomic.Int64, table, columns string) *stream {
	s := &stream{table: table, columns: strings.Fields(columns), chunks: make(chan []byte, queueLen), gone: ctx.Done(), sent: sent}
	s.buf = make([]byte, 0, chunkSize+chunkSize/4)
	s.buf = append(s.buf, "PGCOPY\n\xff\r\n\x00"...)
	s.buf = append(s.buf, 0, 0, 0, 0, 0, 0, 0, 0)
	return s
}

// run copies what is written to the stream until it is closed, on a connection of its own.
func (s *stream) run(ctx context.Context, pool *pgxpool.Pool) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	sql := "COPY " + s.table + " (" + strings.Join(s.columns, ", ") + ") FROM STDIN (FORMAT binary)"
	if _, err := conn.Conn().PgConn().CopyFrom(ctx, &chunkReader{s: s}, sql); err != nil {
		return fmt.Errorf("load %s: %w", s.table, err)
	}
	return nil
}

// chunkReader hands the queued chunks to the connection.
type chunkReader struct {
	s    *stream
	rest []byte
}

func (c *chunkReader) Read(p []byte) (int, error) {
	for len(c.rest) == 0 {
		select {
		case chunk, ok := <-c.s.chunks:
			if !ok {
				return 0, io.EOF
			}
			c.rest = chunk
		case <-c.s.gone:
			return 0, context.Canceled
		}
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// row begins a row; one call per column must follow.
func (s *stream) row() {
	if len(s.buf) >= chunkSize {
		s.flush()
	}
	s.rows++
	s.sent.Add(1)
	s.buf = binary.BigEndian.AppendUint16(s.buf, uint16(len(s.columns)))
}

func (s *stream) flush() {
	select {
	case s.chunks <- s.buf:
	case <-s.gone:
	}
	s.buf = make([]byte, 0, chunkSize+chunkSize/4)
}

// close ends the table's COPY.
func (s *stream) close() {
	s.buf = binary.BigEndian.AppendUint16(s.buf, 0xffff)
	s.flush()
	close(s.chunks)
}

func (s *stream) length(n int) { s.buf = binary.BigEndian.AppendUint32(s.buf, uint32(n)) }

func (s *stream) null() { s.length(-1) }

func (s *stream) id(u uuid) {
	s.length(16)
	s.buf = append(s.buf, u[:]...)
}

func (s *stream) text(v string) {
	s.length(len(v))
	s.buf = append(s.buf, v...)
}

func (s *stream) bytes(v []byte) {
	s.length(len(v))
	s.buf = append(s.buf, v...)
}

func (s *stream) json(v string) {
	s.length(len(v) + 1)
	s.buf = append(s.buf, 1)
	s.buf = append(s.buf, v...)
}

func (s *stream) time(t time.Time) {
	s.length(8)
	s.buf = binary.BigEndian.AppendUint64(s.buf, uint64(t.UnixMicro()-epoch))
}

func (s *stream) date(t time.Time) {
	s.length(4)
	s.buf = binary.BigEndian.AppendUint32(s.buf, uint32((t.UnixMicro()-epoch)/(24*3600*1e6)))
}

func (s *stream) bool(v bool) {
	s.length(1)
	if v {
		s.buf = append(s.buf, 1)
	} else {
		s.buf = append(s.buf, 0)
	}
}

func (s *stream) int2(v int) {
	s.length(2)
	s.buf = binary.BigEndian.AppendUint16(s.buf, uint16(v))
}

func (s *stream) int4(v int) {
	s.length(4)
	s.buf = binary.BigEndian.AppendUint32(s.buf, uint32(v))
}

func (s *stream) int8(v int) {
	s.length(8)
	s.buf = binary.BigEndian.AppendUint64(s.buf, uint64(v))
}

// amount writes a whole number as numeric; it must be below 10^8.
func (s *stream) amount(v int) {
	s.length(12)
	s.buf = binary.BigEndian.AppendUint16(s.buf, 2) // two digits of base 10,000
	s.buf = binary.BigEndian.AppendUint16(s.buf, 1) // the first stands for 10,000
	s.buf = append(s.buf, 0, 0, 0, 0)               // positive, no decimals
	s.buf = binary.BigEndian.AppendUint16(s.buf, uint16(v/10_000))
	s.buf = binary.BigEndian.AppendUint16(s.buf, uint16(v%10_000))
}

// textType is the number of the type text in PostgreSQL's catalogue, which arrays name their elements' type by.
const textType = 25

func (s *stream) array(element uint32, n, size int) {
	if n == 0 {
		s.length(12)
		s.buf = append(s.buf, make([]byte, 8)...)
		s.buf = binary.BigEndian.AppendUint32(s.buf, element)
		return
	}
	s.length(20 + size)
	s.buf = append(s.buf, 0, 0, 0, 1, 0, 0, 0, 0)
	s.buf = binary.BigEndian.AppendUint32(s.buf, element)
	s.buf = binary.BigEndian.AppendUint32(s.buf, uint32(n))
	s.buf = append(s.buf, 0, 0, 0, 1)
}

func (s *stream) texts(list []string) {
	size := 0
	for _, v := range list {
		size += 4 + len(v)
	}
	s.array(textType, len(list), size)
	for _, v := range list {
		s.text(v)
	}
}
