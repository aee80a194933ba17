package restapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/claviger/claviger/internal/web"
)

// huma's own errors hold what was sent. Should one ever be made, nothing of it
// reaches the client.
func TestOwnErrors_TellNothingOfHumas(t *testing.T) {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	c := &call{request: r, exchange: &web.Exchange{RequestID: "id"}, operation: &operation{}}
	r = r.WithContext(context.WithValue(r.Context(), callKey{}, c))
	ctx := humago.NewContext(&huma.Operation{}, r, httptest.NewRecorder())
	model := huma.NewError(http.StatusUnprocessableEntity, "validation failed", &huma.ErrorDetail{Location: "body.client_secret", Value: "canary"}, errors.New("canary"))
	out, err := ownErrors(ctx, "422", model)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "canary") || !strings.Contains(string(text), `"code":"internal"`) || !strings.Contains(string(text), `"status":422`) {
		t.Errorf("%s", text)
	}
	if same, err := ownErrors(ctx, "200", 7); same != 7 || err != nil {
		t.Errorf("an answer became %v, %v", same, err)
	}
}
