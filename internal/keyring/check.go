package keyring

import (
	"context"

	"github.com/claviger/claviger/internal/apicred"
)

// Check tells whether master opens the signing keys that store holds, without
// making or changing any; ErrMasterKey where it does not.
func Check(ctx context.Context, store Store, master *Master) error {
	records, err := store.SigningKeys(ctx)
	if err != nil {
		return err
	}
	for i := range records {
		if records[i].Status == apicred.SigningKeyRetired {
			continue // nothing is signed with it any more
		}
		if _, err := master.Open(purposeSigningKey, records[i].Sealed, []byte(records[i].KID)); err != nil {
			return ErrMasterKey
		}
	}
	return nil
}
