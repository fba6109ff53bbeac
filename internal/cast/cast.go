// Package cast invents the people of the demo and of synthetic installations: one list of given names, one of family
// names, one of places, for everybody.
//
// Who somebody is drawn to be says nothing about how their story goes: names and places come from one shuffled deck,
// whatever the story, and given and family names are put together without regard to where either is at home. So no
// picture of ours teaches that risk has a name or a place. The tests hold it: there is one list of each, and over
// many draws the bands are spread over it evenly.
package cast

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Place is somewhere that an invented person says they live.
type Place struct {
	City, Country, Zone string
}

// String is the place as a form would have it: "Porto, Portugal".
func (p Place) String() string { return p.City + ", " + p.Country }

// Person is an invented person.
type Person struct {
	Given, Family string
	Place         Place
}

// Name is the person's whole name.
func (p Person) Name() string { return p.Given + " " + p.Family }

// Email is an address that reaches nobody; n keeps two people of one name apart.
func (p Person) Email(n int) string { return fmt.Sprintf("%s%d@example.com", p.Handle(), n) }

// Handle is what the person might be called on the net.
func (p Person) Handle() string { return plain(p.Given) + "." + plain(p.Family) }

// Draw invents a person from r alone.
func Draw(r *rand.Rand) Person {
	return Person{Given: givens[r.IntN(len(givens))], Family: families[r.IntN(len(families))], Place: places[r.IntN(len(places))]}
}

// Deck deals people whose names do not repeat, for as long as there are names.
type Deck struct {
	r    *rand.Rand
	used map[string]bool
}

// NewDeck shuffles a deck; the same seed gives the same people in the same order.
func NewDeck(seed uint64) *Deck {
	return &Deck{r: rand.New(rand.NewPCG(seed, 0xca57)), used: map[string]bool{}}
}

// Deal invents the next person.
func (d *Deck) Deal() Person {
	for {
		p := Draw(d.r)
		if name := p.Name(); !d.used[name] || len(d.used) >= len(givens)*len(families) {
			d.used[name] = true
			return p
		}
	}
}

// plain writes a name in the letters that addresses are made of.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(latin.Replace(name)))
}

var latin = strings.NewReplacer("á", "a", "à", "a", "ã", "a", "ä", "a", "å", "a", "ç", "c", "č", "c", "é", "e", "è", "e",
	"ê", "e", "ë", "e", "ğ", "g", "í", "i", "ı", "i", "ł", "l", "ñ", "n", "ó", "o", "ö", "o", "ø", "o", "ô", "o", "õ", "o",
	"ș", "s", "š", "s", "ú", "u", "ü", "u", "ý", "y", "ž", "z", "Á", "a", "Å", "a", "Ç", "c", "É", "e", "Ö", "o", "Ø", "o",
	"Š", "s", "Ž", "z")
