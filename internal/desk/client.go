package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

const dialTimeout = 5 * time.Second

// Client gives the commands to a running server through its socket.
type Client struct{ http *http.Client }

// Dial tells whether a server listens on the socket at path, and returns the
// way to it. A socket that is there and cannot be used (another user's) counts
// as a server too: the command itself then says what is wrong.
func Dial(ctx context.Context, path string) (*Client, bool) {
	dialer := net.Dialer{Timeout: dialTimeout}
	connection, err := dialer.DialContext(ctx, "unix", shortPath(path))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOTDIR) ||
		errors.Is(err, syscall.EINVAL) { // too long a path for anybody to listen on
		return nil, false
	}
	if err == nil {
		_ = connection.Close() // it was only knocked at
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "unix", shortPath(path))
	}}
	return &Client{http: &http.Client{Transport: transport}}, true
}

// Close lets go of the connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Accounts lists every account, oldest first.
func (c *Client) Accounts(ctx context.Context) ([]Account, error) {
	return call[[]Account](ctx, c, accountList, nothing{})
}

// CreateAccount makes an account, after the operator account.
func (c *Client) CreateAccount(ctx context.Context, in NewAccount) (Account, error) {
	return call[Account](ctx, c, accountCreate, in)
}

// EditAccount changes an account's settings.
func (c *Client) EditAccount(ctx context.Context, in AccountEdit) (Account, error) {
	return call[Account](ctx, c, accountEdit, in)
}

// Users lists the members of one account.
func (c *Client) Users(ctx context.Context, in AccountRef) ([]User, error) {
	return call[[]User](ctx, c, userList, in)
}

// CreateUser makes a person a member of an account, with a set-up link.
func (c *Client) CreateUser(ctx context.Context, in NewUser) (CreatedUser, error) {
	out, err := call[createdUserWire](ctx, c, userCreate, in)
	return out.user(), err
}

// EditUser changes role and status of a member.
func (c *Client) EditUser(ctx context.Context, in UserEdit) (User, error) {
	return call[User](ctx, c, userEdit, in)
}

// SetUpLink makes a link that signs a member in, and ends earlier ones.
func (c *Client) SetUpLink(ctx context.Context, in UserRef) (SetUpLink, error) {
	out, err := call[linkWire](ctx, c, userSetUpLink, in)
	return out.link(), err
}

// MintToken makes a management access token that acts as a member.
func (c *Client) MintToken(ctx context.Context, in TokenRequest) (Token, error) {
	out, err := call[tokenWire](ctx, c, tokenMint, in)
	return out.token(), err
}

// ApplyCatalogue replaces the catalogue by a document.
func (c *Client) ApplyCatalogue(ctx context.Context, in CatalogueDocument) (CatalogueState, error) {
	return call[CatalogueState](ctx, c, catalogueSet, in)
}

// DiffCatalogue compares a document with what is stored; nothing changes.
func (c *Client) DiffCatalogue(ctx context.Context, in CatalogueDocument) (CatalogueReport, error) {
	return call[CatalogueReport](ctx, c, catalogueDiff, in)
}

// ExportCatalogue returns the catalogue as YAML.
func (c *Client) ExportCatalogue(ctx context.Context) (CatalogueDocument, error) {
	return call[CatalogueDocument](ctx, c, catalogueGet, nothing{})
}

// SigningKeys lists the published signing keys, oldest first.
func (c *Client) SigningKeys(ctx context.Context) ([]SigningKey, error) {
	return call[[]SigningKey](ctx, c, keyList, nothing{})
}

// RotateSigningKeys makes the next key sign.
func (c *Client) RotateSigningKeys(ctx context.Context, in KeyRotation) ([]SigningKey, error) {
	return call[[]SigningKey](ctx, c, keyRotate, in)
}

// RemoveSigningKey removes a key at once, with every token that it signed.
func (c *Client) RemoveSigningKey(ctx context.Context, in KeyRef) ([]SigningKey, error) {
	return call[[]SigningKey](ctx, c, keyRemove, in)
}

// AuditEvents lists what was done and refused, newest first.
func (c *Client) AuditEvents(ctx context.Context, in AuditQuery) (AuditEventPage, error) {
	return call[AuditEventPage](ctx, c, auditList, in)
}

// CheckpointAudit returns a signed checkpoint of where the audit chain ends.
func (c *Client) CheckpointAudit(ctx context.Context) (AuditCheckpoint, error) {
	return call[AuditCheckpoint](ctx, c, auditCheckpoint, nothing{})
}

// VerifyAudit checks the whole audit chain and its checkpoints.
func (c *Client) VerifyAudit(ctx context.Context, in AuditVerification) (AuditReport, error) {
	return call[AuditReport](ctx, c, auditVerify, in)
}

// Explain says why a program was refused, or would be.
func (c *Client) Explain(ctx context.Context, in ExplainRequest) (Explanation, error) {
	return call[Explanation](ctx, c, explainRefusal, in)
}

// RestoredCredentials lists those that wait for a confirmation, by client ID.
func (c *Client) RestoredCredentials(ctx context.Context, in RestoredQuery) ([]RestoredCredential, error) {
	return call[[]RestoredCredential](ctx, c, restoreList, in)
}

// ConfirmRestored lets restored credentials work again.
func (c *Client) ConfirmRestored(ctx context.Context, in Confirmation) ([]RestoredCredential, error) {
	return call[[]RestoredCredential](ctx, c, restoreConfirm, in)
}

// Status says who answers.
func (c *Client) Status(ctx context.Context) (Status, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	return call[Status](ctx, c, statusGet, nothing{})
}

// call does one command. There is no time limit but the context's: verifying a
// long audit log takes as long as it takes.
func call[Out any](ctx context.Context, c *Client, name string, in any) (Out, error) {
	var out Out
	body, err := json.Marshal(in)
	if err != nil {
		return out, apicred.Internal(err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://claviger/"+name, bytes.NewReader(body))
	if err != nil {
		return out, apicred.Internal(err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return out, unreachable(err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		if err = json.NewDecoder(response.Body).Decode(&out); err != nil {
			return out, unreachable(err)
		}
		return out, nil
	}
	return out, refused(response.Body)
}

// refused reads the error of an answer. Anything else than an error is from a
// server that does not have the command.
func refused(body io.Reader) error {
	var w errorWire
	if err := json.NewDecoder(body).Decode(&w); err != nil || w.Kind == "" {
		return apicred.Conflict("The running server does not know this command. It is of another release: restart it with this one.").Because(err)
	}
	return w.error()
}

func unreachable(cause error) error {
	message := "The running server did not finish the command. See its log, and look whether the change was made before you repeat it."
	switch {
	case errors.Is(cause, context.Canceled):
		message = "Interrupted. Look whether the change was made before you repeat it."
	case errors.Is(cause, fs.ErrPermission):
		message = "This user may not use the data directory or the running server's socket in it. Run this command as the user the server runs as."
	}
	return (&apicred.Error{Kind: apicred.KindUnavailable, Message: message}).Because(cause)
}
