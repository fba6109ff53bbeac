// Package config is the one place that knows how Gatehouse is set up: a table of options that feeds flags,
// environment variables and the printed help. It owns no tables and reads no globals.
package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/platform/clamd"
	"gatehouse/internal/platform/outbound"
)

// Config is how one installation is set up. Every zero value is safe.
type Config struct {
	// Addr is where the web server listens; empty means 127.0.0.1 with port 8080 or the next free one.
	Addr string
	// Data is the folder for the embedded database, evidence files and the generated key.
	Data string
	// DatabaseURL is a PostgreSQL address; empty starts a private one under Data.
	DatabaseURL string
	// StandbyURL is a PostgreSQL that follows the other, for heavy reading; empty for none.
	StandbyURL string
	// BaseURL is how people reach the server, such as https://gatehouse.example.com. An https address makes
	// cookies secure and adds Strict-Transport-Security.
	BaseURL string
	// TLSCert and TLSKey are PEM files by which the server speaks HTTPS itself; empty where a proxy in front does.
	TLSCert, TLSKey string
	// MasterKey and MasterKeyFile hold the root key (32 bytes, base64), KMSCommand is a program that has it; all empty:
	// generated under Data.
	MasterKey, MasterKeyFile, KMSCommand string
	// NewMasterKey, NewMasterKeyFile and NewKMSCommand are the same of the root key that is to come instead.
	NewMasterKey, NewMasterKeyFile, NewKMSCommand string
	// S3 keeps evidence in a bucket; without one its files lie under Data.
	S3 S3
	// Checkpoints is a folder into which the audit log's checkpoints are written for witnesses; empty for none.
	Checkpoints string
	// CheckpointBucket is a bucket for the same, at the service of S3 and with its keys; empty for none.
	CheckpointBucket string
	// CheckpointWebhook is an address to which checkpoints are posted; CheckpointSecret signs the messages, if there is one.
	CheckpointWebhook string
	CheckpointSecret  []byte
	// OutboundAllow are targets in one's own network that may be reached all the same.
	OutboundAllow outbound.Allowed
	// MaxUpload is the largest evidence file, in bytes.
	MaxUpload int64
	// Clamd is where a ClamAV daemon is asked about files, unix:/path or host:port; empty for none.
	Clamd string
	// TrustProxy takes the client's address from X-Forwarded-For, for a server behind a proxy of one's own.
	TrustProxy bool
	// MetricsAddr is where Prometheus is answered, such as 127.0.0.1:9464; empty for nowhere.
	MetricsAddr string
	// Traces is the OpenTelemetry collector that is sent traces, over HTTP; empty for none.
	Traces string
	// TracesRatio is the share of traces that are recorded, 0 to 1.
	TracesRatio float64
	// Drain is how long the server, once told to stop, says that it is not ready and goes on answering, so that a proxy
	// sends its requests elsewhere.
	Drain time.Duration
	// Dev shows the component page and detailed errors.
	Dev bool
	// SSO is the OpenID Connect provider by which people may sign in; without an Issuer there is none.
	SSO SSO
	// LogJSON writes the log as JSON lines rather than as text.
	LogJSON bool
}

// SSO says how an OpenID Connect provider is reached, and how it knows this installation.
type SSO struct {
	// Issuer is the provider's address, as its tokens spell it.
	Issuer string
	// ClientID and the secret, itself or in a file, are what the provider gave for this installation.
	ClientID, ClientSecret, ClientSecretFile string
	// Scopes are asked for, separated by spaces; GroupsClaim names the claim that lists somebody's groups.
	Scopes, GroupsClaim string
	// Name is the provider's name as people know it, on the button.
	Name string
}

// S3 says where a bucket is.
type S3 struct {
	Endpoint, Bucket, Region, Prefix string
	AccessKey, SecretKey             string
	// SecretKeyFile is a file that holds the secret key, in its stead.
	SecretKeyFile string
}

// option is one line of the table.
type option struct {
	flag, env, fallback, help string
	set                       func(*Config, string) error
	secret                    bool
}

var options = []option{
	{"addr", "GATEHOUSE_ADDR", "", "address to listen on (default 127.0.0.1:8080, or the next free port)",
		text(func(c *Config) *string { return &c.Addr }), false},
	{"data", "GATEHOUSE_DATA", "", "folder for the embedded database, evidence and keys",
		text(func(c *Config) *string { return &c.Data }), false},
	{"", "GATEHOUSE_DATABASE_URL", "", "PostgreSQL address (default: a private PostgreSQL under the data folder)",
		text(func(c *Config) *string { return &c.DatabaseURL }), true},
	{"", "GATEHOUSE_DATABASE_STANDBY_URL", "", "a standby of that PostgreSQL, for insights, exports, search and the log (default: none)",
		text(func(c *Config) *string { return &c.StandbyURL }), true},
	{"base-url", "GATEHOUSE_BASE_URL", "", "how people reach this server; https makes cookies secure",
		text(func(c *Config) *string { return &c.BaseURL }), false},
	{"tls-cert", "GATEHOUSE_TLS_CERT", "", "PEM file with the certificate and its chain, to speak HTTPS without a proxy in front",
		text(func(c *Config) *string { return &c.TLSCert }), false},
	{"tls-key", "GATEHOUSE_TLS_KEY", "", "PEM file with the certificate's key",
		text(func(c *Config) *string { return &c.TLSKey }), false},
	{"", "GATEHOUSE_MASTER_KEY", "", "the root key: 32 bytes in base64",
		text(func(c *Config) *string { return &c.MasterKey }), true},
	{"master-key-file", "GATEHOUSE_MASTER_KEY_FILE", "", "file that holds the root key (default: generated in the data folder)",
		text(func(c *Config) *string { return &c.MasterKeyFile }), false},
	{"", "GATEHOUSE_KMS_COMMAND", "", "program that wraps and unwraps with a root key of its own",
		text(func(c *Config) *string { return &c.KMSCommand }), true},
	{"", "GATEHOUSE_NEW_MASTER_KEY", "", "for keys rotate --root: the root key to come",
		text(func(c *Config) *string { return &c.NewMasterKey }), true},
	{"", "GATEHOUSE_NEW_MASTER_KEY_FILE", "", "the same in a file",
		text(func(c *Config) *string { return &c.NewMasterKeyFile }), false},
	{"", "GATEHOUSE_NEW_KMS_COMMAND", "", "the same behind a program",
		text(func(c *Config) *string { return &c.NewKMSCommand }), true},
	{"s3-bucket", "GATEHOUSE_S3_BUCKET", "", "bucket that keeps the evidence files (default: a folder below the data folder)",
		text(func(c *Config) *string { return &c.S3.Bucket }), false},
	{"s3-endpoint", "GATEHOUSE_S3_ENDPOINT", "", "address of the S3 service, such as https://s3.example.com (default: Amazon's)",
		text(func(c *Config) *string { return &c.S3.Endpoint }), false},
	{"s3-region", "GATEHOUSE_S3_REGION", "", "region of the bucket (default: the service is asked)",
		text(func(c *Config) *string { return &c.S3.Region }), false},
	{"s3-prefix", "GATEHOUSE_S3_PREFIX", "", "folder within the bucket",
		text(func(c *Config) *string { return &c.S3.Prefix }), false},
	{"", "GATEHOUSE_S3_ACCESS_KEY", "", "access key for the bucket",
		text(func(c *Config) *string { return &c.S3.AccessKey }), true},
	{"", "GATEHOUSE_S3_SECRET_KEY", "", "secret key for the bucket",
		text(func(c *Config) *string { return &c.S3.SecretKey }), true},
	{"s3-secret-key-file", "GATEHOUSE_S3_SECRET_KEY_FILE", "", "file that holds the secret key for the bucket",
		text(func(c *Config) *string { return &c.S3.SecretKeyFile }), false},
	{"checkpoints", "GATEHOUSE_CHECKPOINTS", "", "folder for the audit log's signed checkpoints, for others to keep",
		text(func(c *Config) *string { return &c.Checkpoints }), false},
	{"checkpoint-bucket", "GATEHOUSE_CHECKPOINT_BUCKET", "", "bucket for the same, at the S3 service that is set and with its keys; another than that of the evidence",
		text(func(c *Config) *string { return &c.CheckpointBucket }), false},
	{"", "GATEHOUSE_CHECKPOINT_WEBHOOK", "", "https address to which the audit log's signed checkpoints are posted",
		text(func(c *Config) *string { return &c.CheckpointWebhook }), true},
	{"", "GATEHOUSE_CHECKPOINT_SECRET", "", "secret that signs what is posted there: whsec_ and 24 to 64 bytes in base64",
		func(c *Config, v string) (err error) { c.CheckpointSecret, err = outbound.ParseSecret(v); return err }, true},
	{"outbound-allow", "GATEHOUSE_OUTBOUND_ALLOW", "", "hosts, addresses and ranges of your own network that requests may go to, with commas between",
		func(c *Config, v string) (err error) { c.OutboundAllow, err = outbound.ParseAllowed(v); return err }, false},
	{"max-upload", "GATEHOUSE_MAX_UPLOAD", "2GiB", "largest evidence file, such as 500MiB",
		func(c *Config, v string) (err error) { c.MaxUpload, err = bytesOf(v); return err }, false},
	{"clamd", "GATEHOUSE_CLAMD", "", "ClamAV daemon that scans files for malware: unix:/path/of/socket or host:port",
		func(c *Config, v string) error {
			c.Clamd = v
			_, err := clamd.New(v)
			return err
		}, false},
	{"trust-proxy", "GATEHOUSE_TRUST_PROXY", "false", "take client addresses from X-Forwarded-For",
		boolean(func(c *Config) *bool { return &c.TrustProxy }), false},
	{"metrics-addr", "GATEHOUSE_METRICS_ADDR", "", "address that answers Prometheus at /metrics, apart from the pages (default: none)",
		text(func(c *Config) *string { return &c.MetricsAddr }), false},
	{"traces", "GATEHOUSE_TRACES", "", "OpenTelemetry collector that is sent traces (OTLP over HTTP), such as http://127.0.0.1:4318 (default: none)",
		func(c *Config, v string) (err error) { c.Traces, err = collector(v); return err }, false},
	{"traces-ratio", "GATEHOUSE_TRACES_RATIO", "1", "share of requests and background work that is traced, 0 to 1",
		func(c *Config, v string) (err error) { c.TracesRatio, err = share(v); return err }, false},
	{"oidc-issuer", "GATEHOUSE_OIDC_ISSUER", "", "address of the OpenID Connect provider by which people may sign in (default: none)",
		text(func(c *Config) *string { return &c.SSO.Issuer }), false},
	{"oidc-client-id", "GATEHOUSE_OIDC_CLIENT_ID", "", "how the provider knows this installation",
		text(func(c *Config) *string { return &c.SSO.ClientID }), false},
	{"", "GATEHOUSE_OIDC_CLIENT_SECRET", "", "the secret that the provider gave for it",
		text(func(c *Config) *string { return &c.SSO.ClientSecret }), true},
	{"oidc-client-secret-file", "GATEHOUSE_OIDC_CLIENT_SECRET_FILE", "", "file that holds that secret",
		text(func(c *Config) *string { return &c.SSO.ClientSecretFile }), false},
	{"oidc-scopes", "GATEHOUSE_OIDC_SCOPES", "email profile", "what is asked of the provider beside openid",
		text(func(c *Config) *string { return &c.SSO.Scopes }), false},
	{"oidc-groups-claim", "GATEHOUSE_OIDC_GROUPS_CLAIM", "groups", "the provider's claim that lists somebody's groups",
		text(func(c *Config) *string { return &c.SSO.GroupsClaim }), false},
	{"oidc-name", "GATEHOUSE_OIDC_NAME", "single sign-on", "the provider's name, as the button for signing in shows it",
		text(func(c *Config) *string { return &c.SSO.Name }), false},
	{"drain", "GATEHOUSE_DRAIN", "0s", "how long to answer on, as not ready, when told to stop, such as 10s for a proxy to notice",
		func(c *Config, v string) (err error) { c.Drain, err = time.ParseDuration(v); return err }, false},
	{"dev", "GATEHOUSE_DEV", "false", "show the component page and error details",
		boolean(func(c *Config) *bool { return &c.Dev }), false},
	{"log-json", "GATEHOUSE_LOG_JSON", "false", "log as JSON lines",
		boolean(func(c *Config) *bool { return &c.LogJSON }), false},
}

func text(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error { *field(c) = v; return nil }
}

func boolean(field func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, v string) (err error) { *field(c), err = strconv.ParseBool(v); return err }
}

// Load reads flags from args and variables through getenv; a flag wins over its variable. It returns the arguments
// that are left. flag.ErrHelp means that help was asked for and has been written to out.
func Load(command string, args []string, getenv func(string) string, out io.Writer) (Config, []string, error) {
	var c Config
	flags := flag.NewFlagSet("gatehouse "+command, flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() { usage(out, command) }
	given := map[string]*string{}
	for _, o := range options {
		if o.flag != "" {
			given[o.flag] = flags.String(o.flag, "", o.help)
		}
	}
	if err := flags.Parse(expandBooleans(args)); err != nil {
		return c, nil, err
	}
	for _, o := range options {
		value, from := o.fallback, "default"
		if v := getenv(o.env); v != "" {
			value, from = v, o.env
		}
		if o.flag != "" && *given[o.flag] != "" {
			value, from = *given[o.flag], "--"+o.flag
		}
		if value == "" {
			continue
		}
		if err := o.set(&c, value); err != nil {
			if o.secret {
				return c, nil, fmt.Errorf("%s is not usable", from)
			}
			return c, nil, fmt.Errorf("%s: %q is not usable: %w", from, value, err)
		}
	}
	return c, flags.Args(), nil
}

// expandBooleans lets "--dev" stand for "--dev=true".
func expandBooleans(args []string) []string {
	expanded := make([]string, len(args))
	for i, arg := range args {
		expanded[i] = arg
		for _, o := range options {
			if o.fallback == "false" && strings.TrimLeft(arg, "-") == o.flag && strings.HasPrefix(arg, "-") {
				expanded[i] = arg + "=true"
			}
		}
	}
	return expanded
}

func usage(out io.Writer, command string) {
	fmt.Fprintf(out, "usage: gatehouse %s [options]\n\noptions, each also a variable:\n", command)
	PrintOptions(out)
}

// PrintOptions lists the options, for subcommands that have others beside them.
func PrintOptions(out io.Writer) {
	for _, o := range options {
		name := "  (variable only)"
		if o.flag != "" {
			name = "  --" + o.flag
		}
		fmt.Fprintf(out, "%-20s %-26s %s\n", name, o.env, o.help)
	}
}

// Secure reports whether people reach the server over HTTPS.
func (c Config) Secure() bool { return strings.HasPrefix(c.BaseURL, "https://") }

// Scheme is how the server itself is spoken to: http where a proxy in front speaks HTTPS.
func (c Config) Scheme() string {
	if c.TLSCert != "" {
		return "https"
	}
	return "http"
}

// Shutdown is how long the server waits for open requests when it is told to stop.
const Shutdown = 5 * time.Second

// collector checks the address of a collector. A key for it belongs in a header, which no log shows.
func collector(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("not an address such as http://127.0.0.1:4318; a key goes into OTEL_EXPORTER_OTLP_HEADERS")
	}
	return s, nil
}

// share reads a number from 0 to 1.
func share(s string) (float64, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f >= 0 && f <= 1) { // so that NaN is none
		return 0, errors.New("not a number from 0 to 1")
	}
	return f, nil
}

func bytesOf(s string) (int64, error) {
	for _, unit := range []struct {
		suffix string
		factor int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}} {
		if number, ok := strings.CutSuffix(s, unit.suffix); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
			if err != nil || n <= 0 || n > (1<<62)/unit.factor {
				return 0, fmt.Errorf("not a size such as 500MiB")
			}
			return n * unit.factor, nil
		}
	}
	return 0, fmt.Errorf("not a size such as 500MiB")
}
