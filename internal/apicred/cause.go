package apicred

// Causes of a refusal that are told apart when it is counted and explained. The
// rooms that refuse make their errors of them, and Refusal.Cause carries them:
// they are no part of any answer. A request ID sealed by one release is read by
// the next, so a text that changes is unknown there until it is answered.
const (
	CauseClientUnknown   = "unknown client"
	CauseClientMethod    = "the credential authenticates by another method"
	CauseClientDisabled  = "disabled"
	CauseClientExpired   = "expired"
	CauseClientSuspended = "suspended"
	CauseClientAddress   = "address not allowed"
	CauseClientKey       = "the key that signed is no longer the client's"
	CauseClientMismatch  = "the assertion is of another client than client_id says"
	CauseSecretWrong     = "wrong secret"
	CauseSecretExpired   = "expired secret"
	CauseProofUsed       = "the proof was used before"

	CauseDPoPUsed           = "dpop: the proof was used before"
	CauseCertificateSubject = "certificate: it names another than the client"
)

// CauseOfToken comes before each cause of a refused access token.
const CauseOfToken = "token: "

// Causes of a refused access token, behind CauseOfToken.
const (
	CauseTokenAudience    = "another audience"
	CauseTokenExpired     = "expired"
	CauseTokenClient      = "its credential is unknown"
	CauseTokenGeneration  = "its generation has ended"
	CauseTokenMember      = "the membership has ended"
	CauseTokenRevoked     = "it was revoked"
	CauseTokenStatus      = "its credential is not active"
	CauseTokenBound       = "bound to a key, and sent as Bearer"
	CauseTokenUnbound     = "not bound to a key, and sent as DPoP"
	CauseTokenCertificate = "bound to a client certificate that was not presented"
)
