package engagements

import (
	"net/http"
	"time"

	"gatehouse/internal/hiring"
	"gatehouse/web/path"
	"gatehouse/web/request"
)

// form is what somebody typed about an engagement or its end.
type form struct {
	Version                     int
	Kind, Title, Manager, Start string
	Device, Serial, Accounts    string
	End, Reason                 string
}

func parse(r *http.Request) form {
	return form{Version: request.Version(r), Kind: request.Text(r, "kind"), Title: request.Text(r, "title"), Manager: request.Text(r, "manager"),
		Start: request.Text(r, "started_on"), Device: request.Text(r, "device"), Serial: request.Text(r, "device_serial"),
		Accounts: request.Text(r, "accounts"), End: request.Text(r, "ended_on"), Reason: request.Text(r, "reason")}
}

func formOf(e hiring.Engagement) form {
	f := form{Version: e.Version, Kind: string(e.Kind), Title: e.Title, Start: e.StartedOn.Format(time.DateOnly),
		Device: e.Device, Serial: e.DeviceSerial, Accounts: hiring.AccountLines(e.Accounts)}
	if e.ManagerID != nil {
		f.Manager = *e.ManagerID
	}
	return f
}

func (f form) terms() hiring.Terms {
	return hiring.Terms{Kind: hiring.EngagementKind(f.Kind), Title: f.Title, ManagerID: f.Manager, StartedOn: dayOf(f.Start),
		Device: f.Device, DeviceSerial: f.Serial, Accounts: hiring.ParseAccounts(f.Accounts)}
}

// dayOf reads a day; one that is none is the zero time, which the service refuses with its message.
func dayOf(s string) time.Time {
	at, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}
	}
	return at
}

// The states by which the list is narrowed.
const (
	running = "running"
	ended   = "ended"
)

// parseQuery reads the list's state; what does not fit does not narrow.
func parseQuery(r *http.Request) path.EngagementQuery {
	q := path.ReadEngagementQuery(r.URL.Query())
	q.Text = request.Text(r, "q")
	if q.State != running && q.State != ended {
		q.State = ""
	}
	return q
}

func filterOf(q path.EngagementQuery) hiring.EngagementFilter {
	return hiring.EngagementFilter{Text: q.Text, Kind: hiring.EngagementKind(q.Kind), Running: q.State == running, Ended: q.State == ended,
		After: q.After, Before: q.Before}
}
