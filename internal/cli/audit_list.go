package cli

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/desk"
)

// Sizes of a listing of the audit log.
const (
	defaultAuditEvents = 50
	maxAuditEvents     = 100_000
	auditPage          = 200
)

// auditFilter is the flags of a listing.
type auditFilter struct {
	account, actor, action, target *words
	from, to                       *moment
	limit                          int
}

func newAuditList(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List what was done and refused, newest first",
		Long: `Lists the events of the audit log, of every account or of one. The filters narrow
together. With --output json each event comes with its state before and after.

A refusal is listed within about a minute, as one event for all of the same actor
and rule in that minute.`,
		Example: `  claviger audit list
  claviger audit list --actor ada@example.com --from 2026-11-01
  claviger audit list --account harbour --action credential.delete --limit 1000 --output json`,
		Args: takes(),
	}
	filter := &auditFilter{
		account: addText(cmd, "account", "name", "ID or name of the account (default every account)"),
		actor:   addText(cmd, "actor", "who", "ID or e-mail address of who acted; or operator, or system"),
		action:  addText(cmd, "action", "name", "what was done, as credential.delete"),
		target:  addText(cmd, "target", "id", "ID of what it was done to"),
		from:    addMoment(cmd, "from", "from this moment on, as 2026-11-01 or 2026-11-01T12:00:00Z"),
		to:      addMoment(cmd, "to", "before this moment"),
	}
	cmd.Flags().IntVar(&filter.limit, "limit", defaultAuditEvents, "how many events at most")
	output := addOutput(cmd)
	installation := addInstallation(a, cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string) error {
		if filter.limit < 1 || filter.limit > maxAuditEvents {
			return usagef("--limit must be 1 to %d.", maxAuditEvents)
		}
		return installation.do(cmd.Context(), func(operator desk.Operator) error {
			return a.listAudit(cmd.Context(), operator, filter, output)
		})
	})
	return cmd
}

func (a *app) listAudit(ctx context.Context, operator desk.Operator, filter *auditFilter, output *choice) error {
	accounts, err := operator.Accounts(ctx)
	if err != nil {
		return err
	}
	events, more, err := filter.read(ctx, operator)
	if err != nil {
		return err
	}
	if err := a.print(output, auditPrinted(events, accounts)); err != nil {
		return err
	}
	if more {
		a.say("There are older ones: raise --limit, or narrow with --from and --to.")
	}
	return nil
}

// read reads page after page, up to the limit, and whether there are more.
func (f *auditFilter) read(ctx context.Context, operator desk.Operator) (events []desk.AuditEvent, more bool, err error) {
	query := desk.AuditQuery{
		Account: f.account.String(), Actor: f.actor.String(), Action: f.action.String(), Target: f.target.String(),
		From: f.from.at, To: f.to.at,
	}
	events = []desk.AuditEvent{}
	for {
		query.PageSize = min(auditPage, f.limit-len(events))
		page, err := operator.AuditEvents(ctx, query)
		if err != nil {
			return nil, false, err
		}
		events, query.PageToken = append(events, page.Events...), page.NextPageToken
		if query.PageToken == "" || len(events) >= f.limit {
			return events, query.PageToken != "", nil
		}
	}
}

func auditPrinted(events []desk.AuditEvent, accounts []desk.Account) printed {
	names := map[string]string{}
	for i := range accounts {
		names[accounts[i].AccountID] = accounts[i].Name
	}
	p := printed{
		head: []string{"AT", "ACCOUNT", "ACTOR", "ACTION", "TARGET", "OUTCOME", "ADDRESS"},
		json: map[string]any{"audit_events": events},
	}
	for i := range events {
		e := &events[i]
		p.rows = append(p.rows, []string{
			clock(e.At), cell(names[e.AccountID]), cell(auditActor(e)), e.Action, cell(auditTarget(&e.Target)), auditOutcome(e), cell(e.Address),
		})
	}
	return p
}

func auditActor(e *desk.AuditEvent) string {
	actor := e.Actor.Email
	if actor == "" {
		actor = strings.TrimSpace(string(e.Actor.Type) + " " + e.Actor.ID)
	}
	if e.ActingAs != nil && e.ActingAs.Email != "" {
		actor += " for " + e.ActingAs.Email
	}
	return actor
}

func auditTarget(t *desk.AuditTarget) string {
	what := t.ID
	if t.Name != "" {
		what = t.Name + " (" + t.ID + ")"
	}
	if what == string(t.Type) { // the catalogue, of which there is one
		return what
	}
	return strings.TrimSpace(string(t.Type) + " " + what)
}

func auditOutcome(e *desk.AuditEvent) string {
	switch {
	case e.Outcome != apicred.OutcomeRefused:
		return string(e.Outcome)
	case e.Count > 1:
		return "refused: " + e.Rule + " ×" + strconv.FormatInt(e.Count, 10)
	}
	return "refused: " + e.Rule
}

// cell is a text that others chose, for a terminal: what would steer it is
// spelt out.
func cell(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.QuoteToGraphic(text)
	}
	return text
}

// moment is a flag that takes a time, or a day in UTC, which begins at midnight.
type moment struct {
	text string
	at   time.Time
}

func addMoment(cmd *cobra.Command, name, usage string) *moment {
	m := &moment{}
	cmd.Flags().Var(m, name, usage)
	return m
}

func (m *moment) String() string { return m.text }

// Type names the value in help texts.
func (m *moment) Type() string { return "time" }

// Set refuses what is no time.
func (m *moment) Set(text string) error {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		at, err := time.Parse(layout, text)
		if err == nil && at.Unix() >= 0 {
			m.text, m.at = text, at.UTC()
			return nil
		}
	}
	return errors.New("it must be a day or a time, as 2026-11-01 or 2026-11-01T12:00:00Z")
}
