package config

import (
	"io"
	"strings"
	"testing"
)

func TestLoadPrefersFlagsOverVariablesOverDefaults(t *testing.T) {
	env := map[string]string{"GATEHOUSE_ADDR": "127.0.0.1:1", "GATEHOUSE_DATA": "/env", "GATEHOUSE_MAX_UPLOAD": "3MiB"}
	c, rest, err := Load("serve", []string{"--addr", "127.0.0.1:2", "--dev", "left"}, func(k string) string { return env[k] }, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != "127.0.0.1:2" || c.Data != "/env" || c.MaxUpload != 3<<20 || !c.Dev || c.TrustProxy {
		t.Errorf("got %+v", c)
	}
	if len(rest) != 1 || rest[0] != "left" {
		t.Errorf("arguments left: %q", rest)
	}
}

func TestLoadNamesWhereABadValueCameFrom(t *testing.T) {
	for _, tc := range []struct{ env, value, want string }{
		{"GATEHOUSE_MAX_UPLOAD", "a lot", "GATEHOUSE_MAX_UPLOAD"},
		{"GATEHOUSE_MAX_UPLOAD", "-5", "GATEHOUSE_MAX_UPLOAD"},
		{"GATEHOUSE_DEV", "perhaps", "GATEHOUSE_DEV"},
		{"GATEHOUSE_TRACES", "127.0.0.1:4318", "GATEHOUSE_TRACES"},
		{"GATEHOUSE_TRACES", "grpc://collector:4317", "GATEHOUSE_TRACES"},
		{"GATEHOUSE_TRACES", "https://collector?key=x", "GATEHOUSE_TRACES"},
		{"GATEHOUSE_TRACES", "http://:4318", "GATEHOUSE_TRACES"},
		{"GATEHOUSE_TRACES_RATIO", "1.5", "GATEHOUSE_TRACES_RATIO"},
		{"GATEHOUSE_TRACES_RATIO", "NaN", "GATEHOUSE_TRACES_RATIO"},
		{"GATEHOUSE_TRACES_RATIO", "half", "GATEHOUSE_TRACES_RATIO"},
	} {
		_, _, err := Load("serve", nil, func(k string) string {
			if k == tc.env {
				return tc.value
			}
			return ""
		}, io.Discard)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s=%q: error %v does not name %s", tc.env, tc.value, err, tc.want)
		}
	}
}

func TestEveryOptionIsInTheHelp(t *testing.T) {
	var out strings.Builder
	_, _, _ = Load("serve", []string{"--help"}, func(string) string { return "" }, &out)
	for _, o := range options {
		if !strings.Contains(out.String(), o.env) {
			t.Errorf("help lacks %s", o.env)
		}
	}
}
