package restapi_test

import (
	"net/http"
	"strings"
	"testing"
)

const publicKey = `{"kty":"EC","crv":"P-256","kid":"a","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`

func TestKeyedCredential_IsCreatedWithoutASecretAndShowsItsKeys(t *testing.T) {
	i := install(t)
	ada := i.as("ada")
	made := i.want(http.StatusCreated, ada, http.MethodPost, "/credentials",
		`{"name":"x","scopes":["stats"],"authentication_method":"private_key_jwt","jwks":{"keys":[`+strings.Replace(publicKey, "{", `{"x5c":["AA"],`, 1)+`]}}`)
	if _, there := made.body["client_secret"]; there || made.body["authentication_method"] != "private_key_jwt" || len(made.body["secrets"].([]any)) != 0 {
		t.Errorf("created %s", made.text)
	}
	path := "/credentials/" + made.body["client_id"].(string)
	read := i.want(http.StatusOK, ada, http.MethodGet, path, "")
	keys := read.body["jwks"].(map[string]any)["keys"].([]any)
	if key := keys[0].(map[string]any); len(keys) != 1 || key["kid"] != "a" || key["x5c"] != nil {
		t.Errorf("read %s", read.text)
	}
	i.want(http.StatusConflict, ada, http.MethodPost, path+"/secrets", "{}")
	changed := i.want(http.StatusOK, ada, http.MethodPatch, path, `{"jwks":{"keys":[`+strings.Replace(publicKey, `"kid":"a",`, "", 1)+`]}}`)
	if !strings.Contains(changed.text, `"kid":"oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"`) { // RFC 7638 over the key of RFC 7515 A.3
		t.Errorf("changed %s", changed.text)
	}
	for _, body := range []string{`{"jwks":null}`, `{"jwks":{"keys":[]}}`, `{"authentication_method":"client_secret"}`} {
		i.want(http.StatusUnprocessableEntity, ada, http.MethodPatch, path, body)
	}
}

func TestKeyedCredential_PrivateKeyIsRefusedAndNotEchoed(t *testing.T) {
	i := install(t)
	const private = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
	answer := i.want(http.StatusUnprocessableEntity, i.as("ada"), http.MethodPost, "/credentials",
		`{"name":"x","scopes":["stats"],"authentication_method":"private_key_jwt","jwks":{"keys":[`+strings.Replace(publicKey, "{", `{"d":"`+private+`",`, 1)+`]}}`)
	if strings.Contains(answer.text, private) || !strings.Contains(answer.text, `"body.jwks.keys[0]"`) {
		t.Errorf("answered %s", answer.text)
	}
}
