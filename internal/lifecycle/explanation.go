package lifecycle

import (
	"context"
	"encoding/base64"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// Explanation says why a program was refused, or would be (R20).
type Explanation struct {
	At        time.Time // zero: not known, or a question of what would be
	Code      string    // wire code of the refusal; empty: the call passes
	Rule      string    // what refused, as "scope_not_held"; bounded
	Why       string    // a sentence
	Remedy    string    // what would allow it
	Who       string    // who may do that
	RequestID string    // without the sealed part
	JTI       string
	Method    string
	Route     string // the route's pattern
	API       string
	Scopes    []string // any of which opens the route
	Address   netip.Addr
	// Credential concerned; zero: none is known, or none of this account.
	Credential CredentialView
}

// ExplainRequest asks one of three questions: about a refusal by its request ID,
// about a token by its jti, or about a call that was not made.
type ExplainRequest struct {
	RequestID string
	JTI       string
	Call      *ExplainedCall
}

// ExplainedCall is a call that is only thought of.
type ExplainedCall struct {
	ClientID string
	API      string // ID; empty: host and path find it
	Host     string // empty: any host
	Method   string
	Path     string
	Address  netip.Addr // zero: any
}

// SealRefusal makes of a packed apicred.Refusal the text behind a request ID,
// bound to it: AES-256-GCM under the master key, base64url.
func (s *Service) SealRefusal(packed []byte, requestID string) string {
	return base64.RawURLEncoding.EncodeToString(s.sealer.Seal(refusalPurpose, packed, []byte(requestID)))
}

const (
	refusalPurpose = "refusal"
	// requestIDSeparator stands between a request ID and the sealed refusal
	// (web.RequestIDSeparator, which this room does not know).
	requestIDSeparator = "."
)

// Explain answers why a program was refused, to admins of the account that its
// API credential belongs to. Errors: not_found (no such record, or none that the
// actor may see), forbidden (the token's scope), malformed.
func (s *Service) Explain(ctx context.Context, actor apicred.Actor, in ExplainRequest) (Explanation, error) {
	var out Explanation
	err := s.store.View(ctx, func(r Reader) error {
		if err := s.auditRight(ctx, r, &actor); err != nil {
			return err
		}
		e := explainer{service: s, reader: r, actor: &actor}
		var err error
		switch {
		case in.RequestID != "":
			out, err = e.refusal(ctx, in.RequestID)
		case in.JTI != "":
			out, err = e.token(ctx, in.JTI)
		case in.Call != nil:
			out, err = e.call(ctx, in.Call)
		default:
			err = apicred.Malformed("Name what to explain: a request ID, a token's jti, or a call.")
		}
		return err
	})
	return out, err
}

// explainer answers one question on one snapshot.
type explainer struct {
	service *Service
	reader  Reader
	actor   *apicred.Actor
	facts   facts
	role    apicred.Role // of the credential's owner; empty: none
}

func noRecord() *apicred.Error {
	return &apicred.Error{Kind: apicred.KindNotFound, Message: "Nothing to explain under this ID here. Paste the whole Claviger-Request-Id of the refused answer, with what follows the dot; calls that were let through, and other accounts' credentials, are not explained."}
}

// refusal opens what travelled in a request ID.
func (e *explainer) refusal(ctx context.Context, requestID string) (Explanation, error) {
	id, sealedText, found := strings.Cut(strings.TrimSpace(requestID), requestIDSeparator)
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(sealedText)
	if !found || err != nil || strings.ContainsAny(sealedText, "\r\n") {
		return Explanation{}, noRecord()
	}
	packed, err := e.service.sealer.Open(refusalPurpose, sealed, []byte(id))
	if err != nil {
		return Explanation{}, noRecord()
	}
	r, ok := apicred.UnpackRefusal(packed)
	if !ok {
		return Explanation{}, noRecord()
	}
	out := Explanation{
		At: r.At, Code: r.Code, RequestID: id, Method: r.Method, Route: r.Route, API: r.API, Address: r.Address,
	}
	if r.Scope != "" {
		out.Scopes = []string{r.Scope}
	}
	known, err := e.find(ctx, r.Client, &out)
	switch {
	case err != nil:
		return Explanation{}, err
	case !known && r.Client != "" && r.Code != codeInvalidClient && r.Code != codeInvalidToken:
		return Explanation{}, noRecord() // its program was proved: it is another account's, or gone
	}
	if api := e.catalogue().API(r.API); api != nil && r.Code == codeInsufficientScope {
		out.Scopes = scopesOfRoute(api, r.Route, r.Method, out.Scopes)
	}
	e.tell(&out, &r, known)
	return out, nil
}

// find fills in the credential. One of another account is as unknown as one that
// never was: whether a client ID exists elsewhere is nobody's to learn (S25).
func (e *explainer) find(ctx context.Context, clientID string, out *Explanation) (known bool, err error) {
	accountID := e.actor.AccountID
	if clientID != "" {
		holder, err := e.reader.CredentialAccount(ctx, clientID)
		switch {
		case apicred.IsKind(err, apicred.KindNotFound):
		case err != nil:
			return false, err
		case accountID == "" || holder == accountID:
			known, accountID = true, holder
		}
	}
	if e.facts.catalogue, err = e.service.catalogue(ctx, e.reader); err != nil || !known {
		return false, err
	}
	if e.facts.account, err = e.reader.Account(ctx, accountID); err != nil {
		return false, err
	}
	c, err := e.reader.Credential(ctx, accountID, clientID)
	if err == nil {
		var owner apicred.User
		owner, err = e.service.owner(ctx, e.reader, &c)
		e.role = owner.Role
	}
	if err == nil {
		out.Credential, err = e.service.viewStored(ctx, e.reader, e.actor, &e.facts, c)
	}
	return true, err
}

func (e *explainer) catalogue() *apicred.CompiledCatalogue { return e.facts.catalogue }

// scopesOfRoute finds the alternatives of a route by its pattern.
func scopesOfRoute(api *apicred.CompiledAPI, pattern, method string, otherwise []string) []string {
	for _, route := range api.Routes {
		if api.BasePath+route.Path == pattern && takesMethod(route.Methods, method) {
			return route.Scopes
		}
	}
	return otherwise
}

func takesMethod(methods []string, method string) bool {
	if method == "HEAD" {
		method = "GET"
	}
	return len(methods) == 0 || slices.Contains(methods, method)
}

// token tells what is recorded of a token. Tokens leave no row, so that is only
// that it was revoked, or minted for a person.
func (e *explainer) token(ctx context.Context, jti string) (Explanation, error) {
	events, err := e.reader.AuditEvents(ctx, AuditQuery{AccountID: e.actor.AccountID, Target: jti, Limit: 10})
	if err != nil {
		return Explanation{}, err
	}
	for _, event := range events {
		if event.TargetType != apicred.TargetToken {
			continue
		}
		out := Explanation{At: event.At, JTI: jti}
		if event.Action == "token.revoke" {
			if _, err := e.find(ctx, event.ActorID, &out); err != nil {
				return Explanation{}, err
			}
			out.Code, out.Rule = codeInvalidToken, "token_revoked"
			out.Why = "The program that the token was issued to revoked it at that time."
			out.Remedy, out.Who = "Request a new token.", whoProgram
			return out, nil
		}
		out.Rule, out.Why = "token_minted", "The token was made for a person at that time, and was not revoked since."
		out.Remedy, out.Who = "If it is refused, ask by the request ID of the refusal.", whoCaller
		return out, nil
	}
	return Explanation{}, &apicred.Error{Kind: apicred.KindNotFound, Message: "No event in this account names this token: it was not revoked here. Tokens leave no other record; ask by the request ID of the refusal."}
}

// call judges a call as enforcement would, as far as it needs no secret.
func (e *explainer) call(ctx context.Context, in *ExplainedCall) (Explanation, error) {
	out := Explanation{API: in.API, Method: in.Method, Address: in.Address}
	known, err := e.find(ctx, in.ClientID, &out)
	switch {
	case err != nil:
		return Explanation{}, err
	case !known:
		return Explanation{}, apicred.NotFound()
	}
	r := apicred.Refusal{Code: e.judge(in, &out), Client: in.ClientID, Address: in.Address}
	if r.Code == codeInvalidClient {
		r.Cause = string(out.Credential.Status)
	}
	out.Code = r.Code
	if r.Code == "" {
		out.Rule, out.Why = "allowed", "The call passes: a token with one of the route's scopes opens it."
		out.Remedy, out.Who = "Nothing has to be done.", whoNobody
		return out, nil
	}
	e.tell(&out, &r, true)
	return out, nil
}

// judge returns the code of the refusal, empty for none.
func (e *explainer) judge(in *ExplainedCall, out *Explanation) string {
	segments, plain := apicred.PathSegments(in.Path)
	if !plain {
		return codeBadPath
	}
	route := e.route(in, segments)
	if route == nil {
		return codeNoRoute
	}
	out.API, out.Route, out.Scopes = route.API.ID, route.Pattern, route.Scopes
	c := &out.Credential
	switch {
	case c.Status != apicred.StatusActive:
		return codeInvalidClient
	case in.Address.IsValid() && !apicred.AddressAllowed(c.AllowedCIDRs, in.Address):
		return codeAddressNotAllowed
	}
	for _, scope := range route.Scopes {
		if slices.Contains(c.EffectiveScopes, scope) {
			return ""
		}
	}
	return codeInsufficientScope
}

// route finds the route that a call meets, as enforcement does. Somebody who asks
// about a path alone means the API that has it, on whatever host that answers.
func (e *explainer) route(in *ExplainedCall, segments []string) *apicred.CompiledRoute {
	if in.API != "" {
		if api := e.catalogue().API(in.API); api != nil {
			return api.MatchIn(in.Method, segments)
		}
		return nil
	}
	if route := e.catalogue().Match(in.Method, in.Host, segments); route != nil || in.Host != "" {
		return route
	}
	for _, api := range e.catalogue().Document().APIs {
		if route := e.catalogue().API(api.ID).MatchIn(in.Method, segments); route != nil {
			return route
		}
	}
	return nil
}
