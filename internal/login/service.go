package login

import (
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/claviger/claviger/internal/apicred"
)

// Service holds the use cases of signing in. It is safe for concurrent use.
type Service struct {
	store  Store
	clock  func() time.Time
	random io.Reader
	logger *slog.Logger
}

// New makes a Service. clock tells the time (time.Now), random yields
// unpredictable bytes (crypto/rand.Reader) and must be safe for concurrent use.
func New(store Store, clock func() time.Time, random io.Reader, logger *slog.Logger) *Service {
	return &Service{store: store, clock: clock, random: random, logger: logger}
}

// RequestFacts is what a surface knows about the request behind a sign-in.
type RequestFacts struct {
	Address   string // client address, after trusted proxies
	UserAgent string // as sent; cleaned and cut here
	RequestID string
	// Session is the one that the browser has already; signing in ends it, so
	// that a cookie planted or left behind never outlives a sign-in (S21).
	Session SessionToken
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
