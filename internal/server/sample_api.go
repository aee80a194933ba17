package server

import (
	"encoding/json"
	"net/http"

	"github.com/claviger/claviger/internal/apicred"
)

// sampleAPI is the API behind the demo's gateway: it answers every call with
// what it was told of the caller, so that a person sees what an API behind
// Claviger sees.
func sampleAPI() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(sampleAnswer{ // the connection is all that can fail
			Message: "Hello from the sample API. Claviger let this call through.",
			Method:  r.Method, Path: r.URL.Path,
			ClientID: r.Header.Get("Claviger-Client-Id"), AccountID: r.Header.Get("Claviger-Account-Id"),
			UserID: r.Header.Get("Claviger-User-Id"), Scope: r.Header.Get("Claviger-Scope"),
			RequestID: r.Header.Get("Claviger-Request-Id"),
		})
	})
}

type sampleAnswer struct {
	Message   string `json:"message"`
	Method    string `json:"method"`
	Path      string `json:"path"`
	ClientID  string `json:"client_id"`
	AccountID string `json:"account_id"`
	UserID    string `json:"user_id"`
	Scope     string `json:"scope"`
	RequestID string `json:"request_id"`
}

// behindGateway returns the catalogue with every API's upstream set.
func behindGateway(c apicred.Catalogue, upstream string) apicred.Catalogue {
	apis := make([]apicred.API, 0, len(c.APIs))
	for _, a := range c.APIs {
		a.Upstream = upstream
		apis = append(apis, a)
	}
	c.APIs = apis
	return c
}
