package apicred

import "time"

// BatchID names a batch of facts that are counted in memory and written later
// (usage, refusals), so that one whose commit was not confirmed, or that a killed
// process left on the disk, can be brought again and counts once. The zero value
// names none: such a batch is written whenever it is brought.
type BatchID struct {
	Stream string // of one process and one kind; never used again
	// Number rises within the stream. Once it is written, it and every lower one
	// count as written.
	Number int64
	At     time.Time // when the batch is brought
}
