package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
)

// throughGateway compares the gateway with a reverse proxy that asks nobody, before the same API: another
// process, whose work counts for neither.
func (l *laboratory) throughGateway(ctx context.Context, subjects []*subject) (comparison, error) {
	api, err := l.floor(ctx, "api")
	if err != nil {
		return comparison{}, err
	}
	bare, err := l.floor(ctx, "reverse-proxy", "-upstream", api.Issuer)
	if err != nil {
		return comparison{}, err
	}
	out := comparison{
		title:   "Gateway: GET with a Bearer token seen before; ReverseProxy is httputil's, bare, before the same API",
		targets: []target{bare.get("ReverseProxy", "/useradmin/users", callHeaders(subjects[0].seen()))},
	}
	for _, s := range subjects {
		if err := s.sendCallsTo(ctx, api.Issuer); err != nil {
			return comparison{}, err
		}
		gateway := s.client
		gateway.Issuer = s.gatewayURL
		out.targets = append(out.targets, gateway.get(s.name, "/useradmin/users", callHeaders(s.seen())))
	}
	return out, nil
}

// sendCallsTo makes upstream the API behind every API of the catalogue.
func (c client) sendCallsTo(ctx context.Context, upstream string) error {
	catalogue := map[string]any{}
	if err := c.catalogue(ctx, http.MethodGet, nil, &catalogue); err != nil {
		return err
	}
	apis, _ := catalogue["apis"].([]any)
	for _, api := range apis {
		if members, ok := api.(map[string]any); ok {
			members["upstream"] = upstream
		}
	}
	body, err := json.Marshal(map[string]any{"apis": catalogue["apis"], "scopes": catalogue["scopes"]})
	if err != nil {
		return err
	}
	return c.catalogue(ctx, http.MethodPut, body, &catalogue)
}

func (c client) catalogue(ctx context.Context, method string, body []byte, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.Issuer+"/api/v1/catalogue", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.operator)
	request.Header.Set("Content-Type", "application/json")
	return ask(request, http.StatusOK, into)
}

// floor starts the floor, with flags of its own.
func (l *laboratory) floor(ctx context.Context, name string, flags ...string) (client, error) {
	binary, err := l.build(ctx, ".", "./bench/floor", "now")
	if err != nil {
		return client{}, err
	}
	c, err := l.start(ctx, name, exec.CommandContext(ctx, binary, flags...))
	if err == nil && !strings.HasPrefix(c.Issuer, "http://") {
		err = fmt.Errorf("%s said that it listens on %q", name, c.Issuer)
	}
	return c, err
}
