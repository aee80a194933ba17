package server

import (
	"encoding/json"
	"log/slog"
	"text/template"

	"github.com/claviger/claviger/internal/apicred"
)

// demoLine is what claviger demo --json prints when ready (contract.md "Binary").
type demoLine struct {
	Issuer     string     `json:"issuer"`
	ConsoleURL string     `json:"console_url"`
	GatewayURL string     `json:"gateway_url"`
	OpsURL     string     `json:"ops_url"`
	AccountID  string     `json:"account_id"`
	Users      []demoUser `json:"users"`
}

// tour is what a person reads. Every line of its sequence works when pasted as
// printed; e2e runs them.
const tour = `
Claviger demo: everything runs on this machine and is gone when you stop it (Ctrl+C).
{{with .Taken}}Another program has {{.}}, so this demo is at {{$.Issuer}}.
{{end}}
Sign in to the console as (the links work as often as you like):
{{range .Users}}  {{printf "%-10s" .Role}}  {{printf "%-36s" .Email}}  {{.SignInURL}}
{{end}}
Or paste this into another terminal, line by line:

  echo '1. {{.Supervisor.Email}}, a supervisor, creates an API credential that may read users'
  TOKEN={{.Supervisor.ManagementToken}}
  CREDENTIAL=$(curl -s {{.Issuer}}/api/v1/credentials -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"name":"My first credential","scopes":["users:read"]}'); echo "$CREDENTIAL"
  CLIENT_ID=$(echo "$CREDENTIAL" | grep -o '"client_id":"[^"]*"' | head -n 1 | cut -d '"' -f 4)
  CLIENT_SECRET=$(echo "$CREDENTIAL" | grep -o '"client_secret":"[^"]*"' | cut -d '"' -f 4)

  echo '2. a program exchanges client ID and secret for an access token'
  ACCESS_TOKEN=$(curl -s {{.Issuer}}/oauth2/token -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials | grep -o '"access_token":"[^"]*"' | cut -d '"' -f 4); echo "$ACCESS_TOKEN"

  echo '3. it calls an API behind the gateway: 200 with the scope, 403 without, 401 with nothing'
  curl -i {{.GatewayURL}}/useradmin/users -H "Authorization: Bearer $ACCESS_TOKEN"
  curl -i {{.GatewayURL}}/insights/stats/today -H "Authorization: Bearer $ACCESS_TOKEN"
  curl -i {{.GatewayURL}}/useradmin/users

  echo '4. this API also takes client ID and secret directly'
  curl -i {{.GatewayURL}}/useradmin/users -u "$CLIENT_ID:$CLIENT_SECRET"

API reference: {{.Issuer}}/api/v1/docs    Metrics: {{.OpsURL}}/metrics
The operator's commands reach this demo too:  go run ./cmd/claviger user list --data-dir {{.Dir}}

`

type tourFacts struct {
	demoLine
	Supervisor demoUser
	Dir        string
	Taken      string // the usual address, where another program has it
}

func (d *demo) line() demoLine {
	return demoLine{
		Issuer: d.core.Issuer, ConsoleURL: d.core.Issuer, GatewayURL: d.gatewayURL(), OpsURL: d.opsURL(),
		AccountID: d.accountID, Users: d.users,
	}
}

// show prints what the demo offers, once it serves.
func (d *demo) show(o DemoOptions) {
	if err := d.print(o); err != nil {
		d.core.Log.Error("the demo cannot print what it offers", slog.Any("error", err))
	}
}

func (d *demo) print(o DemoOptions) error {
	if o.JSON {
		return json.NewEncoder(o.Stdout).Encode(d.line())
	}
	supervisor, err := d.lineOf(apicred.RoleSupervisor)
	if err != nil {
		return err
	}
	t, err := template.New("tour").Parse(tour)
	if err != nil {
		return err
	}
	facts := tourFacts{demoLine: d.line(), Supervisor: supervisor, Dir: d.dir}
	if o.Listen == "" && facts.Issuer != "http://"+demoListen {
		facts.Taken = demoListen
	}
	return t.Execute(o.Stdout, facts)
}
