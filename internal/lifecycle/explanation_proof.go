package lifecycle

import "strings"

// proofWords word why a bound token was refused, or a proof of possession (RFC
// 9449); the zero value when the cause is another.
func proofWords(cause string) words {
	switch cause {
	case "bound to a key, and sent as Bearer":
		return words{"token_bound", "The token is bound to a key, and came as Bearer, which proves nothing about the key.", "Send it as Authorization: DPoP, with a proof in the header DPoP.", whoProgram}
	case "not bound to a key, and sent as DPoP":
		return words{"token_not_bound", "The token is not bound to a key, and came by the scheme DPoP.", "Send it as Authorization: Bearer, or request one with a proof in the header DPoP.", whoProgram}
	case "bound to a client certificate that was not presented":
		return words{"certificate_missing", "The token is bound to a client certificate that did not come along.", "Call with the certificate that the token was requested with.", whoProgram}
	}
	fault, ok := strings.CutPrefix(cause, "dpop: ")
	if !ok {
		return words{}
	}
	w := words{"proof", "The proof of possession was refused: " + fault + ".", "Make a proof for each request as RFC 9449 section 4.2 says.", whoProgram}
	switch fault {
	case "the proof was used before":
		w.rule, w.remedy = "proof_replayed", "Make a new proof, with a jti of its own, for each request; also when one is repeated."
	case "iat is more than a minute away":
		w.rule, w.remedy = "proof_time", "Set the clock of the program's machine, and make the proof right before the request."
	case "htu is another address":
		w.rule, w.remedy, w.who = "proof_address", "Put the URL that is called into htu. Where a proxy stands between, it must tell host, port and scheme as the program sees them.", "the program, or the operator of the proxy"
	case "not exactly one header DPoP":
		w.rule, w.remedy, w.who = "proof_missing", "Send one header DPoP. Where a proxy stands between, it must pass the header on with its question.", "the program, or the operator of the proxy"
	}
	return w
}

// certificateWords word why a client certificate was refused (RFC 8705). cause is
// one of internal/proof, or that it names another.
func certificateWords(cause, editor string) words {
	fault := strings.TrimPrefix(cause, "certificate: ")
	w := words{"certificate", "The client certificate was refused: " + fault + ".", "Have the proxy set the header once, as deploy/ does.", "the operator of the proxy"}
	switch fault {
	case "it names another than the client":
		return words{"certificate_subject", "The client certificate has no name that is this API credential's tls_client_subject, as a whole.", "Use the certificate that is meant, or name this one in the API credential.", editor}
	case "not for clients, or by no trusted authority":
		w.rule, w.remedy, w.who = "certificate_authority", "Use a certificate for clients by a trusted authority, or add the authority that issued it to mtls_client_ca.", "the operator"
	case "it has ended, or not begun":
		w.rule, w.remedy, w.who = "certificate_time", "Renew the certificate; the same name in it goes on working.", whoProgram
	case "its key is of a kind or size that is not taken":
		w.rule, w.remedy, w.who = "certificate_key", "Use a certificate with a key of P-256, P-384, P-521, Ed25519, or RSA from 2048 bits.", whoProgram
	}
	return w
}
