package desk

import (
	"context"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// replaceWhatStands is the version that ApplyCatalogue of lifecycle takes for
// "whatever is stored".
const replaceWhatStands = -1

// CatalogueDocument is a catalogue file: YAML or JSON on the way in, YAML on
// the way out.
type CatalogueDocument struct {
	Text []byte `json:"text"`
}

// CatalogueState says what stands after a catalogue was applied.
type CatalogueState struct {
	Version int64 `json:"version"`
	Changed bool  `json:"changed"`
	APIs    int   `json:"apis"`
	Scopes  int   `json:"scopes"`
}

// CatalogueReport is what applying a catalogue file would change.
type CatalogueReport struct {
	// Version is the stored one, which the file is compared with.
	Version int64 `json:"version"`
	// Same: applying it would change nothing, not even an order.
	Same bool `json:"same"`
	apicred.CatalogueDifference
	// Consequences for the credentials that hold a scope.
	Consequences []lifecycle.CatalogueConsequence `json:"consequences"`
	// Refusal is why applying it would be refused; empty: it would not.
	Refusal string `json:"refusal,omitempty"`
}

// ApplyCatalogue replaces the catalogue. Errors: invalid (a Field for each
// fault), conflict (a scope that somebody holds would vanish).
func (d *Desk) ApplyCatalogue(ctx context.Context, in CatalogueDocument) (CatalogueState, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return CatalogueState{}, err
	}
	document, err := lifecycle.DecodeCatalogue(in.Text)
	if err != nil {
		return CatalogueState{}, err
	}
	version, changed, err := d.lifecycle.ApplyCatalogue(ctx, actor, document, replaceWhatStands)
	if err != nil {
		return CatalogueState{}, err
	}
	return CatalogueState{Version: version, Changed: changed, APIs: len(document.APIs), Scopes: len(document.Scopes)}, nil
}

// DiffCatalogue compares a document with what is stored. Errors: invalid (a
// Field for each fault).
func (d *Desk) DiffCatalogue(ctx context.Context, in CatalogueDocument) (CatalogueReport, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return CatalogueReport{}, err
	}
	document, err := lifecycle.DecodeCatalogue(in.Text)
	if err != nil {
		return CatalogueReport{}, err
	}
	report, err := d.lifecycle.DiffCatalogue(ctx, actor, document)
	if err != nil {
		return CatalogueReport{}, err
	}
	out := CatalogueReport{Version: report.Version, Same: report.Same, CatalogueDifference: report.Difference, Consequences: report.Consequences}
	if refusal := report.Refused(); refusal != nil {
		out.Refusal = apicred.AsError(refusal).Message
	}
	return out, nil
}

// ExportCatalogue returns the catalogue as YAML, as ApplyCatalogue reads it.
func (d *Desk) ExportCatalogue(ctx context.Context) (CatalogueDocument, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return CatalogueDocument{}, err
	}
	document, _, err := d.lifecycle.Catalogue(ctx, actor)
	if err != nil {
		return CatalogueDocument{}, err
	}
	text, err := lifecycle.EncodeCatalogue(document)
	return CatalogueDocument{Text: text}, err
}
