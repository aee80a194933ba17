package config

import "strings"

const (
	envPrefix  = "CLAVIGER_"
	fileSuffix = "_file"
	listMark   = ","
)

// Setting describes one setting to people.
type Setting struct {
	// Key is its name in the file, as "ops_listen".
	Key string
	// Default is the value when nothing is given; DefaultNote says in words what
	// happens when there is no fixed one.
	Default     string
	DefaultNote string
	// Doc is what it does, in sentences.
	Doc string
	// Secret settings are never shown, and can also be given as KEY_file: the
	// path of a file that holds the value.
	Secret bool
	// List settings take several values: a list in the file, else separated by
	// commas.
	List bool
	// Path settings name a file or directory.
	Path bool
}

// Flag is the setting's command-line flag without dashes, as "ops-listen".
func (s Setting) Flag() string { return strings.ReplaceAll(s.Key, "_", "-") }

// File is the Setting by which the value is read from a file. It exists for
// secrets only.
func (s Setting) File() Setting {
	return Setting{Key: s.Key + fileSuffix, Doc: "Path of a file that holds " + s.Key + ".", Path: true}
}

// Settings lists what can be set, in the order of the reference page. The _file
// twins of secrets are not listed; see Setting.File.
func Settings() []Setting {
	var out []Setting
	for _, d := range definitions() {
		out = append(out, d.Setting)
	}
	return out
}

// definition is a setting with the function that reads its value into a Config.
// The error of read is a finished sentence that repeats no secret.
type definition struct {
	Setting
	read func(c *Config, text string) error
}

func definitions() []definition {
	var all []definition
	for _, group := range [][]definition{listenerSettings(), storageSettings(), tokenSettings(), consoleSettings(), logSettings()} {
		all = append(all, group...)
	}
	return all
}

// otherVariables are CLAVIGER_… variables of the command line, not settings.
func otherVariables() []string { return []string{envPrefix + "TOKEN", envPrefix + "SERVER"} }
