"""Gets access tokens with assertions that authlib signs.

One JSON object on standard input says from where, one JSON line on standard
output a way tells what came (see foreign_assertion_test.go).
"""

import json
import os
import sys
import time

# The library insists on https; the server under test is on loopback.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import authlib
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT

ASKED = json.load(sys.stdin)


def token(audience):
    session = OAuth2Session(ASKED["client_id"], ASKED["private_key_pem"], token_endpoint_auth_method="private_key_jwt")
    # What the library calls the token endpoint becomes aud: the issuer is what RFC 7523bis wants there. Its own
    # lifetime, an hour, is more than the server takes.
    session.register_client_auth_method(
        PrivateKeyJWT(audience, claims={"exp": int(time.time()) + 120}, alg="ES256")
    )
    return session.fetch_token(ASKED["token_endpoint"], grant_type="client_credentials")


def refused():
    try:
        token(ASKED["token_endpoint"])
    except OAuthError as error:
        return error.error
    return "none"


got = token(ASKED["issuer"])
print(json.dumps({
    "program": "authlib " + authlib.__version__,
    "way": "private_key_jwt, issuer as audience",
    "access_token": got["access_token"],
    "token_type": got["token_type"],
    "refused": refused(),
}))
