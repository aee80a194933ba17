package restapi_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestReference_IsOnePageWithoutScripts(t *testing.T) {
	i := install(t)
	a := i.want(http.StatusOK, nobody, http.MethodGet, "/docs", "")
	if got := a.header.Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
	policy := a.header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy: %s", policy)
	}
	for _, bad := range []string{"<script", " style=", "onclick", "ZgotmplZ", "<no value>", "%!"} {
		if strings.Contains(a.text, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, operation := range []string{"listCredentials", "createCredential", "editCredential", "deleteSecret", "applyCatalogue", "getMe"} {
		if !strings.Contains(a.text, `id="`+operation+`"`) {
			t.Errorf("%s is not on the page", operation)
		}
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(a.text, -1) {
		if ids[m[1]] {
			t.Errorf("%s is there twice", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(a.text, -1) {
		if !ids[m[1]] {
			t.Errorf("a link leads to #%s, which is not there", m[1])
		}
	}
}

func TestDocument_IsServedToEverybody(t *testing.T) {
	i := install(t)
	a := i.want(http.StatusOK, nobody, http.MethodGet, "/openapi.json", "")
	if a.body["openapi"] != "3.1.0" || a.header.Get("Content-Type") != "application/openapi+json" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v %s", a.header, a.body["openapi"])
	}
}
