package app

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/internal/platform/db"
	"gatehouse/web/admin"
)

// Parts describes the installation: what is configured, what is missing, and what each absence costs. The
// administrator's system page and `gatehouse doctor` show it.
func (a *App) Parts(ctx context.Context) []admin.Part {
	parts := []admin.Part{a.databasePart(ctx), a.standbyPart(), a.sheetsPart(ctx), a.logPart(ctx), a.keyPart(), a.addressPart()}
	return append(parts, a.evidencePart(ctx),
		admin.Part{Name: "Mail", State: "Not set up",
			Note: "Nobody is told by mail. What waits for people shows on their Today page."},
		admin.Part{Name: "Single sign-on", State: "Not set up",
			Note: "People sign in with e-mail and password; an administrator adds and disables them here."},
		admin.Part{Name: "Signals", State: "By API and by hand", Ready: true,
			Note: "Machines send them with a token to /api/v1/signals. A silent source is unknown, not clear."},
	)
}

// evidencePart says whether the content of evidence is what was collected, as far as it was read through.
func (a *App) evidencePart(ctx context.Context) admin.Part {
	p := admin.Part{Name: "Evidence files", State: "On disk", Ready: true,
		Note: "Encrypted below the data folder, and read through once a month. Back it up together with the database and the key."}
	const most = 20
	altered, err := a.Features.Evidence.AlteredItems(ctx, most)
	switch {
	case err != nil:
		p.State, p.Ready, p.Note = "Not known", false, "What came of reading it through could not be read."
	case len(altered) > 0:
		p.State, p.Ready = "Altered or missing", false
		p.Note = fmt.Sprintf("What was collected is no longer there, or no longer what it was: put the files back from a backup. Items: %v.", altered)
		if len(altered) == most {
			p.Note += " There may be more."
		}
	}
	return p
}

func (a *App) databasePart(ctx context.Context) admin.Part {
	p := admin.Part{Name: "Database", State: "Private PostgreSQL", Ready: true,
		Note: "Runs under the data folder with Gatehouse. Stop Gatehouse before copying the folder as a backup."}
	if a.local == nil {
		p.State, p.Note = "PostgreSQL server", "Back it up with the server's own tools."
	}
	if a.DB.Away() {
		p.State, p.Ready, p.Note = "Read only", false, "No server takes writes just now: pages read from another one, and nothing can be saved."
	} else if err := a.ready(ctx); err != nil {
		p.State, p.Ready, p.Note = "Not reachable", false, "Nothing can be read or saved until the database answers again."
	}
	return p
}

// standbyPart says how the standby for heavy reading fares.
func (a *App) standbyPart() admin.Part {
	named, answers, lag := a.DB.Following()
	p := admin.Part{Name: "Standby for reading", Ready: true}
	switch {
	case !named:
		p.State, p.Ready, p.Note = "Not set up", false, "Insights, exports, search and the log read from the database that people work on."
	case !answers:
		p.State, p.Ready, p.Note = "Not reachable", false, "Everything reads from the primary until it answers again."
	case lag > db.LagMost:
		p.State, p.Ready = fmt.Sprintf("%.0f s behind", lag.Seconds()), false
		p.Note = fmt.Sprintf("Everything reads from the primary until it is less than %.0f s behind.", db.LagMost.Seconds())
	default:
		p.State = fmt.Sprintf("%.1f s behind", lag.Seconds())
		p.Note = "Insights, exports, search and the log read from it; who has just written sees the primary."
	}
	return p
}

// sheetSample is how many pages of each kind are compared with their rows: those of the last changes.
const sheetSample = 100

// sheetsPart says whether what pages of people and cases keep beside the rows is what the rows say.
func (a *App) sheetsPart(ctx context.Context) admin.Part {
	p := admin.Part{Name: "Kept pages", State: "Agree with their rows", Ready: true,
		Note: "The last hundred people and cases that were changed and looked at were compared."}
	if err := errors.Join(a.Features.Candidates.CheckSheets(ctx, sheetSample), a.Features.Cases.CheckSheets(ctx, sheetSample)); err != nil {
		a.Log.Error("kept pages differ from their rows or could not be compared", "error", err)
		p.State, p.Ready, p.Note = "Not what the rows say", false, "A page of a person or a case may show what is no longer so. The log names them."
	}
	return p
}

// logPart says how far the audit log is sealed, and by which key others verify it.
func (a *App) logPart(ctx context.Context) admin.Part {
	p := admin.Part{Name: "Audit log", State: "Sealed", Ready: true}
	state, err := a.Features.Sealer.State(ctx)
	switch {
	case err != nil:
		p.State, p.Ready, p.Note = "Not known", false, "How far the log is sealed could not be read."
		return p
	case state.Behind:
		p.State, p.Ready = "Behind", false
	case state.Entries == 0:
		p.State = "Nothing to seal yet"
	}
	witnesses := "No folder for checkpoints is set, so nobody can be a witness of what the log was."
	if a.Config.Checkpoints != "" {
		witnesses = "Checkpoints for witnesses are written to " + a.Config.Checkpoints + "."
	}
	p.Note = fmt.Sprintf("%d entries stand under signed checkpoints. %s Whoever verifies an export needs the log's public key, kept apart from it: %s",
		state.Entries, witnesses, a.Features.Sealer.Key())
	return p
}

func (a *App) keyPart() admin.Part {
	p := admin.Part{Name: "Installation key", State: "In the data folder", Ready: true,
		Note: "Without master.key no evidence can be opened. Keep a copy apart from the backups."}
	switch {
	case a.Config.MasterKey != "":
		p.State, p.Note = "From the environment", "Without this key no evidence can be opened. Keep a copy apart from the backups."
	case a.Config.MasterKeyFile != "":
		p.State, p.Note = "From a file", "Without this key no evidence can be opened. Keep a copy apart from the backups."
	}
	return p
}

func (a *App) addressPart() admin.Part {
	if a.Config.Secure() {
		return admin.Part{Name: "Address", State: a.Config.BaseURL, Ready: true, Note: "Cookies travel over HTTPS only."}
	}
	return admin.Part{Name: "Address", State: "Plain HTTP",
		Note: "Fine on this machine alone. For others to reach it, put a proxy with HTTPS in front and set GATEHOUSE_BASE_URL."}
}
