package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/internal/app"
	"gatehouse/internal/platform/blob/s3test"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db/dbtest"
)

// doctor runs the command and returns its report by part, and the exit code.
func doctor(t *testing.T, args ...string) (map[string]diagnosis, int) {
	t.Helper()
	var out, errs bytes.Buffer
	code := dispatch(context.Background(), append([]string{"doctor", "--json"}, args...), stdio{in: strings.NewReader(""), out: &out, err: &errs})
	var report []diagnosis
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatalf("%v: %s%s", err, out.String(), errs.String())
	}
	by := map[string]diagnosis{}
	for _, d := range report {
		by[d.Part] = d
	}
	return by, code
}

func TestDoctor(t *testing.T) {
	url, data := dbtest.URL(t), filepath.Join(t.TempDir(), "data")
	t.Setenv("GATEHOUSE_DATABASE_URL", url)

	report, code := doctor(t, "--data", data)
	if code != 0 || report["Root key"].State != absent || report["Database"].State != well || report["Mail"].State != absent {
		t.Errorf("before the first start: exit %d, %+v", code, report)
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("the doctor made the data folder")
	}

	a, err := app.Open(t.Context(), config.Config{Data: data, DatabaseURL: url}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	report, code = doctor(t, "--data", data, "--base-url", "https://gatehouse.example.com")
	if code != 0 || report["Evidence content"].State != well || report["Audit log"].State == "" || report["Witnesses"].State != absent || report["Key and database"].Found != "they belong together" || report["Schema"].Found != "up to date" || report["Address"].State != well {
		t.Errorf("after the first start: exit %d, %+v", code, report)
	}

	t.Setenv("GATEHOUSE_MASTER_KEY", "b3RoZXIta2V5LW90aGVyLWtleS1vdGhlci1rZXktMDA=")
	report, code = doctor(t, "--data", data)
	if code != exitFailed || report["Key and database"].State != broken {
		t.Errorf("with another key: exit %d, %+v", code, report["Key and database"])
	}
	if _, err := app.Open(t.Context(), config.Config{Data: data, DatabaseURL: url, MasterKey: os.Getenv("GATEHOUSE_MASTER_KEY")},
		slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "wrapped by the root key") {
		t.Errorf("a start with another key: %v", err)
	}
}

func TestDoctorFindsWhatIsBroken(t *testing.T) {
	data := t.TempDir()
	if err := os.Chmod(data, 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GATEHOUSE_DATABASE_URL", "postgres://nobody@127.0.0.1:1/none?connect_timeout=2")
	report, code := doctor(t, "--data", data, "--base-url", "http://gatehouse.example.com")
	for _, part := range []string{"Data folder", "Database", "Address"} {
		if report[part].State != broken || report[part].Note == "" {
			t.Errorf("%+v", report[part])
		}
	}
	if code != exitFailed {
		t.Errorf("exit %d", code)
	}
	var out bytes.Buffer
	_ = dispatch(context.Background(), []string{"doctor", "--data", data}, stdio{in: strings.NewReader(""), out: &out, err: &out})
	if !strings.Contains(out.String(), "broken  Database") {
		t.Errorf("the table says\n%s", out.String())
	}
}

// TestDoctorTriesTheBucket: it says whether the bucket can be used, and leaves nothing in it.
func TestDoctorTriesTheBucket(t *testing.T) {
	server := s3test.New(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(server.Options.SecretKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none?connect_timeout=2", "S3_ENDPOINT": server.Options.Endpoint,
		"S3_BUCKET": server.Options.Bucket, "S3_REGION": server.Options.Region, "S3_ACCESS_KEY": server.Options.AccessKey, "S3_SECRET_KEY_FILE": secret} {
		t.Setenv("GATEHOUSE_"+name, value)
	}
	report, _ := doctor(t, "--data", t.TempDir())
	if d := report["Evidence files"]; d.State != well || !strings.Contains(d.Found, "bucket evidence, at "+server.Options.Endpoint) || !strings.Contains(d.Note, "Not https") {
		t.Errorf("%+v", d)
	}
	if left := server.Objects(t); len(left) != 0 {
		t.Errorf("the doctor left %v", left)
	}
	for bucket, want := range map[string]struct {
		state health
		words string
	}{
		"":                    {absent, "not set up"},
		"none-such":           {broken, "there is no bucket none-such"},
		server.Options.Bucket: {broken, "another bucket"},
	} {
		t.Setenv("GATEHOUSE_CHECKPOINT_BUCKET", bucket)
		report, _ := doctor(t, "--data", t.TempDir())
		if d := report["Checkpoint bucket"]; d.State != want.state || !strings.Contains(d.Found+" "+d.Note, want.words) {
			t.Errorf("checkpoints to %q: %+v", bucket, d)
		}
	}
	t.Setenv("GATEHOUSE_S3_BUCKET", "another")
	t.Setenv("GATEHOUSE_CHECKPOINT_BUCKET", server.Options.Bucket)
	if report, _ := doctor(t, "--data", t.TempDir()); report["Checkpoint bucket"].State != well {
		t.Errorf("checkpoints to a bucket that is there: %+v", report["Checkpoint bucket"])
	}
	if d, code := doctor(t, "--data", t.TempDir()); code != exitFailed || d["Evidence files"].State != broken || !strings.Contains(d["Evidence files"].Note, "cannot be written") {
		t.Errorf("another bucket: exit %d, %+v", code, d["Evidence files"])
	}
	t.Setenv("GATEHOUSE_S3_SECRET_KEY", "both")
	if d, _ := doctor(t, "--data", t.TempDir()); d["Evidence files"].State != broken || !strings.Contains(d["Evidence files"].Note, "keep one") {
		t.Errorf("two secrets: %+v", d["Evidence files"])
	}
}
