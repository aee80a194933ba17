package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/claviger/claviger/bench/load"
)

// laboratory builds and starts the servers that are compared, and stops them.
type laboratory struct {
	dir       string // for binaries and the servers' logs
	processes []*process
	cleanup   []func() error // what else is closed when they have ended
}

func (l *laboratory) close() {
	for _, p := range l.processes {
		p.stop()
	}
	for _, closing := range l.cleanup {
		_ = closing()
	}
}

// client is an OAuth client of one of the servers, with what its token request looks like.
type client struct {
	Issuer       string `json:"issuer"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	Form         string `json:"form"` // of its token request, when it is not the usual one
	process      *process
	gatewayURL   string // of Claviger alone, as is
	operator     string // a token of an operator account's admin
}

// comparisons starts the servers and says what is asked of each. With self, Claviger's place is taken by
// a second floor.
func (l *laboratory) comparisons(ctx context.Context, p plan) ([]comparison, error) {
	floor, err := l.floor(ctx, "floor")
	if err != nil {
		return nil, err
	}
	issuance := comparison{
		title:   "Token issuance: POST /oauth2/token, client credentials by Basic, ES256",
		targets: []target{floor.issuance("floor")},
	}
	if p.self {
		second, err := l.floor(ctx, "floor-again")
		hello := func(c client, name string) target {
			return c.get(name, "/hello", checkHeaders(strings.Repeat("x", 600)))
		}
		issuance.targets = append(issuance.targets, second.issuance("floor again"))
		return []comparison{issuance, {"Hello: GET /hello with the headers of forward-auth", []target{hello(floor, "hello"), hello(second, "hello again")}}}, err
	}
	subjects, err := l.subjects(ctx, p)
	if err != nil {
		return nil, err
	}
	for _, s := range subjects {
		issuance.targets = append(issuance.targets, s.issuance(s.name))
	}
	if provider, err := l.oidcProvider(ctx); err == nil {
		issuance.targets = append(issuance.targets, provider.issuance("oidc-provider"))
	} else {
		fmt.Fprintln(os.Stderr, "bench: without oidc-provider:", err)
	}
	checks, err := l.checked(ctx, floor, subjects)
	if err != nil {
		return nil, err
	}
	gateway, err := l.throughGateway(ctx, subjects)
	return append(append([]comparison{issuance}, checks...), gateway), err
}

// subjects are the present Claviger on each engine and, where asked for, one from before. Without a PostgreSQL server
// there is SQLite alone.
func (l *laboratory) subjects(ctx context.Context, p plan) ([]*subject, error) {
	engines := []string{sqlite, postgreSQL}
	if os.Getenv(postgresDirectory) == "" {
		fmt.Fprintln(os.Stderr, "bench: without PostgreSQL: run it as .ci/on-postgresql go run ./bench")
		engines = engines[:1]
	}
	var all []*subject
	for _, engine := range engines {
		installations := []*installation{{engine: engine, source: ".", name: "now"}}
		if p.before != "" {
			installations = []*installation{{engine: engine, source: p.before, name: "before"}, installations[0]}
		}
		for _, i := range installations {
			s, err := l.subject(ctx, i)
			if err != nil {
				return nil, err
			}
			all = append(all, s)
		}
	}
	return all, nil
}

// oidcProvider starts npm's oidc-provider, which keeps everything in memory. Where there is no Node.js, or
// npm cannot install, the table has one column less.
func (l *laboratory) oidcProvider(ctx context.Context) (client, error) {
	const source = "bench/oidc-provider"
	install := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund")
	install.Dir = source
	if out, err := install.CombinedOutput(); err != nil {
		return client{}, fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	server := exec.CommandContext(ctx, "node", "server.mjs")
	server.Dir = source
	server.Env = append(os.Environ(), "NODE_ENV=production")
	return l.start(ctx, "oidc-provider", server)
}

func createCredential(ctx context.Context, issuer, token string, scopes ...string) (client, error) {
	body := strings.NewReader(`{"name":"bench","level":"user","scopes":["` + strings.Join(scopes, `","`) + `"]}`)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, issuer+"/api/v1/credentials", body)
	if err != nil {
		return client{}, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	var made client
	return made, ask(request, http.StatusCreated, &made)
}

func (l *laboratory) start(ctx context.Context, name string, cmd *exec.Cmd) (client, error) {
	var c client
	p, err := start(ctx, cmd, l.log(name), &c)
	if err != nil {
		return client{}, err
	}
	c.process = p
	l.processes = append(l.processes, p)
	return c, nil
}

func (l *laboratory) log(name string) string { return filepath.Join(l.dir, name+".log") }

// build makes a binary of a package of the module in a directory, so that the process measured is the server itself and
// not the go command.
func (l *laboratory) build(ctx context.Context, source, pkg, name string) (string, error) {
	file := filepath.Join(l.dir, filepath.Base(pkg)+" of "+name)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", file, pkg)
	cmd.Dir = source
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
	}
	return file, nil
}

// issuance is the client's token request.
func (c client) issuance(name string) target {
	form := c.Form
	if form == "" {
		form = url.Values{"grant_type": {"client_credentials"}, "scope": {benchScope}}.Encode()
	}
	return c.target(name, "POST /oauth2/token", []string{
		"Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(c.ClientID+":"+c.ClientSecret)),
		"Content-Type: application/x-www-form-urlencoded",
		fmt.Sprintf("Content-Length: %d", len(form)),
	}, form)
}

// token gets one for the client's scope.
func (c client) token(ctx context.Context) (string, error) {
	form := strings.NewReader(url.Values{"grant_type": {"client_credentials"}, "scope": {benchScope}}.Encode())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Issuer+"/oauth2/token", form)
	if err != nil {
		return "", err
	}
	request.SetBasicAuth(c.ClientID, c.ClientSecret)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var issued struct {
		AccessToken string `json:"access_token"`
	}
	return issued.AccessToken, ask(request, http.StatusOK, &issued)
}

func (c client) get(name, path string, headers []string) target {
	return c.target(name, "GET "+path, headers, "")
}

func (c client) target(name, line string, headers []string, body string) target {
	address := strings.TrimPrefix(c.Issuer, "http://")
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s HTTP/1.1\r\nHost: %s\r\n", line, address)
	for _, header := range headers {
		b.WriteString(header + "\r\n")
	}
	b.WriteString("\r\n" + body)
	return target{name: name, process: c.process, request: load.Request{Address: address, Bytes: b.Bytes()}}
}

// ask sends a request of the preparation and decodes its answer.
func ask(request *http.Request, want int, into any) error {
	client := &http.Client{Timeout: 10 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return err
	}
	if response.StatusCode != want {
		return fmt.Errorf("%s %s: %s, want %d\n%s", request.Method, request.URL.Path, response.Status, want, body)
	}
	return json.Unmarshal(body, into)
}
