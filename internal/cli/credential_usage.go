package cli

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/client"
)

// The rows of a report of usage.
const (
	byDay  = "day"
	byHour = "hour"
)

func newCredentialUsage(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "usage CLIENT_ID", Short: "Show how an API credential is used",
		Long: `Shows tokens issued to an API credential and calls made with it, a day or an hour a
row (UTC), by outcome and scope. Without --from it is the last 14 days.`,
		Example: `  claviger credential usage 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811
  claviger credential usage 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811 --from 2026-11-01 --to 2026-12-01
  claviger credential usage 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811 --by hour --output json`,
		Args: takes("CLIENT_ID"),
	}
	m := addManagement(a, cmd)
	cmd.ValidArgsFunction = m.completeCredentials
	from := addMoment(cmd, "from", "from this moment on, as 2026-11-01 or 2026-11-01T12:00:00Z")
	to := addMoment(cmd, "to", "before this moment")
	by := choose(cmd, "by", "what a row of the table stands for", byDay, byHour)
	by.word = byDay
	cmd.Flag("by").DefValue = byDay
	output := addOutput(cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		params := client.GetUsageParams{From: rfc3339(from), To: rfc3339(to)}
		return m.do(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			usage, err := c.GetUsage(ctx, args[0], params)
			if err != nil {
				return err
			}
			return a.print(output, usagePrinted(usage, by.word))
		})
	})
	return cmd
}

func rfc3339(m *moment) string {
	if m.text == "" {
		return ""
	}
	return m.at.Format(time.RFC3339)
}

func usagePrinted(usage *client.Usage, by string) printed {
	p := printed{head: []string{"DAY", "OUTCOME", "SCOPE", "CALLS"}, json: usage}
	if by == byHour {
		p.head[0] = "HOUR"
		for _, h := range usage.Hours {
			p.rows = append(p.rows, []string{clock(h.Hour), cell(h.Outcome), cell(h.Scope), strconv.FormatInt(h.Calls, 10)})
		}
		return p
	}
	for _, d := range usage.Days {
		p.rows = append(p.rows, []string{cell(d.Day), cell(d.Outcome), cell(d.Scope), strconv.FormatInt(d.Calls, 10)})
	}
	return p
}
