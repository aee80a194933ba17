package cli

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/desk"
)

func newCatalogueExport(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "export FILE", Short: "Write the catalogue to a file",
		Long: `Writes the catalogue as YAML to a file, in the form that apply reads; - is
stdout. An existing file is replaced only when the whole catalogue is written.`,
		Example: `  claviger catalogue export catalogue.yaml
  claviger catalogue export -`,
		Args: takes("FILE"),
	}
	installation := addInstallation(a, cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		return installation.do(cmd.Context(), func(operator desk.Operator) error {
			document, err := operator.ExportCatalogue(cmd.Context())
			if err != nil {
				return err
			}
			if args[0] == standardStream {
				_, err = a.Out.Write(document.Text)
				return err
			}
			return writeFile(args[0], document.Text)
		})
	})
	return cmd
}

// writeFile replaces a regular file whole or not at all. Anything else (a
// device, a pipe) is written to as it is.
func writeFile(name string, text []byte) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return written(name, os.WriteFile(name, text, 0o600))
	}
	scratch, err := os.CreateTemp(filepath.Dir(name), ".claviger-export-*")
	if err != nil {
		return written(name, err)
	}
	defer os.Remove(scratch.Name()) // gone already when all went well
	_, err = scratch.Write(text)
	err = errors.Join(err, scratch.Chmod(0o644), scratch.Close())
	if err == nil {
		err = os.Rename(scratch.Name(), name)
	}
	return written(name, err)
}

func written(name string, err error) error {
	if err == nil {
		return nil
	}
	return fileError("the file "+name+" cannot be written", err)
}
