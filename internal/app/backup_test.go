package app_test

import (
	"testing"
	"time"

	"gatehouse/internal/app"
)

func TestBackupState(t *testing.T) {
	now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		ago   time.Duration
		words string
		fresh bool
	}{
		{10 * time.Minute, "last backup within the hour", true},
		{70 * time.Minute, "last backup an hour ago", true},
		{5 * time.Hour, "last backup 5 hours ago", true},
		{30 * time.Hour, "last backup yesterday", true},
		{3 * 24 * time.Hour, "last backup 3 days ago", true},
		{9 * 24 * time.Hour, "last backup 9 days ago", false},
	} {
		if words, fresh := app.BackupState(now.Add(-tt.ago), now); words != tt.words || fresh != tt.fresh {
			t.Errorf("%v: %q, %v", tt.ago, words, fresh)
		}
	}
	if words, fresh := app.BackupState(time.Time{}, now); words != "no backup yet" || fresh {
		t.Errorf("none: %q, %v", words, fresh)
	}
}
