package lifecycle

import (
	"fmt"
	"slices"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/proof"
)

// method checks how a new credential shall authenticate itself.
func (v *memberCheck) method(asked apicred.AuthenticationMethod) apicred.AuthenticationMethod {
	switch asked {
	case "":
		return apicred.AuthenticationClientSecret
	case apicred.AuthenticationClientSecret, apicred.AuthenticationPrivateKeyJWT, apicred.AuthenticationTLSClientAuth:
	default:
		if !v.faulty("body.authentication_method") {
			v.fault("body.authentication_method", "The authentication method must be client_secret, private_key_jwt or tls_client_auth.")
		}
	}
	return asked
}

// keySet checks an uploaded JWK Set against the method it is for, and returns it
// with nothing but what was understood (S15).
func (v *memberCheck) keySet(method apicred.AuthenticationMethod, raw []byte) string {
	const at = "body.jwks"
	switch {
	case v.faulty(at), v.faulty("body.authentication_method"):
		return ""
	case method != apicred.AuthenticationPrivateKeyJWT:
		if len(raw) > 0 {
			v.fault(at, "Only a private_key_jwt credential has keys. Leave jwks out.")
		}
		return ""
	case len(raw) == 0:
		v.fault(at, "A private_key_jwt credential needs the public keys that it signs with. Send jwks, a JWK Set.")
		return ""
	}
	set, faults := proof.ParseKeySet(raw)
	for _, f := range faults {
		if f.Key < 0 {
			v.fault(at, f.Message)
			continue
		}
		v.fault(fmt.Sprintf("%s.keys[%d]", at, f.Key), f.Message)
	}
	if set == nil {
		return ""
	}
	return set.JSON()
}

// certificateSubject checks the name in a certificate against the method it is
// for, and returns its one spelling.
func (v *memberCheck) certificateSubject(method apicred.AuthenticationMethod, name string) string {
	const at = "body.tls_client_subject"
	switch {
	case v.faulty(at), v.faulty("body.authentication_method"):
		return ""
	case method != apicred.AuthenticationTLSClientAuth:
		if name != "" {
			v.fault(at, "Only a tls_client_auth credential has a certificate. Leave tls_client_subject out.")
		}
		return ""
	case name == "":
		v.fault(at, "A tls_client_auth credential needs the name in its certificate. Send tls_client_subject, as CN=worker,O=Acme or dns:worker.example.com.")
		return ""
	}
	subject, fault := proof.ParseSubject(name)
	if fault != "" {
		v.fault(at, fault)
	}
	return subject
}

// renames tells whether name is another certificate's than the credential has
// now: whoever holds that one gets in. What cannot be read is refused later.
func renames(before *apicred.Credential, name string) bool {
	subject, fault := proof.ParseSubject(name)
	return fault == "" && subject != before.TLSClientSubject
}

// boundAPI checks the API that a credential shall introspect for. What it shows
// are tokens of every account, so it is the operator account's alone.
func (v *memberCheck) boundAPI(f *facts, id, held string) string {
	switch {
	case id == "" || id == held || v.faulty("body.api"):
	case !f.account.Operator:
		v.fault("body.api", "Only credentials of the operator account can be bound to an API. Leave api out: introspection shows the tokens of this account.")
	case f.catalogue.API(id) == nil:
		v.fault("body.api", fmt.Sprintf("There is no API %s. Choose an id from GET /api/v1/apis.", quoted(id)))
	}
	return id
}

// mayBind refuses whoever is no admin to widen what a credential may learn of
// tokens (contract.md "Introspection").
func mayBind(actor *apicred.Actor) (rule string, err error) {
	if actor.Role == apicred.RoleAdmin || accountActor(actor) {
		return "", nil
	}
	return "bind_api", apicred.Forbidden("Only an admin can bind an API credential to an API. Ask an admin, or leave api out.")
}

// addsKeys tells whether raw holds a key that the credential does not have: more
// room for whoever holds its private part. What cannot be read adds nothing: it
// is refused later.
func addsKeys(before *apicred.Credential, raw []byte) bool {
	have := keyRecords(before.KeySet)
	after, _ := proof.ParseKeySet(raw)
	if after == nil {
		return false
	}
	return slices.ContainsFunc(after.Keys(), func(k proof.Key) bool {
		return !slices.ContainsFunc(have, func(r keyRecord) bool { return r.Thumbprint == k.Thumbprint })
	})
}

// keyRecord is a public key in an audit event: enough to tell whether it was
// exchanged, also under its old name.
type keyRecord struct {
	KeyID      string `json:"kid"`
	Thumbprint string `json:"thumbprint"` // RFC 7638, SHA-256
}

func keyRecords(keySet string) []keyRecord {
	if keySet == "" {
		return nil
	}
	set, _ := proof.ParseKeySet([]byte(keySet))
	if set == nil {
		return nil
	}
	var out []keyRecord
	for _, k := range set.Keys() {
		out = append(out, keyRecord{k.ID, k.Thumbprint})
	}
	return out
}
