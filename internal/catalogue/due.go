package catalogue

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Due is a due time counted from the opening of a case, as an ISO 8601
// duration of weeks, days, hours and minutes. Months and years are refused:
// their length depends on the calendar, and a deadline must not.
type Due string

var duePattern = regexp.MustCompile(`^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$`)

// ParseDue reads an ISO 8601 duration such as PT4H, P3D or P1DT12H.
func ParseDue(text string) (time.Duration, error) {
	m := duePattern.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("due %q is not a duration of weeks, days, hours and minutes", text)
	}
	units := []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute}
	var total time.Duration
	for i, unit := range units {
		if m[i+1] == "" {
			continue
		}
		n, err := strconv.Atoi(m[i+1])
		if err != nil || n > 10000 {
			return 0, fmt.Errorf("due %q is out of range", text)
		}
		total += time.Duration(n) * unit
	}
	if total == 0 {
		return 0, fmt.Errorf("due %q is no time at all", text)
	}
	return total, nil
}

// Duration is the time from the opening of the case. Editions are checked when
// they load, so this never meets a text it cannot read; for one made by hand it
// returns zero.
func (d Due) Duration() time.Duration {
	duration, err := ParseDue(string(d))
	if err != nil {
		return 0
	}
	return duration
}

// From is the moment the step is due in a case opened at that time.
func (d Due) From(opened time.Time) time.Time { return opened.Add(d.Duration()) }

// Words is the duration for people: "4 hours", "3 days".
func (d Due) Words() string {
	duration := d.Duration()
	units := []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}}
	for _, unit := range units {
		if duration >= unit.size && duration%unit.size == 0 {
			n := int(duration / unit.size)
			if n == 1 {
				return "1 " + unit.name
			}
			return strconv.Itoa(n) + " " + unit.name + "s"
		}
	}
	return duration.String()
}
