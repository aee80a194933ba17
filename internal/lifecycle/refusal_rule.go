package lifecycle

import (
	"slices"
	"strings"

	"github.com/claviger/claviger/internal/apicred"
)

// ruleOther stands for whatever has no name in RefusalRules.
const ruleOther = "other"

// RefusalRules lists the names that RefusalRule gives, sorted. The set is fixed,
// so that nobody can make series in the metrics.
func RefusalRules() []string {
	return []string{
		"aborted", "address", "assertion", "assertion_audience", "assertion_key", "assertion_replayed", "assertion_time", "audience",
		"authentication_method", "certificate", "certificate_authority", "certificate_key", "certificate_missing", "certificate_subject", "certificate_time", "client_gone", "client_missing", "client_unknown",
		"conflict", "credential_disabled", "credential_expired", "credential_inactive", "credential_suspended", "cursor_gone", "forbidden",
		"internal", "invalid", "invalid_request", "invalid_target", "malformed", "method_not_allowed", "no_route", "no_token", "not_found",
		ruleOther, "overloaded", "owner_inactive", "path_spelling", "precondition", "proof", "proof_address", "proof_missing", "proof_replayed", "proof_time",
		"rate", "reauthentication_required", "scope_missing", "scope_mixed", "scope_none", "scope_not_effective", "scope_not_grantable",
		"scope_not_held", "scope_not_of_resource", "scope_unknown", "secret_expired", "secret_wrong", "server_error", "token_bound",
		"token_ended", "token_expired", "token_invalid", "token_not_bound", "token_revoked", "too_large", "unauthorized_client", "unavailable",
		"unsupported_grant_type", "unsupported_media_type", "untrusted_peer", "upstream_timeout", "upstream_unavailable",
	}
}

// RefusalRule names the rule behind a refusal for the metrics: from what the
// answer says (the wire code) and what it hides (the cause; may be nil), by the
// names that Explain uses. It looks nothing up, so some names are wider than
// Explain's.
func RefusalRule(code string, cause error) string {
	hidden := ""
	if cause != nil {
		hidden = cause.Error()
	}
	rule := ruleOf(code, hidden)
	if _, known := slices.BinarySearch(RefusalRules(), rule); !known {
		return ruleOther
	}
	return rule
}

func ruleOf(code, hidden string) string {
	of, ofToken := strings.CutPrefix(hidden, apicred.CauseOfToken)
	switch code {
	case codeInvalidClient, codeInvalidToken:
		return ruleUnproved(code, of)
	case codeUnauthenticated:
		if ofToken {
			return ruleUnproved(codeInvalidToken, of)
		}
	case codeInvalidScope:
		return (*explainer)(nil).scopeAsked(&apicred.Refusal{Cause: hidden}).rule
	case codeInvalidProof:
		return proofWords(hidden).rule
	case codeInsufficientScope:
		return "scope_missing"
	}
	if w := plainWords(&apicred.Refusal{Code: code}, ""); w.rule != "request" {
		return w.rule
	}
	return code
}

// ruleUnproved is the rule behind a failed authentication or a dead token.
func ruleUnproved(code, hidden string) string {
	if w := proofWords(hidden); w.rule != "" {
		return w.rule
	}
	if w := assertionWords(hidden, "", ""); w.rule != "" && code == codeInvalidClient {
		return w.rule
	}
	if strings.HasPrefix(hidden, "certificate: ") {
		return certificateWords(hidden, "").rule
	}
	if rule := ruleOfCause(hidden); rule != "" {
		return rule
	}
	switch ofToken := code == codeInvalidToken; {
	case ofToken && hidden == apicred.CauseTokenExpired:
		return "token_expired"
	case hidden == apicred.CauseClientExpired:
		return "credential_expired"
	case ofToken:
		return "token_invalid"
	}
	return "client_missing"
}

// ruleOfCause is the rule of a cause that means the same wherever it is met;
// empty for others.
func ruleOfCause(hidden string) string {
	switch hidden {
	case apicred.CauseClientUnknown, apicred.CauseTokenClient:
		return "client_unknown"
	case apicred.CauseSecretWrong:
		return "secret_wrong"
	case apicred.CauseSecretExpired:
		return "secret_expired"
	case apicred.CauseClientDisabled:
		return "credential_disabled"
	case apicred.CauseClientSuspended:
		return "credential_suspended"
	case apicred.CauseTokenStatus:
		return "credential_inactive"
	case apicred.CauseTokenMember:
		return "owner_inactive"
	case apicred.CauseClientAddress:
		return "address"
	case apicred.CauseTokenAudience:
		return "audience"
	case apicred.CauseTokenRevoked:
		return "token_revoked"
	case apicred.CauseTokenGeneration:
		return "token_ended"
	}
	return ""
}
