package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/config"
)

func TestFailure_SaysWhatAndWhatToDo(t *testing.T) {
	field := func(location string) apicred.FieldError {
		return apicred.FieldError{Location: location, Message: "Correct it."}
	}
	for name, test := range map[string]struct {
		err  error
		want []string
	}{
		"one sentence":           {apicred.Conflict("Do that first."), []string{"Do that first."}},
		"joined with another":    {errors.Join(apicred.Conflict("Do that first."), errors.New("close failed")), []string{"Do that first."}},
		"one member":             {apicred.Invalid(field("body.name")), []string{"name: Correct it."}},
		"members":                {apicred.Invalid(field("body.name"), field("apis[0].id")), []string{"2 things must be corrected:", "name: Correct it.", "apis[0].id: Correct it."}},
		"cause of an internal":   {apicred.Internal(errors.New("disk\ngone")), []string{"Something went wrong: disk gone"}},
		"internal without cause": {&apicred.Error{Kind: apicred.KindInternal, Message: "See the log."}, []string{"See the log."}},
		"hidden cause":           {apicred.Unavailable(errors.New("password=x")), []string{apicred.Unavailable(nil).Message}},
		"one fault":              {config.Faults{{Key: "listen", Origin: "flag --listen", Message: "Correct it."}}, []string{"listen (flag --listen): Correct it."}},
		"faults": {config.Faults{{Key: "listen", Message: "Correct it."}, {Key: "issuer", Message: "Give it."}},
			[]string{"The configuration has 2 faults:", "listen: Correct it.", "issuer: Give it."}},
		"interrupted": {fmt.Errorf("reading: %w", context.Canceled), []string{"Interrupted."}},
		"foreign":     {errors.New("no space\nleft"), []string{"No space left."}},
	} {
		if diff := cmp.Diff(test.want, failure(test.err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestVersion_SaysWhatItWasBuiltFrom(t *testing.T) {
	info := &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-11-22T09:00:00Z"}, {Key: "vcs.modified", Value: "true"},
	}}
	got := buildOf(info)
	want := build{Version: "v1.2.3", Revision: "abc", Modified: true, Time: "2026-11-22T09:00:00Z", Go: got.Go, Platform: got.Platform}
	if got != want {
		t.Errorf("build = %+v, want %+v", got, want)
	}
	if got := buildOf(nil); got.Version != unknown || got.Revision != unknown || got.Time != unknown || got.Go == "" {
		t.Errorf("without build information: %+v", got)
	}
}
