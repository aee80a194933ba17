package sqlstore

import (
	"slices"
	"strings"
	"unicode"

	"github.com/claviger/claviger/internal/apicred"
)

// maxSearchWords is how many words a search may have: a name of 128 characters
// has no more, so a longer search finds no name.
const maxSearchWords = 64

// nameWords returns what a search may find a folded name by: the rest of each
// token (between spaces) from each beginning of a word in it. "foo-bar baz"
// gives "foo-bar", "bar" and "baz"; a token without letters stands for itself.
func nameWords(folded string) []string {
	var words []string
	for _, token := range strings.Fields(folded) {
		words = append(words, token)
		inWord := false
		for i, r := range token {
			letter := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
			if letter && !inWord && i > 0 {
				words = append(words, token[i:])
			}
			inWord = letter
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// foldSearch returns what is compared of a search text; empty: nothing is searched.
func foldSearch(search string) string { return strings.TrimSpace(apicred.FoldText(search)) }

// searchWords splits a folded search text as nameWords splits names, without
// taking tokens apart: "foo-b" finds "foo-bar". Longest first, as the most
// selective.
func searchWords(folded string) []string {
	words := strings.Fields(folded)
	slices.Sort(words)
	words = slices.Compact(words)
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words
}
