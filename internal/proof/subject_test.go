package proof_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"testing"

	"github.com/claviger/claviger/internal/proof"
)

func TestParseSubject_GivesEachNameOneSpelling(t *testing.T) {
	for text, want := range map[string]string{
		"CN=worker":                           "CN=worker",
		" cn = worker , o=Acme ":              "CN=worker,O=Acme",
		`CN=Acme\, Ltd.,O=a\+b`:               `CN=Acme\, Ltd.,O=a\+b`,
		`CN=Acme\2C Ltd.`:                     `CN=Acme\, Ltd.`,
		`CN=\20x\ `:                           `CN=\ x\ `,
		`CN=\#1`:                              `CN=\#1`,
		`CN=a=b`:                              "CN=a=b",
		"2.5.4.3=worker":                      "CN=worker",
		"2.5.4.3=#1306776f726b6572":           "CN=worker",
		"1.2.3.4=#0c0178":                     "1.2.3.4=x",
		"E=x":                                 "",
		"emailAddress=a@b.example":            "EMAILADDRESS=a@b.example",
		"OU=b+CN=a,O=c":                       "CN=a+OU=b,O=c",
		"CN=Grüße":                            "CN=Grüße",
		`CN=Gr\C3\BC\C3\9Fe`:                  "CN=Grüße",
		"CN=worker,DC=example,DC=com":         "CN=worker,DC=example,DC=com",
		"UID=7,SERIALNUMBER=8,postalcode=9":   "UID=7,SERIALNUMBER=8,POSTALCODE=9",
		"dns:Worker.Example.COM":              "dns:worker.example.com",
		"DNS:worker_1":                        "dns:worker_1",
		"uri:spiffe://example.com/Worker":     "uri:spiffe://example.com/Worker",
		"URI:urn:uuid:7":                      "uri:urn:uuid:7",
		"ip:192.0.2.7":                        "ip:192.0.2.7",
		"ip:2001:DB8:0:0::7":                  "ip:2001:db8::7",
		"email:Worker@Example.com":            "email:Worker@example.com",
		"":                                    "",
		"worker":                              "",
		"=worker":                             "",
		"CN=":                                 "",
		"CN=worker,":                          "",
		"CN=worker;O=Acme":                    "",
		`CN="worker"`:                         "",
		"X=worker":                            "",
		"2.05.4.3=x":                          "",
		"CN=a\x00b":                           "",
		`CN=a\00b`:                            "",
		"CN=a\u202eb":                         "",
		`CN=\ff`:                              "",
		`CN=\`:                                "",
		"CN=#zz":                              "",
		"CN=#020101":                          "", // a number
		"dns:*.example.com":                   "",
		"dns:worker.example.com.":             "",
		"dns:":                                "",
		"dns:a b":                             "",
		"uri:worker":                          "",
		"uri:spiffe:":                         "",
		"uri:spiffe://a b":                    "",
		"ip:192.0.2.7/32":                     "",
		"ip:fe80::1%eth0":                     "",
		"ip:0192.0.2.7":                       "",
		"email:worker":                        "",
		"email:@example.com":                  "",
		`email:"a b"@example.com`:             "",
		"CN=" + strings.Repeat("a", 1022):     "",
		strings.Repeat("CN=\\,,", 171) + "C=": "",
	} {
		got, fault := proof.ParseSubject(text)
		if got != want || (fault == "") != (want != "") {
			t.Errorf("%q gives %q, %q; want %q", text, got, fault, want)
		}
		if fault != "" && !strings.HasSuffix(fault, ".") {
			t.Errorf("%q: %q is no sentence", text, fault)
		}
	}
}

func TestCertificate_IsTheOneWholeNameAndNoPartOfIt(t *testing.T) {
	ours := newCertifier(t)
	parts := pkix.RDNSequence{
		{{Type: asn1.ObjectIdentifier{2, 5, 4, 10}, Value: "Acme"}},
		{{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "worker"}, {Type: asn1.ObjectIdentifier{2, 5, 4, 11}, Value: "CN=x"}},
	}
	raw, err := asn1.Marshal(parts)
	if err != nil {
		t.Fatal(err)
	}
	c := proof.CertificateOf([]*x509.Certificate{ours.issue(t, &x509.Certificate{
		RawSubject: raw, DNSNames: []string{"*.example.com", "a.example.com"}, EmailAddresses: []string{"a@example.com"},
	})})
	for subject, want := range map[string]bool{
		"CN=worker+OU=CN=x,O=Acme": true, "dns:a.example.com": true, "email:a@example.com": true,
		"CN=worker,O=Acme": false, "CN=worker": false, "O=Acme": false, "O=Acme,CN=worker+OU=CN=x": false, "CN=worker,OU=CN=x,O=Acme": false,
		"CN=x": false, "dns:example.com": false, "dns:b.example.com": false, "dns:*.example.com": false, "uri:dns:a.example.com": false,
		"email:A@example.com": false, "": false,
	} {
		if c.Is(subject) != want {
			t.Errorf("%q: %v", subject, !want)
		}
	}
	nameless := proof.CertificateOf([]*x509.Certificate{ours.issue(t, &x509.Certificate{})})
	if nameless.Is("") {
		t.Error("a certificate without names is that of a credential without one")
	}
}

// A name that is taken is spelt in the one way that is taken as it is.
func FuzzParseSubject(f *testing.F) {
	for _, seed := range []string{
		"CN=worker,O=Acme", `CN=a\,b+OU=\23\20,O=#0c0178`, "dns:worker.example.com", "uri:spiffe://a/b", "ip:2001:db8::7", "email:a@b.example", `CN=\ a\ `,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		subject, fault := proof.ParseSubject(text)
		if fault != "" {
			if subject != "" {
				t.Fatalf("%q is refused and gives %q", text, subject)
			}
			return
		}
		again, fault := proof.ParseSubject(subject)
		if again != subject || fault != "" || len(subject) > proof.MaxSubject {
			t.Fatalf("%q gives %q, and that %q (%s)", text, subject, again, fault)
		}
	})
}
