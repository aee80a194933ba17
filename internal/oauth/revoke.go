package oauth

import (
	"errors"
	"net/http"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/web"
)

// revocationEndpoint answers revocation requests (RFC 7009).
type revocationEndpoint struct {
	*reception
	verifier *accesstoken.Verifier
}

func newRevocationEndpoint(c Config) *revocationEndpoint {
	return &revocationEndpoint{reception: newReception(c), verifier: c.Verifier}
}

// serve is a web.Handler. Success has no body, and is also the answer for a
// token that nobody knows (RFC 7009 section 2.2). token_type_hint is not read:
// there is one kind of token.
func (e *revocationEndpoint) serve(w http.ResponseWriter, r *http.Request, x *web.Exchange) {
	e.headers.setNoStore(w.Header())
	if refused := e.revoke(r, x); refused != nil {
		e.answer(x, *refused, standard)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func (e *revocationEndpoint) revoke(r *http.Request, x *web.Exchange) *refusal {
	f, refused := e.form(r)
	if refused != nil {
		return refused
	}
	client, refused := e.client(r, x, &f)
	switch {
	case refused != nil:
		return refused
	case f.token == "":
		return refuse(faultRequest, missingToken)
	}
	err := e.verifier.Revoke(r.Context(), client, accesstoken.RevokeRequest{
		Token: f.token, Address: x.Address(), RequestID: x.RequestID, Arrival: x.Start,
	})
	switch {
	case errors.Is(err, accesstoken.ErrForeignToken):
		return refuse(faultUnauthorizedClient, "The token was issued to another client. Only the client that it was issued to can revoke it.").because(err)
	case err != nil:
		return refusalOf(err)
	}
	return nil
}
