package seal

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test's own binary stand in for the program of a key management service.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "key-service" {
		os.Exit(keyService(os.Args[2], os.Args[len(os.Args)-1]))
	}
	os.Exit(m.Run())
}

// keyService wraps under a key that it makes of its name, or misbehaves as the name says.
func keyService(name, verb string) int {
	line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	payload, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
	if err != nil {
		return 3
	}
	switch name {
	case "complains":
		fmt.Fprintf(os.Stderr, "AccessDenied:\nmay not use %s", line)
		return 4
	case "hangs":
		time.Sleep(time.Minute) // much longer than anybody waits for it
	case "babbles":
		fmt.Println("this is no base64")
		return 0
	case "environment":
		for _, v := range os.Environ() {
			if name, _, _ := strings.Cut(v, "="); name == "SOMETHING_ELSE" || strings.HasPrefix(name, "GATEHOUSE_") {
				fmt.Fprintln(os.Stderr, name)
			}
		}
		return 5
	}
	local, err := NewLocal(bytes.Repeat([]byte(name), keySize)[:keySize])
	if err != nil {
		return 3
	}
	do := local.Wrap
	if verb == "unwrap" {
		do = local.Unwrap
	}
	answer, err := do(context.Background(), payload)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 6
	}
	fmt.Println(base64.StdEncoding.EncodeToString(answer))
	return 0
}

func service(t *testing.T, name string) Command {
	t.Helper()
	c, err := NewCommand(os.Args[0] + " key-service " + name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func localRoot(t *testing.T, raw []byte) Local {
	t.Helper()
	l, err := NewLocal(raw)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestRoots is the contract of a root key, on both kinds.
func TestRoots(t *testing.T) {
	ctx := t.Context()
	for name, pair := range map[string][2]Root{
		"local":   {localRoot(t, noise(keySize)), localRoot(t, noise(2 * keySize)[keySize:])},
		"command": {service(t, "one"), service(t, "two")},
	} {
		t.Run(name, func(t *testing.T) {
			root, other := pair[0], pair[1]
			if root.ID() == "" || root.ID() == other.ID() {
				t.Errorf("two root keys are both called %q", root.ID())
			}
			key := NewKey()
			wrapped, err := key.WrappedBy(ctx, root)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(wrapped, key.secret()) {
				t.Error("the wrapped form holds the key itself")
			}
			if back, err := UnwrapKey(ctx, root, wrapped, key.ID()); err != nil || !bytes.Equal(back.secret(), key.secret()) {
				t.Errorf("unwrapped another key, %v", err)
			}
			if again, _ := key.WrappedBy(ctx, root); bytes.Equal(again, wrapped) {
				t.Error("the same key looks the same twice")
			}
			if _, err := UnwrapKey(ctx, other, wrapped, key.ID()); err == nil {
				t.Error("another root key unwrapped it")
			}
			if _, err := UnwrapKey(ctx, root, wrapped, NewKey().ID()); !errors.Is(err, ErrWrapped) {
				t.Errorf("taken for another key: %v", err)
			}
			for _, bad := range [][]byte{nil, wrapped[:len(wrapped)-1], append([]byte{9}, wrapped...)} {
				if _, err := root.Unwrap(ctx, bad); err == nil {
					t.Errorf("unwrapped %d bytes", len(bad))
				}
			}
		})
	}
}

func TestAProgramsFailureIsToldWithoutSecrets(t *testing.T) {
	ctx := t.Context()
	key := NewKey()
	_, err := key.WrappedBy(ctx, service(t, "complains"))
	if err == nil || !strings.Contains(err.Error(), "AccessDenied: may not use") || !strings.Contains(err.Error(), "exit status 4") {
		t.Errorf("error %v; want what the program said", err)
	}
	if err != nil && strings.Contains(err.Error(), base64.StdEncoding.EncodeToString(key.secret())) {
		t.Error("the error holds the key")
	}
	if _, err := key.WrappedBy(ctx, service(t, "babbles")); err == nil || !strings.Contains(err.Error(), "not base64") {
		t.Errorf("a senseless answer: %v", err)
	}
	slow := service(t, "hangs")
	slow.timeout = 50 * time.Millisecond
	if _, err := key.WrappedBy(ctx, slow); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a program that hangs: %v", err)
	}
}

// TestAProgramIsNotToldOurSecrets: the key of before, or the database's password, is no business of the program.
func TestAProgramIsNotToldOurSecrets(t *testing.T) {
	t.Setenv("GATEHOUSE_MASTER_KEY", "x")
	t.Setenv("SOMETHING_ELSE", "x")
	_, err := NewKey().WrappedBy(t.Context(), service(t, "environment"))
	if err == nil || strings.Contains(err.Error(), "GATEHOUSE_") || !strings.Contains(err.Error(), "SOMETHING_ELSE") {
		t.Errorf("the program's environment: %v", err)
	}
}
