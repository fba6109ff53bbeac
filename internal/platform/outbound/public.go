package outbound

import "net/netip"

// closed are ranges that lead into one's own network, to nobody, or to many: the special-purpose registries of IANA, and the
// address by which one cloud reaches into its machines although it is a public one.
var closed = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"224.0.0.0/4", "240.0.0.0/4",
	// Within the global range of IPv6: Teredo and other tunnels, documentation, 6to4 (which carries any IPv4 address).
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
)

// global is where all public addresses of IPv6 lie, and translated the range in which a network without IPv4 carries those.
var global, translated = netip.MustParsePrefix("2000::/3"), netip.MustParsePrefix("64:ff9b::/96")

func prefixes(all ...string) []netip.Prefix {
	var parsed []netip.Prefix
	for _, s := range all {
		parsed = append(parsed, netip.MustParsePrefix(s))
	}
	return parsed
}

// public reports whether an address is one of the public network.
func public(addr netip.Addr) bool {
	if translated.Contains(addr) {
		all := addr.As16()
		addr = netip.AddrFrom4([4]byte(all[12:]))
	}
	if addr.Is6() && !global.Contains(addr) {
		return false
	}
	for _, p := range closed {
		if p.Contains(addr) {
			return false
		}
	}
	return addr.IsValid()
}
