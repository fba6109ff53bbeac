package path

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
)

// FuzzQueries looks for a filter that is another once its own address is read again, as it is whenever a page links to itself.
func FuzzQueries(f *testing.F) {
	for _, s := range []string{"q=ada&status=candidate&status=&band=high&flags=1&coverage_from=40&coverage_below=101&in_stage_from=2026-11-22", "status=&stage",
		"coverage_from=-1&in_stage_before=x", "%zz=1;a=b", "q=%00%ff&after=%2f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		v, _ := url.ParseQuery(raw)
		candidates, jobs, engagements := ReadCandidateQuery(v), ReadJobQuery(v), ReadEngagementQuery(v)
		if again := ReadCandidateQuery(queryOf(t, candidates.URL())); !reflect.DeepEqual(again, candidates) {
			t.Errorf("%+v\nis read again as %+v", candidates, again)
		}
		if again := ReadJobQuery(queryOf(t, jobs.URL())); again != jobs {
			t.Errorf("%+v\nis read again as %+v", jobs, again)
		}
		if again := ReadEngagementQuery(queryOf(t, engagements.URL())); again != engagements {
			t.Errorf("%+v\nis read again as %+v", engagements, again)
		}
	})
}

func queryOf(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || u.Host != "" || !strings.HasPrefix(u.Path, "/") {
		t.Fatalf("%q: %v", address, err)
	}
	return u.Query()
}
