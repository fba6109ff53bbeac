package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"gatehouse/internal/app"
	"gatehouse/internal/audit"
	"gatehouse/internal/backup"
	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/blob"
	"gatehouse/internal/platform/clamd"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/keystore"
	"gatehouse/internal/platform/localdb"
	"gatehouse/internal/platform/outbound"
	"gatehouse/internal/platform/preview"
	"gatehouse/internal/platform/seal"
	"gatehouse/migrations"
)

// health is how one part of the installation is.
type health string

// Well means in order, absent that it works without, at a cost; broken needs somebody.
const (
	well   health = "ok"
	absent health = "absent"
	broken health = "broken"
)

// diagnosis is one line of the doctor's report: what was found, and what it costs or how to mend it.
type diagnosis struct {
	Part  string `json:"part"`
	State health `json:"state"`
	Found string `json:"found"`
	Note  string `json:"note,omitempty"`
}

// runDoctor is `gatehouse doctor [--json]`: what is configured, what is missing, and what each absence costs. It
// changes nothing. The exit code is 1 when something is broken.
func runDoctor(ctx context.Context, args []string, stdio stdio) error {
	var asJSON bool
	var rest []string
	for _, arg := range args {
		if arg == "--json" || arg == "-json" {
			asJSON = true
			continue
		}
		rest = append(rest, arg)
	}
	cfg, rest, err := load("doctor", rest, stdio)
	if err != nil {
		return err
	}
	if err := noArguments("doctor", rest); err != nil {
		return err
	}
	report := examine(ctx, cfg)
	if asJSON {
		encoder := json.NewEncoder(stdio.out)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(report)
	} else {
		err = printReport(stdio.out, report)
	}
	for _, d := range report {
		if d.State == broken && err == nil {
			err = exitError{code: exitFailed}
		}
	}
	return err
}

func printReport(w io.Writer, report []diagnosis) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, d := range report {
		fmt.Fprintf(table, "%s\t%s\t%s\n", d.State, d.Part, d.Found)
		if d.Note != "" {
			fmt.Fprintf(table, "\t\t  %s\n", d.Note)
		}
	}
	return table.Flush()
}

// examine looks at every part in turn.
func examine(ctx context.Context, cfg config.Config) []diagnosis {
	report := []diagnosis{examineFolder(cfg), examineDisk(cfg)}
	root, key := examineKey(cfg)
	report = append(report, key)
	report = append(report, examineDatabase(ctx, cfg, root)...)
	report = append(report, examineReplication(ctx, cfg)...)
	return append(report, examineAddress(cfg), examineFiles(ctx, cfg),
		configured("Witnesses", cfg.Checkpoints, "checkpoints of the audit log go to ", "Nobody can be a witness of what the audit log was: GATEHOUSE_CHECKPOINTS."),
		examineWitness(ctx, cfg), examineWebhook(cfg),
		examineScanner(ctx, cfg),
		examinePreviews(ctx),
		configured("Metrics", cfg.MetricsAddr, "answered at ", "No Prometheus server sees how Gatehouse fares: GATEHOUSE_METRICS_ADDR."),
		configured("Traces", cfg.Traces, "sent to ", "Nothing shows what a slow page waited for: GATEHOUSE_TRACES."),
		diagnosis{"Mail", absent, "not set up", "Nobody is told by mail; what waits for people shows on their Today page."},
		configured("Single sign-on", cfg.SSO.Issuer, "people sign in by ", "People sign in with e-mail and password; whoever leaves must be disabled here too: GATEHOUSE_OIDC_ISSUER."))
}

// configured is a part that is there when its setting is.
func configured(part, setting, found, without string) diagnosis {
	if setting == "" {
		return diagnosis{part, absent, "not set up", without}
	}
	return diagnosis{part, well, found + setting, ""}
}

// examineWebhook says whether checkpoints go to a webhook. Nothing is sent: a witness takes what it gets for the log's.
func examineWebhook(cfg config.Config) diagnosis {
	d := diagnosis{"Checkpoint webhook", absent, "not set up", "Checkpoints leave this machine only by the folder, if at all: GATEHOUSE_CHECKPOINT_WEBHOOK."}
	if cfg.CheckpointWebhook == "" {
		return d
	}
	if err := outbound.CheckURL(cfg.CheckpointWebhook, cfg.OutboundAllow); err != nil {
		return diagnosis{d.Part, broken, err.Error(), "Use an https address, or allow the host in GATEHOUSE_OUTBOUND_ALLOW."}
	}
	if len(cfg.CheckpointSecret) == 0 {
		return diagnosis{d.Part, well, "set, unsigned", "Checkpoints carry the log's own signature; with GATEHOUSE_CHECKPOINT_SECRET the message has one too."}
	}
	return diagnosis{d.Part, well, "set, signed", ""}
}

// examineScanner asks the scanner for malware who it is.
func examineScanner(ctx context.Context, cfg config.Config) diagnosis {
	d := diagnosis{"Malware scanner", absent, "not set up", "Files are kept unscanned, and say so: GATEHOUSE_CLAMD."}
	if cfg.Clamd == "" {
		return d
	}
	scanner, err := clamd.New(cfg.Clamd)
	if err == nil {
		d.Found, err = scanner.Version(ctx)
	}
	if err != nil {
		return diagnosis{d.Part, broken, err.Error(), "Files stay unscanned until it answers."}
	}
	d.State, d.Note = well, "It takes files as long as its StreamMaxLength; longer ones stay unscanned, and say so."
	return d
}

// examinePreviews has one made: whether a worker can be confined is for the kernel to say.
func examinePreviews(ctx context.Context) diagnosis {
	if err := preview.Try(ctx); err != nil {
		return diagnosis{"Previews", absent, "none here", "No worker can be confined on this system, so images are downloaded to be seen."}
	}
	return diagnosis{"Previews", well, "of images, by confined workers", ""}
}

func examineFolder(cfg config.Config) diagnosis {
	d := diagnosis{Part: "Data folder", State: well, Found: cfg.Data}
	info, err := os.Stat(cfg.Data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.Note = "It does not exist yet; the first start makes it."
	case err != nil:
		d.State, d.Note = broken, err.Error()
	case !info.IsDir():
		d.State, d.Note = broken, "This is a file. Choose a folder with --data."
	case info.Mode().Perm()&0o022 != 0:
		d.State, d.Note = broken, fmt.Sprintf("Others may write to it (mode %#o): chmod go-w it.", info.Mode().Perm())
	default:
		d = examineWriting(d)
	}
	return d
}

// examineWriting tries the folder with a file that is gone again at once.
func examineWriting(d diagnosis) diagnosis {
	f, err := os.CreateTemp(d.Found, ".doctor-*")
	if err != nil {
		d.State, d.Note = broken, "Nothing can be written to it: "+err.Error()
		return d
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		d.State, d.Note = broken, err.Error()
	}
	return d
}

// leastFree is the space below which the disk is trouble.
const leastFree = 2 << 30

func examineDisk(cfg config.Config) diagnosis {
	d := diagnosis{Part: "Disk", State: well}
	folder := cfg.Data
	for {
		if _, err := os.Stat(folder); err == nil || folder == filepath.Dir(folder) {
			break
		}
		folder = filepath.Dir(folder)
	}
	free, err := freeSpace(folder)
	switch {
	case err != nil:
		d.State, d.Found = absent, "free space is not known: "+err.Error()
	case free < leastFree:
		d.State, d.Found, d.Note = broken, fmt.Sprintf("%.1f GiB free", float64(free)/(1<<30)), "Database and evidence need room: make some before people upload."
	default:
		d.Found = fmt.Sprintf("%.1f GiB free", float64(free)/(1<<30))
	}
	return d
}

// examineKey reads the root key where there is one. It makes none: that is for the first start.
func examineKey(cfg config.Config) (seal.Root, diagnosis) {
	d := diagnosis{Part: "Root key", State: well}
	root, err := seal.FindRoot(app.KeySource(cfg))
	switch {
	case errors.Is(err, seal.ErrNoRoot):
		d.State, d.Found, d.Note = absent, "none yet", "The first start makes one in the data folder. Keep a copy elsewhere."
		return nil, d
	case err != nil:
		d.State, d.Found = broken, err.Error()
		return nil, d
	case cfg.KMSCommand != "":
		d.Note = "It stays with the key service: whoever may use it there can open everything."
	case cfg.MasterKey == "" && cfg.MasterKeyFile == "":
		d.Note = "It lies in the data folder: whoever has a whole copy of the folder can read the evidence."
	}
	d.Found = "key " + root.ID()
	return root, d
}

// examineDatabase reaches the database that is configured, or the private one, which it starts for a moment.
func examineDatabase(ctx context.Context, cfg config.Config, root seal.Root) []diagnosis {
	if cfg.DatabaseURL != "" {
		return examineAt(ctx, cfg.DatabaseURL, "as configured", root)
	}
	d := diagnosis{Part: "Database", State: well}
	binaries, err := localdb.Find(os.Getenv, cfg.Data)
	if err != nil {
		d.State, d.Found, d.Note = broken, "no PostgreSQL programs: "+err.Error(), "The first start gets them, or set GATEHOUSE_DATABASE_URL."
		return []diagnosis{d}
	}
	dir := filepath.Join(cfg.Data, "postgres")
	if _, err := os.Stat(filepath.Join(dir, "data")); errors.Is(err, fs.ErrNotExist) {
		d.Found, d.Note = "none yet", "The first start makes a private one with the programs in "+binaries.Dir+"."
		return []diagnosis{d}
	}
	server, err := localdb.Start(ctx, localdb.Options{Dir: dir, Binaries: binaries})
	var running *localdb.RunningError
	if errors.As(err, &running) {
		if url, reachErr := localdb.Reach(ctx, dir); reachErr == nil {
			return examineAt(ctx, url, "private, in use", root)
		}
		d.Found, d.Note = "private, in use", "It was not looked into: "+running.Error()
		return []diagnosis{d}
	}
	if err != nil {
		d.State, d.Found = broken, err.Error()
		return []diagnosis{d}
	}
	report := examineAt(ctx, server.URL(), "private", root)
	if err := server.Stop(context.WithoutCancel(ctx)); err != nil {
		report = append(report, diagnosis{"Database", broken, "it does not stop: " + err.Error(), ""})
	}
	return report
}

// examineAt looks into a database: version, migrations, and whether it belongs to the key.
func examineAt(ctx context.Context, url, which string, root seal.Root) []diagnosis {
	d := diagnosis{Part: "Database", State: well}
	open, err := db.Open(ctx, url)
	if err != nil {
		d.State, d.Found, d.Note = broken, "cannot be reached: "+err.Error(), "Nothing works without it."
		return []diagnosis{d}
	}
	defer open.Close()
	var version string
	if err := open.Pool().QueryRow(ctx, "SHOW server_version").Scan(&version); err != nil {
		d.State, d.Found = broken, err.Error()
		return []diagnosis{d}
	}
	d.Found = "PostgreSQL " + version + ", " + which
	schema := diagnosis{"Schema", well, "up to date", ""}
	pending, err := migrations.Pending(ctx, url)
	switch {
	case err != nil:
		schema.State, schema.Found = broken, err.Error()
	case pending:
		schema.Found, schema.Note = "migrations are waiting", "The next start applies them, or gatehouse migrate. Back up first."
	default:
		return []diagnosis{d, schema, examineBelonging(ctx, open, root), examineLog(ctx, open), examineEvidence(ctx, open), examineBackups(ctx, open)}
	}
	return []diagnosis{d, schema}
}

// examineBelonging tries whether the root key opens what the database has.
func examineBelonging(ctx context.Context, open *db.DB, root seal.Root) diagnosis {
	d := diagnosis{Part: "Key and database", State: well}
	wanted, err := keystore.WantedRoot(ctx, open)
	switch {
	case err != nil:
		d.State, d.Found = broken, err.Error()
		return d
	case wanted == "":
		d.Found = "not joined yet"
		return d
	case root == nil:
		d.State, d.Found, d.Note = broken, "the database needs the root key "+wanted+", which is not here", "Put it back: a start would refuse another."
		return d
	}
	if err := keystore.Check(ctx, open, root); err != nil {
		d.State, d.Found, d.Note = broken, err.Error(), "Put the right one back: evidence could not be read."
		return d
	}
	d.Found = "they belong together"
	return d
}

// examineLog says how far the audit log is sealed.
func examineLog(ctx context.Context, open *db.DB) diagnosis {
	d := diagnosis{Part: "Audit log", State: well}
	state, err := audit.StateOf(ctx, open.Pool())
	switch {
	case err != nil:
		d.State, d.Found = broken, err.Error()
	case state.Behind:
		d.State, d.Found, d.Note = broken, "behind: an entry has waited more than ten minutes to be sealed", "It is sealed while a server runs; look into its log."
	default:
		d.Found = fmt.Sprintf("%d entries under signed checkpoints", state.Entries)
	}
	return d
}

// examineEvidence says what came of reading evidence through in the background.
func examineEvidence(ctx context.Context, open *db.DB) diagnosis {
	d := diagnosis{"Evidence content", well, "as it was collected, as far as it was read through", ""}
	const most = 20
	altered, err := evidence.AlteredIn(ctx, open.Pool(), most)
	switch {
	case err != nil:
		d.State, d.Found = broken, err.Error()
	case len(altered) > 0:
		d.State, d.Found, d.Note = broken, fmt.Sprintf("altered or missing: %v", altered), "Put the files back from a backup; at most twenty are named here."
	}
	return d
}

// examineBackups says when the last backup was made.
func examineBackups(ctx context.Context, open *db.DB) diagnosis {
	d := diagnosis{"Backups", absent, "", "gatehouse backup FOLDER makes one, beside the running server. Keep the key apart: without it a backup cannot be read."}
	last, err := backup.LastOf(ctx, open)
	if err != nil {
		d.State, d.Found, d.Note = broken, err.Error(), ""
		return d
	}
	var fresh bool
	if d.Found, fresh = app.BackupState(last, open.Now()); fresh {
		d.State, d.Note = well, ""
	}
	return d
}

// filesTime is how long the store of evidence is waited for.
const filesTime = 20 * time.Second

// examineFiles says where evidence files are, and tries the place with a small one that is gone again at once.
func examineFiles(ctx context.Context, cfg config.Config) diagnosis {
	ctx, done := context.WithTimeout(ctx, filesTime)
	defer done()
	if cfg.S3.Bucket != "" {
		return examineBucket(ctx, cfg)
	}
	folder := app.EvidenceFolder(cfg)
	d := diagnosis{"Evidence files", well, "on disk, in " + folder, "The files are as safe as this disk and its backups; GATEHOUSE_S3_BUCKET keeps them in a bucket."}
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return d // the first start makes it
	}
	store, err := blob.OpenDisk(folder)
	if err == nil {
		defer func() { _ = store.Close() }()
		err = blob.Check(ctx, store)
	}
	if err != nil {
		d.State, d.Note = broken, err.Error()
	}
	return d
}

func examineBucket(ctx context.Context, cfg config.Config) diagnosis {
	d := diagnosis{"Evidence files", well, app.Bucket(cfg) + "; written, read and deleted a trial file", ""}
	store, err := app.OpenBucket(cfg)
	if err == nil {
		defer func() { _ = store.Close() }()
		err = blob.Check(ctx, store)
	}
	var once bool
	if err == nil {
		once, err = store.WritesOnce(ctx)
	}
	switch {
	case err != nil:
		d.State, d.Found, d.Note = broken, app.Bucket(cfg), err.Error()
	case !once:
		d.Note = "This service does not refuse to write over a file (If-None-Match). Gatehouse looks before it writes and uses each name once; let nobody else write to the bucket."
	case strings.HasPrefix(cfg.S3.Endpoint, "http://"):
		d.Note = "Not https: the files are encrypted, their names and sizes can be seen on the way."
	}
	return d
}

// examineWitness says whether checkpoints go to a bucket that is there. Nothing is written: such a bucket may keep what it gets.
func examineWitness(ctx context.Context, cfg config.Config) diagnosis {
	d := configured("Checkpoint bucket", cfg.CheckpointBucket, "checkpoints of the audit log go to ", "Checkpoints leave this machine only by a folder or webhook, if at all: GATEHOUSE_CHECKPOINT_BUCKET.")
	if d.State != well {
		return d
	}
	store, err := app.OpenWitness(cfg)
	if err == nil {
		defer func() { _ = store.Close() }()
		err = store.Reach(ctx)
	}
	if err != nil {
		d.State, d.Note = broken, err.Error()
	}
	return d
}

func examineAddress(cfg config.Config) diagnosis {
	switch {
	case cfg.BaseURL == "":
		return diagnosis{"Address", absent, "no base URL", "Fine on this machine alone. For others set GATEHOUSE_BASE_URL to an https address: cookies are only then bound to HTTPS."}
	case !cfg.Secure():
		return diagnosis{"Address", broken, cfg.BaseURL, "Not https: passwords and evidence would cross the network in the clear."}
	}
	return examineCertificate(cfg, time.Now())
}

// renewBefore is how long before its end a certificate should have been renewed.
const renewBefore = 14 * 24 * time.Hour

// examineCertificate says whether browsers will take the certificate, where the server shows one itself.
func examineCertificate(cfg config.Config, now time.Time) diagnosis {
	d := diagnosis{"Address", well, cfg.BaseURL, ""}
	if cfg.TLSCert == "" {
		return d
	}
	pair, err := tls.LoadX509KeyPair(cfg.TLSCert, cfg.TLSKey)
	if err != nil {
		return diagnosis{d.Part, broken, cfg.BaseURL, "The certificate cannot be read: " + err.Error()}
	}
	base, err := url.Parse(cfg.BaseURL)
	if err == nil {
		err = pair.Leaf.VerifyHostname(base.Hostname())
	}
	d.Found += ", certificate until " + pair.Leaf.NotAfter.UTC().Format("2 January 2006")
	switch {
	case err != nil:
		d.State, d.Note = broken, "Browsers refuse the certificate: "+err.Error()
	case now.After(pair.Leaf.NotAfter):
		d.State, d.Note = broken, "The certificate has run out. Renew it: the new files are taken up by themselves."
	case now.Add(renewBefore).After(pair.Leaf.NotAfter):
		d.State, d.Note = broken, "The certificate runs out soon. Renew it: the new files are taken up by themselves."
	}
	return d
}
