package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/clamd"
	"gatehouse/internal/platform/db"
	"gatehouse/web/admin"
)

// Parts describes the installation: what is configured, what is missing, and what each absence costs. The
// administrator's system page and `gatehouse doctor` show it.
func (a *App) Parts(ctx context.Context) []admin.Part {
	parts := []admin.Part{a.databasePart(ctx), a.standbyPart(), a.sheetsPart(ctx), a.logPart(ctx), a.keyPart(), a.addressPart()}
	return append(parts, a.evidencePart(ctx), a.malwarePart(ctx), a.backupPart(ctx),
		admin.Part{Name: "Mail", State: "Not set up",
			Note: "Nobody is told by mail. What waits for people shows on their Today page."},
		a.ssoPart(ctx),
		admin.Part{Name: "Signals", State: "By API and by hand", Ready: true,
			Note: "Machines send them with a token to /api/v1/signals. A silent source is unknown, not clear."},
	)
}

// ssoPart says by whom people sign in. It asks the provider nothing.
func (a *App) ssoPart(ctx context.Context) admin.Part {
	p := admin.Part{Name: "Single sign-on", State: "Not set up",
		Note: "People sign in with e-mail and password; an administrator adds and disables them here."}
	if a.provider == nil {
		return p
	}
	p.State, p.Ready = "By "+a.Config.SSO.Name, true
	p.Note = "The provider is " + a.provider.Issuer() + ". It is asked when somebody signs in."
	passwords, err := a.Features.Signin.TakesPasswords(ctx)
	switch {
	case err != nil:
		p.State, p.Ready, p.Note = "Not known", false, "The rules about signing in could not be read."
	case passwords:
		p.Note += " Passwords open Gatehouse as well."
	default:
		p.Note += " Passwords open nothing but the break-glass account."
	}
	return p
}

// malwarePart says whether files are scanned for malware, and what was found.
func (a *App) malwarePart(ctx context.Context) admin.Part {
	p := admin.Part{Name: "Malware scanner", State: "Not set up",
		Note: "Files are kept unscanned, and say so. Run ClamAV's daemon and set GATEHOUSE_CLAMD."}
	if a.Config.Clamd == "" {
		return p
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	scanner, err := clamd.New(a.Config.Clamd)
	version := ""
	if err == nil {
		version, err = scanner.Version(ctx)
	}
	if err != nil {
		p.State, p.Note = "Does not answer", "Files stay unscanned until it does; then they are scanned by themselves."
		return p
	}
	p.State, p.Ready, p.Note = "Answers", true, version+"."
	if found, err := evidence.MalwareIn(ctx, a.DB.Pool()); err == nil && found > 0 {
		p.Note += fmt.Sprintf(" Files in which it found malware: %d.", found)
	}
	return p
}

func (a *App) databasePart(ctx context.Context) admin.Part {
	p := admin.Part{Name: "Database", State: "Private PostgreSQL", Ready: true,
		Note: "Runs under the data folder with Gatehouse."}
	if a.local == nil {
		p.State, p.Note = "PostgreSQL server", "At the address that is configured."
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
	p.Note = fmt.Sprintf("%d entries stand under signed checkpoints. %s Whoever verifies an export needs the log's public key, kept apart from it: %s",
		state.Entries, a.witnesses(), a.Features.Sealer.Key())
	return p
}

// witnesses says how checkpoints leave this machine.
func (a *App) witnesses() string {
	var ways []string
	if folder := a.Config.Checkpoints; folder != "" {
		ways = append(ways, "written to "+folder)
	}
	if bucket := a.Config.CheckpointBucket; bucket != "" {
		ways = append(ways, "put into the bucket "+bucket)
	}
	if a.Config.CheckpointWebhook != "" {
		ways = append(ways, "posted to a webhook")
	}
	if len(ways) == 0 {
		return "No folder, bucket or webhook for checkpoints is set, so nobody can be a witness of what the log was."
	}
	return "Checkpoints for witnesses are " + strings.Join(ways, " and ") + "."
}

func (a *App) keyPart() admin.Part {
	const apart = "Without this key nothing that is encrypted can be opened. Keep a copy apart from the backups."
	p := admin.Part{Name: "Root key", State: "In the data folder", Ready: true,
		Note: "Without master.key nothing that is encrypted can be opened. Keep a copy apart from the backups."}
	switch {
	case a.Config.KMSCommand != "":
		p.State, p.Note = "With a key service", "Starting needs the service; what runs does not. Without its key nothing that is encrypted can be opened."
	case a.Config.MasterKey != "":
		p.State, p.Note = "From the environment", apart
	case a.Config.MasterKeyFile != "":
		p.State, p.Note = "From a file", apart
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
