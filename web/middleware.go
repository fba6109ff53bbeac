package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/id"
	"gatehouse/internal/platform/trace"
	"gatehouse/web/request"
)

// policy is the Content-Security-Policy of every answer: nothing inline, nothing from elsewhere. data: images are
// the form controls drawn in the style sheet.
const policy = "default-src 'self'; img-src 'self' data:; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'"

// headers sets what every answer carries. Handlers may replace Cache-Control; static files do.
func headers(secure bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Security-Policy", policy)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Referrer-Policy", "same-origin")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
			h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
			h.Set("Cache-Control", "no-store")
			if secure {
				h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
				r = r.WithContext(request.WithSecure(r.Context()))
			}
			next.ServeHTTP(w, r)
		})
	}
}

// trustProxy takes the client's address from the last entry of X-Forwarded-For, which our own proxy wrote;
// earlier entries are whatever the client sent.
func trustProxy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		chain := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
		if ip := net.ParseIP(strings.TrimSpace(chain[len(chain)-1])); ip != nil {
			r.RemoteAddr = net.JoinHostPort(ip.String(), "0")
		}
		next.ServeHTTP(w, r)
	})
}

type requestIDKey struct{}

func requestID(ctx context.Context) string {
	s, _ := ctx.Value(requestIDKey{}).(string)
	return s
}

// recorder notes the status for the log.
type recorder struct {
	http.ResponseWriter
	status int
}

func (rec *recorder) WriteHeader(status int) {
	if rec.status == 0 {
		rec.status = status
	}
	rec.ResponseWriter.WriteHeader(status)
}

func (rec *recorder) Write(b []byte) (int, error) {
	if rec.status == 0 {
		rec.status = http.StatusOK
	}
	return rec.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (rec *recorder) Unwrap() http.ResponseWriter { return rec.ResponseWriter }

// logged gives each request an id and writes one line about it: the route's pattern, never the address itself,
// since addresses can hold search words.
func (s *Server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started, reqID := time.Now(), id.New()
		w.Header().Set("X-Request-Id", reqID)
		rec := &recorder{ResponseWriter: w}
		who := &authz.Actor{}
		ctx := context.WithValue(r.Context(), requestIDKey{}, reqID)
		next.ServeHTTP(rec, r.WithContext(context.WithValue(ctx, whoKey{}, who)))
		took := time.Since(started)
		attrs := []slog.Attr{slog.String("id", reqID), slog.String("method", r.Method), slog.String("route", pattern(r)),
			slog.Int("status", rec.status), slog.Duration("took", took), slog.String("actor", who.ID)}
		if s.deps.Traces != nil {
			attrs = append(attrs, slog.String("trace", trace.ID(ctx)))
		}
		s.log.LogAttrs(ctx, slog.LevelInfo, "request", attrs...)
		if s.deps.Observe != nil {
			s.deps.Observe(known(r.Method), pattern(r), rec.status, took)
		}
	})
}

// traced makes a span of each request. It stands before the gates, so that waiting there counts.
func (s *Server) traced(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w}
		ctx, done := s.deps.Traces.Request(r)
		defer func() {
			a := trace.Answer{Method: known(r.Method), Route: pattern(r), Status: rec.status, ID: w.Header().Get("X-Request-Id")}
			if a.ID == "" { // a gate refused it, before it got one
				a.Route = "refused"
			}
			done(a)
		}()
		next.ServeHTTP(rec, r.WithContext(ctx))
	})
}

// known is a method of HTTP, or "other": what a client makes up must not become a label.
func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

type whoKey struct{}

// noteActor tells the log line who sent the request.
func noteActor(ctx context.Context, a authz.Actor) {
	if who, ok := ctx.Value(whoKey{}).(*authz.Actor); ok {
		*who = a
	}
}

func pattern(r *http.Request) string {
	if rc := chi.RouteContext(r.Context()); rc != nil && rc.RoutePattern() != "" {
		return rc.RoutePattern()
	}
	return "none"
}

// recovered turns a panic into the same neutral page as any internal error.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			s.log.Error("panic", "id", requestID(r.Context()), "value", v, "stack", string(debug.Stack()))
			s.internalPage(w, r)
		}()
		next.ServeHTTP(w, r)
	})
}
