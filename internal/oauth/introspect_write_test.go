package oauth

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/accesstoken"
)

// The answer is written by hand: whatever stands in a token, a JSON reader must
// find it again.
func TestAppendIntrospection_IsWhatAJSONReaderUnderstands(t *testing.T) {
	key, certificate := "k-_", "c-_"
	for name, test := range map[string]struct {
		said *accesstoken.Verified
		want map[string]any
	}{
		"nothing to tell": {nil, map[string]any{"active": false}},
		"a credential's": {
			&accesstoken.Verified{UserID: "u", EffectiveScopes: []string{"s1", "s2"}, Claims: &accesstoken.Claims{
				ClientID: "c", AccountID: "a", JTI: "j", Issuer: "https://i", Audience: []string{"urn:x"},
				IssuedAt: time.Unix(5, 0), ExpiresAt: time.Unix(6, 0),
			}},
			map[string]any{
				"active": true, "scope": "s1 s2", "client_id": "c", "token_type": "Bearer", "exp": 6.0, "iat": 5.0, "sub": "c",
				"aud": "urn:x", "iss": "https://i", "jti": "j", "account": "a", "owner": "u",
			},
		},
		"odd and bound": {
			&accesstoken.Verified{Claims: &accesstoken.Claims{
				ClientID: `c"\`, AccountID: "a\n", JTI: "jé", Issuer: "<&>", Audience: []string{`x"`, "y\u2028"},
				IssuedAt: time.Unix(0, 0), ExpiresAt: time.Unix(-1, 0), Confirmation: accesstoken.Confirmation{Key: key, Certificate: certificate},
			}},
			map[string]any{
				"active": true, "scope": "", "client_id": `c"\`, "token_type": "DPoP", "exp": -1.0, "iat": 0.0, "sub": `c"\`,
				"aud": []any{`x"`, "y\u2028"}, "iss": "<&>", "jti": "jé", "account": "a\n", "cnf": map[string]any{"jkt": key, "x5t#S256": certificate},
			},
		},
		"a person's, bound to a certificate": {
			&accesstoken.Verified{UserID: "u", Claims: &accesstoken.Claims{
				Person: true, ClientID: "claviger-cli", Audience: []string{}, IssuedAt: time.Unix(0, 0), ExpiresAt: time.Unix(0, 0),
				Confirmation: accesstoken.Confirmation{Certificate: certificate},
			}},
			map[string]any{
				"active": true, "scope": "", "client_id": "claviger-cli", "token_type": "Bearer", "exp": 0.0, "iat": 0.0, "sub": "u",
				"aud": []any{}, "iss": "", "jti": "", "account": "", "owner": "u", "cnf": map[string]any{"x5t#S256": certificate},
			},
		},
	} {
		var got map[string]any
		text := appendIntrospection([]byte("x"), test.said)[1:]
		if err := json.Unmarshal(text, &got); err != nil {
			t.Errorf("%s: %v: %s", name, err, text)
		} else if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
