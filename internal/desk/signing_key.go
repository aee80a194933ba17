package desk

import (
	"context"
	"encoding/json"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// SigningKey is a published signing key as the operator sees it: what is public
// of it.
type SigningKey struct {
	KID       string                   `json:"kid"`
	Algorithm apicred.SigningAlgorithm `json:"alg"`
	Status    apicred.SigningKeyStatus `json:"status"`
	CreatedAt time.Time                `json:"created_at"`
	NotBefore time.Time                `json:"not_before"`
	ExpiresAt *time.Time               `json:"expires_at"` // null: no end yet
	// PublicJWK is the entry of the JWK Set (RFC 7517).
	PublicJWK json.RawMessage `json:"public_jwk"`
}

// KeyRotation asks for a rotation.
type KeyRotation struct {
	// Force rotates although verifiers may not know the next key yet.
	Force bool `json:"force,omitempty"`
}

// KeyRef names a signing key.
type KeyRef struct {
	KID string `json:"kid"`
}

// SigningKeys lists the published signing keys, oldest first.
func (d *Desk) SigningKeys(ctx context.Context) ([]SigningKey, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return nil, err
	}
	return signingKeysOf(d.lifecycle.SigningKeys(ctx, actor))
}

// RotateSigningKeys makes the next key sign and returns the keys as they are
// then. Error: conflict when the next key was published too short a time ago.
func (d *Desk) RotateSigningKeys(ctx context.Context, in KeyRotation) ([]SigningKey, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return nil, err
	}
	return signingKeysOf(d.lifecycle.RotateSigningKeys(ctx, actor, in.Force))
}

// RemoveSigningKey removes a key at once, with every token that it signed, and
// returns the keys as they are then. Error: not_found.
func (d *Desk) RemoveSigningKey(ctx context.Context, in KeyRef) ([]SigningKey, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := signingKeysOf(d.lifecycle.RemoveSigningKey(ctx, actor, in.KID))
	if apicred.IsKind(err, apicred.KindNotFound) {
		return nil, &apicred.Error{Kind: apicred.KindNotFound, Message: "There is no signing key of this kid. List them with: claviger key list"}
	}
	return keys, err
}

func signingKeysOf(keys []apicred.SigningKey, err error) ([]SigningKey, error) {
	out := make([]SigningKey, 0, len(keys))
	for i := range keys {
		k := &keys[i]
		key := SigningKey{
			KID: k.KID, Algorithm: k.Algorithm, Status: k.Status,
			CreatedAt: k.CreatedAt.UTC(), NotBefore: k.NotBefore.UTC(), PublicJWK: k.PublicJWK,
		}
		if !k.ExpiresAt.IsZero() {
			end := k.ExpiresAt.UTC()
			key.ExpiresAt = &end
		}
		out = append(out, key)
	}
	return out, err
}
