package restapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
)

// signingKeyJSON is a signing key on the wire: what is public of it.
type signingKeyJSON struct {
	KID       string     `json:"kid" doc:"RFC 7638 thumbprint; the kid of its tokens and of its entry in the JWK Set."`
	Algorithm string     `json:"alg" enum:"ES256,EdDSA,RS256"`
	Status    string     `json:"status" enum:"next,active,retired" doc:"next is published and will sign, active signs, retired verifies what it signed."`
	CreatedAt time.Time  `json:"created_at"`
	NotBefore time.Time  `json:"not_before" doc:"When it began to sign; for the next one, when it may at the earliest."`
	ExpiresAt *time.Time `json:"expires_at" doc:"When the last token of a retired key has expired and the key leaves the set; null: no end yet."`
}

type signingKeyListJSON struct {
	SigningKeys []signingKeyJSON `json:"signing_keys"`
}

type signingKeyListOutput struct{ Body signingKeyListJSON }

type signingKeyInput struct {
	KID string `path:"kid" maxLength:"128" doc:"The key's kid." example:"l3rWvj6oVZ9yK2mT5cQxXh1sN8bEfUaG4dRzP7uYwJk"`
}

func (s *Surface) registerSigningKeys(a huma.API) {
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "listSigningKeys", Method: http.MethodGet, Path: "/signing-keys", Tags: []string{tagSigningKeys},
			Summary: "List signing keys", Description: "Those that are published, oldest first. They belong to the installation: admins of the operator account only.",
		},
		scope: apicred.ScopeKeysWrite, example: exampleSigningKeys(),
	}, steps[struct{}, *struct{}, signingKeyListOutput]{
		parse: asIs[struct{}],
		act: func(ctx context.Context, actor apicred.Actor, _ *struct{}) (*signingKeyListOutput, error) {
			return renderSigningKeys(s.lifecycle.SigningKeys(ctx, actor))
		},
	})
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "rotateSigningKeys", Method: http.MethodPost, Path: "/signing-keys/rotate", Tags: []string{tagSigningKeys},
			Summary: "Rotate the signing keys",
			Description: "The next key signs from now on, another is published behind it, and the one that signed verifies until its last token has " +
				"expired: no token dies. 409 within six minutes of the rotation before, while verifiers may not know the next key yet.",
			DefaultStatus: http.StatusOK,
		},
		scope: apicred.ScopeKeysWrite, risky: true, example: exampleSigningKeys(), refusals: []int{http.StatusConflict},
	}, steps[struct{}, *struct{}, signingKeyListOutput]{
		parse: asIs[struct{}],
		act: func(ctx context.Context, actor apicred.Actor, _ *struct{}) (*signingKeyListOutput, error) {
			return renderSigningKeys(s.lifecycle.RotateSigningKeys(ctx, actor, false))
		},
	})
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "removeSigningKey", Method: http.MethodDelete, Path: "/signing-keys/{kid}", Tags: []string{tagSigningKeys},
			Summary: "Remove a signing key at once",
			Description: "For a key that has leaked. Every token that it signed is refused from now on, on other nodes within two seconds. In the place of " +
				"the active key the next one signs. Services that check tokens by themselves go on until they fetch the JWK Set anew, up to five minutes.",
		},
		scope: apicred.ScopeKeysWrite, risky: true,
	}, steps[signingKeyInput, *signingKeyInput, struct{}]{
		parse: asIs[signingKeyInput],
		act: func(ctx context.Context, actor apicred.Actor, in *signingKeyInput) (*struct{}, error) {
			_, err := s.lifecycle.RemoveSigningKey(ctx, actor, in.KID)
			return nil, err
		},
	})
}

func renderSigningKeys(keys []apicred.SigningKey, err error) (*signingKeyListOutput, error) {
	if err != nil {
		return nil, err
	}
	out := signingKeyListJSON{make([]signingKeyJSON, 0, len(keys))}
	for i := range keys {
		k := &keys[i]
		out.SigningKeys = append(out.SigningKeys, signingKeyJSON{
			KID: k.KID, Algorithm: string(k.Algorithm), Status: string(k.Status),
			CreatedAt: k.CreatedAt.UTC(), NotBefore: k.NotBefore.UTC(), ExpiresAt: someTime(k.ExpiresAt),
		})
	}
	return &signingKeyListOutput{out}, nil
}
