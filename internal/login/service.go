package login

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/claviger/claviger/internal/apicred"
)

// Service holds the use cases of signing in. It is safe for concurrent use.
type Service struct {
	store    Store
	clock    func() time.Time
	random   io.Reader
	sealer   Sealer
	logger   *slog.Logger
	refusals Refusals
	password bool // people may sign in by password
	gate     *gate
	throttle *throttle
}

// Sealer encrypts and authenticates small values (keyring.Master).
type Sealer interface {
	Seal(purpose string, plaintext, aad []byte) []byte
	Open(purpose string, sealed, aad []byte) ([]byte, error)
	// ID names the master key that Seal seals under.
	ID() string
}

// Refusals takes what was refused to somebody signed in, for the audit log
// (lifecycle.Service).
type Refusals interface {
	Refused(actor apicred.Actor, refusal apicred.RefusedAct)
}

// Options are what a Service works with. Every member but Refusals is required.
type Options struct {
	Store Store
	// Clock tells the time (time.Now).
	Clock func() time.Time
	// Random yields unpredictable bytes (crypto/rand.Reader) and is safe for
	// concurrent use.
	Random io.Reader
	Sealer Sealer
	Logger *slog.Logger
	// Refusals; nil: they go to the log alone.
	Refusals Refusals
	// PasswordSignIn is the setting password_sign_in.
	PasswordSignIn bool
}

// New makes a Service.
func New(o Options) *Service {
	return &Service{
		store: o.Store, clock: o.Clock, random: o.Random, sealer: o.Sealer, logger: o.Logger,
		refusals: o.Refusals, password: o.PasswordSignIn, gate: newGate(), throttle: newThrottle(),
	}
}

// PasswordSignIn tells whether people may sign in by password.
func (s *Service) PasswordSignIn() bool { return s.password }

func (s *Service) refuse(actor apicred.Actor, refusal apicred.RefusedAct) {
	if s.refusals != nil {
		s.refusals.Refused(actor, refusal)
	}
}

// RequestFacts is what a surface knows about the request behind a sign-in.
type RequestFacts struct {
	Address   string // client address, after trusted proxies
	UserAgent string // as sent; cleaned and cut here
	RequestID string
	// Session is the one that the browser has already; signing in ends it, so
	// that a cookie planted or left behind never outlives a sign-in (S21).
	Session SessionToken
	// Browser is what the browser shows of an earlier sign-in; may be zero.
	Browser BrowserToken
}

// actor is the person, as these facts of a request describe them in the audit.
func (f *RequestFacts) actor(kind apicred.ActorType, id string) apicred.Actor {
	return apicred.Actor{Type: kind, ID: id, Address: f.Address, RequestID: f.RequestID}
}

// network is where the request comes from, as throttle and gate see it.
func (f *RequestFacts) network() netip.Addr {
	address, _ := netip.ParseAddr(f.Address) // none: the zero Addr, as for a socket without one
	return network(address)
}

// maxUserAgent bounds what is kept of a User-Agent header, in bytes.
const maxUserAgent = 256

// cleanUserAgent keeps the printable beginning of a header that anybody may fill.
func cleanUserAgent(s string) string {
	var out strings.Builder
	for _, r := range strings.ToValidUTF8(s, "") {
		if !unicode.IsPrint(r) {
			continue
		}
		if out.Len()+len(string(r)) > maxUserAgent {
			break
		}
		out.WriteRune(r)
	}
	return out.String()
}

// newID makes a UUID version 7, the ID of every row.
func (s *Service) newID() (string, error) {
	id, err := uuid.NewV7FromReader(s.random)
	if err != nil {
		return "", apicred.Internal(err)
	}
	return id.String(), nil
}

// now is the time in UTC to the microsecond, which is what stores keep.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// event begins an audit event; the caller adds the action and what it was done to.
func (s *Service) event(at time.Time, accountID string, actor apicred.Actor) (apicred.AuditEvent, error) {
	id, err := s.newID()
	if err != nil {
		return apicred.AuditEvent{}, err
	}
	return apicred.AuditEvent{
		EventID: id, At: at, AccountID: accountID,
		ActorType: actor.Type, ActorID: actor.ID,
		Outcome: apicred.OutcomeDone, Count: 1,
		Address: actor.Address, RequestID: actor.RequestID,
	}, nil
}

// jsonObject encodes the before or after of an event. Maps of strings, numbers
// and booleans always encode.
func jsonObject(members map[string]any) json.RawMessage {
	encoded, err := json.Marshal(members)
	if err != nil {
		return json.RawMessage(`{}`)
	}
	return encoded
}
