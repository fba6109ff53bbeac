package page

import (
	"slices"
	"strconv"
)

// Slice is one page of a list that is paged by key.
type Slice[T any] struct {
	Items []T
	// Next is the cursor of the following page, empty on the last one.
	Next string
	// Previous is the cursor of the page before, empty on the first; only Turn fills it.
	Previous string
}

// Cut makes a page of at most size items out of the rows of a query that asked
// for one more than that: the extra row only says that there is a next page,
// which starts after the last item shown.
func Cut[T any, K Key](rows []T, size int, at func(T) Cursor[K]) Slice[T] {
	if len(rows) <= size {
		return Slice[T]{Items: rows}
	}
	return Slice[T]{Items: rows[:size], Next: at(rows[size-1]).String()}
}

// Way says from where a page was reached.
type Way int

// The ways: from nowhere, onwards after a cursor, or back before one.
const (
	Start Way = iota
	Onward
	Back
)

// Turn is Cut for lists that can be left both ways. The query for Back asks for the rows before the cursor in
// reverse order, again one more than fit; Turn puts them the right way round.
func Turn[T any, K Key](rows []T, size int, way Way, at func(T) Cursor[K]) Slice[T] {
	more := len(rows) > size
	rows = rows[:min(len(rows), size)]
	if way == Back {
		slices.Reverse(rows)
	}
	s := Slice[T]{Items: rows}
	if len(rows) == 0 {
		return s
	}
	if more || way == Back { // whoever goes back came from a next page
		s.Next = at(rows[len(rows)-1]).String()
	}
	if way == Onward || way == Back && more {
		s.Previous = at(rows[0]).String()
	}
	return s
}

// Numbered is one page of a short list, paged by number.
type Numbered struct {
	Number int // from 1
	Pages  int // at least 1: an empty list has one empty page
	Size   int // items on a full page
	Total  int // items in the list
}

// Number reads a page number from a URL. Anything that is not one means the first.
func Number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 1
	}
	return n
}

// At returns the numbered page of a list; a number past its end gives the last page.
func At(number, size, total int) Numbered {
	size, total = max(size, 1), max(total, 0)
	pages := max(1, total/size+min(1, total%size))
	return Numbered{Number: min(max(number, 1), pages), Pages: pages, Size: size, Total: total}
}

// Offset is how many items precede the page.
func (n Numbered) Offset() int { return (n.Number - 1) * n.Size }

// First is the place in the list of the page's first item, from 1; 0 in an empty list.
func (n Numbered) First() int { return min(n.Offset()+1, n.Total) }

// Last is the place in the list of the page's last item.
func (n Numbered) Last() int { return n.Offset() + min(n.Size, n.Total-n.Offset()) }

// Previous is the number of the page before, 0 on the first.
func (n Numbered) Previous() int { return n.Number - 1 }

// Next is the number of the page after, 0 on the last.
func (n Numbered) Next() int {
	if n.Number == n.Pages {
		return 0
	}
	return n.Number + 1
}

// Links are the page numbers to offer: the first, the last, this one and its
// neighbours; 0 stands for a gap of two pages or more.
func (n Numbered) Links() []int {
	const around = 2
	from, to := n.Number-around, n.Number+around
	if from <= 3 { // a gap of one page is better filled than hidden
		from = 1
	}
	if to >= n.Pages-2 {
		to = n.Pages
	}
	var links []int
	if from > 1 {
		links = append(links, 1, 0)
	}
	for p := from; p <= to; p++ {
		links = append(links, p)
	}
	if to < n.Pages {
		links = append(links, 0, n.Pages)
	}
	return links
}
