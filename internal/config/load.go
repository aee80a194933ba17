package config

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

const originDefault = "default"

// Load reads, merges and checks the settings. Its error is a Faults with
// everything that is wrong. It changes nothing on disk.
func Load(source Source) (Config, error) {
	l := loader{definitions: definitions()}
	layers, faults := source.layers()
	l.faults = faults
	l.merged = defaultLayer(l.definitions)
	for _, from := range layers {
		l.refuseUnknown(from)
		maps.Copy(l.merged, l.readSecretFiles(from))
	}
	config := l.read()
	l.complete(&config)
	if len(l.faults) > 0 {
		return Config{}, l.faults
	}
	return config, nil
}

type loader struct {
	definitions []definition
	merged      layer
	faults      Faults
	faulty      []string // keys whose value cannot be used
}

func (l *loader) fault(key, origin, message string) {
	l.faults = append(l.faults, Fault{Key: key, Origin: origin, Message: message})
	l.faulty = append(l.faulty, key)
}

func defaultLayer(definitions []definition) layer {
	out := layer{}
	for _, d := range definitions {
		if d.Default != "" {
			out[d.Key] = given{text: d.Default, origin: originDefault}
		}
	}
	return out
}

// refuseUnknown reports keys that are no settings and takes them out.
func (l *loader) refuseUnknown(from layer) {
	known := l.knownKeys()
	for _, key := range sortedKeys(from) {
		if slices.Contains(known, key) {
			continue
		}
		value := from[key]
		delete(from, key)
		l.fault(shownKey(key), value.origin, "There is no such setting. The nearest is "+nearest(key, known)+"; correct or remove it.")
	}
}

func (l *loader) knownKeys() []string {
	var known []string
	for _, d := range l.definitions {
		known = append(known, d.Key)
		if d.Secret {
			known = append(known, d.File().Key)
		}
	}
	return known
}

// readSecretFiles replaces each KEY_file of a layer by KEY with the file's content.
func (l *loader) readSecretFiles(from layer) layer {
	for _, d := range l.definitions {
		twin := d.File().Key
		named, ok := from[twin]
		if !d.Secret || !ok {
			continue
		}
		delete(from, twin)
		if _, both := from[d.Key]; both {
			l.fault(twin, named.origin, "The setting "+d.Key+" is given too. Give one of the two.")
			continue
		}
		if named.fault == "" {
			named = l.readSecretFile(twin, named)
		}
		from[d.Key] = named
	}
	return from
}

func (l *loader) readSecretFile(key string, named given) given {
	data, err := readBounded(named.text)
	text := strings.TrimSpace(string(data))
	switch {
	case err != nil:
		l.fault(key, named.origin, sentence(err))
	case text == "":
		l.fault(key, named.origin, "The file "+quoted(named.text)+" is empty. Put the value into it.")
	default:
		return given{text: text, origin: named.origin}
	}
	return given{origin: named.origin}
}

// read turns the merged texts into a Config.
func (l *loader) read() Config {
	config := Config{values: map[string]given{}}
	for _, d := range l.definitions {
		value, ok := l.merged[d.Key]
		if !ok || value.text == "" && value.fault == "" {
			continue
		}
		config.values[d.Key] = value
		if value.fault != "" {
			l.fault(d.Key, value.origin, sentence(errors.New(value.fault)))
			continue
		}
		if err := d.read(&config, value.text); err != nil {
			l.fault(d.Key, value.origin, sentence(err))
		}
	}
	return config
}

func sortedKeys(l layer) []string {
	keys := make([]string, 0, len(l))
	for key := range l {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// shownKey is a key as an error may repeat it: anything can stand in a file.
func shownKey(key string) string {
	if plain := strings.Trim(key, "abcdefghijklmnopqrstuvwxyz_0123456789") == ""; plain && key != "" && len(key) <= maxQuoted {
		return key
	}
	return quoted(key)
}

// nearest is the known key that takes the fewest changes to reach from key.
func nearest(key string, known []string) string {
	key = strings.ToLower(key)
	if len(key) > maxQuoted {
		key = key[:maxQuoted]
	}
	return slices.MinFunc(known, func(a, b string) int { return distance(key, a) - distance(key, b) })
}

// distance is Levenshtein's: insertions, deletions and replacements of bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
