// Package e2e holds tests of the real binary as people and programs meet it:
// the demo's printed sequence, the quick start as it stands in the docs, the
// hunt for secrets, OAuth clients and JWT verifiers and reverse proxies that
// nobody here wrote, how soon an ended token stops at every door, what may go wrong
// (kills, outages, overload, upgrades; longer with CHAOS, which make chaos sets),
// steady use (soak), and (run.mjs) a real browser. Everything goes through the command line and the network, but
// for the corpus of tokens, which needs a server whose signing key it may use.
package e2e
