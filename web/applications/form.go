package applications

import (
	"net/http"
	"time"

	"gatehouse/internal/hiring"
	"gatehouse/web/request"
)

// form is what somebody typed or chose; each page uses some of it.
type form struct {
	Version                     int
	To                          string
	Reason, OverrideReason      string
	Items                       []string
	Withdrawn                   bool
	Kind, Title, Manager, Start string
	Device, Serial, Accounts    string
	// Back says where the act was begun: "board", or the candidate's page.
	Back string
}

func parse(r *http.Request) form {
	return form{Version: request.Version(r), To: request.Text(r, "to"), Reason: request.Text(r, "reason"),
		OverrideReason: request.Text(r, "override_reason"), Items: r.PostForm["items"], Withdrawn: request.Text(r, "who") == "candidate",
		Kind: request.Text(r, "kind"), Title: request.Text(r, "title"), Manager: request.Text(r, "manager"), Start: request.Text(r, "started_on"),
		Device: request.Text(r, "device"), Serial: request.Text(r, "device_serial"), Accounts: request.Text(r, "accounts"),
		Back: request.Text(r, "back")}
}

// terms are the engagement's, as typed. A day that is none stays zero, which the service refuses with its message.
func (f form) terms() hiring.Terms {
	start, err := time.Parse(time.DateOnly, f.Start)
	if err != nil {
		start = time.Time{}
	}
	return hiring.Terms{Kind: hiring.EngagementKind(f.Kind), Title: f.Title, ManagerID: f.Manager, StartedOn: start,
		Device: f.Device, DeviceSerial: f.Serial, Accounts: hiring.ParseAccounts(f.Accounts)}
}
