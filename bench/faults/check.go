package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// tally is what the checks found so far.
type tally struct {
	acknowledged int
	kinds        map[string]int
	lost         int
	items        int
	broken       int
	unaudited    int
	verified     int
	unverified   int
	entries      int
}

// checker looks after each fault whether everything is there.
type checker struct {
	*load
	tally
	opened     map[string]bool // items of evidence that were found whole
	missing    map[string]bool // what was found to be lost
	key        string          // of the log, as it was at the beginning
	checkpoint string          // file of the last one, which the log must have grown from
}

func newChecker(ctx context.Context, l *load) (*checker, error) {
	c := &checker{load: l, opened: map[string]bool{}, missing: map[string]bool{}}
	key, err := l.say(ctx, "log", "key")
	c.key = strings.TrimSpace(key)
	return c, err
}

// check looks for everything. Nobody writes meanwhile, so that the data does not grow with the looking.
func (c *checker) check(ctx context.Context, url string) error {
	c.looking.Lock()
	defer c.looking.Unlock()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if err := errors.Join(c.findTaken(ctx, conn), c.findAnswers(ctx, conn), c.openFiles(ctx, conn), c.findEntries(ctx, conn)); err != nil {
		return err
	}
	c.kinds, c.acknowledged = c.counts(), 0
	for _, n := range c.kinds {
		c.acknowledged += n
	}
	return c.verify(ctx)
}

func (c *checker) lose(name string) {
	if !c.missing[name] {
		c.missing[name] = true
		c.lost++
	}
}

// findTaken looks for what is only ever added, by its name.
func (c *checker) findTaken(ctx context.Context, conn *pgx.Conn) error {
	for kind, there := range map[string]string{
		signals: `SELECT FROM signals WHERE source = 'edr' AND external_id = name`,
		people:  `SELECT FROM people p WHERE p.name = taken.name`,
		files:   `SELECT FROM evidence_items WHERE title = name`,
		notes:   `SELECT FROM case_notes WHERE body = name`,
	} {
		c.mu.Lock()
		names := c.taken[kind]
		c.mu.Unlock()
		rows, _ := conn.Query(ctx, `SELECT name FROM unnest($1::text[]) taken (name) WHERE NOT EXISTS (`+there+`)`, names)
		gone, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return fmt.Errorf("look for %s: %w", kind, err)
		}
		for _, name := range gone {
			c.lose(kind + " " + name)
		}
	}
	return nil
}

// findAnswers compares each saved answer with the last that was acknowledged: it must be that one or a later one.
func (c *checker) findAnswers(ctx context.Context, conn *pgx.Conn) error {
	c.mu.Lock()
	type saved struct {
		revision int
		words    string
	}
	acked := map[string]saved{}
	for check, revision := range c.revision {
		acked[check] = saved{revision, c.words[check]}
	}
	c.mu.Unlock()
	for check, a := range acked {
		var found saved
		err := conn.QueryRow(ctx, `
			SELECT coalesce(max(revision), 0), coalesce(max(note), '') FROM answers a JOIN users u ON u.id = a.user_id
			WHERE  interview_id = $1 AND check_id = $2 AND u.email = $3`, c.interviewID, check, c.questioner).Scan(&found.revision, &found.words)
		if err != nil {
			return fmt.Errorf("look for answers: %w", err)
		}
		if found.revision < a.revision || found.revision == a.revision && found.words != a.words {
			c.lose(fmt.Sprintf("answer %s %d", check, a.revision))
		}
	}
	return nil
}

// openFiles opens each item of evidence that is new, whether or not its sender heard of it: its content must be what
// its hash says, and what was sent.
func (c *checker) openFiles(ctx context.Context, conn *pgx.Conn) error {
	rows, _ := conn.Query(ctx, `SELECT id::text AS id, title, sha256 AS sum FROM evidence_items WHERE title LIKE 'File %' ORDER BY id`)
	type item struct {
		ID, Title string
		Sum       []byte
	}
	items, err := pgx.CollectRows(rows, pgx.RowToStructByName[item])
	if err != nil {
		return err
	}
	c.items = len(items)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, i := range items {
		if c.opened[i.ID] {
			continue
		}
		content, status, err := c.download(ctx, client, i.ID)
		if err != nil {
			return fmt.Errorf("open evidence: %w", err)
		}
		sum := sha256.Sum256(content)
		c.mu.Lock()
		sent, acked := c.sums[i.Title]
		c.mu.Unlock()
		c.opened[i.ID] = true
		if status != http.StatusOK || !bytes.Equal(sum[:], i.Sum) || acked && sent != sum {
			c.broken++
			fmt.Fprintf(os.Stderr, "%s (%s) answers %d with %d bytes that are not what was collected\n", i.Title, i.ID, status, len(content))
		}
	}
	return nil
}

// download opens an item as people do. A server that cannot just now is asked again, as they do too.
func (c *checker) download(ctx context.Context, client *http.Client, itemID string) (content []byte, status int, err error) {
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		answer, err := c.send(ctx, client, "/evidence/"+itemID+"/download", c.cookies[c.hr], "application/x-www-form-urlencoded", nil)
		if err != nil {
			return nil, 0, err
		}
		if answer.status != http.StatusServiceUnavailable || time.Now().After(deadline) {
			return answer.content, answer.status, nil
		}
	}
}

// findEntries counts rows of the load that stand without their entry in the log.
func (c *checker) findEntries(ctx context.Context, conn *pgx.Conn) error {
	err := conn.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM people p WHERE name LIKE 'Person %-%'
		        AND NOT EXISTS (SELECT FROM audit_entries WHERE action = 'candidate.added' AND subject_id = p.id::text))
		     + (SELECT count(*) FROM evidence_items i WHERE title LIKE 'File %'
		        AND NOT EXISTS (SELECT FROM audit_entries WHERE action = 'evidence.collected' AND subject_id = i.id::text))
		     + (SELECT count(*) FROM signals s WHERE source = 'edr'
		        AND NOT EXISTS (SELECT FROM audit_entries WHERE action = 'signals.ingested' AND subject_id = s.batch_id::text))
		     + abs((SELECT count(*) FROM case_notes WHERE case_id = $1)
		         - (SELECT count(*) FROM audit_entries WHERE case_id = $1 AND action = 'case.note_added'))
		     + abs((SELECT coalesce(sum(revision), 0) FROM answers WHERE interview_id = $2)
		         - (SELECT count(*) FROM audit_entries WHERE action = 'answer.saved' AND subject_id = $2::text))`,
		c.caseID, c.interviewID).Scan(&c.unaudited)
	if err != nil {
		err = fmt.Errorf("look for entries: %w", err)
	}
	return err
}

var hold = regexp.MustCompile(`: (\d+) entries hold`)

// verify exports the log and has it verified, as an outsider would: with the key as it was at the beginning and the
// checkpoint of the time before.
func (c *checker) verify(ctx context.Context) error {
	bundle, err := c.say(ctx, "log", "export")
	if err != nil {
		return err
	}
	name := filepath.Join(c.data, "bundle")
	if err := os.WriteFile(name, []byte(bundle), 0o600); err != nil {
		return err
	}
	args := []string{"verify", "--key", c.key}
	if c.checkpoint != "" {
		args = append(args, "--checkpoint", c.checkpoint)
	}
	c.verified++
	said, err := c.say(ctx, append(args, name)...)
	m := hold.FindStringSubmatch(said)
	if err != nil || m == nil {
		c.unverified++
		fmt.Fprintln(os.Stderr, "the log does not verify:", said, err)
		return nil
	}
	if c.entries, err = strconv.Atoi(m[1]); err != nil {
		return err
	}
	signed, err := c.say(ctx, "log", "checkpoint")
	if err != nil {
		return err
	}
	c.checkpoint = filepath.Join(c.data, "checkpoint")
	return os.WriteFile(c.checkpoint, []byte(signed), 0o600)
}
