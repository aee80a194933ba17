package cli

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

const unknown = "unknown"

// build says what this program was built from.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"` // of the version control system
	Modified bool   `json:"modified"` // the source differed from the revision
	Time     string `json:"time"`     // of the revision, RFC 3339
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func newVersion(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "version", Short: "Show what this program was built from",
		Long: `Prints version, revision and its time, the Go release and the platform, in this
order, one a line.`,
		Example: `  claviger version
  claviger version --output json`,
		Args: takes(),
	}
	output := addOutput(cmd)
	cmd.RunE = a.run(func(*cobra.Command, []string) error {
		b := currentBuild()
		revision := b.Revision
		if b.Modified {
			revision += " (modified)"
		}
		return a.print(output, printed{json: b, rows: [][]string{
			{"version", b.Version}, {"revision", revision}, {"time", b.Time}, {"go", b.Go}, {"platform", b.Platform},
		}})
	})
	return cmd
}

// currentBuild is what this program was built from.
func currentBuild() build {
	info, _ := debug.ReadBuildInfo() // nil in programs without modules
	return buildOf(info)
}

func buildOf(info *debug.BuildInfo) build {
	b := build{
		Version: unknown, Revision: unknown, Time: unknown,
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	if info == nil {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}
