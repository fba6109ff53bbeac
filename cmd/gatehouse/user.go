package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/app"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
)

// withApp opens the installation that args name, quietly, and runs fn with what is left of args. A server may be
// running on it.
func withApp(ctx context.Context, command string, args []string, stdio stdio, fn func(*app.App, []string) error) error {
	cfg, rest, err := load(command, args, stdio)
	if err != nil {
		return err
	}
	a, err := openWith(ctx, app.Join, cfg, logger(cfg, stdio.err, slog.LevelWarn), stdio)
	if err != nil {
		return err
	}
	return errors.Join(fn(a, rest), a.Close())
}

// withInstallation is withApp for errands that make no sense before the first start, and must not bring it about.
func withInstallation(ctx context.Context, command string, args []string, stdio stdio, fn func(*app.App, []string) error) error {
	cfg, _, err := load(command, args, stdio)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(cfg.Data, "postgres")); cfg.DatabaseURL == "" && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no installation in %s: name its folder with --data, or its database with GATEHOUSE_DATABASE_URL", cfg.Data)
	}
	return withApp(ctx, command, args, stdio, fn)
}

// splitOwn divides args into the options that are this subcommand's own and the rest, which set up the installation.
func splitOwn(args []string, own ...string) (mine, setup []string) {
	for i := 0; i < len(args); i++ {
		name, _, inline := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		target := &setup
		for _, o := range own {
			if strings.HasPrefix(args[i], "-") && name == o {
				target = &mine
			}
		}
		*target = append(*target, args[i])
		if target == &mine && !inline && i+1 < len(args) {
			i++
			mine = append(mine, args[i])
		}
	}
	return mine, setup
}

// runUser is `gatehouse user add …`, `gatehouse user reset-factor …` or `gatehouse user allow-passwords …`.
func runUser(ctx context.Context, args []string, stdio stdio) error {
	if len(args) > 0 {
		switch args[0] {
		case "add":
			return addUser(ctx, args[1:], stdio)
		case "reset-factor":
			return resetFactor(ctx, args[1:], stdio)
		case "allow-passwords":
			return allowPasswords(ctx, args[1:], stdio)
		}
	}
	return usagef("user: what it does is\n"+
		"  user add --email ADDRESS --name NAME --role ROLE[,ROLE…] [--time-zone ZONE]\n"+
		"  user reset-factor --email ADDRESS --reason TEXT\n"+
		"  user allow-passwords --reason TEXT\n"+
		"(add reads the password as one line from standard input; roles: %s)", roleNames())
}

// resetFactor takes a user's second factor away, for an administrator whom no other one can help.
func resetFactor(ctx context.Context, args []string, stdio stdio) error {
	mine, setup := splitOwn(args, "email", "reason")
	flags := flag.NewFlagSet("gatehouse user reset-factor", flag.ContinueOnError)
	flags.SetOutput(stdio.err)
	email := flags.String("email", "", "e-mail address of the user")
	reason := flags.String("reason", "", "why, and how you know that it is them who ask; it stays in the audit log")
	if helped("user reset-factor", flags, setup, stdio) {
		return nil
	}
	if err := flags.Parse(mine); err != nil {
		return exitError{code: exitUsage}
	}
	return withApp(ctx, "user reset-factor", setup, stdio, func(a *app.App, rest []string) error {
		if err := noArguments("user reset-factor", rest); err != nil {
			return err
		}
		u, err := a.Features.Accounts.ByEmail(ctx, *email)
		if err != nil {
			return forTerminal(err)
		}
		cli := authz.System("cli")
		has, err := a.Features.Factors.Of(ctx, u.ID)
		if err != nil {
			return err
		}
		if err := a.Features.Factors.Reset(ctx, cli, u.ID, has.Mark(), strings.TrimSpace(*reason)); err != nil {
			return forTerminal(err)
		}
		if err := a.Features.Signin.EndAll(ctx, cli, u.ID); err != nil {
			return err
		}
		printf(stdio.out, "%s signs in with the password alone now, and sets up a new second factor.\n", u.Email)
		return nil
	})
}

// allowPasswords lets everybody sign in by password again, for when the sign-in provider is gone and the break-glass account too.
func allowPasswords(ctx context.Context, args []string, stdio stdio) error {
	mine, setup := splitOwn(args, "reason")
	flags := flag.NewFlagSet("gatehouse user allow-passwords", flag.ContinueOnError)
	flags.SetOutput(stdio.err)
	reason := flags.String("reason", "", "why; it stays in the audit log")
	if helped("user allow-passwords", flags, setup, stdio) {
		return nil
	}
	if err := flags.Parse(mine); err != nil {
		return exitError{code: exitUsage}
	}
	return withApp(ctx, "user allow-passwords", setup, stdio, func(a *app.App, rest []string) error {
		if err := noArguments("user allow-passwords", rest); err != nil {
			return err
		}
		if err := a.Features.Signin.AllowPasswords(ctx, authz.System("cli"), strings.TrimSpace(*reason)); err != nil {
			return forTerminal(err)
		}
		printf(stdio.out, "Everybody who has a password may sign in with it again.\n")
		return nil
	})
}

// addUser is `gatehouse user add --email … --name … --role … [--role …]`; the password is read from standard input.
func addUser(ctx context.Context, args []string, stdio stdio) error {
	mine, setup := splitOwn(args, "email", "name", "role", "time-zone")
	var n account.New
	flags := flag.NewFlagSet("gatehouse user add", flag.ContinueOnError)
	flags.SetOutput(stdio.err)
	flags.StringVar(&n.Email, "email", "", "e-mail address, with which the user signs in")
	flags.StringVar(&n.Name, "name", "", "name as others see it")
	flags.StringVar(&n.TimeZone, "time-zone", "UTC", "time zone, such as Europe/Lisbon")
	flags.Func("role", "role, or several by comma: "+roleNames(), func(v string) error {
		for r := range strings.SplitSeq(v, ",") {
			n.Roles = append(n.Roles, authz.Role(strings.TrimSpace(r)))
		}
		return nil
	})
	if helped("user add", flags, setup, stdio) {
		return nil
	}
	if err := flags.Parse(mine); err != nil {
		return exitError{code: exitUsage}
	}
	printf(stdio.err, "Password (at least %d characters): ", account.MinPassword)
	line, err := bufio.NewReader(stdio.in).ReadString('\n')
	if err != nil && line == "" {
		return usagef("user add: no password on standard input")
	}
	if n.Password = strings.TrimRight(line, "\r\n"); n.Password == "" {
		return usagef("user add: no password on standard input")
	}
	return withApp(ctx, "user add", setup, stdio, func(a *app.App, rest []string) error {
		if err := noArguments("user add", rest); err != nil {
			return err
		}
		if _, err := a.Features.Accounts.Add(ctx, authz.System("cli"), n); err != nil {
			return forTerminal(err)
		}
		printf(stdio.out, "%s may sign in now.\n", n.Email)
		return nil
	})
}

func roleNames() string {
	names := make([]string, len(authz.Roles))
	for i, r := range authz.Roles {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}

// runToken is `gatehouse token create --name … [--scope signals:write] [--days N]`.
func runToken(ctx context.Context, args []string, stdio stdio) error {
	if len(args) == 0 || args[0] != "create" {
		return usagef("token: the one thing it does is: token create --name SYSTEM [--scope signals:write] [--days N]")
	}
	mine, setup := splitOwn(args[1:], "name", "scope", "days")
	flags := flag.NewFlagSet("gatehouse token create", flag.ContinueOnError)
	flags.SetOutput(stdio.err)
	name := flags.String("name", "", "the system that will use the token")
	scope := flags.String("scope", string(authz.SignalIngest), "what the token may do")
	days := flags.Int("days", 365, "days until the token expires; 0 for never")
	if helped("token create", flags, setup, stdio) {
		return nil
	}
	if err := flags.Parse(mine); err != nil {
		return exitError{code: exitUsage}
	}
	return withApp(ctx, "token create", setup, stdio, func(a *app.App, rest []string) error {
		if err := noArguments("token create", rest); err != nil {
			return err
		}
		const most = 3650
		if *days < 0 || *days > most {
			return usagef("token create: --days is a number from 0, for never, to %d", most)
		}
		var expires *time.Time
		if *days > 0 {
			at := a.DB.Now().AddDate(0, 0, *days)
			expires = &at
		}
		_, secret, err := a.Features.Accounts.NewToken(ctx, authz.System("cli"), *name, []authz.Permission{authz.Permission(*scope)}, expires)
		if err != nil {
			return forTerminal(err)
		}
		printf(stdio.err, "The token, shown this once:\n")
		printf(stdio.out, "%s\n", secret)
		return nil
	})
}

// forTerminal turns field messages into an error about the arguments.
func forTerminal(err error) error {
	if invalid, ok := apperr.AsInvalid(err); ok {
		return usagef("%w", invalid)
	}
	return err
}
