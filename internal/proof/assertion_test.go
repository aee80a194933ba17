package proof_test

import (
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/proof"
)

const issuer = "https://claviger.example"

// What is taken has one spelling and says who, for whom, until when and which.
func FuzzParseAssertion(f *testing.F) {
	f.Add("eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJhIiwic3ViIjoiYSIsImF1ZCI6Imh0dHBzOi8vY2xhdmlnZXIuZXhhbXBsZSIsImp0aSI6IngiLCJleHAiOjE3NjM4MTAwMDB9.AAAA")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("eyJhbGciOiJFUzI1NiIsImNyaXQiOlsieCJdfQ.eyJleHAiOjFlOX0.AA")
	f.Add("..")
	keys, _ := proof.ParseKeySet([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`))
	f.Fuzz(func(t *testing.T, raw string) {
		a, err := proof.ParseAssertion(raw)
		if err != nil {
			if a != nil {
				t.Fatal("a refused assertion left something behind")
			}
			return
		}
		if a.ClientID == "" || a.ID == "" || len(a.ID) > proof.MaxID || a.ExpiresAt.Unix() <= 0 ||
			strings.Count(raw, ".") != 2 || strings.ContainsAny(raw, "=\r\n ") {
			t.Fatalf("took %q as %+v", raw, a)
		}
		if a.SignedBy(nil) != "" || a.SignedBy(keys) != "" {
			t.Fatalf("%q is signed by nobody", raw)
		}
		_ = a.Judge(issuer, time.Unix(1763810000, 0))
	})
}
