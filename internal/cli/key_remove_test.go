package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// One key ID in 64 begins with "-", and the one that leaked must not wait for
// somebody who knows what "--" is for.
func TestKeyRemove_TakesAKeyIDThatBeginsLikeAFlag(t *testing.T) {
	const kid, plain = "-6bBDX4JLnlMizqESqfKuTN8fA5ZQxl8JacQw8apVrk", "l3rWvj6oVZ9yK2mT5cQxXh1sN8bEfUaG4dRzP7uYwJk"
	const longest = "--config=/etc/claviger/a/longer/path/1.yaml"
	if len(kid) != kidLength || len(longest) != kidLength {
		t.Fatalf("the samples have %d and %d characters, want %d", len(kid), len(longest), kidLength)
	}
	for _, test := range []struct{ in, want string }{
		{"key remove " + kid, "key remove -- " + kid},
		{"key remove " + kid + " --data-dir d", "key remove --data-dir d -- " + kid},
		{"key remove -- " + kid, "key remove -- " + kid},
		{"key remove " + plain, "key remove " + plain},
		{"key remove " + plain + " " + longest, "key remove " + plain + " " + longest},
		{"key remove", "key remove"},
		{"key export --kid " + kid, "key export --kid " + kid},
	} {
		if diff := cmp.Diff(strings.Fields(test.want), keyIDsLast(strings.Fields(test.in))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.in, diff)
		}
	}
	var talk bytes.Buffer
	code := Main(t.Context(), []string{"key", "remove", kid, "--data-dir", t.TempDir()}, Stdio{In: strings.NewReader(""), Out: &talk, Err: &talk})
	if code != exitFailed || strings.Contains(talk.String(), "flag") {
		t.Errorf("without a server: exit %d, %s", code, talk.String())
	}
}
