package config

import "strings"

// Reference is docs/reference/configuration.md: every setting with its default,
// in Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	for _, s := range Settings() {
		b.WriteString("| `" + s.Key + "` | " + referenceDefault(s) + " | " + referenceDoc(s) + " |\n")
	}
	b.WriteString(referenceTail)
	return b.String()
}

func referenceDefault(s Setting) string {
	if s.Default != "" {
		return "`" + s.Default + "`"
	}
	return s.DefaultNote
}

func referenceDoc(s Setting) string {
	doc := s.Doc
	if s.List {
		doc += " A list."
	}
	if s.Secret {
		doc += " A secret: `" + s.File().Key + "` names a file that holds it."
	}
	return doc
}

const referenceHead = `# Configuration

<!-- Written by: go test ./internal/config -run Reference -update -->

` + "`claviger serve`" + ` starts without any configuration. What is set comes from, strongest first:

1. flags: ` + "`--ops-listen 127.0.0.1:9000`" + `,
2. the environment: ` + "`CLAVIGER_OPS_LISTEN=127.0.0.1:9000`" + `,
3. a YAML or JSON file named with ` + "`--config`" + `: ` + "`ops_listen: 127.0.0.1:9000`" + `,
4. the defaults below.

An empty value is as if not given. An unknown key is an error (but ` + "`CLAVIGER_TOKEN` and `CLAVIGER_SERVER`" + ` in the environment, which are left to programs that call the server).
` + "`claviger config check`" + ` reports every fault at once with its remedy; ` + "`claviger config show`" + ` prints what stands and where it came from, secrets redacted.

Lists are lists in the file and separated by commas elsewhere. Lengths of time are numbers with a unit: ` + "`90s`, `15m`, `24h`, `30d`, `1d12h`" + `.
A secret can be given by the path of a file, in all three places: ` + "`--master-key-file`, `CLAVIGER_MASTER_KEY_FILE`, `master_key_file`" + `. Prefer that to a flag, which other users of the machine can read.

| setting | default | |
|---|---|---|
`

const referenceTail = `
## Master key

Without ` + "`master_key`" + `, a server with SQLite makes ` + "`master.key`" + ` in ` + "`data_dir`" + ` at its first start, readable by its own user only. Back it up apart from the database:
each is useless without the other. To replace a key, set the new one as ` + "`master_key`" + ` and the former as ` + "`master_keys_old`" + `.

## Traces

They are turned on by OpenTelemetry's own variables, as ` + "`OTEL_EXPORTER_OTLP_ENDPOINT`" + `, and by no setting: [watch.md](../watch.md#traces).
`
