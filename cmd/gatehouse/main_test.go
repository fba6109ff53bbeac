package main

import (
	"bytes"
	"strings"
	"testing"
)

// gatehouse runs a command line as the shell would.
func gatehouse(t *testing.T, stdin string, args ...string) (code int, out, errout string) {
	t.Helper()
	var o, e bytes.Buffer
	code = dispatch(t.Context(), args, stdio{in: strings.NewReader(stdin), out: &o, err: &e})
	return code, o.String(), e.String()
}

func TestDispatch(t *testing.T) {
	tests := []struct {
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{nil, 2, "", "Usage:"},
		{[]string{"help"}, 0, "framework", ""},
		{[]string{"nonsense"}, 2, "", `no such command "nonsense"`},
		{[]string{"framework"}, 2, "", "framework export"},
		{[]string{"framework", "export", "--format", "csv"}, 2, "", "neither json nor yaml"},
		{[]string{"framework", "export", "--edition", "9.9.9"}, 2, "", "there are 1.0.0"},
		{[]string{"framework", "export", "--format", "json"}, 0, `"id": "check-place-photo"`, ""},
		{[]string{"framework", "export", "--format", "yaml"}, 0, "- id: check-place-photo", ""},
	}
	for _, tt := range tests {
		code, out, errout := gatehouse(t, "", tt.args...)
		if code != tt.code || !strings.Contains(out, tt.stdout) || !strings.Contains(errout, tt.stderr) {
			t.Errorf("%v: exit %d, stdout %.80q, stderr %q", tt.args, code, out, errout)
		}
	}
}

func TestCommandsAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range commands {
		if seen[c.name] || c.short == "" || c.run == nil {
			t.Errorf("%q is listed twice or incomplete", c.name)
		}
		seen[c.name] = true
	}
}
