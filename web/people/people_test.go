package people_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/claim"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
)

// inputs are the named fields of a candidate's form with their values, as a browser would send them.
func inputs(body string) url.Values {
	v := url.Values{}
	body = body[max(0, strings.Index(body, `name="version"`)-100):]
	body = body[:max(0, strings.Index(body, "</form>"))]
	field := regexp.MustCompile(`<input[^>]*>`)
	name, value := regexp.MustCompile(` name="([^"]*)"`), regexp.MustCompile(` value="([^"]*)"`)
	for _, tag := range field.FindAllString(body, -1) {
		n := name.FindStringSubmatch(tag)
		if n == nil || strings.Contains(tag, `type="radio"`) && !strings.Contains(tag, " checked") {
			continue
		}
		text := ""
		if m := value.FindStringSubmatch(tag); m != nil {
			text = m[1]
		}
		v.Set(n[1], text)
	}
	return v
}

// of is the name of the value field of the n-th row of a kind.
func of(t *testing.T, v url.Values, kind claim.Kind, n int, field string) string {
	t.Helper()
	for i := range 200 {
		if v.Get(claim.Field(i, "kind")) != string(kind) {
			continue
		}
		if n == 0 {
			return claim.Field(i, field)
		}
		n--
	}
	t.Fatalf("no row %d of %s", n, kind)
	return ""
}

func TestAddAndEditACandidate(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	manager := w.User("Mara Lind", authz.HiringManager)
	hr := w.SignIn(w.User("Hanna Cole", authz.HR))
	job := hr.Post(path.Jobs, url.Values{"title": {"Engineer"}, "level": {"level-verified"}, "manager": {string(manager.ID)}}).Header.Get("Location")
	job = job[strings.LastIndex(job, "/")+1:]

	page := hr.Get(path.NewCandidateFor(job))
	form := inputs(page.Body)
	form.Set("job", job)
	form.Set("name", "Ada <Berg>")
	form.Set("channel", "channel-recruiter")
	form.Set("source", "CV")
	form.Set(of(t, form, claim.Employer, 0, "value"), "Northwind")
	form.Set(of(t, form, claim.Employer, 0, "from"), "2021-03")
	form.Set(of(t, form, claim.Employer, 1, "value"), "Contoso")
	form.Set(of(t, form, claim.Language, 0, "value"), "Portuguese")
	form.Set(of(t, form, claim.Language, 0, "fluency"), "fluent")

	// Another row is asked for without a script: everything typed stays.
	form.Set("more", string(claim.Employer))
	page = hr.Post(path.Candidates, form)
	if page.Status != http.StatusOK || !strings.Contains(page.Body, `value="Ada &lt;Berg&gt;"`) || !strings.Contains(page.Body, "Contoso") {
		t.Fatalf("another row: status %d", page.Status)
	}
	more := inputs(page.Body)
	third := of(t, more, claim.Employer, 2, "value")
	more.Del("more")
	for _, name := range []string{"job", "channel", "name"} {
		more.Set(name, form.Get(name))
	}
	more.Set(of(t, more, claim.Language, 0, "fluency"), "fluent")
	more.Set(third, "Fabrikam")
	more.Set(strings.TrimSuffix(third, "value")+"to", "July")
	more.Set("paste", "ada@example.com\n+1 416 555 0123\ngithub.com/ada\n@adaberg\nsomething else")
	page = hr.Post(path.Candidates, more)
	if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, "no e-mail address, phone number, @handle or link") || !strings.Contains(page.Body, `value="@adaberg"`) || !strings.Contains(page.Body, "something else</textarea>") {
		t.Fatalf("left-over lines: status %d", page.Status)
	}
	again := inputs(page.Body)
	again.Del("more")
	for _, name := range []string{"job", "channel", "name"} {
		again.Set(name, form.Get(name))
	}
	again.Set(of(t, again, claim.Language, 0, "fluency"), "fluent")
	page = hr.Post(path.Candidates, again)
	wrong := of(t, again, claim.Employer, 2, "to")
	if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, `id="f-`+wrong+`-error"`) {
		t.Fatalf("a month that is none: status %d, no message at %s", page.Status, wrong)
	}
	again.Set(wrong, "2020-07")
	page = hr.Post(path.Candidates, again)
	if page.Status != http.StatusSeeOther {
		t.Fatalf("status %d: %.500s", page.Status, page.Body)
	}
	to := page.Header.Get("Location")
	personID := person.ID(to[strings.LastIndex(to, "/")+1:])
	claims := func() map[claim.Kind][]claim.Claim {
		list, err := w.Features.Claims.ForPerson(context.Background(), w.DB.Pool(), personID)
		if err != nil {
			t.Fatal(err)
		}
		byKind := map[claim.Kind][]claim.Claim{}
		for _, c := range list {
			byKind[c.Kind] = append(byKind[c.Kind], c)
		}
		return byKind
	}
	got := claims()
	if len(got[claim.Employer]) != 3 || len(got[claim.Email]) != 1 || len(got[claim.Phone]) != 1 || len(got[claim.Profile]) != 1 ||
		got[claim.Language][0].Detail.Fluency != "fluent" || got[claim.Employer][0].Source != "CV" || len(got[claim.Name]) != 1 {
		t.Errorf("stored %+v", got)
	}

	// The edit form gives back what is stored; saving it unchanged changes nothing, clearing a row retires it.
	edit := func() url.Values {
		page := hr.Get(path.EditCandidate(personID))
		if page.Status != http.StatusOK {
			t.Fatalf("edit: status %d", page.Status)
		}
		v := inputs(page.Body)
		v.Del("more")
		v.Set("channel", "channel-recruiter")
		v.Set(of(t, v, claim.Language, 0, "fluency"), "fluent")
		return v
	}
	if page := hr.Post(path.EditCandidate(personID), edit()); page.Status != http.StatusSeeOther {
		t.Fatalf("save: status %d: %.500s", page.Status, page.Body)
	}
	if unchanged := claims(); unchanged[claim.Employer][0].ID != got[claim.Employer][0].ID || unchanged[claim.Language][0].ID != got[claim.Language][0].ID {
		t.Error("saving what was there made new claims")
	}
	v := edit()
	first := of(t, v, claim.Employer, 0, "value")
	for _, name := range []string{"value", "from", "to", "role", "place"} {
		v.Set(strings.TrimSuffix(first, "value")+name, "")
	}
	if page := hr.Post(path.EditCandidate(personID), v); page.Status != http.StatusSeeOther {
		t.Fatalf("clear a row: status %d", page.Status)
	}
	if left := claims(); len(left[claim.Employer]) != 2 {
		t.Errorf("employers left: %+v", left[claim.Employer])
	}
	stale := edit()
	version, _ := strconv.Atoi(stale.Get("version"))
	stale.Set("version", strconv.Itoa(version-1))
	stale.Set("location", "Porto")
	if page := hr.Post(path.EditCandidate(personID), stale); page.Status != http.StatusConflict || !strings.Contains(page.Body, "Porto") {
		t.Errorf("a stale form: status %d", page.Status)
	}

	// Another job.
	if page := hr.Post(path.Apply(personID), url.Values{"job": {job}}); page.Status != http.StatusConflict {
		t.Errorf("the same job again: status %d", page.Status)
	}
}

// TestAFormAddsOnePerson: whether it is sent twice after one another or at once. Filled in for somebody else, it says so
// and drops nothing.
func TestAFormAddsOnePerson(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	manager := w.User("Mara Lind", authz.HiringManager)
	hr := w.SignIn(w.User("Hanna Cole", authz.HR))
	job := hr.Post(path.Jobs, url.Values{"title": {"Engineer"}, "level": {"level-verified"}, "manager": {string(manager.ID)}}).Header.Get("Location")
	job = job[strings.LastIndex(job, "/")+1:]
	filled := func(page apptest.Page, name string) url.Values {
		form := inputs(page.Body)
		form.Del("more")
		for field, value := range map[string]string{"job": job, "channel": "channel-recruiter", "name": name} {
			form.Set(field, value)
		}
		return form
	}
	people := func() (n int) {
		if err := w.DB.Pool().QueryRow(context.Background(), `SELECT count(*) FROM people`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}

	form := filled(hr.Get(path.NewCandidate), "Ada Berg")
	first, second := hr.Post(path.Candidates, form), hr.Post(path.Candidates, form)
	if to := first.Header.Get("Location"); first.Status != http.StatusSeeOther || second.Status != http.StatusSeeOther || second.Header.Get("Location") != to {
		t.Errorf("one after the other: %d to %s, %d to %s", first.Status, to, second.Status, second.Header.Get("Location"))
	}
	if n := people(); n != 1 {
		t.Fatalf("%d people, want one", n)
	}

	form.Set("name", "Bo Quist")
	page := hr.Post(path.Candidates, form)
	if page.Status != http.StatusConflict || !strings.Contains(page.Body, "Ada Berg (C-") || !strings.Contains(page.Body, `value="Bo Quist"`) {
		t.Fatalf("the same form for somebody else: status %d", page.Status)
	}
	if page = hr.Post(path.Candidates, filled(page, "Bo Quist")); page.Status != http.StatusSeeOther || people() != 2 {
		t.Errorf("sent again: status %d, %d people", page.Status, people())
	}

	form = filled(hr.Get(path.NewCandidate), "Cleo Marsh")
	pages := make(chan apptest.Page)
	for range 4 {
		go func() { pages <- hr.Post(path.Candidates, form) }()
	}
	places := map[string]bool{}
	for range 4 {
		page := <-pages
		places[strconv.Itoa(page.Status)+page.Header.Get("Location")] = true
	}
	if len(places) != 1 || people() != 3 {
		t.Errorf("at once: %v, %d people", places, people())
	}
}
