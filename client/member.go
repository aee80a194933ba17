package client

import "encoding/json"

// Member is a member of an edit that can be removed. Its zero value leaves the
// member as it is.
type Member[T any] struct {
	value *T
	given bool
}

// Set changes the member to value.
func Set[T any](value T) Member[T] { return Member[T]{&value, true} }

// Null removes the member's value: a limit, an end.
func Null[T any]() Member[T] { return Member[T]{given: true} }

// IsZero tells whether the member stays as it is; encoding/json leaves it out.
func (m Member[T]) IsZero() bool { return !m.given }

// MarshalJSON writes the value, or null.
func (m Member[T]) MarshalJSON() ([]byte, error) { return json.Marshal(m.value) }
