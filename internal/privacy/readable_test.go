package privacy

import (
	"slices"
	"testing"

	"gatehouse/internal/catalogue"
)

func TestRowsAreReadWithoutOurWords(t *testing.T) {
	t.Parallel()
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	r := reader{lib.Current()}
	stage, _ := r.ed.Stage("stage-screening-call")
	table := Table{Columns: []Column{
		{Name: "id", Sort: Facts}, {Name: "stage_id", Sort: Facts}, {Name: "moved_at", Sort: Facts}, {Name: "born", Sort: Personal},
		{Name: "state", Sort: Facts}, {Name: "note", Sort: Personal, What: "what was seen"}, {Name: "detail", Sort: Facts},
		{Name: "closed", Sort: Facts}, {Name: "reason", Sort: Personal}, {Name: "size", Sort: Facts}}}
	got, err := r.rowOf(table, []byte(`{"id": "01a21e27-0332-7487-805a-084e77b4df63", "stage_id": "stage-screening-call",
		"moved_at": "2026-11-27T17:40:56.123456+00:00", "born": "2026-11-27", "state": "not_done", "note": "not_done",
		"detail": {"from": "stage-screening-call", "row": "01a21e27-0332-7487-805a-084e77b4df63", "steps": ["first-try", true]}, "closed": false,
		"reason": null, "size": 12345678901234567}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []labelled{{"Stage", stage.Title}, {"Moved", "27 November 2026, 17:40 UTC"}, {"Born", "27 November 2026"},
		{"State", "Not done"}, {"What was seen", "not_done"}, {"Detail", "From: " + stage.Title + "\nSteps: First try\nYes"},
		{"Closed", "No"}, {"Size", "12345678901234567"}}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
