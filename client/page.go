package client

import "iter"

// pages goes through a listing: read reads the page of a token and returns its
// rows and the next token. It ends after the last page or the first error.
func pages[Row any](read func(token string) ([]Row, *string, error)) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for token := ""; ; {
			rows, next, err := read(token)
			if err != nil {
				yield(*new(Row), err)
				return
			}
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
			if next == nil || *next == "" || *next == token { // the same token again would go on for ever
				return
			}
			token = *next
		}
	}
}
