// Package outbound sends requests to addresses that people have typed, without letting them make Gatehouse a way into the
// network that it stands in.
//
// Where a connection goes is checked as it is made, after the name was looked up, so that a name which answers differently the
// second time gains nothing: loopback, private, link-local (where clouds keep their credentials), shared, multicast and
// reserved addresses are refused, also in the IPv6 forms that carry an IPv4 address. Only https is spoken. What an operator
// allows by name or range is exempt from both. Redirects stay on the host, answers are short, and all of it takes little time.
package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Allowed are targets within one's own network that may be reached. The zero value allows none.
type Allowed struct {
	hosts  []string
	ranges []netip.Prefix
}

// ParseAllowed reads a list of host names, addresses and ranges, separated by commas.
func ParseAllowed(list string) (Allowed, error) {
	var a Allowed
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.ToLower(strings.TrimSpace(entry))
		prefix, noRange := netip.ParsePrefix(entry)
		addr, noAddress := netip.ParseAddr(entry)
		switch {
		case noRange == nil:
			a.ranges = append(a.ranges, prefix.Masked())
		case noAddress == nil:
			a.ranges = append(a.ranges, netip.PrefixFrom(addr, addr.BitLen()))
		case entry == "" || strings.ContainsAny(entry, "/:@*? "):
			return a, fmt.Errorf("%q is no host, address or range such as hooks.internal, 10.0.0.5 or 10.1.0.0/16", entry)
		default:
			a.hosts = append(a.hosts, entry)
		}
	}
	return a, nil
}

func (a Allowed) host(name string) bool { return slices.Contains(a.hosts, strings.ToLower(name)) }

func (a Allowed) address(addr netip.Addr) bool {
	return slices.ContainsFunc(a.ranges, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// Refused says that a target is not to be reached.
type Refused struct{ Target, Why string }

func (e Refused) Error() string { return fmt.Sprintf("outbound: %s: %s", e.Target, e.Why) }

const (
	// patience is how long a request may take, answer included; connecting a part of it.
	patience, connecting = 20 * time.Second, 5 * time.Second
	// hops is how many redirects are followed.
	hops = 3
	// headersMost bounds the header of an answer; Client's users bound the body.
	headersMost = 32 << 10
)

// Client returns a client that reaches the outside, and inside what is allowed. It uses no proxy: a proxy would look names up
// itself, and all would be reached that it reaches.
func Client(allowed Allowed) *http.Client {
	guarded := &net.Dialer{Timeout: connecting, Control: func(_, address string, _ syscall.RawConn) error { return allowed.check(address) }}
	free := &net.Dialer{Timeout: connecting}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			if allowed.host(host) {
				return free.DialContext(ctx, network, address)
			}
			return guarded.DialContext(ctx, network, address)
		},
		TLSHandshakeTimeout: connecting, ResponseHeaderTimeout: patience, IdleConnTimeout: time.Minute,
		MaxIdleConns: 10, MaxConnsPerHost: 4, MaxResponseHeaderBytes: headersMost, DisableCompression: true,
		ForceAttemptHTTP2: true,
	}
	return &http.Client{Transport: spoken{transport, allowed}, Timeout: patience, CheckRedirect: stay}
}

// check refuses an address, with its port, as a connection to it is about to be made.
func (a Allowed) check(address string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return Refused{address, "no address"}
	}
	addr := to.Addr().Unmap().WithZone("")
	if a.address(addr) {
		return nil
	}
	if !public(addr) {
		return Refused{address, "not a public address, and not among those allowed"}
	}
	return nil
}

// spoken refuses what is not https, each time a request is sent, redirects included.
type spoken struct {
	next    http.RoundTripper
	allowed Allowed
}

func (s spoken) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := s.allowed.scheme(r.URL); err != nil {
		return nil, err
	}
	return s.next.RoundTrip(r)
}

// scheme allows https, and plain http to what is allowed by name or address.
func (a Allowed) scheme(u *url.URL) error {
	host := u.Hostname()
	addr, err := netip.ParseAddr(host)
	inside := a.host(host) || err == nil && a.address(addr.Unmap())
	if u.Scheme == "https" || u.Scheme == "http" && inside {
		return nil
	}
	return Refused{u.Scheme + "://" + u.Host, "not https, and not among those allowed"}
}

// stay follows redirects within the host they come from.
func stay(next *http.Request, before []*http.Request) error {
	first := before[0].URL
	switch {
	case len(before) > hops:
		return errors.New("outbound: too many redirects")
	case next.URL.Scheme != first.Scheme || !strings.EqualFold(next.URL.Host, first.Host):
		return Refused{next.URL.Host, "a redirect to elsewhere"}
	}
	return nil
}

// CheckURL refuses, before anything is sent, an address that could never be reached: for settings and forms.
func CheckURL(raw string, allowed Allowed) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil {
		return errors.New("not a web address such as https://hooks.example.com/x")
	}
	return allowed.scheme(u)
}
