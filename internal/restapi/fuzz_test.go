package restapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/web"
)

// Whatever a body is, reading it ends, and what is accepted is one JSON object
// whose members are all accounted for.
func FuzzReadObject(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"name":"x","scopes":["a"],"expires_at":"2030-01-01T00:00:00Z"}`, `{"a":1,"a":2}`, `[`, `null`, "{\"a\":\"\\ud800\"}",
		`{"allowed_cidrs":["10.0.0.0/8",1]}`, `{"token_lifetime_seconds":1e9}`, strings.Repeat("[", 100), `{"x":"]}"}`, `{"x":"\"[["}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := readObject(body)
		if err != nil {
			return
		}
		if !json.Valid(body) || !utf8.Valid(body) {
			t.Fatalf("accepted %q", body)
		}
		var (
			name   string
			scopes []string
			ranges []netip.Prefix
			end    time.Time
			n      int64
		)
		o.text("name", false, &name)
		o.texts("scopes", false, &scopes)
		o.moment("expires_at", &end)
		o.ranges("allowed_cidrs", &ranges)
		if o.number("token_lifetime_seconds", 1, &n) && !o.faulty("body.token_lifetime_seconds") && string(o.members["token_lifetime_seconds"]) != "null" && n < 1 {
			t.Errorf("took %d from %q", n, body)
		}
		faults := o.rest("client_id")
		for member := range o.members {
			if !slices.Contains(o.known, member) && len(faults) == 0 {
				t.Errorf("%q passed in %q", member, body)
			}
		}
		if len(o.meaning()) != 32 {
			t.Error("no meaning")
		}
	})
}

// The meaning of a body does not depend on how it is written down.
func TestMeaning_IgnoresWhiteSpaceAndOrderOnly(t *testing.T) {
	meaning := func(body string) string {
		o, err := readObject([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return string(o.meaning())
	}
	want := meaning(`{"name":"x","scopes":["a","b"],"n":{"y":1,"z":2}}`)
	for _, same := range []string{` { "scopes" : ["a", "b"], "name":"x", "n":{"z":2,"y":1} } `, `{"name":"\u0078","n":{"y":1,"z":2},"scopes":["a","b"]}`} {
		if meaning(same) != want {
			t.Errorf("%s means something else", same)
		}
	}
	for _, other := range []string{`{"name":"y","scopes":["a","b"],"n":{"y":1,"z":2}}`, `{"name":"x","scopes":["b","a"],"n":{"y":1,"z":2}}`, `{"name":"x","scopes":["a","b"]}`} {
		if meaning(other) == want {
			t.Errorf("%s means the same", other)
		}
	}
}

// A query that passes has known, single, documented values, and reads the same
// to everybody who parses it.
func FuzzReadQuery(f *testing.F) {
	for _, seed := range []string{"", "level=user", "page_size=10&q=a+b", "a=1&a=2", "q=%zz", "level&q=x", "q=a;b", "all=true&page_size=200", "q=%00"} {
		f.Add(seed)
	}
	least, most := 1.0, 200.0
	op := &operation{Operation: huma.Operation{Parameters: []*huma.Param{
		{In: "query", Name: "level", Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{"user", "account"}}},
		{In: "query", Name: "page_size", Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: &least, Maximum: &most}},
		{In: "query", Name: "all", Schema: &huma.Schema{Type: huma.TypeBoolean}},
		{In: "query", Name: "q", Schema: &huma.Schema{Type: huma.TypeString}},
	}}}
	f.Fuzz(func(t *testing.T, raw string) {
		clean, err := readQuery(op, raw)
		if err != nil {
			return
		}
		again, err := readQuery(op, clean)
		if err != nil || again != clean {
			t.Errorf("%q became %q, then %q, %v", raw, clean, again, err)
		}
	})
}

// A version that If-Match is read as is written the same as the version's tag.
func FuzzWantedVersion(f *testing.F) {
	for _, seed := range []string{`"1"`, `W/"1"`, `*`, `"01"`, `"`, `"1", "2"`, `"-1"`, `"9223372036854775808"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPatch, "/", nil)
		r.Header.Set("If-Match", header)
		c := &call{request: r, exchange: &web.Exchange{}}
		version, err := c.wantedVersion()
		if err != nil || version == anyVersion || version == noVersion {
			return
		}
		if version < 0 || versionTag(version) != header {
			t.Errorf("%q read as %d", header, version)
		}
	})
}
