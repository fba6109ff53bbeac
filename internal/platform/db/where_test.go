package db

import "testing"

func TestWhereNumbersItsArguments(t *testing.T) {
	var w Where
	if w.SQL() != "" {
		t.Errorf("empty: %q", w.SQL())
	}
	w.Add("band = ANY (?)", []string{"high"})
	w.Add("(at, id) < (?, ?)", 1, 2)
	limit := w.Number("LIMIT ?", 51)
	if got, want := w.SQL()+" "+limit, "WHERE band = ANY ($1) AND (at, id) < ($2, $3) LIMIT $4"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(w.Args) != 4 {
		t.Errorf("arguments: %v", w.Args)
	}
}

func TestWherePanicsOnTheWrongNumberOfArguments(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	var w Where
	w.Add("a = ? AND b = ?", 1)
}
