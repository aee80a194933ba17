package storetest

import (
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

func usageTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"Usage_AddsUpByDay":                        usageAddsUp,
		"Usage_ReportsDaysAndHoursOfOneCredential": usageReports,
		"Usage_RaisesLastUseOfCredentialAndSecret": usageRaisesLastUse,
		"Usage_WritesHashesMadeAnew":               usageRehashes,
		"Usage_OfWhatIsDeletedIsDropped":           usageOfDeleted,
		"Usage_LeavesTheHeadRowAlone":              usageLeavesHead,
		"Usage_OfManyRowsIsAllKept":                usageMany,
		"Usage_PastItsKeepingIsRemoved":            usagePruned,
	}
}

func (f *fixture) usage(counts []accesstoken.UsageCount, uses []accesstoken.SecretUse) {
	f.Helper()
	f.must(f.store.AccessToken().AddUsage(f.Context(), apicred.BatchID{}, accesstoken.UsageBatch{Counts: counts, Uses: uses}))
}

func (f *fixture) wantDaily(today time.Time, want map[string][14]int64) {
	f.Helper()
	f.view(func(r lifecycle.Reader) error {
		ids := []string{"absent"}
		for id := range want {
			ids = append(ids, id)
		}
		got, err := r.DailyCalls(f.Context(), ids, today)
		f.equal(got, want)
		return err
	})
}

func hour() time.Time { return start().Truncate(time.Hour) }

func usageAddsUp(f *fixture) {
	a := f.account("Acme")
	one, two := f.credential(a.ID).ClientID, f.credential(a.ID).ClientID
	count := func(id string, at time.Time, outcome, scope string, calls int64) accesstoken.UsageCount {
		return accesstoken.UsageCount{ClientID: id, Hour: at, Outcome: outcome, Scope: scope, Calls: calls}
	}
	f.usage([]accesstoken.UsageCount{
		count(one, hour(), "issued", "stats", 1), count(one, hour(), "allowed", "stats", 10),
		count(one, hour().Add(-time.Hour), "denied", "", 100), count(two, hour(), "issued", "", 7),
		count(one, hour().AddDate(0, 0, -13), "issued", "", 5), count(one, hour().AddDate(0, 0, -14), "issued", "", 9),
		count(one, hour().AddDate(0, 0, 1), "issued", "", 3),
	}, nil)
	f.usage([]accesstoken.UsageCount{count(one, hour(), "issued", "stats", 1000)}, nil)
	f.wantDaily(start(), map[string][14]int64{one: {0: 5, 13: 1111}, two: {13: 7}})
	f.wantDaily(start().AddDate(0, 0, 1), map[string][14]int64{one: {12: 1111, 13: 3}, two: {12: 7}})
	f.wantDaily(start().AddDate(1, 0, 0), nil)
}

func usageReports(f *fixture) {
	a := f.account("Acme")
	one, two := f.credential(a.ID).ClientID, f.credential(a.ID).ClientID
	day := start().Truncate(24 * time.Hour)
	add := func(id string, at time.Time, outcome, scope string, calls int64) {
		f.usage([]accesstoken.UsageCount{{ClientID: id, Hour: at, Outcome: outcome, Scope: scope, Calls: calls}}, nil)
	}
	add(one, hour(), "issued", "users:read", 2)
	add(one, hour(), "issued", "stats", 1)
	add(one, hour(), "allowed", "stats", 10)
	add(one, hour().Add(-time.Hour), "allowed", "stats", 5)
	add(one, day.Add(-time.Hour), "rate_limited", "", 7)
	add(two, hour(), "issued", "", 100)
	f.view(func(r lifecycle.Reader) error {
		days, err := r.UsageDays(f.Context(), one, day, start())
		f.equal(days, []lifecycle.UsageCount{
			{At: day, Outcome: "allowed", Scope: "stats", Calls: 15}, {At: day, Outcome: "issued", Scope: "stats", Calls: 1},
			{At: day, Outcome: "issued", Scope: "users:read", Calls: 2},
		})
		f.must(err)
		days, err = r.UsageDays(f.Context(), one, day.AddDate(0, 0, -1), day) // the end is left out
		f.equal(days, []lifecycle.UsageCount{{At: day.AddDate(0, 0, -1), Outcome: "rate_limited", Calls: 7}})
		f.must(err)
		hours, err := r.UsageHours(f.Context(), one, day, hour())
		f.equal(hours, []lifecycle.UsageCount{{At: hour().Add(-time.Hour), Outcome: "allowed", Scope: "stats", Calls: 5}})
		f.must(err)
		none, err := r.UsageDays(f.Context(), "nobody", day, start())
		f.equal(len(none), 0)
		return err
	})
}

func usageRaisesLastUse(f *fixture) {
	c := f.credential(f.account("Acme").ID)
	secrets := f.secrets(c.ClientID)
	f.usage(nil, []accesstoken.SecretUse{
		{ClientID: c.ClientID, SecretID: secrets[1].ID, At: start().Add(3 * time.Second), Address: "192.0.2.33"},
		{ClientID: c.ClientID, At: start().Add(2 * time.Second), Address: "192.0.2.22"},
		{ClientID: c.ClientID, SecretID: secrets[0].ID, At: start().Add(-time.Second), Address: "192.0.2.11"}, // late news
	})
	c.LastUsedAt, c.LastUsedAddress = start().Add(3*time.Second), "192.0.2.33"
	secrets[1].LastUsedAt, secrets[1].LastUsedAddress = c.LastUsedAt, c.LastUsedAddress
	f.wantCredential(c)
	f.wantSecrets(c.ClientID, secrets)
}

// usageRehashes writes hashes under another pepper, of some of many.
func usageRehashes(f *fixture) {
	c := f.credential(f.account("Acme").ID)
	secrets := f.secrets(c.ClientID)
	uses := []accesstoken.SecretUse{
		{ClientID: c.ClientID, SecretID: secrets[1].ID, At: start().Add(time.Second), Address: "192.0.2.33", Hash: []byte{0, 0xff, 'x', 0}, PepperID: "p2"},
		{ClientID: c.ClientID, SecretID: "gone", At: start(), Address: "192.0.2.1", Hash: []byte{1}, PepperID: "p2"},
	}
	f.usage(nil, uses)
	secrets[1].Hash, secrets[1].PepperID = uses[0].Hash, "p2"
	secrets[1].LastUsedAt, secrets[1].LastUsedAddress = start().Add(time.Second), "192.0.2.33"
	c.LastUsedAt, c.LastUsedAddress = secrets[1].LastUsedAt, secrets[1].LastUsedAddress
	f.wantCredential(c)
	f.wantSecrets(c.ClientID, secrets)
}

func usageOfDeleted(f *fixture) {
	c := f.credential(f.account("Acme").ID)
	f.usage([]accesstoken.UsageCount{
		{ClientID: f.id(), Hour: hour(), Outcome: "issued", Calls: 1}, {ClientID: c.ClientID, Hour: hour(), Outcome: "issued", Calls: 2},
	}, []accesstoken.SecretUse{{ClientID: f.id(), SecretID: "x", At: start()}, {ClientID: c.ClientID, SecretID: "gone", At: start().Add(time.Second)}})
	f.wantDaily(start(), map[string][14]int64{c.ClientID: {13: 2}})
	f.change(func(tx lifecycle.Tx) error { return tx.DeleteCredential(f.Context(), c.AccountID, c.ClientID) })
	f.view(func(r lifecycle.Reader) error {
		daily, err := r.DailyCalls(f.Context(), []string{c.ClientID}, start())
		f.equal(len(daily), 0)
		return err
	})
}

func usageLeavesHead(f *fixture) {
	c := f.credential(f.account("Acme").ID)
	before := f.head()
	f.usage([]accesstoken.UsageCount{{ClientID: c.ClientID, Hour: hour(), Outcome: "issued", Calls: 1}}, []accesstoken.SecretUse{{ClientID: c.ClientID, At: start()}})
	f.equal(f.head(), before)
}

func usageMany(f *fixture) {
	const many = 1300
	c := f.credential(f.account("Acme").ID)
	var counts []accesstoken.UsageCount
	for i := range many {
		counts = append(counts, accesstoken.UsageCount{ClientID: c.ClientID, Hour: hour(), Outcome: "issued", Scope: f.id(), Calls: int64(i)})
	}
	f.usage(counts, nil)
	f.wantDaily(start(), map[string][14]int64{c.ClientID: {13: many * (many - 1) / 2}})
}

func usagePruned(f *fixture) {
	c := f.credential(f.account("Acme").ID)
	add := func(at time.Time) {
		f.usage([]accesstoken.UsageCount{{ClientID: c.ClientID, Hour: at, Outcome: string(apicred.OutcomeDone), Calls: 1}}, nil)
	}
	add(hour())
	add(hour().AddDate(0, 0, 399))
	f.wantDaily(start(), map[string][14]int64{c.ClientID: {13: 1}})
	add(hour().AddDate(0, 0, 402))
	f.wantDaily(start(), nil)
	f.wantDaily(start().AddDate(0, 0, 402), map[string][14]int64{c.ClientID: {10: 1, 13: 1}})
}
