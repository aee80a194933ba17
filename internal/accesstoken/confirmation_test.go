package accesstoken_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
)

// Thumbprints of nothing that exists.
const (
	thumbprintA = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	thumbprintB = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA"
)

// bound is a token that is bound to something.
func (r *rig) bound(c credential, to accesstoken.Confirmation) string {
	r.t.Helper()
	token, err := r.issuer.Issue(r.t.Context(), r.client(c), accesstoken.IssueRequest{Confirmation: to})
	must(r.t, err)
	return token.Raw
}

// certifiedBy is a request that came with the certificate of a thumbprint.
type certifiedBy string

func (c certifiedBy) CertificateThumbprint() string { return string(c) }

func (r *rig) present(p accesstoken.Presented) (*accesstoken.Verified, error) {
	r.t.Helper()
	return r.verifier.VerifyPresented(r.t.Context(), &p, orders)
}

func TestVerify_RefusesABoundTokenAsAPlainOne(t *testing.T) {
	r := newRig(t)
	c := r.credential("orders:write")
	for _, to := range []accesstoken.Confirmation{{Key: thumbprintA}, {Certificate: thumbprintA}, {Key: thumbprintA, Certificate: thumbprintB}} {
		raw := r.bound(c, to)
		for range 2 { // at first sight, and when seen before
			_, err := r.verify(raw, orders)
			wantKind(t, err, apicred.KindUnauthenticated, "")
			if cause := errors.Unwrap(err); cause == nil || !strings.Contains(cause.Error(), "bound") {
				t.Errorf("%+v: %v", to, err)
			}
		}
		v, err := r.verifier.Introspect(t.Context(), accesstoken.Introspector{AccountID: r.account.ID}, raw, r.clock.Now())
		must(t, err)
		if v == nil || v.Confirmation != to {
			t.Errorf("introspection says %+v of a token bound to %+v", v, to)
		}
	}
	v, err := r.verify(r.token(c, ""), orders)
	must(t, err)
	if v.Confirmation.Bound() {
		t.Error("a plain token is bound")
	}
}

func TestVerifyPresented_TakesACertificateBoundTokenWithItsCertificateAlone(t *testing.T) {
	r := newRig(t)
	raw := r.bound(r.credential("orders:write"), accesstoken.Confirmation{Certificate: thumbprintA})
	_, err := r.present(accesstoken.Presented{Token: raw, Certificate: certifiedBy(thumbprintA)})
	must(t, err)
	for _, other := range []string{"", thumbprintB, thumbprintA[:42]} {
		_, err := r.present(accesstoken.Presented{Token: raw, Certificate: certifiedBy(other)})
		wantKind(t, err, apicred.KindUnauthenticated, "token: bound to a client certificate that was not presented")
	}
}

// A member that nobody checks might be the one that binds.
func TestVerify_RefusesABindingThatItDoesNotUnderstand(t *testing.T) {
	r := newRig(t)
	parts := strings.Split(r.bound(r.credential("orders:write"), accesstoken.Confirmation{Certificate: thumbprintA}), ".")
	header, payload := string(decode(t, parts[0])), string(decode(t, parts[1]))
	const good = `"cnf":{"x5t#S256":"` + thumbprintA + `"}`
	if !strings.Contains(payload, good) {
		t.Fatalf("%s", payload)
	}
	for _, cnf := range []string{
		`"cnf":{}`, `"cnf":[]`, `"cnf":""`, `"cnf":null`, `"cnf":true`, `"cnf":{"x5t#S256":""}`,
		`"cnf":{"x5t#S256":"` + thumbprintA + `","kid":"x"}`, `"cnf":{"jwk":{},"x5t#S256":"` + thumbprintA + `"}`,
		`"cnf":{"x5t#S256":"` + thumbprintA + `","x5t#S256":"` + thumbprintA + `"}`,
		`"cnf":{"x5t#S256":"` + thumbprintA + `",}`, `"cnf":{"x5t#S256":"` + thumbprintA + `="}`,
		`"cnf":{"x5t#S256":"` + thumbprintA[:42] + `"}`, `"cnf":{"x5t#S256":"` + thumbprintA + `A"}`,
		`"cnf":{"x5t#S256":"` + thumbprintA[:42] + `B"}`, // spare bits
		`"cnf":{"X5T#S256":"` + thumbprintA + `"}`, `"cnf":{"x5t#S256":["` + thumbprintA + `"]}`,
		good + "," + good, `"x":{"x5t#S256":"` + thumbprintA + `"}`,
	} {
		_, err := r.present(accesstoken.Presented{Token: r.signed(header, strings.Replace(payload, good, cnf, 1)), Certificate: certifiedBy(thumbprintA)})
		wantKind(t, err, apicred.KindUnauthenticated, "token: payload is not as RFC 9068 and the contract have it")
	}
	_, err := r.present(accesstoken.Presented{Token: r.signed(header, payload), Certificate: certifiedBy(thumbprintA)})
	must(t, err)
}
