package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/desk"
	"github.com/claviger/claviger/internal/lifecycle"
)

func newCatalogueDiff(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "diff FILE", Short: "Show what applying a file would change",
		Long: `Compares a file with the catalogue that stands; - is stdin. It lists APIs, routes
and scopes that are added (+), removed (-) or changed (~), and what that does to
credentials (!). Nothing is changed.

The exit code is 0 whether or not they differ; with --exit-code it is 1 where they
do.`,
		Example: `  claviger catalogue diff catalogue.yaml
  claviger catalogue diff catalogue.yaml --output json
  claviger catalogue diff --exit-code catalogue.yaml || echo "the server has another catalogue"`,
		Args: takes("FILE"),
	}
	code := cmd.Flags().Bool("exit-code", false, "exit with 1 where they differ")
	output := addOutput(cmd)
	installation := addInstallation(a, cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		text, err := a.readFile(args[0], lifecycle.MaxCatalogueSize)
		if err != nil {
			return err
		}
		return installation.do(cmd.Context(), func(operator desk.Operator) error {
			report, err := operator.DiffCatalogue(cmd.Context(), desk.CatalogueDocument{Text: text})
			if err != nil {
				return err
			}
			if err := a.printCatalogueDiff(output, &report); err != nil {
				return err
			}
			if *code && !report.Same {
				return apicred.Conflict("The catalogues differ.")
			}
			return nil
		})
	})
	return cmd
}

func (a *app) printCatalogueDiff(output *choice, report *desk.CatalogueReport) error {
	if output.word == outputJSON {
		return a.print(output, printed{json: report})
	}
	if _, err := io.WriteString(a.Out, catalogueDiffText(report)); err != nil {
		return err
	}
	switch {
	case report.Same:
		a.say("The catalogue is the same: version %d.", report.Version)
	case report.Empty():
		a.say("The same entries stand in another order.")
	}
	return nil
}

// catalogueDiffText is the difference for people, an entry a line.
func catalogueDiffText(report *desk.CatalogueReport) string {
	var b strings.Builder
	for i := range report.APIs {
		api := &report.APIs[i]
		fmt.Fprintf(&b, "%s api %s%s\n", sign(api.Change), cell(api.ID), changeWord(api.Change))
		writeMembers(&b, api.Change, api.Members)
		for _, route := range api.Routes {
			writeRoute(&b, &route)
		}
	}
	for _, scope := range report.Scopes {
		fmt.Fprintf(&b, "%s scope %s%s\n", sign(scope.Change), cell(scope.Value), changeWord(scope.Change))
		writeMembers(&b, scope.Change, scope.Members)
	}
	for _, c := range report.Consequences {
		fmt.Fprintf(&b, "! %s\n", consequenceText(c))
	}
	return b.String()
}

func sign(change apicred.CatalogueChange) string {
	switch change {
	case apicred.EntryAdded:
		return "+"
	case apicred.EntryRemoved:
		return "-"
	}
	return "~"
}

// changeWord says what the sign does not.
func changeWord(change apicred.CatalogueChange) string {
	if change == apicred.EntryRetired || change == apicred.EntryRestored {
		return " (" + string(change) + ")"
	}
	return ""
}

// writeMembers lists what an entry has, is said to have had, or has otherwise.
func writeMembers(b *strings.Builder, change apicred.CatalogueChange, members []apicred.MemberDifference) {
	for _, m := range members {
		switch {
		case change == apicred.EntryRemoved, m.Member == "retired" && changeWord(change) != "":
		case change == apicred.EntryAdded:
			fmt.Fprintf(b, "    %s: %s\n", m.Member, cell(m.After))
		default:
			fmt.Fprintf(b, "    %s: %s -> %s\n", m.Member, orNothing(m.Before), orNothing(m.After))
		}
	}
}

func orNothing(text string) string {
	if text == "" {
		return none
	}
	return cell(text)
}

func writeRoute(b *strings.Builder, route *apicred.RouteDifference) {
	methods := "every method"
	if len(route.Methods) > 0 {
		methods = strings.Join(route.Methods, ",")
	}
	scopes := strings.Join(route.Before, " ")
	switch route.Change {
	case apicred.EntryAdded:
		scopes = strings.Join(route.After, " ")
	case apicred.EntryChanged:
		scopes += " -> " + strings.Join(route.After, " ")
	}
	fmt.Fprintf(b, "  %s %s %s: %s\n", sign(route.Change), cell(methods), cell(route.Path), cell(scopes))
}

func consequenceText(c lifecycle.CatalogueConsequence) string {
	holders := count(int(c.Credentials), "API credential") + " "
	hold, lose := "hold", "lose"
	if c.Credentials == 1 {
		hold, lose = "holds", "loses"
	}
	holders += hold + " " + cell(c.Scope)
	switch c.Effect {
	case lifecycle.EffectRefused:
		return holders + `: it cannot be dropped. Keep it with "retired: true".`
	case lifecycle.EffectLost:
		return holders + " and " + lose + " it."
	case lifecycle.EffectBack:
		return holders + ": new tokens have it again."
	case lifecycle.EffectLimited:
	}
	return holders + ": whether it works depends on the roles and accounts that may hold it from now on."
}
