package sqlstore

import (
	"context"
	"encoding/json"

	"github.com/claviger/claviger/internal/apicred"
)

func (r *reader) Catalogue(ctx context.Context) (apicred.Catalogue, int64, error) {
	row, err := r.q.GetCatalogue(ctx)
	if err != nil {
		return apicred.Catalogue{}, 0, r.fault(err)
	}
	var c apicred.Catalogue
	if err := json.Unmarshal([]byte(row.Document), &c); err != nil {
		return apicred.Catalogue{}, 0, r.fault(err)
	}
	if err := json.Unmarshal([]byte(row.Revivals), &c.Revivals); err != nil {
		return apicred.Catalogue{}, 0, r.fault(err)
	}
	return c, row.Version, nil
}

func (t *tx) SaveCatalogue(ctx context.Context, c apicred.Catalogue, version int64) error {
	document, err := json.Marshal(c)
	if err != nil {
		return t.fault(err)
	}
	revivals := []byte("[]")
	if len(c.Revivals) > 0 {
		if revivals, err = json.Marshal(c.Revivals); err != nil {
			return t.fault(err)
		}
	}
	n, err := t.q.UpdateCatalogue(ctx, string(document), string(revivals), version)
	if err == nil && n == 0 {
		return apicred.Stale()
	}
	return t.fault(err)
}
