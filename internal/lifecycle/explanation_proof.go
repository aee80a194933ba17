package lifecycle

import (
	"strings"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/proof"
)

// assertionWords word why a client's assertion was refused (RFC 7523), or its way
// of authenticating; the zero value when the cause is another.
func assertionWords(cause string, method apicred.AuthenticationMethod, editor string) words {
	switch cause {
	case apicred.CauseClientMethod:
		return words{"authentication_method", "The API credential authenticates itself by " + string(method) + ", and was presented in another way.", "Use that way, or create an API credential for this one.", whoProgram}
	case proof.ErrSignature.Error(), apicred.CauseClientKey:
		return words{"assertion_key", "The assertion is signed by none of the keys that the API credential has.", "Sign with the private key of one of them, or add the public key.", editor}
	case proof.ErrAssertionAudience.Error():
		return words{"assertion_audience", "The assertion is not for this server: its aud is not the issuer, as text.", "Put the issuer of the metadata into aud.", whoProgram}
	case proof.ErrAssertionTime.Error():
		return words{"assertion_time", "The assertion had expired, was too early, or lived longer than five minutes.", "Set the clock of the program's machine, and make an assertion right before each request.", whoProgram}
	case apicred.CauseProofUsed:
		return words{"assertion_replayed", "The assertion was used before.", "Make a new one, with a jti of its own, for each request; also when one is repeated.", whoProgram}
	case proof.ErrForm.Error(), proof.ErrHeader.Error(), proof.ErrPayload.Error(), proof.ErrAssertionParties.Error(), apicred.CauseClientMismatch:
		return words{"assertion", "The assertion was refused: " + cause + ".", "Make it as RFC 7523 section 3 says: docs/client-authentication.md.", whoProgram}
	}
	return words{}
}

// proofWords word why a bound token was refused, or a proof of possession (RFC
// 9449); the zero value when the cause is another.
func proofWords(cause string) words {
	switch cause {
	case apicred.CauseTokenBound:
		return words{"token_bound", "The token is bound to a key, and came as Bearer, which proves nothing about the key.", "Send it as Authorization: DPoP, with a proof in the header DPoP.", whoProgram}
	case apicred.CauseTokenUnbound:
		return words{"token_not_bound", "The token is not bound to a key, and came by the scheme DPoP.", "Send it as Authorization: Bearer, or request one with a proof in the header DPoP.", whoProgram}
	case apicred.CauseTokenCertificate:
		return words{"certificate_missing", "The token is bound to a client certificate that did not come along.", "Call with the certificate that the token was requested with.", whoProgram}
	}
	fault, ok := strings.CutPrefix(cause, "dpop: ")
	if !ok {
		return words{}
	}
	w := words{"proof", "The proof of possession was refused: " + fault + ".", "Make a proof for each request as RFC 9449 section 4.2 says.", whoProgram}
	switch cause {
	case apicred.CauseDPoPUsed:
		w.rule, w.remedy = "proof_replayed", "Make a new proof, with a jti of its own, for each request; also when one is repeated."
	case proof.ErrDPoPTime.Error():
		w.rule, w.remedy = "proof_time", "Set the clock of the program's machine, and make the proof right before the request."
	case proof.ErrDPoPAddress.Error():
		w.rule, w.remedy, w.who = "proof_address", "Put the URL that is called into htu. Where a proxy stands between, it must tell host, port and scheme as the program sees them.", "the program, or the operator of the proxy"
	case proof.ErrDPoPCount.Error():
		w.rule, w.remedy, w.who = "proof_missing", "Send one header DPoP. Where a proxy stands between, it must pass the header on with its question.", "the program, or the operator of the proxy"
	}
	return w
}

// certificateWords word why a client certificate was refused (RFC 8705). cause is
// one of internal/proof, or that it names another.
func certificateWords(cause, editor string) words {
	fault := strings.TrimPrefix(cause, "certificate: ")
	w := words{"certificate", "The client certificate was refused: " + fault + ".", "Have the proxy set the header once, as deploy/ does.", "the operator of the proxy"}
	switch cause {
	case apicred.CauseCertificateSubject:
		return words{"certificate_subject", "The client certificate has no name that is this API credential's tls_client_subject, as a whole.", "Use the certificate that is meant, or name this one in the API credential.", editor}
	case proof.ErrCertificateChain.Error():
		w.rule, w.remedy, w.who = "certificate_authority", "Use a certificate for clients by a trusted authority, or add the authority that issued it to mtls_client_ca.", "the operator"
	case proof.ErrCertificateTime.Error():
		w.rule, w.remedy, w.who = "certificate_time", "Renew the certificate; the same name in it goes on working.", whoProgram
	case proof.ErrCertificateKey.Error():
		w.rule, w.remedy, w.who = "certificate_key", "Use a certificate with a key of P-256, P-384, P-521, Ed25519, or RSA from 2048 bits.", whoProgram
	}
	return w
}
