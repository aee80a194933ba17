package cli

import "github.com/spf13/cobra"

// standardStream is the file name that means stdin or stdout.
const standardStream = "-"

func newCatalogue(a *app) *cobra.Command {
	cmd := group(a, "catalogue", "Apply, compare and export the catalogue of APIs and scopes", `The catalogue lists the APIs that are protected, their routes, and the scopes that
open them. It belongs to the installation.`)
	cmd.AddCommand(newCatalogueApply(a), newCatalogueDiff(a), newCatalogueExport(a))
	return cmd
}
