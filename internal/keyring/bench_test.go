package keyring_test

import (
	"testing"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/testserver"
)

// BenchmarkSign is what a signature of each algorithm costs; docs/signing-keys.md
// has the figures.
func BenchmarkSign(b *testing.B) {
	for _, algorithm := range apicred.SigningAlgorithms() {
		b.Run(string(algorithm), func(b *testing.B) {
			key := openAt(b, testserver.NewStore(b), newWall(), signedIn(algorithm)).Current()
			buffer, input := make([]byte, 0, 1024), make([]byte, 600)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := key.AppendSignature(buffer, input); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
