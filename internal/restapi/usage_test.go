package restapi_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
)

func TestUsage_TellsOutcomesAndScopesByDayAndHour(t *testing.T) {
	i := install(t)
	clientID, _ := i.create(i.as("sue"), `{"name":"x","scopes":["users:read"]}`)
	i.credentialToken(clientID, "users:read")
	client, _ := i.Directory.Client(clientID)
	i.Directory.Count(&client, accesstoken.OutcomeAllowed, "users:read", netip.Addr{})
	i.Directory.Count(&client, "insufficient_scope", "users:write", netip.Addr{})
	must(t, i.Directory.Flush(t.Context()))

	a := i.want(http.StatusOK, i.as("sue"), http.MethodGet, "/credentials/"+clientID+"/usage", "")
	if a.body["client_id"] != clientID || a.body["total"] != 3.0 {
		t.Errorf("got %s", a.text)
	}
	for list, length := range map[string]string{"days": time.DateOnly, "hours": time.RFC3339} {
		rows, _ := a.body[list].([]any)
		seen := map[string]string{}
		for _, row := range rows {
			r := row.(map[string]any)
			seen[r["outcome"].(string)] = r["scope"].(string)
			if _, err := time.Parse(length, r[list[:len(list)-1]].(string)); err != nil || r["calls"] != 1.0 {
				t.Errorf("%s: odd row %v", list, r)
			}
		}
		if len(rows) != 3 || seen["issued"] != "users:read" || seen["allowed"] != "users:read" || seen["insufficient_scope"] != "users:write" {
			t.Errorf("%s are %v", list, rows)
		}
	}

	from, to := time.Now().Add(-48*time.Hour).UTC().Format(time.RFC3339), time.Now().Add(-24*time.Hour).UTC().Format(time.RFC3339)
	a = i.want(http.StatusOK, i.as("ada"), http.MethodGet, "/credentials/"+clientID+"/usage?from="+from+"&to="+to, "")
	if days, there := a.body["days"].([]any); !there || len(days) != 0 || a.body["total"] != 0.0 || a.body["from"] != from || a.body["to"] != to {
		t.Errorf("a day earlier: %s", a.text)
	}
}

func TestUsage_IsSeenByWhoSeesTheCredentialAndRefusesOddRanges(t *testing.T) {
	i := install(t)
	clientID, _ := i.create(i.as("sue"), `{"name":"x","scopes":["users:read"]}`)
	path := "/credentials/" + clientID + "/usage"
	for who, status := range map[string]int{"sue": 200, "ada": 200, "sam": 404, "abe": 404, "olga": 404} {
		i.want(status, i.as(who), http.MethodGet, path, "")
	}
	i.want(http.StatusForbidden, i.as("sue", "claviger:credentials:write"), http.MethodGet, path, "")
	for query, location := range map[string]string{
		"from=2026-01-02T00:00:00Z&to=2026-01-02T00:00:00Z": "query.from", "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z": "query.from",
		"from=2024-01-01T00:00:00Z&to=2026-01-01T00:00:00Z": "query.from", "from=yesterday": "query.from", "to=" + url.QueryEscape("2026-13-01T00:00:00Z"): "query.to",
		"until=x": "query.until", "from=2999-01-01T00:00:00Z": "query.from",
	} {
		a := i.want(http.StatusBadRequest, i.as("sue"), http.MethodGet, path+"?"+query, "")
		if got := a.locations(); len(got) != 1 || got[0] != location {
			t.Errorf("%s: blames %v", query, got)
		}
	}
}
