package outbound

// Check lets tests ask about addresses without a connection.
func Check(a Allowed, address string) error { return a.check(address) }
