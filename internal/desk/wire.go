package desk

import (
	"net/http"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// The commands as they are named on the socket: POST /<name>.
const (
	accountList     = "account.list"
	accountCreate   = "account.create"
	accountEdit     = "account.edit"
	userList        = "user.list"
	userCreate      = "user.create"
	userEdit        = "user.edit"
	userSetUpLink   = "user.set-up-link"
	tokenMint       = "token"
	catalogueSet    = "catalogue.apply"
	catalogueDiff   = "catalogue.diff"
	catalogueGet    = "catalogue.export"
	keyList         = "key.list"
	keyRotate       = "key.rotate"
	keyRemove       = "key.remove"
	auditList       = "audit.list"
	auditVerify     = "audit.verify"
	explainRefusal  = "explain"
	statusGet       = "status"
	restoreList     = "restore.list"
	restoreConfirm  = "restore.confirm"
	auditCheckpoint = "audit.checkpoint"
)

// nothing is the input of commands that need none.
type nothing struct{}

// linkWire, createdUserWire and tokenWire carry secrets over the socket, which
// only the server's own user can open.
type linkWire struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

type createdUserWire struct {
	User      User     `json:"user"`
	SetUpLink linkWire `json:"set_up_link"`
}

type tokenWire struct {
	AccessToken string    `json:"access_token"`
	ExpiresAt   time.Time `json:"expires_at"`
	Scopes      []string  `json:"scopes"`
}

func (l SetUpLink) wire() linkWire { return linkWire{l.URL.Reveal(), l.ExpiresAt} }

func (l linkWire) link() SetUpLink { return SetUpLink{Secret{text: l.URL}, l.ExpiresAt} }

func (u CreatedUser) wire() createdUserWire { return createdUserWire{u.User, u.SetUpLink.wire()} }

func (u createdUserWire) user() CreatedUser { return CreatedUser{u.User, u.SetUpLink.link()} }

func (t Token) wire() tokenWire { return tokenWire{t.AccessToken.Reveal(), t.ExpiresAt, t.Scopes} }

func (t tokenWire) token() Token { return Token{Secret{text: t.AccessToken}, t.ExpiresAt, t.Scopes} }

// errorWire is an apicred.Error without its hidden cause, which stays in the
// server's log.
type errorWire struct {
	Kind       apicred.Kind  `json:"kind"`
	Code       string        `json:"code,omitempty"`
	Message    string        `json:"message"`
	Fields     []fieldWire   `json:"fields,omitempty"`
	RetryAfter time.Duration `json:"retry_after,omitempty"`
	RequestID  string        `json:"request_id,omitempty"`
}

type fieldWire struct {
	Location string `json:"location"`
	Message  string `json:"message"`
}

func wireError(e *apicred.Error, requestID string) errorWire {
	out := errorWire{Kind: e.Kind, Code: e.Code, Message: e.Message, RetryAfter: e.RetryAfter, RequestID: requestID}
	for _, f := range e.Fields {
		out.Fields = append(out.Fields, fieldWire(f))
	}
	return out
}

// error is the other way. An internal error names its request ID, by which the
// cause is found in the server's log.
func (w errorWire) error() *apicred.Error {
	e := &apicred.Error{Kind: w.Kind, Code: w.Code, Message: w.Message, RetryAfter: w.RetryAfter}
	for _, f := range w.Fields {
		e.Fields = append(e.Fields, apicred.FieldError(f))
	}
	if e.Kind == apicred.KindInternal {
		e.Message = "Something went wrong in the server. Its log has the cause under request " + w.RequestID + "."
	}
	return e
}

// status is for people who look at the socket with curl; the client goes by the
// kind in the body.
func status(e *apicred.Error) int {
	switch e.Kind {
	case apicred.KindInvalid:
		return http.StatusUnprocessableEntity
	case apicred.KindUnauthenticated, apicred.KindForbidden:
		return http.StatusForbidden
	case apicred.KindNotFound:
		return http.StatusNotFound
	case apicred.KindConflict, apicred.KindPrecondition:
		return http.StatusConflict
	case apicred.KindRateLimited, apicred.KindUnavailable:
		return http.StatusServiceUnavailable
	case apicred.KindInternal:
	}
	return http.StatusInternalServerError
}
