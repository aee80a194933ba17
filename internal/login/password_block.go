package login

import (
	_ "embed"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// blockList is our own list of what people choose first: words that passwords
// are made of, phrases, and rows that fingers walk. Its head says how it is read.
//
//go:embed password_block.txt
var blockList string

// What blocked answers.
const (
	blockedFew     = "This password repeats a few characters. Choose several words that do not belong together."
	blockedDoubled = "This password is one short piece said several times. Choose several words that do not belong together."
	blockedPhrase  = "This is a well-known phrase, which is tried early. Choose several words that do not belong together."
	blockedCommon  = "This password is put together from common words, rows of keys and what is known about you, which are tried early. Choose several words that do not belong together."
)

// Bounds of the judgement.
const (
	fewCharacters  = 4 // of so many different ones, or fewer, is no password
	leastRun       = 3 // characters that make a row of keys
	mostDigits     = 8 // of a date or number beside a word
	leastOwnLength = 3 // of a piece of what is known about the person
)

// blocked tells why a password that is long enough is among those that are tried
// first; empty: it is not. As SP 800-63B-4 section 3.1.1.2 has it, the whole
// password is compared, never a part of it: the list holds everything that is
// put together from nothing but common words, rows of keys, numbers beside them
// and what is known about the person, in any letter case and with the usual
// stand-ins for letters. about are texts known about the person.
func blocked(password string, about []string) string {
	whole, plain := []rune(cases.Fold().String(password)), []rune(simplified(password))
	switch {
	case distinct(whole) <= fewCharacters:
		return blockedFew
	case repeats(whole), repeats(plain):
		return blockedDoubled
	case 2*len(plain) < len(whole): // mostly other signs, which no list has
		return ""
	}
	m := newMixture(plain, about)
	switch {
	case m.phrase():
		return blockedPhrase
	case m.covers():
		return blockedCommon
	}
	return ""
}

// simplified folds case, accents and width, and leaves out everything but
// letters, digits and the signs that stand in for letters.
func simplified(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("@$!", r) {
			return r
		}
		return -1
	}, cases.Fold().String(norm.NFKD.String(s)))
}

func distinct(text []rune) int {
	seen := map[rune]bool{}
	for _, r := range text {
		seen[r] = true
	}
	return len(seen)
}

// repeats tells whether the text is one piece twice or more, the last time
// perhaps cut short: its shortest period is at most half of it (by the border
// table of Knuth, Morris and Pratt).
func repeats(text []rune) bool {
	border := make([]int, len(text)+1)
	k := 0
	for n := 1; n < len(text); n++ {
		for k > 0 && text[n] != text[k] {
			k = border[k]
		}
		if text[n] == text[k] {
			k++
		}
		border[n+1] = k
	}
	return len(text) > 0 && 2*(len(text)-border[len(text)]) <= len(text)
}

// mixture judges whether a text is put together from known pieces only.
type mixture struct {
	text    []rune
	mixed   bool // not digits alone: those are random, if they are no row of keys
	words   [][]rune
	phrases [][]rune
	rows    [][]rune
}

func newMixture(text []rune, about []string) *mixture {
	m := &mixture{text: text, mixed: slices.ContainsFunc(text, func(r rune) bool { return !unicode.IsDigit(r) })}
	for line := range strings.Lines(blockList) {
		kind, content, found := strings.Cut(strings.TrimSpace(line), ": ")
		switch {
		case !found || strings.HasPrefix(kind, "#"):
		case kind == "words":
			for word := range strings.FieldsSeq(content) {
				m.words = append(m.words, []rune(word))
			}
		case kind == "phrase":
			m.phrases = append(m.phrases, []rune(simplified(content)))
		case kind == "row":
			row := []rune(content)
			m.rows = append(m.rows, row, backwards(row))
		}
	}
	for _, known := range about {
		m.know(known)
	}
	return m
}

func backwards(row []rune) []rune {
	out := make([]rune, len(row))
	for n, r := range row {
		out[len(row)-1-n] = r
	}
	return out
}

// know adds a text known about the person: as a whole and in its pieces.
func (m *mixture) know(text string) {
	pieces := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, piece := range append(pieces, text) {
		word := []rune(strings.Map(func(r rune) rune {
			if strings.ContainsRune("@$!", r) {
				return -1 // skipped in the password, too
			}
			return r
		}, simplified(piece)))
		if len(word) >= leastOwnLength {
			m.words = append(m.words, word)
		}
	}
}

// phrase tells whether the text is a phrase of the list, perhaps with a number
// behind it.
func (m *mixture) phrase() bool {
	for _, phrase := range m.phrases {
		rest, found := after(m.text, phrase)
		if found && len(rest) <= mostDigits && !strings.ContainsFunc(string(rest), func(r rune) bool { return !unicode.IsDigit(r) && r != '!' }) {
			return true
		}
	}
	return false
}

// place is how far a text has been explained, and how.
type place struct {
	at     int
	digits bool // the last piece was a number
	piece  bool // there was a word or a row
}

// covers tells whether the whole text is words, rows and numbers. It walks over
// every way to take it apart, each place once.
func (m *mixture) covers() bool {
	seen := map[place]bool{}
	open := []place{{}}
	for len(open) > 0 {
		p := open[len(open)-1]
		open = open[:len(open)-1]
		if p.at == len(m.text) {
			if p.piece {
				return true
			}
			continue
		}
		if !seen[p] {
			seen[p] = true
			open = append(open, m.next(p)...)
		}
	}
	return false
}

// next lists the places that one more piece leads to.
func (m *mixture) next(p place) []place {
	var out []place
	rest := m.text[p.at:]
	if strings.ContainsRune("@$!", rest[0]) { // a separator
		out = append(out, place{p.at + 1, p.digits, p.piece})
	}
	for _, word := range m.words {
		if _, found := after(rest, word); found {
			out = append(out, place{p.at + len(word), false, true})
		}
	}
	for n := leastRun; n <= m.run(rest); n++ {
		out = append(out, place{p.at + n, false, true})
	}
	for n := 0; m.mixed && !p.digits && n < min(mostDigits, len(rest)) && unicode.IsDigit(rest[n]); n++ {
		out = append(out, place{p.at + n + 1, true, p.piece})
	}
	return out
}

// run is how many characters from the beginning lie side by side on one row, or
// are the same.
func (m *mixture) run(text []rune) int {
	longest := 1
	for longest < len(text) && text[longest] == text[0] {
		longest++
	}
	for _, row := range m.rows {
		for at := range row {
			n := 0
			for n < len(text) && text[n] == row[(at+n)%len(row)] { // 890123 goes round
				n++
			}
			longest = max(longest, n)
		}
	}
	return longest
}

// after cuts a word off the beginning of a text, in which signs and digits may
// stand in for letters, as p@ssw0rd.
func after(text, word []rune) (rest []rune, found bool) {
	if len(word) == 0 || len(text) < len(word) {
		return nil, false
	}
	for n, r := range word {
		if text[n] != r && !standsFor(text[n], r) {
			return nil, false
		}
	}
	return text[len(word):], true
}

func standsFor(sign, letter rune) bool {
	switch letter {
	case 'a':
		return sign == '@' || sign == '4'
	case 'b':
		return sign == '8'
	case 'e':
		return sign == '3'
	case 'g':
		return sign == '9' || sign == '6'
	case 'i':
		return sign == '1' || sign == '!'
	case 'l':
		return sign == '1'
	case 'o':
		return sign == '0'
	case 's':
		return sign == '$' || sign == '5'
	case 't':
		return sign == '7'
	case 'z':
		return sign == '2'
	}
	return false
}
