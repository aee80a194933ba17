// Package spool hands what is counted in memory (usage, refusals) to the database
// in numbered batches, each exactly once, and keeps on a shelf (the data directory,
// see internal/server) what the database does not take, so that a process that
// ends meanwhile loses what it counted in the last seconds alone.
//
// A batch that was brought to the database once is never changed: its commit may
// have happened unseen. The database remembers, in the transaction of the batch,
// how far the stream was written (apicred.BatchID), so bringing it again is safe.
// What was not brought yet goes back to its source before each try, to be counted
// together with what came since, and gets numbers that were never used.
//
// It asks no database and touches no file by itself. Begin with New.
package spool
