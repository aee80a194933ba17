package apicred

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var secretShape = regexp.MustCompile(`^clav_[0-9A-Za-z]{43}[0-9A-Za-z]{6}$`)

func TestNewSecretText_HasTheContractsShapeAndChecksum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "random"))
		text := NewSecretText(random).Reveal()
		if !secretShape.MatchString(text) || !WellFormedSecret(text) {
			t.Fatalf("not a well-formed secret: %q", text)
		}
		i := rapid.IntRange(5, len(text)-1).Draw(t, "position")
		other := strings.ReplaceAll(base62, text[i:i+1], "")[rapid.IntRange(0, 60).Draw(t, "letter")]
		if changed := text[:i] + string(other) + text[i+1:]; WellFormedSecret(changed) {
			t.Fatalf("checksum misses a changed character: %q", changed)
		}
	})
}

func TestNewSecretText_KeepsAllRandomBitsApart(t *testing.T) {
	low, high := NewSecretText([32]byte{31: 1}), NewSecretText([32]byte{0: 0x80})
	most := [32]byte(bytes.Repeat([]byte{0xff}, 32))
	if low == high || NewSecretText(most) == high || len(NewSecretText(most).Reveal()) != 54 {
		t.Error("different randomness must give different secrets of one length")
	}
}

func TestWellFormedSecret_RefusesOtherSpellings(t *testing.T) {
	good := NewSecretText([32]byte{1, 2, 3}).Reveal()
	for _, bad := range []string{
		"", good[:53], good + "0", " " + good, good + "\n", good + "\x00", strings.ToUpper(good),
		strings.Replace(good, "clav_", "CLAV_", 1), good[:20] + "-" + good[21:],
	} {
		if WellFormedSecret(bad) {
			t.Errorf("accepted %q", bad)
		}
	}
}

func TestSecretText_NeverPrints(t *testing.T) {
	s := NewSecretText([32]byte{9})
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "s", s, "in", struct{ S SecretText }{s})
	encoded, err := json.Marshal(map[string]any{"s": s, "p": &s})
	if err != nil {
		t.Fatal(err)
	}
	shown := fmt.Sprintf("%v %+v %#v %s %q %x %d", s, s, s, s, s, s, s) + fmt.Sprintln(s, &s, []SecretText{s}, struct{ S SecretText }{s}) + string(encoded) + log.String()
	if strings.Contains(shown, s.Reveal()) || strings.Contains(shown, s.Reveal()[5:20]) {
		t.Errorf("the secret shows: %s", shown)
	}
}

// The parser of the form agrees with a second writing of R7: what it accepts
// has the shape, and a checksum that was computed another way.
func FuzzWellFormedSecret(f *testing.F) {
	good := NewSecretText([32]byte{1, 2, 3}).Reveal()
	for _, seed := range []string{"", "clav_", good, good[:53], good + "0", strings.ToLower(good), good[:20] + "\x00" + good[21:], good[:48] + "000000", good[:48] + "zzzzzz"} {
		f.Add(seed, []byte(seed))
	}
	f.Fuzz(func(t *testing.T, text string, random []byte) {
		want := secretShape.MatchString(text)
		if want {
			var sum uint64
			for _, c := range text[48:] {
				sum = sum*62 + uint64(strings.IndexRune(base62, c))
			}
			want = sum == uint64(crc32.ChecksumIEEE([]byte(text[:48])))
		}
		if got := WellFormedSecret(text); got != want {
			t.Fatalf("WellFormedSecret(%q) is %v, want %v", text, got, want)
		}
		made := NewSecretText(sha256.Sum256(random))
		if !WellFormedSecret(made.Reveal()) || !strings.HasSuffix(made.Reveal(), made.Hint()) || len(made.Hint()) != 4 {
			t.Fatalf("not a well-formed secret with its hint: %q, %q", made.Reveal(), made.Hint())
		}
	})
}
