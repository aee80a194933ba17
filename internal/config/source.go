package config

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// maxFile bounds configuration and secret files.
const maxFile = 1 << 20

// Source is where settings come from, weakest first.
type Source struct {
	// File is the path given with --config; empty for none.
	File string
	// Env are variables as os.Environ returns them; those that do not begin
	// with CLAVIGER_ are passed over.
	Env []string
	// Flags are the flags that were given, by setting key ("ops_listen",
	// "master_key_file"), not by flag name.
	Flags map[string]string
}

// given is one value as somebody wrote it.
type given struct {
	text   string
	origin string // as "file claviger.yaml line 3"
	fault  string // why it cannot even be read as text; else empty
}

// layer holds the values of one origin by setting key. Empty values are as if
// not given.
type layer map[string]given

// layers reads every source, weakest first.
func (s Source) layers() ([]layer, Faults) {
	file, faults := s.fileLayer()
	return []layer{file, s.envLayer(), s.flagLayer()}, faults
}

func (s Source) fileLayer() (layer, Faults) {
	if s.File == "" {
		return layer{}, nil
	}
	data, err := readBounded(s.File)
	if err != nil {
		return layer{}, Faults{{Key: "config", Origin: "flag --config", Message: sentence(err)}}
	}
	return parseFile(s.File, data)
}

func (s Source) envLayer() layer {
	out := layer{}
	for _, variable := range s.Env {
		name, text, _ := strings.Cut(variable, "=")
		rest, ours := strings.CutPrefix(name, envPrefix)
		if !ours || text == "" || slices.Contains(otherVariables(), name) {
			continue
		}
		out[strings.ToLower(rest)] = given{text: text, origin: "environment " + name}
	}
	return out
}

func (s Source) flagLayer() layer {
	out := layer{}
	for key, text := range s.Flags {
		if text != "" {
			out[key] = given{text: text, origin: "flag --" + Setting{Key: key}.Flag()}
		}
	}
	return out
}

// readBounded reads a file of moderate size. Its errors name the path and the
// remedy.
func readBounded(path string) ([]byte, error) {
	if _, err := readFilePath(path); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxFile {
		return nil, fmt.Errorf("the file %s is larger than 1 MiB. Check that it is the right one", quoted(path))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the file %s cannot be read (%w). Give the server's user access to it", quoted(path), pathCause(err))
	}
	return data, nil
}
