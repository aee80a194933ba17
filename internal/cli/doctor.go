package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/config"
	"github.com/claviger/claviger/internal/server"
)

func newDoctor(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "doctor", Short: "Check configuration and installation on this machine",
		Long: `Looks at the configuration and at the installation it names, while the server runs
or not, and prints what it finds with the remedy: files and their permissions, disk
space, listeners, TLS, trusted proxies, the running server and how old its view is,
the database, its schema, replication and rights, clocks (also that of what answers
under the issuer's name), keys, the end of the audit log, the catalogue. Nothing is
changed.

The exit code is 1 where something failed; warnings alone leave it 0.`,
		Example: `  claviger doctor --config /etc/claviger/claviger.yaml
  claviger doctor --output json`,
		Args: takes(),
	}
	output := addOutput(cmd)
	settings := addSettings(cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string) error {
		findings, err := examine(cmd.Context(), settings)
		if err != nil {
			return err
		}
		if err := a.print(output, findingsPrinted(findings)); err != nil {
			return err
		}
		return a.judge(findings)
	})
	return cmd
}

// examine runs the doctor; a configuration with faults is as far as it comes.
func examine(ctx context.Context, settings *settings) ([]server.Finding, error) {
	cfg, err := settings.load()
	readable := err == nil
	if readable {
		err = checkCatalogueFile(cfg.CatalogueFile)
	}
	var faults config.Faults
	if err != nil && !errors.As(err, &faults) {
		return nil, err
	}
	findings := []server.Finding{}
	for _, f := range faults {
		where := f.Key
		if f.Origin != "" {
			where += " (" + f.Origin + ")"
		}
		findings = append(findings, server.Finding{
			Check: "configuration", Status: server.FindingFailed, Message: where + " cannot be used.", Remedy: f.Message,
		})
	}
	if !readable {
		return findings, nil
	}
	if len(faults) == 0 {
		findings = append(findings, server.Finding{Check: "configuration", Status: server.FindingOK, Message: "The configuration has no faults."})
	}
	return append(findings, server.Doctor(ctx, cfg)...), nil
}

func findingsPrinted(findings []server.Finding) printed {
	p := printed{head: []string{"CHECK", "STATUS", "FINDING", "REMEDY"}, json: map[string]any{"findings": findings}}
	for _, f := range findings {
		p.rows = append(p.rows, []string{f.Check, string(f.Status), cell(f.Message), cell(f.Remedy)})
	}
	return p
}

// judge says how it stands, and fails where something failed.
func (a *app) judge(findings []server.Finding) error {
	failed, warnings := 0, 0
	for _, f := range findings {
		switch f.Status {
		case server.FindingFailed:
			failed++
		case server.FindingWarning:
			warnings++
		case server.FindingOK:
		}
	}
	if failed > 0 {
		return apicred.Conflict(count(failed, "check") + " failed. Do what the remedies say, then run it again.")
	}
	a.say("Nothing failed; %s.", count(warnings, "warning"))
	return nil
}
