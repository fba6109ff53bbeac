package response

import (
	"net/http/httptest"
	"testing"
)

func TestCSVMarksFormulasAsText(t *testing.T) {
	w := httptest.NewRecorder()
	s := CSV(w, "people", "Name", "Note")
	for _, cell := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\tx", " =1", "\ufeff=1", "＝1", "a=1", "plain", ""} {
		if err := s.Line([]string{cell, "a,b"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "Name,Note\n'=1+1,\"a,b\"\n'+1,\"a,b\"\n'-1,\"a,b\"\n'@SUM(A1),\"a,b\"\n'\tx,\"a,b\"\n' =1,\"a,b\"\n'\ufeff=1,\"a,b\"\n'＝1,\"a,b\"\na=1,\"a,b\"\nplain,\"a,b\"\n,\"a,b\"\n"
	if got := w.Body.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := w.Header().Get("Content-Disposition"); got != `attachment; filename="people.csv"` {
		t.Errorf("disposition %q", got)
	}
}
