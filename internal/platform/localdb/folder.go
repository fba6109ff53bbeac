package localdb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// rootDir is the default data folder of root: unlike root's home it can be
// reached by the unprivileged user that the database then runs as.
const rootDir = "/var/lib/gatehouse"

// DefaultDir is the data folder to use when none was chosen: /var/lib/gatehouse
// for root, else gatehouse below the user's own data folder.
func DefaultDir(getenv func(string) string, uid int) string {
	if data := getenv("XDG_DATA_HOME"); uid != 0 && filepath.IsAbs(data) {
		return filepath.Join(data, "gatehouse")
	}
	if home := getenv("HOME"); uid != 0 && filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "share", "gatehouse")
	}
	return rootDir
}

// VersionError says that the data was written by another major version of
// PostgreSQL than the programs found. The data is left as it is.
type VersionError struct {
	Data     string // the data folder
	Has      int    // the version that wrote it
	Binaries string // the folder of the programs
	Offers   int    // their version
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("the database in %[1]s was made by PostgreSQL %[2]d, but the programs in %[3]s are of version %[4]d; nothing was changed. "+
		"Install PostgreSQL %[2]d beside it (Debian: apt-get install postgresql-%[2]d) or set %[5]s to its folder. "+
		"To move to version %[4]d, dump the database with version %[2]d and restore the dump into a new data folder, or use pg_upgrade",
		e.Data, e.Has, e.Binaries, e.Offers, BinVariable)
}

// folder is Options.Dir: root's or ours, with what the server needs inside.
type folder struct {
	dir     string
	sockets string // where the server's socket is, from socketDir
}

func (f folder) data() string     { return filepath.Join(f.dir, "data") }
func (f folder) fresh() string    { return filepath.Join(f.dir, "data.new") }
func (f folder) password() string { return filepath.Join(f.dir, "password") }
func (f folder) log() string      { return filepath.Join(f.dir, "postgres.log") }

// make creates the folder. Another user than ours may pass through it to data
// and run, which are its own, but cannot list it.
func (f folder) make(as account) error {
	mode := os.FileMode(0o700)
	if as.other {
		mode = 0o711
	}
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		return fmt.Errorf("create the data folder: %w", err)
	}
	if err := os.Chmod(f.dir, mode); err != nil {
		return fmt.Errorf("the data folder belongs to another user: %w", err)
	}
	return nil
}

// dataVersion is the major version that wrote the data, and 0 if there is none.
// A data folder without a readable version is an error and stays untouched.
func (f folder) dataVersion() (int, error) {
	if _, err := os.Lstat(f.data()); errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	content, err := os.ReadFile(filepath.Join(f.data(), "PG_VERSION"))
	if err != nil {
		return 0, fmt.Errorf("%s exists but is not a PostgreSQL database (%w); it was left untouched: "+
			"move it away, or choose another data folder", f.data(), err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(string(content), ".", 2)[0]))
	if err != nil {
		return 0, fmt.Errorf("%s/PG_VERSION is damaged (%q); nothing was changed", f.data(), strings.TrimSpace(string(content)))
	}
	return major, nil
}

// chooseVersion returns the programs that fit the data, asking those found later
// when the first do not.
func (f folder) chooseVersion(ctx context.Context, as account, bin Binaries) (string, int, error) {
	has, err := f.dataVersion()
	if err != nil {
		return "", 0, err
	}
	offers, err := as.version(ctx, bin.Dir, f.dir)
	if err != nil {
		return "", 0, err
	}
	if has == 0 || has == offers {
		return bin.Dir, offers, nil
	}
	for _, other := range bin.others {
		if major, err := as.version(ctx, other, f.dir); err == nil && major == has {
			return other, major, nil
		}
	}
	return "", 0, &VersionError{Data: f.data(), Has: has, Binaries: bin.Dir, Offers: offers}
}

// initialise makes the cluster where there is none. It comes into being under
// another name and is renamed when it is whole, so "data" is never half a
// database; what an interrupted attempt left is moved aside for a person to see.
func (f folder) initialise(ctx context.Context, as account, bin string, major int, opt Options) (password string, err error) {
	if _, err := os.Lstat(f.data()); err == nil {
		return f.existing(as)
	}
	if password, err = f.newPassword(); err != nil {
		return "", err
	}
	if _, err := os.Lstat(f.fresh()); err == nil {
		aside := f.fresh() + "." + time.Now().UTC().Format("20060102T150405.000000000")
		if err := os.Rename(f.fresh(), aside); err != nil {
			return "", err
		}
		opt.Log.Warn("an earlier set-up of the database was interrupted; its remains were moved aside", "to", aside)
	}
	if err := os.Mkdir(f.fresh(), 0o700); err != nil {
		return "", err
	}
	if err := as.give(f.fresh()); err != nil {
		return "", err
	}
	if err := f.initdb(ctx, as, bin, major, password, opt); err != nil {
		return "", err
	}
	if err := os.Rename(f.fresh(), f.data()); err != nil {
		return "", err
	}
	return password, syncFolder(f.dir)
}

// existing prepares a cluster that is there already.
func (f folder) existing(as account) (string, error) {
	content, err := os.ReadFile(f.password())
	if err != nil {
		return "", fmt.Errorf("the password of the database in %s is missing; restore it from the backup the data came from: %w", f.data(), err)
	}
	if err := as.giveTree(f.data()); err != nil {
		return "", err
	}
	return strings.TrimSpace(string(content)), os.Chmod(f.data(), 0o700) // PostgreSQL refuses anything wider than 0750
}

// newPassword writes the password down before the cluster exists, because a
// cluster without its password would be locked for good. What an interrupted
// set-up has written is used again.
func (f folder) newPassword() (string, error) {
	if content, err := os.ReadFile(f.password()); err == nil && len(content) > 20 {
		return strings.TrimSpace(string(content)), nil
	}
	password := rand.Text()
	file, err := os.OpenFile(f.password(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return "", err
	}
	_, err = file.WriteString(password + "\n")
	return password, errors.Join(err, file.Sync(), file.Close())
}

func (f folder) initdb(ctx context.Context, as account, bin string, major int, password string, opt Options) error {
	secret, err := f.handOver(as, password)
	if err != nil {
		return err
	}
	defer os.Remove(secret)
	args := []string{"-D", f.fresh(), "-U", superuser, "--pwfile", secret,
		"--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"}
	args = append(args, localeArgs(runtime.GOOS, major)...)
	if opt.Durability == Disposable {
		args = append(args, "--no-sync")
	} else {
		args = append(args, "--data-checksums")
	}
	cmd := as.command(ctx, filepath.Join(bin, "initdb"), args...)
	cmd.Dir = f.dir
	out, err := onOwnThread(cmd.CombinedOutput)
	if err != nil {
		return fmt.Errorf("initdb: %w: %s", err, lastLines(string(out), 5))
	}
	return nil
}

// handOver writes the password where initdb, which runs as the account and
// cannot read ours, finds it for a moment.
func (f folder) handOver(as account, password string) (string, error) {
	file, err := os.CreateTemp(f.sockets, "initdb-") // made with mode 0600
	if err != nil {
		return "", err
	}
	_, err = file.WriteString(password + "\n")
	return file.Name(), errors.Join(err, as.give(file.Name()), file.Close())
}

// localeArgs choose Unicode rules for letters, which searching by name needs,
// and an order by code point, which does not change under existing indexes when
// the operating system is upgraded. Version 17 brings both built in.
func localeArgs(goos string, major int) []string {
	switch {
	case major >= 17:
		return []string{"--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"}
	case goos == "darwin":
		return []string{"--locale=C", "--lc-ctype=UTF-8"}
	}
	return []string{"--locale=C.UTF-8", "--lc-messages=C"}
}

func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// lastLines returns the end of a program's output, which is where it says why
// it gave up.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
