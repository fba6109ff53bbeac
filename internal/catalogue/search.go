package catalogue

import (
	"slices"
	"strings"
	"unicode"
)

// searchEntry is one item as Search sees it: lower-case words.
type searchEntry struct {
	item  Item
	id    string
	title []string
	text  []string
}

// What a query word is worth where it is found. A word at the head of a title
// word must outweigh any number of mentions in running text.
const (
	scoreExactID    = 1000
	scoreTitleWord  = 40
	scoreTitleStart = 25
	scoreIDPart     = 15
	scoreTextWord   = 4
	scoreTextStart  = 2
)

// kindWeight breaks ties: what people act on comes before what they read.
var kindWeight = map[Kind]int{
	KindCheck: 5, KindSignal: 5, KindStep: 5, KindControl: 4, KindLearn: 4, KindLiveness: 4,
	KindLevel: 3, KindChannel: 3, KindRisk: 3, KindField: 2, KindExcluded: 1, KindProfile: 1,
}

func indexItems(items []Item) []searchEntry {
	index := make([]searchEntry, len(items))
	for i, item := range items {
		index[i] = searchEntry{item: item, id: item.ID, title: words(item.Title), text: words(item.Text)}
	}
	return index
}

func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// Search finds entries by their ids, titles and main sentences, best first.
// Every word of the query must be found, as the beginning of a word; an id may
// be given whole.
func (ed *Edition) Search(query string) []Item {
	type hit struct {
		item  Item
		score int
	}
	exact := strings.ToLower(strings.TrimSpace(query))
	terms := words(query)
	if len(terms) == 0 {
		return nil
	}
	var hits []hit
	for _, entry := range ed.index {
		if score := entry.score(exact, terms); score > 0 {
			hits = append(hits, hit{entry.item, score})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		if a.score != b.score {
			return b.score - a.score
		}
		return kindWeight[b.item.Kind] - kindWeight[a.item.Kind]
	})
	items := make([]Item, len(hits))
	for i, h := range hits {
		items[i] = h.item
	}
	return items
}

func (e searchEntry) score(exact string, terms []string) int {
	total := 0
	if e.id == exact {
		total = scoreExactID
	}
	idParts := strings.Split(e.id, "-")
	for _, term := range terms {
		best := max(
			bestMatch(e.title, term, scoreTitleWord, scoreTitleStart),
			bestMatch(idParts, term, scoreIDPart, scoreIDPart),
			bestMatch(e.text, term, scoreTextWord, scoreTextStart),
		)
		if best == 0 {
			return 0
		}
		total += best
	}
	return total
}

func bestMatch(candidates []string, term string, whole, start int) int {
	best := 0
	for _, word := range candidates {
		if word == term {
			return whole
		}
		if strings.HasPrefix(word, term) {
			best = start
		}
	}
	return best
}
