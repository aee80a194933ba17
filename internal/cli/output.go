package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

const (
	outputTable = "table"
	outputJSON  = "json"
)

// addOutput adds the flag of everything that prints data.
func addOutput(cmd *cobra.Command) *choice {
	output := choose(cmd, "output", "how the data is printed", outputTable, outputJSON)
	output.word = outputTable
	cmd.Flag("output").DefValue = outputTable
	return output
}

// printed is data as a table and as JSON.
type printed struct {
	head []string
	rows [][]string
	json any
}

// print writes data to stdout in the chosen form.
func (a *app) print(output *choice, p printed) error {
	if output.word == outputJSON {
		encoder := json.NewEncoder(a.Out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(p.json)
	}
	table := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
	if len(p.head) > 0 {
		if _, err := fmt.Fprintln(table, strings.Join(p.head, "\t")); err != nil {
			return err
		}
	}
	for _, row := range p.rows {
		for i, cell := range row {
			if row[i] = cell; cell == "" {
				row[i] = "-"
			}
		}
		if _, err := fmt.Fprintln(table, strings.Join(row, "\t")); err != nil {
			return err
		}
	}
	return table.Flush()
}

// clock writes a moment for people; JSON carries RFC 3339 by itself.
func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
