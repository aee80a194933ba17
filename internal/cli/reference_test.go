package cli

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/claviger/claviger/internal/config"
)

// update makes the tests of generated files write them.
var update = flag.Bool("update", false, "write docs/reference/cli.md anew")

func TestReference_IsFresh(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "reference", "cli.md")
	want := reference()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/reference/cli.md is not what the commands say; run go test ./internal/cli -run Reference -update (-commands +file):\n%s", diff)
	}
}

func TestCommands_HaveHelpWithExamples(t *testing.T) {
	for _, command := range commands() {
		if command.Short == "" || command.Example == "" || strings.HasSuffix(command.Short, ".") {
			t.Errorf("%s wants a short description without full stop, and examples", command.CommandPath())
		}
		for line := range strings.Lines(command.Example) {
			if !strings.HasPrefix(line, "  ") {
				t.Errorf("%s: the example line %q is not indented", command.CommandPath(), line)
			}
		}
		command.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s: the flag --%s says nothing", command.CommandPath(), f.Name)
			}
		})
	}
}

// commands lists the commands that do something, in the order of the tree.
func commands() []*cobra.Command {
	root := newRoot(&app{Stdio: Stdio{Out: io.Discard, Err: io.Discard}})
	var out []*cobra.Command
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		for _, child := range c.Commands() {
			walk(child)
		}
		if !c.HasSubCommands() && c.Name() != "help" {
			out = append(out, c)
		}
	}
	walk(root)
	return out
}

// reference is docs/reference/cli.md, made from the tree of commands.
func reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	all := commands()
	for _, c := range all {
		b.WriteString("| [`" + c.CommandPath() + "`](#" + strings.ReplaceAll(c.CommandPath(), " ", "-") + ") | " + c.Short + " |\n")
	}
	for _, c := range all {
		writeCommand(&b, c)
	}
	return b.String()
}

func writeCommand(b *strings.Builder, c *cobra.Command) {
	b.WriteString("\n## " + c.CommandPath() + "\n\n")
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	b.WriteString(text + "\n\n    " + c.UseLine() + "\n\n")
	var rows strings.Builder
	settings := map[string]bool{}
	if c.Flags().Lookup("listen") != nil && c.Flags().Lookup("config") != nil {
		for _, s := range config.Settings() {
			settings[s.Flag()], settings[s.File().Flag()] = true, true
		}
	}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if settings[f.Name] || f.Name == "help" {
			return
		}
		kind, usage := pflag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0s" {
			usage += " (default " + f.DefValue + ")"
		}
		flag := strings.ReplaceAll(strings.TrimSpace("--"+f.Name+" "+kind), "|", "\\|")
		rows.WriteString("| `" + flag + "` | " + usage + " |\n")
	})
	if rows.Len() > 0 {
		b.WriteString("| flag | |\n|---|---|\n" + rows.String())
	}
	if len(settings) > 0 {
		b.WriteString("\nAnd a flag for each setting of [configuration.md](configuration.md), as `--data-dir` for `data_dir`.\n")
	}
	if rows.Len() > 0 {
		b.WriteString("\n")
	}
	b.WriteString("```sh\n" + strings.ReplaceAll(strings.TrimPrefix(c.Example, "  "), "\n  ", "\n") + "\n```\n")
}

const referenceHead = `# Commands

<!-- Written by: go test ./internal/cli -run Reference -update -->

Data goes to stdout, talk to stderr. The exit code is 0 for done, 1 for failed, 2 for wrong usage. Listings are tables, or JSON with
` + "`--output json`" + `. ` + "`claviger completion SHELL`" + ` writes a completion script; every command has ` + "`--help`" + `.

` + "`claviger credential …`" + ` calls the REST API of a server, on this machine or another: its address in ` + "`CLAVIGER_SERVER` or `--server`" + `, the access
token in ` + "`CLAVIGER_TOKEN` or a file (`--token-file`)" + `. [command-line.md](../command-line.md) shows how they are used in scripts.

The other commands about an installation (all but ` + "`demo`, `serve`, `migrate`, `config` and `version`" + `) find it by the server's own settings: give them the server's
` + "`--config` or `--data-dir`" + `, or its environment. While a server runs on the data directory they go through its socket ` + "`claviger.sock`" + `, which
only the server's user can open; else they open the database themselves. What they do is audited as the operator's.

| command | |
|---|---|
`
