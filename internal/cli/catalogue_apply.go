package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/examples"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/desk"
	"github.com/claviger/claviger/internal/lifecycle"
)

func newCatalogueApply(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "apply FILE", Short: "Replace the catalogue by a file",
		Long: `Replaces the catalogue by a file, YAML or JSON; - is stdin. A file with faults
changes nothing, and all of them are listed. A scope that some credential still
holds cannot be dropped: keep it with "retired: true".

--dry-run changes nothing: it shows the differences as diff does, and fails where
applying the file would.`,
		Example: `  claviger catalogue apply catalogue.yaml
  claviger catalogue apply --dry-run catalogue.yaml
  claviger catalogue apply --example vcc
  claviger catalogue export - | sed 's/old.example/new.example/' | claviger catalogue apply -`,
	}
	example := choose(cmd, "example", "apply this built-in catalogue instead of a file", "vcc")
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if example.word != "" {
			return takes()(cmd, args)
		}
		return takes("FILE")(cmd, args)
	}
	dry := cmd.Flags().Bool("dry-run", false, "show what would change, and change nothing")
	installation := addInstallation(a, cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		text := examples.VCC
		if example.word == "" {
			var err error
			if text, err = a.readFile(args[0], lifecycle.MaxCatalogueSize); err != nil {
				return err
			}
		}
		return installation.do(cmd.Context(), func(operator desk.Operator) error {
			if *dry {
				return a.tryCatalogue(cmd.Context(), operator, text)
			}
			state, err := operator.ApplyCatalogue(cmd.Context(), desk.CatalogueDocument{Text: text})
			if err != nil {
				return err
			}
			if !state.Changed {
				a.say("The catalogue is the same already: %s.", catalogueWords(state))
				return nil
			}
			a.say("Catalogue applied: %s.", catalogueWords(state))
			return nil
		})
	})
	return cmd
}

// tryCatalogue shows what applying a file would do.
func (a *app) tryCatalogue(ctx context.Context, operator desk.Operator, text []byte) error {
	report, err := operator.DiffCatalogue(ctx, desk.CatalogueDocument{Text: text})
	if err != nil {
		return err
	}
	if err := a.printCatalogueDiff(&choice{word: outputTable}, &report); err != nil {
		return err
	}
	if report.Refusal != "" {
		return apicred.Conflict(report.Refusal)
	}
	a.say("Nothing was changed.")
	return nil
}

func catalogueWords(state desk.CatalogueState) string {
	return fmt.Sprintf("version %d, %s, %s", state.Version, count(state.APIs, "API"), count(state.Scopes, "scope"))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// readFile reads a file, or stdin for "-". It stops one byte behind most: what
// is longer is refused by whoever knows the bound, without being read whole.
func (a *app) readFile(name string, most int64) ([]byte, error) {
	if name == standardStream {
		text, err := io.ReadAll(io.LimitReader(a.In, most+1))
		if err != nil {
			return nil, fileError("stdin cannot be read", err)
		}
		return text, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fileError("the file "+name+" cannot be read", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		return nil, fileError("the file "+name+" cannot be read", err)
	}
	return text, nil
}

// fileError names the file once: an fs.PathError would name it again.
func fileError(what string, err error) error {
	cause := err
	var path *os.PathError
	if errors.As(err, &path) {
		cause = path.Err
	}
	return apicred.Malformed(sentence(what+": "+cause.Error()) + " Check its name and that you may use it.").Because(err)
}
