package dashboard_test

import (
	"slices"
	"testing"

	"gatehouse/internal/account/accounttest"
	"gatehouse/internal/person/persontest"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/id"
)

// TestGraveFlagsComeFirstOnTheDay: a strong flag of today is not hidden behind weak ones of last week.
func TestGraveFlagsComeFirstOnTheDay(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	subject, analyst := persontest.New(t, d).ID, accounttest.Actor(t, d, authz.SecurityAnalyst)
	strengths := []string{"weak", "moderate", "weak", "moderate", "weak", "weak", "weak", "strong", "decisive"}
	for i, strength := range strengths { // the longest waiting first
		_, err := d.Pool().Exec(t.Context(), `
			INSERT INTO flags (id, person_id, item_id, answer, strength, group_id, origin_kind, origin_id, raised_at)
			VALUES ($1, $2, 'check-video-on', 'red-flag', $3, 'camera', 'check', $4, $5)`,
			id.New(), subject, strength, id.New(), d.Now().AddDate(0, 0, i-len(strengths)))
		if err != nil {
			t.Fatal(err)
		}
	}
	today, err := service(t, d).Today(t.Context(), analyst)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range today.Flags.Flags {
		got = append(got, string(f.Strength))
	}
	if want := []string{"strong", "decisive", "weak", "moderate", "weak", "moderate"}; !slices.Equal(got, want) || today.Flags.N != len(strengths) {
		t.Errorf("of %d flags Today shows %v, want %v", today.Flags.N, got, want)
	}
}
