package lifecycle

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/claviger/claviger/internal/proof"
)

func TestRefusalRule_NamesWhatStandsBehindAnAnswer(t *testing.T) {
	for _, test := range []struct{ code, cause, want string }{
		{"invalid_client", "unknown client", "client_unknown"},
		{"invalid_client", "wrong secret", "secret_wrong"},
		{"invalid_client", "expired secret", "secret_expired"},
		{"invalid_client", "expired", "credential_expired"},
		{"invalid_client", "disabled", "credential_disabled"},
		{"invalid_client", "address not allowed", "address"},
		{"invalid_client", "certificate: it has ended, or not begun", "certificate_time"},
		{"invalid_client", "the proof was used before", "assertion_replayed"},
		{"invalid_client", "the credential authenticates by another method", "authentication_method"},
		{"invalid_client", proof.ErrAssertionTime.Error(), "assertion_time"},
		{"invalid_client", proof.ErrSignature.Error(), "assertion_key"},
		{"invalid_client", "", "client_missing"},
		{"invalid_token", "token: expired", "token_expired"},
		{"invalid_token", "token: its generation has ended", "token_ended"},
		{"invalid_token", "token: bound to a key, and sent as Bearer", "token_bound"},
		{"invalid_token", "dpop: the proof was used before", "proof_replayed"},
		{"invalid_token", "token: wrong signature", "token_invalid"},
		{"unauthenticated", "", "no_token"},
		{"unauthenticated", "token: expired", "token_expired"},
		{"unauthenticated", "the password is wrong", "no_token"},
		{"invalid_scope", "scope refused: not_held: users:write", "scope_not_held"},
		{"insufficient_scope", "", "scope_missing"},
		{"invalid_dpop_proof", "dpop: iat is more than a minute away", "proof_time"},
		{"temporarily_unavailable", "connection refused", "unavailable"},
		{"rate_limited", "", "rate"},
		{"not_found", "", "not_found"},
		{"Internal Server Error", "", "other"},
		{"what a stranger made up", "and why", "other"},
	} {
		var cause error
		if test.cause != "" {
			cause = errors.New(test.cause)
		}
		if got := RefusalRule(test.code, cause); got != test.want {
			t.Errorf("%s (%s): %s, want %s", test.code, test.cause, got, test.want)
		}
	}
}

// Whatever comes, the names are those of the list: strangers make no series.
func TestRefusalRule_GivesNoNameOutsideOfTheList(t *testing.T) {
	rules := RefusalRules()
	if !slices.IsSorted(rules) || len(slices.Compact(slices.Clone(rules))) != len(rules) {
		t.Fatal("the list is not sorted, or has a name twice")
	}
	codes := append([]string{"", "x", "invalid_client", "invalid_token", "unauthenticated", "invalid_scope", "invalid_dpop_proof"}, rules...)
	for _, code := range codes {
		for _, cause := range []string{"", "x", "token: x", "dpop: x", "certificate: x", "assertion: x", strings.Repeat("x", 1000)} {
			if got := RefusalRule(code, errors.New(cause)); !slices.Contains(rules, got) {
				t.Errorf("%q, %q: %q", code, cause, got)
			}
		}
	}
}
