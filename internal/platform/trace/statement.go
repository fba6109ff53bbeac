package trace

import (
	"context"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// Statements is what tells the spans of statements to pgx; nil where none are recorded. Statements outside of any span,
// such as those that look whether a server is there, have none.
func (t *Traces) Statements() pgx.QueryTracer {
	if t == nil {
		return nil
	}
	return statements{t}
}

// statements records statements as they are written, with $1 for whatever is personal. It never looks at arguments.
type statements struct{ *Traces }

// TraceQueryStart implements pgx.QueryTracer.
func (s statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	ctx, _ = s.below(ctx, operation(data.SQL), written(data.SQL))
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (s statements) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	end(trace.SpanFromContext(ctx), data.Err)
}

// TraceBatchStart implements pgx.BatchTracer.
func (s statements) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	ctx, _ = s.below(ctx, "BATCH", trace.WithAttributes(system, attribute.Int("db.operation.batch.size", data.Batch.Len())))
	return ctx
}

// TraceBatchQuery implements pgx.BatchTracer. All statements of a batch are sent together, so the span of one is the time
// that its answer was waited for and read.
func (s statements) TraceBatchQuery(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	began := data.ReadStartTime
	if began.IsZero() { // the batch failed before its turn
		began = time.Now()
	}
	if _, span := s.below(ctx, operation(data.SQL), written(data.SQL), trace.WithTimestamp(began)); span != nil {
		end(span, data.Err)
	}
}

// TraceBatchEnd implements pgx.BatchTracer.
func (s statements) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchEndData) {
	end(trace.SpanFromContext(ctx), data.Err)
}

// TraceCopyFromStart implements pgx.CopyFromTracer.
func (s statements) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromStartData) context.Context {
	ctx, _ = s.below(ctx, "COPY", written("COPY "+data.TableName.Sanitize()))
	return ctx
}

// TraceCopyFromEnd implements pgx.CopyFromTracer.
func (s statements) TraceCopyFromEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromEndData) {
	end(trace.SpanFromContext(ctx), data.Err)
}

var system = attribute.String("db.system.name", "postgresql")

func written(sql string) trace.SpanStartEventOption {
	return trace.WithAttributes(system, attribute.String("db.query.text", sql))
}

// operation is the first word of a statement.
func operation(sql string) string {
	sql = strings.TrimSpace(sql)
	if n := strings.IndexFunc(sql, func(r rune) bool { return !unicode.IsLetter(r) }); n >= 0 {
		sql = sql[:n]
	}
	if sql == "" {
		return "statement"
	}
	return strings.ToUpper(sql)
}
