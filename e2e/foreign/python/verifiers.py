"""Verifies access tokens with PyJWT against the server's JWK Set.

One JSON object on standard input, one JSON line on standard output (see
foreign_verifier_test.go).
"""

import json
import sys

import jwt

ASKED = json.load(sys.stdin)
KEYS = jwt.PyJWKClient(ASKED["jwks_uri"])


def verdict(token):
    try:
        claims = jwt.decode(
            token,
            KEYS.get_signing_key_from_jwt(token).key,
            algorithms=[ASKED["algorithm"]],
            audience=ASKED["audience"],
            issuer=ASKED["issuer"],
            # RFC 9068 section 2.2
            options={"require": ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"]},
        )
    except jwt.PyJWTError as error:
        return {"refused": repr(error)}
    return {"client_id": claims["client_id"]}


print(json.dumps({
    "program": "PyJWT " + jwt.__version__,
    "verdicts": {name: verdict(token) for name, token in ASKED["tokens"].items()},
}))
