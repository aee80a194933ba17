package gateway

import (
	"errors"
	"strings"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
)

// aboutDenial is what can be explained of a denial later: which rule refused
// whom where. The path stays out of it; the route's pattern is enough.
func aboutDenial(c *Call, d *Decision) apicred.Refusal {
	r := apicred.Refusal{Code: d.Denial.Code, Client: d.ClientID, API: c.API, Method: c.Method, Address: c.Client}
	if d.Route != nil {
		r.API, r.Route = d.Route.API.ID, d.Route.Pattern
	}
	if len(d.Denial.Scopes) > 0 {
		r.Scope = d.Denial.Scopes[0]
	}
	if d.Denial.cause != nil {
		r.Cause = d.Denial.cause.Error()
	}
	var dead *accesstoken.DeadTokenError
	if errors.As(d.Denial.cause, &dead) {
		r.Client = dead.ClientID
	}
	if r.Client == "" && len(c.Authorization) == 1 {
		// A program that presents an ID is told about that credential, whoever it is.
		scheme, credentials, _ := strings.Cut(c.Authorization[0], " ")
		if strings.EqualFold(scheme, "Basic") {
			r.Client, _ = parseBasic(credentials)
		}
	}
	return r
}
