"""Verifies access tokens with PyJWT and authlib against the server's JWK Set.

One JSON object on standard input, one JSON line a program on standard output
(see foreign_verifier_test.go).
"""

import json
import sys
import urllib.request

import authlib
import jwt
from authlib.jose import JsonWebKey, JsonWebToken

ASKED = json.load(sys.stdin)
KEYS = jwt.PyJWKClient(ASKED["jwks_uri"])


# RFC 9068 section 2.2
REQUIRED = ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"]


def with_pyjwt(token):
    try:
        claims = jwt.decode(
            token,
            KEYS.get_signing_key_from_jwt(token).key,
            algorithms=[ASKED["algorithm"]],
            audience=ASKED["audience"],
            issuer=ASKED["issuer"],
            options={"require": REQUIRED},
        )
    except Exception as error:  # pylint: disable=broad-exception-caught  # some bad tokens make it raise Python's own
        return {"refused": repr(error)}
    return {"client_id": claims["client_id"]}


with urllib.request.urlopen(ASKED["jwks_uri"]) as answer:
    KEY_SET = JsonWebKey.import_key_set(json.load(answer))
EXPECTED = {name: {"essential": True} for name in REQUIRED}
EXPECTED["iss"]["value"] = ASKED["issuer"]
EXPECTED["aud"]["value"] = ASKED["audience"]


def with_authlib(token):
    try:
        claims = JsonWebToken([ASKED["algorithm"]]).decode(token, KEY_SET, claims_options=EXPECTED)
        claims.validate()
    except Exception as error:  # pylint: disable=broad-exception-caught  # as above
        return {"refused": repr(error)}
    return {"client_id": claims["client_id"]}


for program, verdict in (("PyJWT " + jwt.__version__, with_pyjwt), ("authlib " + authlib.__version__, with_authlib)):
    print(json.dumps({
        "program": program,
        "verdicts": {name: verdict(token) for name, token in ASKED["tokens"].items()},
    }))
