package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gatehouse/internal/platform/blob"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/trace"
	"gatehouse/web/admin"
)

// EvidenceFolder is where the files of evidence are when no bucket is set.
func EvidenceFolder(cfg config.Config) string { return filepath.Join(cfg.Data, "evidence") }

// openBlobs opens the bucket for checkpoints and the store of evidence: the bucket if one is set, or else the folder. A bucket is not asked for here, so that
// Gatehouse starts, and says what is wrong, while it cannot be reached.
func (a *App) openBlobs() (err error) {
	if a.Config.CheckpointBucket != "" {
		if a.witness, err = openWitness(a.Config, a.traces); err != nil {
			return err
		}
		a.closers = append(a.closers, a.witness)
	}
	if a.Config.S3.Bucket != "" {
		bucket, err := openBucket(a.Config, a.traces)
		if err != nil {
			return err
		}
		a.Blobs, a.closers = bucket, append(a.closers, bucket)
		return nil
	}
	disk, err := blob.OpenDisk(EvidenceFolder(a.Config))
	if err != nil {
		return err
	}
	a.Blobs, a.closers = disk, append(a.closers, disk)
	return nil
}

// OpenBucket returns the store in the bucket that is set.
func OpenBucket(cfg config.Config) (*blob.S3, error) { return openBucket(cfg, nil) }

// OpenWitness returns the store in the bucket for checkpoints. One that is the evidence's too is an error: what is no evidence is
// swept from there.
func OpenWitness(cfg config.Config) (*blob.S3, error) { return openWitness(cfg, nil) }

func openWitness(cfg config.Config, traces *trace.Traces) (*blob.S3, error) {
	if cfg.CheckpointBucket == cfg.S3.Bucket {
		return nil, errors.New("GATEHOUSE_CHECKPOINT_BUCKET has to be another bucket than that of the evidence")
	}
	cfg.S3.Bucket, cfg.S3.Prefix = cfg.CheckpointBucket, ""
	return openBucket(cfg, traces)
}

func openBucket(cfg config.Config, traces *trace.Traces) (*blob.S3, error) {
	secret, err := bucketSecret(cfg.S3)
	if err != nil {
		return nil, err
	}
	return blob.OpenS3(blob.S3Options{Endpoint: cfg.S3.Endpoint, Bucket: cfg.S3.Bucket, Region: cfg.S3.Region, Prefix: cfg.S3.Prefix,
		AccessKey: cfg.S3.AccessKey, SecretKey: secret,
		Through: func(next http.RoundTripper) http.RoundTripper { return traces.Outgoing("evidence store", next) }})
}

// bucketSecret is the secret key as it is set or lies in its file.
func bucketSecret(s config.S3) (string, error) {
	switch {
	case s.SecretKeyFile == "":
		return s.SecretKey, nil
	case s.SecretKey != "":
		return "", fmt.Errorf("GATEHOUSE_S3_SECRET_KEY and GATEHOUSE_S3_SECRET_KEY_FILE are both set: keep one")
	}
	f, err := os.Open(s.SecretKeyFile)
	if err != nil {
		return "", fmt.Errorf("secret key of the bucket: %w", err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, 4<<10))
	if err != nil {
		return "", fmt.Errorf("secret key of the bucket: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

// Bucket names the bucket that is set, with its service and folder, for people.
func Bucket(cfg config.Config) string {
	at := cfg.S3.Endpoint
	if at == "" {
		at = "Amazon S3"
	}
	name := "bucket " + cfg.S3.Bucket
	if folder := strings.Trim(cfg.S3.Prefix, "/"); folder != "" {
		name += ", folder " + folder
	}
	return name + ", at " + at
}

// checkTime is how long somebody who looks at the System page waits for a store that does not answer.
const checkTime = 5 * time.Second

// evidencePart says where evidence is, whether that can be used, and whether its content is what was collected, as far as it
// was read through.
func (a *App) evidencePart(ctx context.Context) admin.Part {
	p := admin.Part{Name: "Evidence files", State: "On disk", Ready: true,
		Note: "Encrypted below the data folder, and read through once a month."}
	if a.Config.S3.Bucket != "" {
		p.State, p.Note = "In a bucket", "Encrypted before they leave, and read through once a month: "+Bucket(a.Config)+"."
	}
	while, done := context.WithTimeout(ctx, checkTime)
	defer done()
	if err := blob.Check(while, a.Blobs); err != nil {
		a.Log.Error("the store of evidence cannot be used", "error", err)
		p.State, p.Ready, p.Note = "Cannot be used", false, "Evidence can be neither added nor opened; what is there is not touched. The log and gatehouse doctor say why."
		return p
	}
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
