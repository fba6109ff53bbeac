// Package config is the one place that knows how Gatehouse is set up: a table of options that feeds flags,
// environment variables and the printed help. It owns no tables and reads no globals.
package config

import (
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
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
	// MasterKey and MasterKeyFile hold the installation's key (32 bytes, base64); both empty: generated under Data.
	MasterKey, MasterKeyFile string
	// Checkpoints is a folder into which the audit log's checkpoints are written for witnesses; empty for none.
	Checkpoints string
	// MaxUpload is the largest evidence file, in bytes.
	MaxUpload int64
	// TrustProxy takes the client's address from X-Forwarded-For, for a server behind a proxy of one's own.
	TrustProxy bool
	// MetricsAddr is where Prometheus is answered, such as 127.0.0.1:9464; empty for nowhere.
	MetricsAddr string
	// Drain is how long the server, once told to stop, says that it is not ready and goes on answering, so that a proxy
	// sends its requests elsewhere.
	Drain time.Duration
	// Dev shows the component page and detailed errors.
	Dev bool
	// LogJSON writes the log as JSON lines rather than as text.
	LogJSON bool
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
	{"", "GATEHOUSE_MASTER_KEY", "", "the installation's key: 32 bytes in base64",
		text(func(c *Config) *string { return &c.MasterKey }), true},
	{"master-key-file", "GATEHOUSE_MASTER_KEY_FILE", "", "file that holds the installation's key (default: generated in the data folder)",
		text(func(c *Config) *string { return &c.MasterKeyFile }), false},
	{"checkpoints", "GATEHOUSE_CHECKPOINTS", "", "folder for the audit log's signed checkpoints, for others to keep",
		text(func(c *Config) *string { return &c.Checkpoints }), false},
	{"max-upload", "GATEHOUSE_MAX_UPLOAD", "2GiB", "largest evidence file, such as 500MiB",
		func(c *Config, v string) (err error) { c.MaxUpload, err = bytesOf(v); return err }, false},
	{"trust-proxy", "GATEHOUSE_TRUST_PROXY", "false", "take client addresses from X-Forwarded-For",
		boolean(func(c *Config) *bool { return &c.TrustProxy }), false},
	{"metrics-addr", "GATEHOUSE_METRICS_ADDR", "", "address that answers Prometheus at /metrics, apart from the pages (default: none)",
		text(func(c *Config) *string { return &c.MetricsAddr }), false},
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

// Shutdown is how long the server waits for open requests when it is told to stop.
const Shutdown = 5 * time.Second

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
