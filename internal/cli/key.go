package cli

import (
	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/desk"
)

func newKey(a *app) *cobra.Command {
	cmd := group(a, "key", "List, rotate, export and remove signing keys", `Signing keys sign the access tokens. One signs, the next is published already, and
retired ones verify until their last token has expired. They rotate by themselves
(signing_key_rotation).`)
	cmd.AddCommand(newKeyList(a), newKeyRotate(a), newKeyExport(a), newKeyRemove(a))
	return cmd
}

func keysPrinted(keys []desk.SigningKey) printed {
	p := printed{
		head: []string{"KID", "ALG", "STATUS", "CREATED AT", "NOT BEFORE", "EXPIRES AT"},
		json: map[string]any{"signing_keys": keys},
	}
	for i := range keys {
		k := &keys[i]
		end := ""
		if k.ExpiresAt != nil {
			end = clock(*k.ExpiresAt)
		}
		p.rows = append(p.rows, []string{k.KID, string(k.Algorithm), string(k.Status), clock(k.CreatedAt), clock(k.NotBefore), end})
	}
	return p
}
