// Package server is the composition root: it opens the database, derives the
// keys, fills the directory, wires the surfaces to the use cases and runs the
// listeners. It is the only room that may import everything, and decides
// nothing of the product itself.
//
// Run serves a configured installation; Demo serves a throw-away one; OpenCore
// gives the operator's local commands the same parts without listeners.
package server
