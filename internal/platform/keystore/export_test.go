package keystore

// OneByOne has a rotation move a row at a time.
func (s *Store) OneByOne() { s.batch = 1 }
