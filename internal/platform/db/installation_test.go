package db_test

import (
	"testing"

	"gatehouse/internal/platform/db/dbtest"
)

func TestRememberKeepsTheFirstValue(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	if kept, err := d.Recall(t.Context(), "key_id"); kept != "" || err != nil {
		t.Errorf("a fresh database recalls %q, %v", kept, err)
	}
	for _, value := range []string{"first", "second"} {
		if kept, err := d.Remember(t.Context(), "key_id", value); kept != "first" || err != nil {
			t.Errorf("remembering %s keeps %q, %v", value, kept, err)
		}
	}
	if kept, err := d.Recall(t.Context(), "key_id"); kept != "first" || err != nil {
		t.Errorf("recalled %q, %v", kept, err)
	}
}
