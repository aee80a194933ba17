package lifecycle_test

import (
	"strings"
	"testing"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

func (i *installation) createCertified(actor apicred.Actor, subject string, scopes ...string) lifecycle.Created {
	i.t.Helper()
	made, err := i.service.CreateCredential(i.t.Context(), actor, lifecycle.NewCredential{
		Name: "certified", Scopes: scopes, Method: apicred.AuthenticationTLSClientAuth, TLSClientSubject: subject,
	})
	must(i.t, err)
	return made
}

func TestCertifiedCredential_HasNoSecretAndTheNameInOneSpelling(t *testing.T) {
	i := install(t)
	made := i.createCertified(i.as("ada"), " cn=worker , o=Acme", "stats")
	if made.Secret.Reveal() != "" || len(made.Secrets) != 0 || made.TLSClientSubject != "CN=worker,O=Acme" {
		t.Errorf("created %+v", made.Credential)
	}
	_, err := i.service.AddSecret(t.Context(), i.as("ada"), made.ClientID, lifecycle.NewSecret{})
	wantKind(t, "add a secret", err, apicred.KindConflict)
	if !strings.Contains(err.Error(), "tls_client_subject") {
		t.Errorf("adding a secret is answered %q", err)
	}
	changed, err := i.service.EditCredential(t.Context(), i.as("ada"), made.ClientID, lifecycle.CredentialChange{TLSClientSubject: new("DNS:Worker.example.com")})
	must(t, err)
	if changed.TLSClientSubject != "dns:worker.example.com" || changed.Version == made.Version {
		t.Errorf("changed to %q, version %d", changed.TLSClientSubject, changed.Version)
	}
	event := i.events(i.first.ID)[0]
	if event.Action != "credential.edit" || !strings.Contains(string(event.Before), `"tls_client_subject":"CN=worker,O=Acme"`) ||
		!strings.Contains(string(event.After), `"tls_client_subject":"dns:worker.example.com"`) {
		t.Errorf("audited %s: %s, then %s", event.Action, event.Before, event.After)
	}
}

func TestCertifiedCredential_NeedsANameAndOnlyItHasOne(t *testing.T) {
	i := install(t)
	for what, in := range map[string]lifecycle.NewCredential{
		"no name":             {Method: apicred.AuthenticationTLSClientAuth},
		"no name that is one": {Method: apicred.AuthenticationTLSClientAuth, TLSClientSubject: "worker"},
		"a wildcard":          {Method: apicred.AuthenticationTLSClientAuth, TLSClientSubject: "dns:*.example.com"},
		"a name for a secret": {TLSClientSubject: "CN=worker"},
		"a name for keys":     {Method: apicred.AuthenticationPrivateKeyJWT, KeySet: keySet(keyOne), TLSClientSubject: "CN=worker"},
		"keys as well":        {Method: apicred.AuthenticationTLSClientAuth, KeySet: keySet(keyOne), TLSClientSubject: "CN=worker"},
	} {
		in.Name, in.Scopes = "x", []string{"stats"}
		_, err := i.service.CreateCredential(t.Context(), i.as("ada"), in)
		wantKind(t, what, err, apicred.KindInvalid)
	}
	secret := i.create(i.as("ada"), "stats")
	_, err := i.service.EditCredential(t.Context(), i.as("ada"), secret.ClientID, lifecycle.CredentialChange{TLSClientSubject: new("CN=worker")})
	wantKind(t, "a name for a secret, by edit", err, apicred.KindInvalid)
	made := i.createCertified(i.as("ada"), "CN=worker", "stats")
	_, err = i.service.EditCredential(t.Context(), i.as("ada"), made.ClientID, lifecycle.CredentialChange{TLSClientSubject: new("")})
	wantKind(t, "no name, by edit", err, apicred.KindInvalid)
}

// Whoever holds another certificate holds the credential's scopes.
func TestCeiling_LetsADemotedOwnerNotNameAnotherCertificate(t *testing.T) {
	i := install(t)
	made := i.createCertified(i.as("alan"), "CN=worker", "orders:write", "orders:read")
	i.setRole("alan", apicred.RoleSupervisor)
	edit := func(subject string) error {
		_, err := i.service.EditCredential(t.Context(), i.as("alan"), made.ClientID, lifecycle.CredentialChange{TLSClientSubject: &subject})
		return err
	}
	wantKind(t, "the same certificate", edit("cn=worker"), "")
	wantKind(t, "another certificate", edit("CN=other"), apicred.KindForbidden)
}
