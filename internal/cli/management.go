package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/client"
	"github.com/claviger/claviger/internal/apicred"
)

// The environment of commands that call the management API.
const (
	environmentServer = "CLAVIGER_SERVER"
	environmentToken  = "CLAVIGER_TOKEN"
	defaultServer     = "http://127.0.0.1:8420"
	maxTokenFile      = 64 << 10
)

// management is how a command reaches the management API of a server, on this
// machine or another, and as whom. There is no flag for the token itself: the
// command line of a process is for everybody on the machine to read.
type management struct {
	app       *app
	server    *words
	tokenFile *words
	plainHTTP *bool
}

// addManagement gives a command the flags by which it finds its server.
func addManagement(a *app, cmd *cobra.Command) *management {
	m := &management{
		app:       a,
		server:    addText(cmd, "server", "url", "address of the server (default $CLAVIGER_SERVER, else "+defaultServer+")"),
		tokenFile: addText(cmd, "token-file", "file", "read the access token from this file, - for stdin (default $CLAVIGER_TOKEN)"),
		plainHTTP: cmd.Flags().Bool("plain-http", false, "allow http to another machine; token and secrets then cross the network in clear"),
	}
	_ = cmd.MarkFlagFilename("token-file") // it fails only for a flag that does not exist
	return m
}

// do calls work with a client, and says what to do about what it returns.
func (m *management) do(ctx context.Context, work func(context.Context, *client.Client) error) error {
	c, err := m.client()
	if err != nil {
		return err
	}
	return advised(work(ctx, c))
}

func (m *management) client(options ...client.Option) (*client.Client, error) {
	token, err := m.token()
	if err != nil {
		return nil, err
	}
	server := m.server.String()
	if server == "" {
		server = os.Getenv(environmentServer)
	}
	if server == "" {
		server = defaultServer
	}
	options = append(options, client.WithUserAgent("claviger-cli/"+currentBuild().Version))
	if *m.plainHTTP {
		options = append(options, client.WithPlainHTTP())
	}
	c, err := client.New(server, token, options...)
	if err != nil {
		return nil, usagef("%s", sentence(err.Error()))
	}
	return c, nil
}

func (m *management) token() (string, error) {
	if name := m.tokenFile.String(); name != "" {
		text, err := m.app.readFile(name, maxTokenFile)
		return string(bytes.TrimSpace(text)), err
	}
	if token := os.Getenv(environmentToken); token != "" {
		return token, nil
	}
	return "", apicred.Unauthenticated("There is no access token: " + environmentToken + " is not set. On the server's machine, run: " +
		"export " + environmentToken + "=$(claviger token --user EMAIL)")
}

// advice is an error with what to do about it, a line each.
type advice struct {
	error
	lines []string
}

// Unwrap gives the error.
func (a *advice) Unwrap() error { return a.error }

// advised adds what to do, where the server cannot know it.
func advised(err error) error {
	var unreachable *client.UnreachableError
	if errors.As(err, &unreachable) && !errors.Is(err, context.Canceled) {
		return &advice{err, []string{"See that the server runs, and give its address with --server or " + environmentServer + "."}}
	}
	var problem *client.Problem
	if !errors.As(err, &problem) {
		return err
	}
	switch problem.Code {
	case client.CodeUnauthenticated:
		return &advice{err, []string{"Make a token on the server's machine: export " + environmentToken + "=$(claviger token --user EMAIL)"}}
	case client.CodeRateLimited, client.CodeUnavailable:
		if problem.RetryAfter > 0 {
			return &advice{err, []string{"Try again in " + problem.RetryAfter.Round(time.Second).String() + "."}}
		}
	}
	return err
}

// problemLines is a refusal of the server: its detail, or the members that are
// wrong. What a server says must not steer the terminal.
func problemLines(p *client.Problem) []string {
	var members []string
	for _, e := range p.Errors {
		members = append(members, cell(oneLine(member(e.Location)+": "+e.Message)))
	}
	if len(members) == 1 {
		return members
	}
	return append([]string{cell(oneLine(p.Detail))}, members...)
}
