package proof

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxSubject bounds a subject, in bytes.
const MaxSubject = 1024

// The kinds of names in the subject alternative name (RFC 5280 section 4.2.1.6)
// by which a certificate can be told. What begins with none of them is a
// distinguished name.
const (
	dnsName   = "dns:"
	uriName   = "uri:"
	ipName    = "ip:"
	emailName = "email:"
)

// dnsPattern takes a host name in lower case. It has no place for a wildcard: a
// certificate for many hosts tells none of them.
var dnsPattern = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$`)

// ParseSubject reads the one name that tells a client's certificate (RFC 8705
// section 2.1.2) and returns its one spelling, in which it is compared as a
// whole: a distinguished name of RFC 4514, as "CN=worker,O=Acme", or "dns:",
// "uri:", "ip:" or "email:" and a subject alternative name. fault is a finished
// sentence, empty for a good name.
func ParseSubject(text string) (subject, fault string) {
	if len(text) > MaxSubject {
		return "", fmt.Sprintf("The certificate's name is longer than %d bytes. Choose a shorter one of its names.", MaxSubject)
	}
	kind, name := "", text
	if i := strings.IndexByte(text, ':'); i >= 0 {
		switch prefix := strings.ToLower(text[:i+1]); prefix {
		case dnsName, uriName, ipName, emailName:
			kind, name = prefix, text[i+1:]
		}
	}
	var ok bool
	switch kind {
	case dnsName:
		fault = "A host name is letters, digits and hyphens, with dots between, and no wildcard. Write it as dns:worker.example.com."
		name, ok = canonicalDNS(name)
	case uriName:
		fault = "A URI has a scheme and printable ASCII characters alone. Write it as in the certificate: uri:spiffe://example.com/worker."
		ok = plainURI(name)
	case ipName:
		fault = "This is no IP address. Write it as ip:192.0.2.7 or ip:2001:db8::7."
		name, ok = canonicalIP(name)
	case emailName:
		fault = "This is no e-mail address. Write it as email:worker@example.com."
		name, ok = canonicalEmail(name)
	default:
		fault = "This is no name of a certificate. Write its subject in the form of RFC 4514, as CN=worker,O=Acme (openssl x509 -nameopt RFC2253 -subject shows it), or dns:, uri:, ip: or email: and a subject alternative name."
		name, ok = parseDN(name)
	}
	switch {
	case !ok:
		return "", fault
	case len(kind)+len(name) > MaxSubject:
		return "", fmt.Sprintf("The certificate's name is longer than %d bytes. Choose a shorter one of its names.", MaxSubject)
	}
	return kind + name, ""
}

func canonicalDNS(name string) (string, bool) {
	const longest = 253 // RFC 1035 section 2.3.4
	name = strings.ToLower(name)
	return name, len(name) <= longest && dnsPattern.MatchString(name)
}

// plainURI takes a URI octet by octet: which spellings mean the same depends on
// its scheme.
func plainURI(name string) bool {
	u, err := url.Parse(name)
	return err == nil && u.Scheme != "" && len(name) > len(u.Scheme)+1 && visible(name)
}

func canonicalIP(name string) (string, bool) {
	address, err := netip.ParseAddr(name)
	return address.String(), err == nil && address.Zone() == ""
}

// canonicalEmail folds the domain alone: what is left of it belongs to its host
// (RFC 5321 section 2.4).
func canonicalEmail(name string) (string, bool) {
	local, domain, ok := strings.Cut(name, "@")
	domain, plain := canonicalDNS(domain)
	return local + "@" + domain, ok && plain && local != "" && visible(local) && !strings.ContainsAny(local, `"\(),:;<>[]`)
}

// visible tells whether text is printable ASCII without spaces.
func visible(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// subjectsOf are the names in a certificate in the spelling of ParseSubject.
// Those that have none there are left out.
func subjectsOf(leaf *x509.Certificate) []string {
	var names []string
	if dn, ok := certificateDN(leaf.RawSubject); ok {
		names = append(names, dn)
	}
	for _, extension := range leaf.Extensions {
		if extension.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 17}) {
			names = append(names, alternativeNames(extension.Value)...)
		}
	}
	return names
}

// alternativeNames reads the extension's bytes: crypto/x509 gives URIs in a
// spelling of its own.
func alternativeNames(extension []byte) []string {
	var entries []asn1.RawValue
	if rest, err := asn1.Unmarshal(extension, &entries); err != nil || len(rest) > 0 {
		return nil
	}
	var names []string
	for _, entry := range entries {
		if entry.Class != asn1.ClassContextSpecific {
			continue
		}
		text := ""
		switch entry.Tag { // RFC 5280 appendix A.2, GeneralName
		case 1:
			text = emailName + string(entry.Bytes)
		case 2:
			text = dnsName + string(entry.Bytes)
		case 6:
			text = uriName + string(entry.Bytes)
		case 7:
			address, _ := netip.AddrFromSlice(entry.Bytes)
			text = ipName + address.String()
		}
		if name, fault := ParseSubject(text); text != "" && fault == "" {
			names = append(names, name)
		}
	}
	return names
}

// attribute is one type and value of a relative distinguished name.
type attribute struct{ kind, value string }

// attributeTypes are the short names of RFC 4514 section 3, and those that
// OpenSSL and Go write besides. Every other type is written as numbers.
func attributeTypes() map[string]string {
	return map[string]string{
		"CN": "2.5.4.3", "L": "2.5.4.7", "ST": "2.5.4.8", "O": "2.5.4.10", "OU": "2.5.4.11", "C": "2.5.4.6", "STREET": "2.5.4.9",
		"DC": "0.9.2342.19200300.100.1.25", "UID": "0.9.2342.19200300.100.1.1",
		"SERIALNUMBER": "2.5.4.5", "POSTALCODE": "2.5.4.17", "EMAILADDRESS": "1.2.840.113549.1.9.1",
	}
}

// certificateDN writes a certificate's subject, an X.501 Name in DER. It reports
// false for an empty one, and for one with a value that is no plain text.
func certificateDN(raw []byte) (string, bool) {
	var sequence pkix.RDNSequence
	if rest, err := asn1.Unmarshal(raw, &sequence); err != nil || len(rest) > 0 || len(sequence) == 0 {
		return "", false
	}
	var parts [][]attribute
	for _, set := range slices.Backward(sequence) { // RFC 4514 section 2.1: the last stands first
		var attributes []attribute
		for _, a := range set {
			value, ok := a.Value.(string)
			if !ok {
				return "", false
			}
			attributes = append(attributes, attribute{typeName(a.Type.String()), value})
		}
		parts = append(parts, attributes)
	}
	return writeDN(parts)
}

// typeName is the short name of a type given as numbers, if it has one.
func typeName(number string) string {
	for name, n := range attributeTypes() {
		if n == number {
			return name
		}
	}
	return number
}

// writeDN writes a distinguished name in its one spelling (RFC 4514 section 2),
// with the attributes of one part in order. It reports false where a value is
// empty or not printable text: nobody could tell what it says by looking at it.
func writeDN(parts [][]attribute) (string, bool) {
	var b strings.Builder
	for i, attributes := range parts {
		slices.SortFunc(attributes, func(x, y attribute) int {
			return strings.Compare(x.kind+"="+x.value, y.kind+"="+y.value)
		})
		for j, a := range attributes {
			switch {
			case j > 0:
				b.WriteByte('+')
			case i > 0:
				b.WriteByte(',')
			}
			if a.value == "" || !utf8.ValidString(a.value) || strings.ContainsFunc(a.value, func(r rune) bool { return !unicode.IsPrint(r) }) {
				return "", false
			}
			b.WriteString(a.kind + "=")
			b.WriteString(escapeDN(a.value))
		}
		if len(attributes) == 0 {
			return "", false
		}
	}
	return b.String(), len(parts) > 0
}

// dnSpecials are escaped wherever they stand (RFC 4514 section 2.4).
const dnSpecials = `"+,;<>\`

func escapeDN(value string) string {
	var b strings.Builder
	for i, r := range value {
		first, last := i == 0, i+utf8.RuneLen(r) == len(value)
		if strings.ContainsRune(dnSpecials, r) || r == ' ' && (first || last) || r == '#' && first {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// parseDN reads a distinguished name (RFC 4514 section 3) and writes it in its
// one spelling. Spaces around separators are left out, as people have them from
// other programs; quoted values, and semicolons for commas, are not taken.
func parseDN(text string) (string, bool) {
	parts := [][]attribute{nil}
	for rest, more := text, true; more; {
		var kind, value string
		var separator byte
		var ok bool
		if kind, rest, ok = strings.Cut(rest, "="); !ok {
			return "", false
		}
		if value, separator, rest, ok = cutValue(rest); !ok {
			return "", false
		}
		a, ok := readAttribute(kind, value)
		if !ok {
			return "", false
		}
		last := len(parts) - 1
		parts[last] = append(parts[last], a)
		switch separator {
		case ',':
			parts = append(parts, nil)
		case 0:
			more = false
		}
	}
	return writeDN(parts)
}

// cutValue cuts a value, still escaped, off at its separator; 0 is the end.
func cutValue(text string) (value string, separator byte, rest string, ok bool) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\\':
			i++
		case ',', '+':
			return text[:i], c, text[i+1:], true
		case '"', ';', '<', '>':
			return "", 0, "", false
		}
	}
	return text, 0, "", true
}

func readAttribute(kind, escaped string) (attribute, bool) {
	kind = strings.ToUpper(strings.TrimSpace(kind))
	if number, known := attributeTypes()[kind]; known {
		kind = typeName(number)
	} else if !plainNumber(kind) {
		return attribute{}, false
	} else {
		kind = typeName(kind)
	}
	escaped = strings.TrimLeft(escaped, " ")
	if encoded, ok := strings.CutPrefix(escaped, "#"); ok {
		value, ok := readHex(strings.TrimRight(encoded, " "))
		return attribute{kind, value}, ok
	}
	value, ok := unescapeDN(escaped)
	return attribute{kind, value}, ok
}

// plainNumber tells whether text is an object identifier in its one spelling.
func plainNumber(text string) bool {
	numbers := strings.Split(text, ".")
	for _, number := range numbers {
		n, err := strconv.ParseUint(number, 10, 31)
		if err != nil || strconv.FormatUint(n, 10) != number {
			return false
		}
	}
	return len(numbers) > 1
}

// readHex reads a value given as its DER in hex (RFC 4514 section 2.4), as other
// programs write those of types that they do not know.
func readHex(encoded string) (string, bool) {
	der, err := hex.DecodeString(encoded)
	if err != nil {
		return "", false
	}
	var value any
	rest, err := asn1.Unmarshal(der, &value)
	text, ok := value.(string)
	return text, err == nil && len(rest) == 0 && ok
}

// unescapeDN reads a value (RFC 4514 section 3). Spaces at its end that are not
// escaped are none of it.
func unescapeDN(escaped string) (string, bool) {
	var b bytes.Buffer
	kept := 0 // up to where spaces at the end count
	for i := 0; i < len(escaped); i++ {
		c := escaped[i]
		if c != '\\' {
			b.WriteByte(c)
			if c != ' ' {
				kept = b.Len()
			}
			continue
		}
		if i++; i == len(escaped) {
			return "", false
		}
		if strings.IndexByte(dnSpecials+" #=", escaped[i]) >= 0 {
			b.WriteByte(escaped[i])
		} else if pair, err := hex.DecodeString(escaped[i:min(i+2, len(escaped))]); err == nil {
			b.Write(pair)
			i++
		} else {
			return "", false
		}
		kept = b.Len()
	}
	return string(b.Bytes()[:kept]), true
}
