package restapi

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/web"
)

// maxBody bounds request bodies in bytes, but for the catalogue (contract.md "Problems").
const maxBody = 64 << 10

// The media types of request bodies.
const (
	mediaJSON       = "application/json"
	mediaMergePatch = "application/merge-patch+json"
	mediaYAML       = "application/yaml"
)

// call is one request on its way through the surface.
type call struct {
	request   *http.Request
	exchange  *web.Exchange
	operation *operation
	body      []byte
	media     string        // of the body, without parameters; empty when there is none
	session   login.Session // by which the request was admitted; zero with an access token
}

type callKey struct{}

// callFrom returns the call that serve has put into the request.
func callFrom(ctx context.Context) *call {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		panic("restapi: an operation was called past Surface.serve")
	}
	return c
}

// read judges what needs no knowledge of who asks: the query, and size and type
// of the body.
func (c *call) read() error {
	query, err := readQuery(c.operation, c.request.URL.RawQuery)
	if err != nil {
		return err
	}
	c.request.URL.RawQuery = query
	if c.request.Method != http.MethodPost && c.request.Method != http.MethodPut && c.request.Method != http.MethodPatch {
		return nil // content of GET and DELETE means nothing (RFC 9110 section 9.3)
	}
	limit := c.operation.limit()
	if c.request.ContentLength > limit {
		return web.TooLarge()
	}
	// One byte more than the limit tells that there is more.
	c.body, err = io.ReadAll(io.LimitReader(c.request.Body, limit+1))
	switch {
	case err != nil:
		return unreadable(err)
	case int64(len(c.body)) > limit:
		return web.TooLarge()
	}
	return c.readMedia()
}

// unreadable tells a body that is too large from one that did not come whole.
func unreadable(err error) error {
	if e := web.AsError(err); e.Code == web.CodeTooLarge {
		return e
	}
	return apicred.Malformed("The request body could not be read to its end. Send it again.").Because(err)
}

func (c *call) readMedia() error {
	header := c.request.Header.Values("Content-Type")
	if len(header) == 0 && len(c.body) == 0 {
		return nil
	}
	taken := c.operation.media()
	media, parameters, err := mime.ParseMediaType(strings.Join(header, ", "))
	charset, given := parameters["charset"]
	if err != nil || !slices.Contains(taken, media) || given && !strings.EqualFold(charset, "utf-8") {
		return notTaken(taken)
	}
	c.media = media
	return nil
}

// notTaken refuses the type of a body and names those that are taken.
func notTaken(taken []string) error {
	return &apicred.Error{
		Kind: apicred.KindInvalid, Code: web.CodeUnsupportedMediaType,
		Message: fmt.Sprintf("Send the body as %s in UTF-8, and say so in Content-Type.", strings.Join(taken, " or ")),
	}
}

// header returns the value of a request header that may be sent once.
func (c *call) header(name string) (string, error) {
	values := c.request.Header.Values(name)
	switch len(values) {
	case 0:
		return "", nil
	case 1:
		return values[0], nil
	}
	return "", malformedAt("header."+name, "The header "+name+" is there twice. Send it once.")
}

// malformedAt is a refusal of syntax that names the place (status 400).
func malformedAt(location, message string) *apicred.Error {
	e := apicred.Malformed(message)
	e.Fields = []apicred.FieldError{{Location: location, Message: message}}
	return e
}
