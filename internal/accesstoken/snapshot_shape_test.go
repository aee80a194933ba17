package accesstoken

import (
	"reflect"
	"strings"
	"testing"
)

func shapeOf(t reflect.Type) string {
	var b strings.Builder
	writeShape(&b, t, map[reflect.Type]bool{})
	return b.String()
}

// A program with one more limit must not take a snapshot without it.
func TestSnapshot_TellsWhatItIsMadeOf(t *testing.T) {
	type limits struct{ Rate int }
	type more struct {
		Rate int
		Size int64
	}
	shapes := map[string]bool{}
	for _, of := range []reflect.Type{
		reflect.TypeFor[struct{ L []*limits }](), reflect.TypeFor[struct{ L []*more }](), reflect.TypeFor[struct{ L map[string]limits }](),
		reflect.TypeFor[struct{ Rate int32 }](), reflect.TypeFor[struct{ Rate int }](), reflect.TypeFor[struct{ Pace int }](),
	} {
		if shape := shapeOf(of); shapes[shape] {
			t.Errorf("%s looks like another: %s", of, shape)
		} else {
			shapes[shape] = true
		}
	}
	whole := shapeOf(reflect.TypeFor[snapshotPart]())
	for _, member := range []string{"AllowedCIDRs:", "TokenLifetime:", "TLSClientSubject:", "ExpiresAt:", "Role:", "MaxTokenLifetime:", "Retired:"} {
		if !strings.Contains(whole, member) {
			t.Errorf("the shape of a snapshot does not tell of %s\n%s", member, whole)
		}
	}
}
