// Package trace records how long a request took and what it waited for, as OpenTelemetry spans that are sent to a collector:
// requests, statements, rounds of background work, requests to elsewhere.
//
// Spans leave the installation, so they hold nothing of people: route patterns rather than addresses, statements without
// their arguments, kinds of errors rather than their words, no client, no browser, no user. It is the only package that
// knows OpenTelemetry. A nil *Traces records nothing.
package trace

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Options say where spans go.
type Options struct {
	// Endpoint is the collector's address, such as http://127.0.0.1:4318; the path of traces is added to it.
	Endpoint string
	// Ratio is the share of traces that are recorded, 0 to 1.
	Ratio float64
	// Joins lets a request continue the trace that its headers name. Only a proxy of one's own may say so: a stranger
	// could put requests into other people's traces, and decide which are recorded.
	Joins bool
	// Version is that of the program.
	Version string
	// Log is told when spans could not be sent.
	Log *slog.Logger
}

// Traces records spans and sends them from memory, where a bounded number waits; more are dropped.
type Traces struct {
	tracer   trace.Tracer
	provider *sdk.TracerProvider
	sender   *sender
	joins    bool
}

const (
	// flushMost is how long the end of the program waits for spans to be sent.
	flushMost = 3 * time.Second
	// textMost bounds a statement in a span, in characters.
	textMost = 4 << 10
)

// Open sets up recording. It asks the collector nothing: one that is down keeps nobody from starting. Where spans go and
// their share are settings of Gatehouse; headers, certificates, compression and times are the exporter's own
// OTEL_EXPORTER_OTLP_* variables.
func Open(ctx context.Context, o Options) (*Traces, error) {
	at := strings.TrimSuffix(strings.TrimSuffix(o.Endpoint, "/"), "/v1/traces") + "/v1/traces"
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(at))
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	// Neither host nor process are described: a command line can hold an address with its password, or a name.
	of, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", "gatehouse"), attribute.String("service.version", o.Version)),
		resource.WithFromEnv())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("traces: %w", err), exporter.Shutdown(ctx))
	}
	limits := sdk.NewSpanLimits()
	limits.AttributeValueLengthLimit = textMost
	t := &Traces{sender: &sender{SpanExporter: exporter, log: o.Log}, joins: o.Joins}
	t.provider = sdk.NewTracerProvider(sdk.WithResource(of), sdk.WithRawSpanLimits(limits), sdk.WithBatcher(t.sender),
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(o.Ratio))))
	t.tracer = t.provider.Tracer("gatehouse")
	return t, nil
}

// Close sends what is left, and gives up after a few seconds.
func (t *Traces) Close() error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushMost)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		t.sender.tell(err, 0)
		_ = t.sender.SpanExporter.Shutdown(ctx) // ends the request that still waits for an answer
	}
	return nil
}

// Answer is what is known of a request once it is answered.
type Answer struct {
	// Method is one of HTTP, Route the pattern, never the address.
	Method, Route string
	Status        int
	// ID is the one in the log.
	ID string
}

// Request begins the span of a request; done ends it.
func (t *Traces) Request(r *http.Request) (ctx context.Context, done func(Answer)) {
	ctx = r.Context()
	if t.joins {
		ctx = joined(ctx, r.Header)
	}
	ctx, span := t.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
	return ctx, func(a Answer) {
		span.SetName(a.Method + " " + a.Route)
		span.SetAttributes(attribute.String("http.request.method", a.Method), attribute.String("http.route", a.Route),
			attribute.Int("http.response.status_code", a.Status), attribute.String("gatehouse.request.id", a.ID))
		if a.Status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// joined continues the trace that traceparent names. What vendors add in tracestate is left: it would be sent on, and may
// hold anything.
func joined(ctx context.Context, h http.Header) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier{"Traceparent": h["Traceparent"]})
}

// Round begins the span of a round of background work; done ends it with the round's error.
func (t *Traces) Round(ctx context.Context, work string) (_ context.Context, done func(error)) {
	if t == nil {
		return ctx, func(error) {}
	}
	ctx, span := t.tracer.Start(ctx, work)
	return ctx, func(err error) { end(span, err) }
}

// ID is the id of the trace that is recorded under ctx, or "".
func ID(ctx context.Context) string {
	if of := trace.SpanContextFromContext(ctx); of.IsSampled() {
		return of.TraceID().String()
	}
	return ""
}

// below begins a span below the one under ctx; without one there is nothing to tell, and ctx comes back as it is.
func (t *Traces) below(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, nil
	}
	return t.tracer.Start(ctx, name, append(opts, trace.WithSpanKind(trace.SpanKindClient))...)
}

func end(span trace.Span, err error) {
	if err != nil {
		span.SetAttributes(attribute.String("error.type", kind(err)))
		span.SetStatus(codes.Error, "")
	}
	span.End()
}

// kind names an error without its words, which can quote what somebody typed: the database's code, or what went wrong on
// the way.
func kind(err error) string {
	var pg *pgconn.PgError
	var network net.Error
	switch {
	case errors.As(err, &pg):
		return pg.Code
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.As(err, &network):
		return "network"
	}
	return "other"
}
