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
