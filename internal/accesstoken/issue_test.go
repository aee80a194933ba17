package accesstoken_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

const (
	orders     = "urn:example:orders"
	reports    = `urn:example:reports"\` // needs escapes in JSON
	management = issuer + "/api/v1"
)

func TestIssue_WritesTheClaimsOfTheContract(t *testing.T) {
	r := newRig(t)
	c := r.credential("orders:read", "orders:write")
	token, err := r.issue(c, "orders:write")
	must(t, err)
	if token.ExpiresIn != time.Hour || token.Scope != "orders:write" || token.JTI == "" {
		t.Errorf("the answer is %+v", token)
	}
	header, claims := decoded(t, token.Raw)
	var set jose.JSONWebKeySet
	must(t, json.Unmarshal(r.ring.JWKSet(), &set))
	kid, _ := header["kid"].(string)
	if len(set.Key(kid)) != 1 {
		t.Errorf("the key %q is not published", kid)
	}
	if diff := cmp.Diff(map[string]any{"alg": "ES256", "typ": "at+jwt", "kid": kid}, header); diff != "" {
		t.Error(diff)
	}
	now := float64(r.clock.Now().Unix())
	wantClaims := map[string]any{
		"iss": issuer, "aud": orders, "sub": c.id, "client_id": c.id, "owner": r.admin.ID, "account": r.account.ID,
		"iat": now, "exp": now + 3600, "jti": token.JTI, "scope": "orders:write", "gen": 1.0,
	}
	if diff := cmp.Diff(wantClaims, claims); diff != "" {
		t.Error(diff)
	}
}

func decoded(t *testing.T, raw string) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts", len(parts))
	}
	for i, into := range []*map[string]any{&header, &claims} {
		text, err := base64.RawURLEncoding.Strict().DecodeString(parts[i])
		must(t, err)
		must(t, json.Unmarshal(text, into))
	}
	return header, claims
}

func TestIssue_SeveralAudiencesAreAnArray(t *testing.T) {
	r := newRig(t)
	_, claims := decoded(t, r.token(r.credential("orders:read"), ""))
	if diff := cmp.Diff([]any{orders, reports}, claims["aud"]); diff != "" {
		t.Errorf("a scope opens its own API and each with a route that names it: %s", diff)
	}
}

func TestIssue_NeverRepeatsAJTI(t *testing.T) {
	r := newRig(t)
	c, seen := r.credential("reports"), map[string]bool{}
	for range 200 {
		token, err := r.issue(c, "")
		must(t, err)
		if seen[token.JTI] || len(token.JTI) < 22 {
			t.Fatalf("jti %q is repeated or short", token.JTI)
		}
		seen[token.JTI] = true
	}
}

func TestIssue_FollowsTheRulesOfScope(t *testing.T) {
	r := newRig(t)
	api := r.credential("orders:read", "reports")
	mixed := r.credential("reports", "claviger:credentials:read", "claviger:users:read")
	own := r.credential("claviger:credentials:read")
	retired := r.credential("reports", "orders:write")
	for name, x := range map[string]struct {
		of         credential
		scope      string
		absent     bool
		resource   string
		want       string
		wantReason accesstoken.ScopeReason
		wantBad    string
		wantTarget bool
	}{
		"one":                         {of: api, scope: "reports", want: "reports"},
		"in the order asked for":      {of: api, scope: "reports orders:read", want: "reports orders:read"},
		"twice is once":               {of: api, scope: "reports reports", want: "reports"},
		"superfluous spaces":          {of: api, scope: "  reports   orders:read ", want: "reports orders:read"},
		"omitted":                     {of: api, absent: true, want: "orders:read reports"},
		"omitted, without claviger":   {of: mixed, absent: true, want: "reports"},
		"omitted, claviger alone":     {of: own, absent: true, want: "claviger:credentials:read"},
		"claviger by name":            {of: mixed, scope: "claviger:users:read", want: "claviger:users:read"},
		"not held":                    {of: api, scope: "reports orders:write", wantReason: accesstoken.ScopeNotHeld, wantBad: "orders:write"},
		"unknown":                     {of: api, scope: "nonsense reports", wantReason: accesstoken.ScopeUnknown, wantBad: "nonsense"},
		"another case":                {of: api, scope: "Reports", wantReason: accesstoken.ScopeUnknown, wantBad: "Reports"},
		"the first bad one":           {of: api, scope: "reports bad worse", wantReason: accesstoken.ScopeUnknown, wantBad: "bad"},
		"a tab is no space":           {of: api, scope: "reports\torders:read", wantReason: accesstoken.ScopeUnknown, wantBad: "reports\torders:read"},
		"nothing but spaces":          {of: api, scope: "  ", wantReason: accesstoken.ScopeNone},
		"mixed with claviger":         {of: mixed, scope: "reports claviger:users:read", wantReason: accesstoken.ScopeMixed, wantBad: "claviger:users:read"},
		"too many":                    {of: api, scope: manyScopes(), wantReason: accesstoken.ScopeTooMany},
		"resource":                    {of: api, scope: "orders:read", resource: orders, want: "orders:read"},
		"resource, omitted":           {of: retired, absent: true, resource: orders, want: "orders:write"},
		"resource, omitted, claviger": {of: mixed, absent: true, resource: management, want: "claviger:credentials:read claviger:users:read"},
		"resource not opened":         {of: api, scope: "orders:read reports", resource: orders, wantReason: accesstoken.ScopeNotOfResource, wantBad: "reports"},
		"resource unknown":            {of: api, scope: "reports", resource: "urn:example:other", wantTarget: true},
		"resource unknown, omitted":   {of: api, absent: true, resource: "urn:example:other", wantTarget: true},
		"scope before resource":       {of: api, scope: "bad", resource: "urn:example:other", wantReason: accesstoken.ScopeUnknown, wantBad: "bad"},
		"resource with nothing held":  {of: own, absent: true, resource: orders, wantTarget: true},
	} {
		t.Run(name, func(t *testing.T) {
			token, err := r.issuer.Issue(t.Context(), r.client(x.of), accesstoken.IssueRequest{Scope: x.scope, ScopePresent: !x.absent, Resource: x.resource})
			var scope *accesstoken.ScopeError
			var target *accesstoken.ResourceError
			switch {
			case x.wantReason != "":
				if !errors.As(err, &scope) || scope.Reason != x.wantReason || scope.Scope != x.wantBad {
					t.Fatalf("got %v, want %s %q", err, x.wantReason, x.wantBad)
				}
			case x.wantTarget:
				if !errors.As(err, &target) || target.Resource != x.resource {
					t.Fatalf("got %v, want the resource refused", err)
				}
			default:
				must(t, err)
				_, claims := decoded(t, token.Raw)
				if token.Scope != x.want || claims["scope"] != x.want {
					t.Errorf("granted %q, in the token %q, want %q", token.Scope, claims["scope"], x.want)
				}
				if x.resource != "" && claims["aud"] != x.resource {
					t.Errorf("aud is %v", claims["aud"])
				}
			}
		})
	}
}

func manyScopes() string {
	var b strings.Builder
	for i := range apicred.MaxScopes + 1 {
		b.WriteString(" s" + strings.Repeat("x", i))
	}
	return b.String()
}

func TestIssue_TakesTheLeastOfEveryLifetime(t *testing.T) {
	r := newRig(t)
	plain := r.credential("reports")
	short := r.create(r.admin, lifecycle.NewCredential{Scopes: []string{"reports"}, TokenLifetime: 5 * time.Minute})
	ending := r.create(r.admin, lifecycle.NewCredential{Scopes: []string{"reports"}, ExpiresAt: r.clock.Now().Add(100*time.Second + 700*time.Millisecond)})
	r.clock.Advance(500 * time.Millisecond)
	life := func(c credential, wish time.Duration) time.Duration {
		t.Helper()
		token, err := r.issuer.Issue(t.Context(), r.client(c), accesstoken.IssueRequest{Lifetime: wish})
		must(t, err)
		_, claims := decoded(t, token.Raw)
		if got := claims["exp"].(float64) - claims["iat"].(float64); got != token.ExpiresIn.Seconds() {
			t.Errorf("the answer says %v, the token %v s", token.ExpiresIn, got)
		}
		return token.ExpiresIn
	}
	bounded := r.create(r.admin, lifecycle.NewCredential{Scopes: []string{"reports"}, TokenLifetime: time.Hour})
	before, setting, vcc := life(bounded, 0), life(plain, 0), life(plain, accesstoken.VCCTokenLifetime)
	most := 10 * time.Minute
	_, err := r.life.EditAccount(t.Context(), operator(), r.account.ID, lifecycle.AccountChange{MaxTokenLifetime: &most})
	must(t, err)
	for name, x := range map[string]struct{ got, want time.Duration }{
		"before the bound":     {before, time.Hour},
		"the account's bound":  {life(bounded, 0), most},
		"the bound on VCC":     {life(bounded, accesstoken.VCCTokenLifetime), most},
		"the setting":          {setting, time.Hour},
		"the VCC path":         {vcc, 7200 * time.Second},
		"the credential's own": {life(short, accesstoken.VCCTokenLifetime), 5 * time.Minute},
		"the credential's end": {life(ending, 0), 100 * time.Second},
	} {
		if x.got != x.want {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
}

func TestIssue_LeavesNoTokenBeyondTheCredentialsEnd(t *testing.T) {
	r := newRig(t)
	c := r.create(r.admin, lifecycle.NewCredential{Scopes: []string{"reports"}, ExpiresAt: r.clock.Now().Add(time.Hour + 700*time.Millisecond)})
	client := r.client(c)
	r.clock.Advance(time.Hour + 200*time.Millisecond) // less than a whole second is left
	_, err := r.issuer.Issue(t.Context(), client, accesstoken.IssueRequest{})
	wantKind(t, err, apicred.KindUnauthenticated, "expired")
}

func TestIssue_RefusesAScopeOnlyOnAViewNewerThanTheRequest(t *testing.T) {
	r := newRig(t)
	c := r.credential("reports")
	client := r.client(c)
	r.follows = false
	scopes := []string{"reports", "orders:write"}
	_, err := r.life.EditCredential(t.Context(), actorOf(r.admin), c.id, lifecycle.CredentialChange{Scopes: &scopes})
	must(t, err)
	token, err := r.issuer.Issue(t.Context(), client, accesstoken.IssueRequest{Scope: "orders:write", ScopePresent: true})
	must(t, err)
	if token.Scope != "orders:write" {
		t.Errorf("granted %q", token.Scope)
	}
	r.store.cut.Store(true)
	_, err = r.issuer.Issue(t.Context(), client, accesstoken.IssueRequest{Scope: "orders:read", ScopePresent: true})
	wantKind(t, err, apicred.KindUnavailable, "")
}

func TestIssue_RefusesAClientThatEndedMeanwhile(t *testing.T) {
	r := newRig(t)
	c := r.credential("reports")
	client := r.client(c)
	must(t, r.life.DeleteCredential(t.Context(), actorOf(r.admin), c.id))
	_, err := r.issuer.Issue(t.Context(), client, accesstoken.IssueRequest{Scope: "orders:read", ScopePresent: true})
	wantKind(t, err, apicred.KindUnauthenticated, "unknown client")
}

func TestIssue_IsUnderstoodByForeignLibraries(t *testing.T) {
	r := newRig(t)
	c := r.credential("orders:read", "reports")
	raw := r.token(c, "")
	var set jose.JSONWebKeySet
	must(t, json.Unmarshal(r.ring.JWKSet(), &set))

	parsed, err := josejwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.ES256})
	must(t, err)
	var claims josejwt.Claims
	must(t, parsed.Claims(set, &claims))
	must(t, claims.ValidateWithLeeway(josejwt.Expected{
		Issuer: issuer, Subject: c.id, AnyAudience: josejwt.Audience{reports}, Time: r.clock.Now(),
	}, 0))

	_, err = jwt.Parse(raw, func(token *jwt.Token) (any, error) {
		return set.Key(token.Header["kid"].(string))[0].Key.(*ecdsa.PublicKey), nil
	}, jwt.WithValidMethods([]string{"ES256"}), jwt.WithIssuer(issuer), jwt.WithAudience(orders), jwt.WithSubject(c.id),
		jwt.WithTimeFunc(r.clock.Now), jwt.WithStrictDecoding(), jwt.WithExpirationRequired(), jwt.WithIssuedAt())
	must(t, err)
	if key := set.Keys[0].Key.(*ecdsa.PublicKey); key.Curve != elliptic.P256() {
		t.Error("the key is on another curve")
	}
}

func TestIssuePerson_ActsAsThePerson(t *testing.T) {
	r := newRig(t)
	token := r.personToken(r.admin, "claviger:users:read", "claviger:credentials:read")
	_, claims := decoded(t, token.Raw)
	want := map[string]any{
		"iss": issuer, "aud": management, "sub": r.admin.ID, "owner": r.admin.ID, "client_id": "claviger-cli",
		"account": r.account.ID, "scope": "claviger:users:read claviger:credentials:read", "gen": 1.0, "jti": token.JTI,
	}
	if diff := cmp.Diff(want, claims, cmpopts.IgnoreMapEntries(func(k string, _ any) bool { return k == "iat" || k == "exp" })); diff != "" {
		t.Error(diff)
	}
	if token.ExpiresIn != time.Hour {
		t.Errorf("it lives %v", token.ExpiresIn)
	}
}

// personToken is a people-token of one hour.
func (r *rig) personToken(u apicred.User, scopes ...string) accesstoken.Token {
	r.t.Helper()
	token, err := r.issuer.IssuePerson(r.t.Context(), accesstoken.PersonGrant{
		UserID: u.ID, AccountID: u.AccountID, ClientID: accesstoken.ClientCLI, Scopes: scopes, TTL: time.Hour, Generation: u.Generation,
	})
	must(r.t, err)
	return token
}

func TestIssuePerson_RefusesWhatIsNoManagementToken(t *testing.T) {
	r := newRig(t)
	good := accesstoken.PersonGrant{UserID: r.admin.ID, AccountID: r.account.ID, ClientID: accesstoken.ClientCLI, TTL: time.Hour, Generation: 1}
	for name, spoil := range map[string]func(*accesstoken.PersonGrant){
		"longer than a day":  func(g *accesstoken.PersonGrant) { g.TTL = 24*time.Hour + time.Second },
		"no time at all":     func(g *accesstoken.PersonGrant) { g.TTL = 0 },
		"a credential's ID":  func(g *accesstoken.PersonGrant) { g.ClientID = r.credential("reports").id },
		"nobody":             func(g *accesstoken.PersonGrant) { g.UserID = "" },
		"nowhere":            func(g *accesstoken.PersonGrant) { g.AccountID = "" },
		"another's scope":    func(g *accesstoken.PersonGrant) { g.Scopes = []string{"reports"} },
		"a broken scope":     func(g *accesstoken.PersonGrant) { g.Scopes = []string{`claviger:"`} },
		"two scopes in one":  func(g *accesstoken.PersonGrant) { g.Scopes = []string{"claviger:feed claviger:users:read"} },
		"a negative TTL":     func(g *accesstoken.PersonGrant) { g.TTL = -time.Hour },
		"less than a second": func(g *accesstoken.PersonGrant) { g.TTL = 999 * time.Millisecond },
	} {
		grant := good
		spoil(&grant)
		_, err := r.issuer.IssuePerson(t.Context(), grant)
		if !apicred.IsKind(err, apicred.KindInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	good.TTL = accesstoken.MaxPersonTokenLifetime
	_, err := r.issuer.IssuePerson(t.Context(), good)
	must(t, err) // and no scope at all is allowed
}
