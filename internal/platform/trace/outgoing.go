package trace

import (
	"net/http"

	"go.opentelemetry.io/otel/attribute"
)

// Outgoing makes next record each request to a peer, such as "evidence store", until its answer begins. The address is
// left out, which can name a file or hold a code, and so is the trace's id from the request: it is no business of the peer.
func (t *Traces) Outgoing(peer string, next http.RoundTripper) http.RoundTripper {
	if t == nil {
		return next
	}
	return outgoing{t, peer, next}
}

type outgoing struct {
	*Traces
	peer string
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (o outgoing) RoundTrip(r *http.Request) (*http.Response, error) {
	_, span := o.below(r.Context(), r.Method+" "+o.peer)
	if span == nil {
		return o.next.RoundTrip(r)
	}
	resp, err := o.next.RoundTrip(r)
	span.SetAttributes(attribute.String("http.request.method", r.Method))
	if err == nil {
		span.SetAttributes(attribute.Int("http.response.status_code", resp.StatusCode))
	}
	end(span, err)
	return resp, err
}
