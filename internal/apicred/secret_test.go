package apicred

import (
	"bytes"
	"encoding/json"
	"fmt"
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
