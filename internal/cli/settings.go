package cli

import (
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/config"
)

// settings is how a command finds the configuration: a file, the environment,
// and flags named for settings.
type settings struct {
	file  string
	flags map[string]*settingFlag // by setting key
}

// settingFlag is a flag that gives a setting; config reads the text.
type settingFlag struct {
	text string
	kind string
}

func (f *settingFlag) String() string { return f.text }

// Type names the value in help texts.
func (f *settingFlag) Type() string { return f.kind }

// Set keeps the text as it is.
func (f *settingFlag) Set(text string) error {
	f.text = text
	return nil
}

// addSettings gives a command --config and a flag for each setting of keys, or
// for every setting where keys is empty.
func addSettings(cmd *cobra.Command, keys ...string) *settings {
	s := &settings{flags: map[string]*settingFlag{}}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&s.file, "config", "", "read settings from this YAML or JSON `file`")
	_ = cmd.MarkFlagFilename("config", "yaml", "yml", "json") // it fails only for a flag that does not exist
	for _, setting := range config.Settings() {
		if len(keys) > 0 && !slices.Contains(keys, setting.Key) {
			continue
		}
		s.add(cmd, setting)
		if setting.Secret {
			s.add(cmd, setting.File())
		}
	}
	return s
}

func (s *settings) add(cmd *cobra.Command, setting config.Setting) {
	flag := &settingFlag{kind: settingKind(setting)}
	usage, _, _ := strings.Cut(strings.ReplaceAll(setting.Doc, "`", ""), ". ")
	usage = strings.ToLower(usage[:1]) + strings.TrimSuffix(usage[1:], ".")
	switch {
	case setting.Default != "":
		usage += " (default " + setting.Default + ")"
	case setting.DefaultNote != "":
		usage += " (default " + strings.ReplaceAll(setting.DefaultNote, "`", "") + ")"
	}
	s.flags[setting.Key] = flag
	cmd.Flags().Var(flag, setting.Flag(), usage)
}

func settingKind(setting config.Setting) string {
	switch {
	case setting.List:
		return "list"
	case setting.Path:
		return "path"
	}
	return "value"
}

// load reads the configuration; its error is every fault at once.
func (s *settings) load() (config.Config, error) {
	given := map[string]string{}
	for key, flag := range s.flags {
		if flag.text != "" {
			given[key] = flag.text
		}
	}
	return config.Load(config.Source{File: s.file, Env: os.Environ(), Flags: given})
}
