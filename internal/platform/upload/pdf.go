package upload

import (
	"bytes"
	"slices"
)

// pdf counts the objects of a PDF and looks for the names by which it does more than show pages. Nothing is unpacked, so what
// stands in compressed objects is not seen; that there are any is.
type pdf struct {
	carry   []byte // the end of what came before, in which a name may have begun
	objects int
	found   [len(names)]bool
}

// names are what is looked for. The shorter ones that say the same (JS, AA) turn up in compressed data by chance.
var names = [...]struct {
	name []byte
	note func(*Facts)
}{
	{[]byte("/JavaScript"), func(f *Facts) { f.Script = true }},
	{[]byte("/Launch"), func(f *Facts) { f.Launches = true }},
	{[]byte("/EmbeddedFile"), func(f *Facts) { f.Attached = true }},
	{[]byte("/ObjStm"), func(f *Facts) { f.Packed = true }},
	{[]byte("/Encrypt"), func(f *Facts) { f.Encrypted = true }},
}

var endobj = []byte("endobj")

// nameMost is as much of each piece as is looked at again with the next: less than twice the longest name with all its letters
// written as #xx would be, so that names cannot hide on the seam.
const nameMost = 3 * len("/EmbeddedFile")

func (p *pdf) write(b []byte) {
	all := slices.Concat(p.carry, b)
	p.objects += bytes.Count(all, endobj) - bytes.Count(p.carry, endobj)
	plain := spelled(all)
	for i := range names {
		p.found[i] = p.found[i] || bytes.Contains(plain, names[i].name)
	}
	p.carry = bytes.Clone(all[max(0, len(all)-nameMost):])
}

func (p *pdf) finish(f *Facts) {
	f.Objects = p.objects
	for i, found := range p.found {
		if found {
			names[i].note(f)
		}
	}
}

// spelled writes out the letters of names that stand as #xx, which is how scripts are hidden from those who look for them.
func spelled(b []byte) []byte {
	at := bytes.IndexByte(b, '#')
	if at < 0 {
		return b
	}
	out := append(make([]byte, 0, len(b)), b[:at]...)
	for ; at < len(b); at++ {
		if b[at] == '#' && at+2 < len(b) {
			if hi, lo := nibble(b[at+1]), nibble(b[at+2]); hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				at += 2
				continue
			}
		}
		out = append(out, b[at])
	}
	return out
}

func nibble(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
