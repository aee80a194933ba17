package accesstoken

import (
	"iter"
	"strconv"
	"strings"
)

// jsonReader reads a flat JSON object without spaces, as token payloads are:
// strings whose only escapes are \" and \\, integers, arrays of strings. What
// it accepts means the same to every JSON reader; it accepts little.
type jsonReader struct {
	text   string
	at     int
	failed bool
}

// members yields the name of each member of the object, standing before its
// value, which the loop must read. Afterwards failed tells whether the text was
// anything but one such object.
func (r *jsonReader) members() iter.Seq[string] {
	return func(yield func(string) bool) {
		r.expect('{')
		for first := true; !r.failed; first = false {
			if first && r.peek() == '}' {
				break
			}
			name := r.text1()
			r.expect(':')
			if r.failed || !yield(name) || r.failed {
				r.failed = true
				return
			}
			if r.peek() != ',' {
				break
			}
			r.at++
		}
		r.expect('}')
		r.failed = r.failed || r.at != len(r.text)
	}
}

func (r *jsonReader) peek() byte {
	if r.at >= len(r.text) {
		return 0
	}
	return r.text[r.at]
}

func (r *jsonReader) expect(c byte) {
	if r.failed || r.peek() != c {
		r.failed = true
		return
	}
	r.at++
}

// text1 reads a string of printable ASCII. Unless it holds escapes, the result
// is a part of the text.
func (r *jsonReader) text1() string {
	r.expect('"')
	start, escaped := r.at, false
	for !r.failed {
		switch c := r.peek(); {
		case c == '"':
			s := r.text[start:r.at]
			r.at++
			if escaped {
				return unescape(s)
			}
			return s
		case c == '\\':
			escaped = true
			r.at++
			if next := r.peek(); next != '"' && next != '\\' {
				r.failed = true
			}
			r.at++
		case c < ' ' || c > '~':
			r.failed = true
		default:
			r.at++
		}
	}
	return ""
}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// texts reads a string or an array of at least one string.
func (r *jsonReader) texts() []string {
	if r.peek() == '"' {
		return []string{r.text1()}
	}
	var all []string
	r.expect('[')
	for !r.failed {
		all = append(all, r.text1())
		if r.peek() != ',' {
			break
		}
		r.at++
	}
	r.expect(']')
	return all
}

// integer reads a number without sign, fraction, exponent or leading zero.
func (r *jsonReader) integer() int64 {
	start := r.at
	for c := r.peek(); '0' <= c && c <= '9'; c = r.peek() {
		r.at++
	}
	digits := r.text[start:r.at]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || len(digits) > 1 && digits[0] == '0' {
		r.failed = true
	}
	return n
}

// skip reads a flat value that means nothing here.
func (r *jsonReader) skip() {
	switch c := r.peek(); {
	case c == '"' || c == '[':
		r.texts()
	case '0' <= c && c <= '9':
		r.integer()
	case r.literal("true") || r.literal("false"):
	default:
		r.failed = true
	}
}

func (r *jsonReader) literal(word string) bool {
	found := strings.HasPrefix(r.text[min(r.at, len(r.text)):], word)
	if found {
		r.at += len(word)
	}
	return found
}
