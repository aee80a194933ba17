package storetest

import (
	"sync"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

func proofTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"UsedProof_CountsOnceUntilItsEnd":        proofOnce,
		"UsedProof_InParallelExactlyOneSucceeds": proofInParallel,
	}
}

func proofOnce(f *fixture) {
	tokens, end := f.store.AccessToken(), start().Add(time.Minute)
	one, other := []byte("a hash of thirty-two bytes or so"), []byte("another")
	f.must(tokens.UseProof(f.Context(), one, start(), end))
	f.must(tokens.UseProof(f.Context(), other, start(), end))
	f.wantKind(tokens.UseProof(f.Context(), one, start(), end), apicred.KindConflict)
	f.wantKind(tokens.UseProof(f.Context(), one, end, end.Add(time.Minute)), apicred.KindConflict)
	// Past its end it is refused for its age; what remembered it is gone.
	f.must(tokens.UseProof(f.Context(), one, end.Add(time.Second), end.Add(time.Minute)))
}

func proofInParallel(f *fixture) {
	const tries = 20
	var group sync.WaitGroup
	errs := make([]error, tries)
	for i := range tries {
		group.Go(func() {
			errs[i] = f.store.AccessToken().UseProof(f.Context(), []byte("one"), start(), start().Add(time.Minute))
		})
	}
	group.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
			continue
		}
		f.wantKind(err, apicred.KindConflict)
	}
	if done != 1 {
		f.Errorf("%d of %d uses of one proof succeeded, want 1", done, tries)
	}
}
