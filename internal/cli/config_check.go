package cli

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/config"
	"github.com/claviger/claviger/internal/lifecycle"
)

func newConfigCheck(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "check", Short: "Report every fault of the configuration",
		Long: `Reads the configuration as claviger serve would, and the catalogue file that it
names, and reports all faults at once, each with its key and the remedy. Nothing
is changed and nothing is started.`,
		Example: `  claviger config check --config /etc/claviger/claviger.yaml
  CLAVIGER_TOKEN_LIFETIME=2h claviger config check`,
		Args: takes(),
	}
	settings := addSettings(cmd)
	cmd.RunE = a.run(func(*cobra.Command, []string) error {
		cfg, err := settings.load()
		if err != nil {
			return err
		}
		if err := checkCatalogueFile(cfg.CatalogueFile); err != nil {
			return err
		}
		a.say("The configuration has no faults.")
		return nil
	})
	return cmd
}

// checkCatalogueFile finds what would stop the server after its settings are
// read. The file itself was found readable by config.
func checkCatalogueFile(path string) error {
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fileError("the file "+path+" cannot be read", err)
	}
	document, err := lifecycle.DecodeCatalogue(text)
	if err == nil {
		_, err = document.Normalize()
	}
	if err == nil {
		return nil
	}
	var faults config.Faults
	for _, line := range failure(err) {
		faults = append(faults, config.Fault{Key: "catalogue_file", Message: line})
	}
	if len(faults) > 1 { // the heading that counts them
		faults = faults[1:]
	}
	return faults
}
