// Package config reads the server's settings: flags over environment
// (CLAVIGER_…) over a YAML or JSON file over defaults. It reports every fault at
// once, each with its key and remedy, and can tell where each value came from.
//
// Call Load. Settings is the table everything else follows from: flags,
// environment names and docs/reference/configuration.md. It must not know what
// the settings are used for, nor HTTP, nor SQL.
package config
