// Package cli is the command line: it parses arguments, calls the server room or
// the operator's desk, and shows what comes back. Each subcommand has a file of
// its own, named for it.
//
// Main runs one command line. Data goes to stdout and talk to stderr; the exit
// code is 0 for done, 1 for failed, 2 for wrong usage. Commands about an
// installation go through the socket of the server that runs on its data
// directory, else they open the database (installation.go).
//
// The package must not decide what is allowed, nor know SQL or HTTP.
package cli
