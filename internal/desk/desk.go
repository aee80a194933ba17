package desk

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/login"
)

// Deps is what a Desk works with. Every member is required.
type Deps struct {
	Lifecycle *lifecycle.Service
	Login     *login.Service
	Tokens    TokenIssuer
	Notary    *audit.Notary
	// Issuer is the server's public name, for Status.
	Issuer string
	// LinkURL is the address of the page that consumes a one-time link.
	LinkURL func(login.LinkToken) string
	Clock   func() time.Time
	// Ready is nil while calls can be served.
	Ready func() error
	// Logger gets the hidden cause of internal errors.
	Logger *slog.Logger
}

// Desk carries the operator's commands out, in the process that has the
// database open. It is safe for concurrent use.
type Desk struct {
	lifecycle *lifecycle.Service
	login     *login.Service
	tokens    TokenIssuer
	notary    *audit.Notary
	issuer    string
	linkURL   func(login.LinkToken) string
	clock     func() time.Time
	ready     func() error
	logger    *slog.Logger
}

// New returns a Desk.
func New(d Deps) *Desk {
	return &Desk{
		lifecycle: d.Lifecycle, login: d.Login, tokens: d.Tokens, notary: d.Notary,
		issuer: d.Issuer, linkURL: d.LinkURL, clock: d.Clock, ready: d.Ready, logger: d.Logger,
	}
}

// Status says who answers.
type Status struct {
	Issuer    string `json:"issuer"`
	ProcessID int    `json:"process_id"`
	// Ready tells whether its view of the database is fresh enough to serve.
	Ready bool `json:"ready"`
}

// Status says who answers: the server's public name and process, and whether it
// is ready.
func (d *Desk) Status(context.Context) (Status, error) {
	return Status{Issuer: d.issuer, ProcessID: os.Getpid(), Ready: d.ready() == nil}, nil
}

type requestIDKey struct{}

// actor is the operator at the machine: whoever may open the socket or the
// database. Each command has a request ID of its own, which joins its audit
// events and its log lines.
func (d *Desk) actor(ctx context.Context) (apicred.Actor, error) {
	id, ok := ctx.Value(requestIDKey{}).(string)
	if !ok {
		var err error
		if id, err = newRequestID(); err != nil {
			return apicred.Actor{}, err
		}
	}
	return apicred.Actor{Type: apicred.ActorOperator, Unlimited: true, RequestID: id}, nil
}

func newRequestID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", apicred.Internal(err)
	}
	return id.String(), nil
}
