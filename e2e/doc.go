// Package e2e holds tests of the real binary as people and programs meet it:
// the demo's printed sequence, the quick start as it stands in the docs, the
// hunt for secrets, OAuth clients and JWT verifiers and reverse proxies that
// nobody here wrote, and (run.mjs) a real browser. It imports nothing of the
// server; everything goes through the command line and the network.
package e2e
