"""Gets access tokens with Python's OAuth clients.

One JSON object on standard input says from where, one JSON line on standard
output a way tells what came (see foreign_client_test.go).
"""

import json
import os
import sys

# Both libraries insist on https; the server under test is on loopback.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

import authlib
import requests
import requests_oauthlib
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error
from requests.auth import HTTPBasicAuth

ASKED = json.load(sys.stdin)
SECRET = ASKED["client_secret"]
WRONG_SECRET = SECRET[:-1] + ("1" if SECRET.endswith("0") else "0")


def report(program, way, get):
    """Runs one way three times: as it should be, with a wrong secret, with a scope that nobody has."""

    def refusal(secret, scope):
        try:
            get(secret, scope)
        except (OAuthError, OAuth2Error) as error:
            return error.error
        return "none"

    token = get(SECRET, ASKED["scope"])
    scope = token.get("scope")
    print(json.dumps({
        "program": program,
        "way": way,
        "access_token": token["access_token"],
        "token_type": token["token_type"],
        "expires_in": token["expires_in"],
        "scope": scope if isinstance(scope, str) else " ".join(scope),
        "wrong_secret": refusal(WRONG_SECRET, ASKED["scope"]),
        "wrong_scope": refusal(SECRET, "no:such"),
    }))


def with_authlib():
    def discover():
        found = requests.get(ASKED["issuer"] + "/.well-known/oauth-authorization-server", timeout=10)
        metadata = AuthorizationServerMetadata(found.json())
        # What authlib checks beside these is that every URL is https, which loopback is not, and that
        # response_types_supported is not empty: here it is, since no grant with a response type is on.
        metadata.validate_grant_types_supported()
        metadata.validate_token_endpoint_auth_methods_supported()
        metadata.validate_scopes_supported()
        return metadata

    def way(method):
        def get(secret, scope):
            session = OAuth2Session(ASKED["client_id"], secret, scope=scope, token_endpoint_auth_method=method)
            return session.fetch_token(discover()["token_endpoint"], grant_type="client_credentials")

        return get

    program = "authlib " + authlib.__version__
    report(program, "oauth-authorization-server, Basic", way("client_secret_basic"))
    report(program, "oauth-authorization-server, body", way("client_secret_post"))


def with_requests_oauthlib():
    def session(scope):
        return requests_oauthlib.OAuth2Session(client=BackendApplicationClient(ASKED["client_id"], scope=scope.split()))

    def basic(secret, scope):
        return session(scope).fetch_token(ASKED["token_endpoint"], auth=HTTPBasicAuth(ASKED["client_id"], secret))

    def body(secret, scope):
        return session(scope).fetch_token(ASKED["token_endpoint"], client_secret=secret, include_client_id=True)

    def both(secret, scope):
        auth = HTTPBasicAuth(ASKED["client_id"], secret)
        return session(scope).fetch_token(ASKED["token_endpoint"], auth=auth, include_client_id=True)

    program = "requests-oauthlib " + requests_oauthlib.__version__
    report(program, "Basic", basic)
    report(program, "body", body)
    report(program, "Basic, client_id in the body too", both)


with_authlib()
with_requests_oauthlib()
