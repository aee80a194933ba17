package lifecycle

import (
	"slices"
	"strings"

	"github.com/claviger/claviger/internal/apicred"
)

// Wire codes of refusals of programs (contract.md "Errors", "Enforcement").
const (
	codeUnauthenticated   = "unauthenticated"
	codeInvalidToken      = "invalid_token"
	codeInvalidClient     = "invalid_client"
	codeInvalidScope      = "invalid_scope"
	codeInvalidProof      = "invalid_dpop_proof"
	codeInsufficientScope = "insufficient_scope"
	codeNoRoute           = "no_route"
	codeBadPath           = "bad_path"
	codeUntrustedPeer     = "untrusted_peer"
	codeAddressNotAllowed = "address_not_allowed"
	codeRateLimited       = "rate_limited"
	codeUnavailable       = "unavailable"
)

// Who may do what would help.
const (
	whoNobody   = "nobody"
	whoCaller   = "whoever calls"
	whoProgram  = "the program"
	whoOperator = "the operator, or an admin of the operator account"
	whoAdmin    = "an admin of the account"
	whoOwner    = "its owner"
)

// words are a rule with its sentences.
type words struct{ rule, why, remedy, who string }

func (w words) into(out *Explanation) {
	out.Rule, out.Why, out.Remedy, out.Who = w.rule, w.why, w.remedy, w.who
}

// tell words a refusal. What it says of the credential is how it is now.
func (e *explainer) tell(out *Explanation, r *apicred.Refusal, known bool) {
	switch r.Code {
	case codeInsufficientScope:
		e.scopeMissing(out, known).into(out)
	case codeInvalidClient, codeInvalidToken:
		e.notProved(out, r, known).into(out)
	case codeInvalidScope:
		e.scopeAsked(r).into(out)
	case codeInvalidProof:
		proofWords(r.Cause).into(out)
	default:
		plainWords(r, e.editor(out, known)).into(out)
	}
}

// editor is who may edit the credential.
func (e *explainer) editor(out *Explanation, known bool) string {
	switch {
	case !known:
		return "whoever may edit the API credential"
	case out.Credential.Level == apicred.LevelAccount:
		return whoAdmin
	case out.Credential.OwnerEmail != "":
		return "its owner, " + out.Credential.OwnerEmail
	}
	return whoOwner
}

// plainWords are those that depend on the code alone.
func plainWords(r *apicred.Refusal, editor string) words {
	switch r.Code {
	case codeUnauthenticated:
		return words{"no_token", "The call carried no access token.", "Request a token and send it as Authorization: Bearer.", whoProgram}
	case codeNoRoute:
		return words{"no_route", "No route of the catalogue takes this method and path on this host.", "Call another path, or add the route to the API in the catalogue.", whoOperator}
	case codeBadPath:
		return words{"path_spelling", "The path was spelt in a way that two programs could read differently.", "Send it without encoded slashes, dot segments, empty segments and semicolons.", whoProgram}
	case codeUntrustedPeer:
		return words{"untrusted_peer", "The question came from an address that is no trusted proxy, or its headers were missing or doubled.", "Name the proxy in the setting trusted_proxies and use the configuration in deploy/.", "the operator"}
	case codeAddressNotAllowed:
		return words{"address", "The API credential may not be used from " + addressText(r) + ".", "Add the address to its allowed addresses, or call from an allowed one.", editor}
	case codeRateLimited:
		return words{"rate", "There were more requests than the API credential's rate allows, or too many failed ones.", "Call more slowly, or raise its requests per second.", editor}
	case codeUnavailable, "temporarily_unavailable":
		return words{"unavailable", "The server could not check this against its database at that time.", "Try again; if it lasts, look at readiness and the log.", "the operator"}
	}
	return words{"request", "The request was not as it has to be: the answer's text says what is wrong with it.", "Correct the request.", whoProgram}
}

func addressText(r *apicred.Refusal) string {
	if r.Address.IsValid() {
		return r.Address.String()
	}
	return "that address"
}

// notProved words a failed authentication or a dead token.
func (e *explainer) notProved(out *Explanation, r *apicred.Refusal, known bool) words {
	editor := e.editor(out, known)
	cause := strings.TrimPrefix(r.Cause, apicred.CauseOfToken)
	if w := proofWords(cause); w.rule != "" {
		return w
	}
	if w := assertionWords(cause, out.Credential.AuthenticationMethod, editor); w.rule != "" && r.Code == codeInvalidClient {
		return w
	}
	switch {
	case !known && r.Client != "":
		return words{"client_unknown", "No API credential has the client ID that was presented; it may have been deleted.", "Check the client ID, or create an API credential.", "whoever may create one"}
	case strings.HasPrefix(cause, "certificate: "):
		return certificateWords(cause, editor)
	case cause == apicred.CauseSecretWrong && out.Credential.AuthenticationMethod == apicred.AuthenticationTLSClientAuth:
		return words{"certificate_missing", "The API credential proves itself by a client certificate, and none came along.", "Ask at the listener for client certificates (mtls_endpoint_aliases in the metadata), or by the proxy that passes them on, with the certificate and the client ID alone.", whoProgram}
	case cause == apicred.CauseSecretWrong:
		return words{"secret_wrong", "The client secret that was presented is none of this API credential's.", "Use its present secret, or rotate it.", editor}
	case cause == apicred.CauseSecretExpired:
		return words{"secret_expired", "The client secret that was presented has expired.", "Rotate the API credential and use the new secret.", editor}
	case cause == apicred.CauseTokenAudience:
		return words{"audience", "The token is not meant for this API.", "Request a token without resource, or with this API's audience.", whoProgram}
	case cause == apicred.CauseTokenExpired || cause == apicred.CauseClientExpired:
		return expiredWords(out, r, editor)
	case cause == apicred.CauseTokenRevoked:
		return words{"token_revoked", "The token was revoked.", "Request a new token.", whoProgram}
	case cause == apicred.CauseTokenGeneration:
		return words{"token_ended", "The token was ended with all tokens of its time: the API credential was disabled or suspended since, or a secret closed as compromised.", "Request a new token; if that is refused, look at the API credential's status.", whoProgram}
	case known && out.Credential.Status != apicred.StatusActive:
		return e.inactive(out, editor)
	case cause == apicred.CauseClientAddress:
		return plainWords(&apicred.Refusal{Code: codeAddressNotAllowed, Address: r.Address}, editor)
	case r.Code == codeInvalidClient && known:
		return words{"credential_was_inactive", "The API credential was not active at that time (" + cause + "); it is now.", "Try again.", whoProgram}
	case r.Code == codeInvalidClient:
		return words{"client_missing", "No client ID and secret were presented that could be read.", "Send them by Basic, or as client_id and client_secret in the body.", whoProgram}
	}
	return words{"token_invalid", "What was presented is no access token of this server as it issued it.", "Request a new token and send it unchanged.", whoProgram}
}

func expiredWords(out *Explanation, r *apicred.Refusal, editor string) words {
	if r.Code == codeInvalidToken {
		return words{"token_expired", "The token had expired.", "Request a new token before the old one ends.", whoProgram}
	}
	if out.Credential.Status == apicred.StatusExpired {
		return words{"credential_expired", "The API credential has expired.", "Give it a later end.", editor}
	}
	return words{"credential_was_expired", "The API credential had expired at that time; it was given a later end since.", "Try again.", whoProgram}
}

// inactive words why a credential does nothing now.
func (e *explainer) inactive(out *Explanation, editor string) words {
	c := &out.Credential
	switch {
	case c.Status == apicred.StatusExpired:
		return words{"credential_expired", "The API credential has expired.", "Give it a later end.", editor}
	case c.Status == apicred.StatusDisabled && c.DisabledBy == apicred.DisabledUnused:
		return words{"credential_unused", "The account's rule for unused API credentials disabled it.", "Enable it.", editor + ", or " + whoAdmin}
	case c.Status == apicred.StatusDisabled && c.DisabledBy == c.OwnerID:
		return words{"credential_disabled", "Its owner disabled the API credential.", "Enable it.", editor}
	case c.Status == apicred.StatusDisabled:
		return words{"credential_disabled", "An admin disabled the API credential.", "Enable it.", whoAdmin}
	}
	switch c.Suspension {
	case apicred.SuspensionOwner:
		return words{"owner_inactive", "The owner of the API credential is not active in the account.", "Make the owner active again, or create an API credential of somebody else.", whoAdmin}
	case apicred.SuspensionRestored:
		return words{"restored", "The API credential was restored from a backup and is not confirmed yet.", "Confirm it: claviger restore --confirm " + c.ClientID, "the operator"}
	default:
		return words{"no_scope_left", "None of the API credential's scopes works any more: retired, or above its owner's present role.", "Give it scopes that its owner may give, or raise the owner's role.", editor + ", or " + whoAdmin}
	}
}

// scopeAsked words a token request for a scope that is not to be had.
func (e *explainer) scopeAsked(r *apicred.Refusal) words {
	reason, _, _ := strings.Cut(strings.TrimPrefix(r.Cause, "scope refused: "), ":")
	switch reason {
	case "unknown":
		return words{"scope_unknown", "The scope that was asked for is in no catalogue entry.", "Check its spelling and letter case.", whoProgram}
	case "not_held":
		return words{"scope_not_held", "The API credential does not hold the scope that was asked for.", "Add the scope to it, or ask for less.", whoOwner}
	case "not_effective":
		return words{"scope_not_effective", "The API credential holds the scope, but it is retired or above its owner's present role.", "Un-retire the scope, or raise the owner's role.", whoAdmin}
	case "mixed":
		return words{"scope_mixed", "claviger: scopes were asked for together with others.", "Ask for them in a request of their own.", whoProgram}
	case "not_of_resource":
		return words{"scope_not_of_resource", "The scope does not open the resource that was asked for.", "Ask for a scope that does, or leave resource out.", whoProgram}
	}
	return words{"scope_none", "No scope was left to grant.", "Name scopes that the API credential holds.", whoProgram}
}

// scopeMissing looks for the nearest way to one of the route's scopes.
func (e *explainer) scopeMissing(out *Explanation, known bool) words {
	needed := neededScopes(out.Scopes)
	w := words{rule: "scope_not_held", why: whyScopeMissing(out, needed), remedy: "Give the API credential " + needed + ", and request a new token.", who: e.editor(out, known)}
	if !known {
		return w
	}
	c := &out.Credential
	role := ownerRole(e, c)
	best := 0
	for _, v := range out.Scopes {
		scope := e.catalogue().Scope(v)
		if scope == nil {
			continue
		}
		held, grantable := slices.Contains(c.Scopes, v), scope.Grantable(role, &e.facts.account)
		switch {
		case held && grantable && best < 4:
			best = 4
			w.rule, w.remedy, w.who = "scope_not_in_token", "The API credential has "+v+" now: request a new token that includes it.", whoProgram
		case grantable && !held && best < 3:
			best = 3
			w.remedy = "Add " + v + " to the API credential, and request a new token."
		case held && !scope.Live && best < 2:
			best = 2
			w.rule, w.remedy, w.who = "scope_retired", "The API credential holds "+v+", which is retired. Un-retire it in the catalogue, or call another route.", whoOperator
		case scope.Live && best < 1:
			best = 1
			w.rule, w.remedy, w.who = "scope_above_role", v+" is above the owner's role. Raise the role to "+rolesText(scope.Roles)+", or have somebody who has it create an API credential.", whoAdmin
		}
	}
	return w
}

func neededScopes(scopes []string) string {
	if len(scopes) == 1 {
		return "the scope " + scopes[0]
	}
	return "one of the scopes " + strings.Join(scopes, ", ")
}

// whyScopeMissing tells of the token that was sent, or of the API credential where
// nobody made the call.
func whyScopeMissing(out *Explanation, needed string) string {
	thought, one := out.At.IsZero(), len(out.Scopes) == 1
	lack := ", and the token had none of them."
	switch {
	case thought && one:
		lack = ", which does not work for this API credential."
	case thought:
		lack = ", and none of them works for this API credential."
	case one:
		lack = ", which the token did not have."
	}
	return "The route needs " + needed + lack
}

func ownerRole(e *explainer, c *CredentialView) apicred.Role {
	if c.Level == apicred.LevelAccount {
		return apicred.RoleAdmin
	}
	return e.role
}

func rolesText(roles []apicred.Role) string {
	texts := make([]string, 0, len(roles))
	for _, r := range roles {
		texts = append(texts, string(r))
	}
	slices.Sort(texts)
	return strings.Join(texts, " or ")
}
