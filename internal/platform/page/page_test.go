package page

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gatehouse/internal/platform/id"
)

func TestCut(t *testing.T) {
	type row struct {
		score int64
		id    string
	}
	var rows []row
	for i := range 4 {
		rows = append(rows, row{int64(i), id.New()})
	}
	at := func(r row) Cursor[int64] { return Cursor[int64]{r.score, r.id} }

	got := Cut(rows, 3, at)
	if len(got.Items) != 3 {
		t.Fatalf("%d items, want 3", len(got.Items))
	}
	if c, err := Parse[int64](got.Next); err != nil || c != at(rows[2]) {
		t.Errorf("next page after %+v (%v), want %+v", c, err, at(rows[2]))
	}
	for _, size := range []int{4, 5} {
		if got := Cut(rows, size, at); len(got.Items) != 4 || got.Next != "" {
			t.Errorf("Cut(4 rows, %d) = %d items, next %q; want all and no next", size, len(got.Items), got.Next)
		}
	}
	if got := Cut([]row(nil), 3, at); len(got.Items) != 0 || got.Next != "" {
		t.Errorf("Cut(nothing) = %+v", got)
	}
}

func TestTurn(t *testing.T) {
	type row struct {
		score int64
		id    string
	}
	rows := make([]row, 7) // as a list shows them: score ascending
	for i := range rows {
		rows[i] = row{int64(i), id.New()}
	}
	at := func(r row) Cursor[int64] { return Cursor[int64]{r.score, r.id} }
	read := func(way Way, cursor string) Slice[row] {
		c, _ := Parse[int64](cursor)
		var found []row
		for _, r := range rows {
			if way == Start || way == Onward && r.score > c.Key || way == Back && r.score < c.Key {
				found = append(found, r)
			}
		}
		if way == Back {
			slices.Reverse(found)
		}
		return Turn(found[:min(len(found), 4)], 3, way, at)
	}
	first := read(Start, "")
	second := read(Onward, first.Next)
	third := read(Onward, second.Next)
	if first.Previous != "" || third.Next != "" || len(third.Items) != 1 {
		t.Fatalf("first %+v, third %+v", first, third)
	}
	if back := read(Back, third.Previous); !slices.Equal(back.Items, second.Items) || back.Previous == "" || back.Next == "" {
		t.Errorf("back from the third page: %+v, want the second", back)
	}
	if back := read(Back, second.Previous); !slices.Equal(back.Items, first.Items) || back.Previous != "" {
		t.Errorf("back from the second page: %+v, want the first", back)
	}
	if got := Turn([]row(nil), 3, Onward, at); got.Next != "" || got.Previous != "" {
		t.Errorf("Turn(nothing) = %+v", got)
	}
}

func TestNumber(t *testing.T) {
	for s, want := range map[string]int{"1": 1, "7": 7, "": 1, "0": 1, "-3": 1, "x": 1, "1e3": 1, "99999999999999999999": 1} {
		if got := Number(s); got != want {
			t.Errorf("Number(%q) = %d, want %d", s, got, want)
		}
	}
}

func TestAt(t *testing.T) {
	tests := []struct {
		number, size, total                          int
		page, pages, offset, first, last, prev, next int
	}{
		{1, 10, 0, 1, 1, 0, 0, 0, 0, 0},
		{5, 10, 0, 1, 1, 0, 0, 0, 0, 0},
		{1, 10, 10, 1, 1, 0, 1, 10, 0, 0},
		{1, 10, 11, 1, 2, 0, 1, 10, 0, 2},
		{2, 10, 11, 2, 2, 10, 11, 11, 1, 0},
		{3, 10, 45, 3, 5, 20, 21, 30, 2, 4},
		{math.MaxInt, 10, 45, 5, 5, 40, 41, 45, 4, 0},
		{math.MinInt, 10, 45, 1, 5, 0, 1, 10, 0, 2},
		{1, 0, 3, 1, 3, 0, 1, 1, 0, 2},
		{math.MaxInt, 2, math.MaxInt, math.MaxInt/2 + 1, math.MaxInt/2 + 1, math.MaxInt - 1, math.MaxInt, math.MaxInt, math.MaxInt / 2, 0},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.number, tt.size, tt.total), func(t *testing.T) {
			n := At(tt.number, tt.size, tt.total)
			got := []int{n.Number, n.Pages, n.Offset(), n.First(), n.Last(), n.Previous(), n.Next()}
			want := []int{tt.page, tt.pages, tt.offset, tt.first, tt.last, tt.prev, tt.next}
			if !slices.Equal(got, want) {
				t.Errorf("page, pages, offset, first, last, previous, next = %v, want %v", got, want)
			}
		})
	}
}

func TestLinks(t *testing.T) {
	tests := []struct {
		number, pages int
		want          []int
	}{
		{1, 1, []int{1}},
		{2, 5, []int{1, 2, 3, 4, 5}},
		{5, 9, []int{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{1, 10, []int{1, 2, 3, 0, 10}},
		{6, 20, []int{1, 0, 4, 5, 6, 7, 8, 0, 20}},
		{20, 20, []int{1, 0, 18, 19, 20}},
	}
	for _, tt := range tests {
		n := Numbered{Number: tt.number, Pages: tt.pages}
		if got := n.Links(); !slices.Equal(got, tt.want) {
			t.Errorf("links on %d of %d = %v, want %v", tt.number, tt.pages, got, tt.want)
		}
	}
}
