package storetest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

func listTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"List_PagesNeitherSkipNorRepeatUnderEverySort":   listPages,
		"List_AgreesWithTheRulesForEveryFilter":          listAgrees,
		"List_KnowsNothingOfOtherAccounts":               listOtherAccounts,
		"List_SearchFindsWordPrefixesIDAndEmail":         listSearch,
		"List_CountStopsAtTheBound":                      listCountStops,
		"List_PositionOfAnotherListIsRefused":            listOddPosition,
		"List_SearchForWhatCannotBeHeldFindsNothing":     listOddSearch,
		"List_StatusChangesAtTheVeryMomentOfExpiry":      listExpiryEdge,
		"List_IdleOnesComeLongestIdleFirst":              listIdle,
		"List_ComparesNamesByTheirFoldedBytesEverywhere": listFolded,
	}
}

// Sorts returns every order of a list.
func Sorts() []lifecycle.CredentialSort {
	return []lifecycle.CredentialSort{
		lifecycle.SortName, lifecycle.SortNameDesc, lifecycle.SortCreatedAt, lifecycle.SortCreatedAtDesc,
		lifecycle.SortLastUsedAt, lifecycle.SortLastUsedAtDesc,
	}
}

// Population is an account full of credentials that are alike in many ways, to
// be listed, and the owners' e-mail addresses by user ID.
type Population struct {
	AccountID   string
	Credentials []apicred.Credential
	Emails      map[string]string
	Secrets     map[string][]apicred.Secret // by client ID
	Now         time.Time
}

// Populate stores a Population of n credentials, the same for the same n.
func Populate(t *testing.T, store Store, n int) Population {
	t.Helper()
	f := newFixture(t, store)
	f.made = 1 << 40 // IDs of its own
	random := rand.New(rand.NewPCG(uint64(n), 1))
	account := f.account("Acme")
	p := Population{AccountID: account.ID, Emails: map[string]string{}, Secrets: map[string][]apicred.Secret{}, Now: start()}
	owners := []apicred.User{f.user(account.ID, "Ada@example.com"), f.user(account.ID, "adele@example.com"), f.user(account.ID, "bob@example.com")}
	for _, u := range owners {
		p.Emails[u.ID] = u.Email
	}
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	moment := func(times ...int) time.Time {
		seconds := times[random.IntN(len(times))]
		if seconds == 0 {
			return time.Time{}
		}
		return start().Add(time.Duration(seconds) * time.Second)
	}
	for range n {
		c := apicred.Credential{
			ClientID: f.id(), AccountID: account.ID, Level: apicred.LevelAccount,
			Name:                 pick("Ada", "ada", "Export job", "export-job 2", "ÄRGER", "Nightly Adam", "C++ (old)", "zz", "日本 語", "a_b.c-d"),
			Scopes:               apicred.NormalizeScopes([]string{pick("stats", "users:read"), pick("stats", "webhooks", "users:write")}),
			AuthenticationMethod: apicred.AuthenticationClientSecret, Generation: 1, Version: 1,
			DisabledAt: moment(0, 0, -5), ExpiresAt: moment(0, 0, -9, 9),
			Suspension: apicred.Suspension(pick("", "", "owner", "scopes")),
			CreatedAt:  moment(-100, -200, -300), LastUsedAt: moment(0, -10, -20), EnabledAt: moment(0, 0, -15), UpdatedAt: start(),
		}
		for range 1 + random.IntN(2) {
			s := f.newSecret(c.ClientID)
			s.CreatedAt, s.ExpiresAt = moment(-50, -150, -250), moment(0, -3, 3, 30)
			p.Secrets[c.ClientID] = append(p.Secrets[c.ClientID], s)
		}
		if owner := random.IntN(len(owners) + 1); owner < len(owners) {
			c.Level, c.OwnerID = apicred.LevelUser, owners[owner].ID
		}
		p.Credentials = append(p.Credentials, c)
	}
	random.Shuffle(n, func(i, j int) { p.Credentials[i], p.Credentials[j] = p.Credentials[j], p.Credentials[i] })
	f.change(func(tx lifecycle.Tx) error {
		for _, c := range p.Credentials {
			if err := tx.InsertCredential(f.Context(), c); err != nil {
				return err
			}
			for _, s := range p.Secrets[c.ClientID] {
				if err := tx.InsertSecret(f.Context(), s); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return p
}

// Queries returns queries of every filter, alone and together.
func (p *Population) Queries() []lifecycle.CredentialQuery {
	var owners []string
	for id := range p.Emails {
		owners = append(owners, id)
	}
	slices.Sort(owners)
	var queries []lifecycle.CredentialQuery
	for _, level := range []apicred.Level{"", apicred.LevelUser, apicred.LevelAccount} {
		for _, status := range []apicred.Status{"", apicred.StatusActive, apicred.StatusDisabled, apicred.StatusExpired, apicred.StatusSuspended} {
			for _, scope := range []string{"", "stats", "users:write", "none"} {
				for _, search := range []string{"", "ad", "ADA ", "job export", "0192d3c0-0000-7000-8000-0100000000", "c+", "adele@EX", "none"} {
					queries = append(queries, lifecycle.CredentialQuery{
						AccountID: p.AccountID, Level: level, Status: status, Scope: scope, Search: search, Now: p.Now, Limit: 1000,
					})
				}
			}
		}
	}
	queries = append(queries, p.attentionQueries()...)
	for _, id := range append(owners, "nobody") {
		q := lifecycle.CredentialQuery{AccountID: p.AccountID, OwnerID: id, Now: p.Now, Limit: 1000}
		queries = append(queries, q)
		q.Status, q.Search = apicred.StatusActive, "a"
		queries = append(queries, q)
	}
	return queries
}

// attentionQueries ask for every attention, with moments that divide the
// population, alone and with another filter.
func (p *Population) attentionQueries() []lifecycle.CredentialQuery {
	ago := func(seconds int) time.Time { return p.Now.Add(time.Duration(seconds) * time.Second) }
	var queries []lifecycle.CredentialQuery
	for _, a := range []lifecycle.Attention{
		{Kind: lifecycle.AttentionSuspended},
		{Kind: lifecycle.AttentionUnused, UnusedSince: ago(-15)}, {Kind: lifecycle.AttentionUnused, UnusedSince: ago(-100)},
		{Kind: lifecycle.AttentionUnused, UnusedSince: ago(-301)},
		{Kind: lifecycle.AttentionUnrotated, RotatedBefore: ago(-150)}, {Kind: lifecycle.AttentionUnrotated, RotatedBefore: ago(-51)},
		{Kind: lifecycle.AttentionExpiring, EndsBefore: ago(9)}, {Kind: lifecycle.AttentionExpiring, EndsBefore: ago(2)},
		{Kind: lifecycle.AttentionExpiring, EndsBefore: ago(5), MaxSecretAge: 155 * time.Second},
		{Kind: lifecycle.AttentionExpiring, EndsBefore: ago(5), MaxSecretAge: 100 * time.Second},
	} {
		for _, status := range []apicred.Status{"", apicred.StatusActive, apicred.StatusSuspended, apicred.StatusDisabled} {
			queries = append(queries, lifecycle.CredentialQuery{AccountID: p.AccountID, Attention: a, Status: status, Now: p.Now, Limit: 1000})
		}
	}
	return queries
}

// needs is what Attention means, by the rules alone.
func (p *Population) needs(c *apicred.Credential, a lifecycle.Attention) bool {
	status := c.StatusAt(p.Now)
	if a.Kind == "" || status == apicred.StatusDisabled || status == apicred.StatusExpired {
		return a.Kind == ""
	}
	added := c.CreatedAt
	ends := !c.ExpiresAt.IsZero() && !c.ExpiresAt.After(a.EndsBefore)
	for _, s := range p.Secrets[c.ClientID] {
		if s.CreatedAt.After(added) {
			added = s.CreatedAt
		}
		end := s.EndUnder(a.MaxSecretAge)
		ends = ends || end.After(p.Now) && !end.After(a.EndsBefore)
	}
	switch a.Kind {
	case lifecycle.AttentionSuspended:
		return status == apicred.StatusSuspended
	case lifecycle.AttentionUnused:
		return !c.IdleSince().After(a.UnusedSince)
	case lifecycle.AttentionUnrotated:
		return !added.After(a.RotatedBefore)
	}
	return ends
}

// Expect returns the client IDs that q must find, by the rules alone.
func (p *Population) Expect(q lifecycle.CredentialQuery) []string {
	var found []apicred.Credential
	for _, c := range p.Credentials {
		if p.matches(&c, q) {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b apicred.Credential) int {
		var order int
		switch q.Sort {
		case lifecycle.SortCreatedAt, lifecycle.SortCreatedAtDesc:
			order = a.CreatedAt.Compare(b.CreatedAt)
		case lifecycle.SortLastUsedAt, lifecycle.SortLastUsedAtDesc:
			order = a.LastUsedAt.Compare(b.LastUsedAt)
		default:
			order = strings.Compare(apicred.FoldText(a.Name), apicred.FoldText(b.Name))
		}
		return cmp.Or(order, strings.Compare(a.ClientID, b.ClientID))
	})
	ids := clientIDs(found)
	if strings.HasPrefix(string(q.Sort), "-") {
		ids = reversed(ids)
	}
	return ids
}

func (p *Population) matches(c *apicred.Credential, q lifecycle.CredentialQuery) bool {
	return c.AccountID == q.AccountID && (q.Level == "" || c.Level == q.Level) && (q.OwnerID == "" || c.OwnerID == q.OwnerID) &&
		(q.Status == "" || c.StatusAt(q.Now) == q.Status) && (q.Scope == "" || slices.Contains(c.Scopes, q.Scope)) && p.needs(c, q.Attention) && p.found(c, q.Search)
}

func (p *Population) found(c *apicred.Credential, search string) bool {
	folded := strings.TrimSpace(apicred.FoldText(search))
	if strings.HasPrefix(c.ClientID, folded) || strings.HasPrefix(apicred.FoldText(p.Emails[c.OwnerID]), folded) && c.OwnerID != "" {
		return true
	}
	for _, word := range strings.Fields(folded) {
		if !beginsWord(apicred.FoldText(c.Name), word) {
			return false
		}
	}
	return true
}

// beginsWord tells whether word stands in name where a word begins: behind a
// space, or where letters begin.
func beginsWord(name, word string) bool {
	letter := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }
	for i, r := range name {
		before, _ := utf8.DecodeLastRuneInString(name[:i])
		begins := i == 0 || unicode.IsSpace(before) || letter(r) && !letter(before)
		if begins && strings.HasPrefix(name[i:], word) {
			return true
		}
	}
	return false
}

func (f *fixture) list(q lifecycle.CredentialQuery) []apicred.Credential {
	f.Helper()
	var page []apicred.Credential
	f.view(func(r lifecycle.Reader) (err error) {
		page, err = r.Credentials(f.Context(), q)
		return err
	})
	return page
}

func listPages(f *fixture) {
	p := Populate(f.T, f.store, 60)
	for _, sort := range Sorts() {
		for _, size := range []int{1, 7, 60, 61} {
			q := lifecycle.CredentialQuery{AccountID: p.AccountID, Sort: sort, Limit: size, Now: p.Now}
			var seen []string
			for {
				page := f.list(q)
				if len(page) == 0 {
					break
				}
				seen = append(seen, clientIDs(page)...)
				q.After = lifecycle.PositionOf(&page[len(page)-1], sort)
			}
			q.After = lifecycle.CredentialPosition{}
			f.equal(seen, p.Expect(q))
		}
	}
}

func listAgrees(f *fixture) {
	p := Populate(f.T, f.store, 80)
	for i, q := range p.Queries() {
		q.Sort = Sorts()[i%len(Sorts())]
		want := p.Expect(q)
		f.view(func(r lifecycle.Reader) error {
			page, err := r.Credentials(f.Context(), q)
			f.must(err)
			if got := clientIDs(page); !slices.Equal(got, want) {
				f.Errorf("query %+v\n got %v\nwant %v", q, got, want)
			}
			n, err := r.CountCredentials(f.Context(), q, 1000)
			if n != len(want) {
				f.Errorf("query %+v: counted %d, want %d", q, n, len(want))
			}
			return err
		})
	}
}

func listOtherAccounts(f *fixture) {
	p := Populate(f.T, f.store, 10)
	other := f.account("Other")
	mine := f.credential(other.ID)
	for _, q := range []lifecycle.CredentialQuery{
		{}, {Search: "0192"}, {Search: "n"}, {Scope: "stats"}, {Level: apicred.LevelAccount}, {Status: apicred.StatusDisabled},
	} {
		q.AccountID, q.Limit, q.Now = other.ID, 100, start()
		f.equal(clientIDs(f.list(q)), []string{mine.ClientID})
	}
	for id := range p.Emails {
		f.equal(len(f.list(lifecycle.CredentialQuery{AccountID: other.ID, OwnerID: id, Limit: 100, Now: start()})), 0)
	}
}

func listSearch(f *fixture) {
	a := f.account("Acme")
	u := f.user(a.ID, "Zoë@example.com")
	named := func(name string, owner *apicred.User) string {
		c := f.newCredential(a.ID, owner)
		c.Name = name
		f.change(func(tx lifecycle.Tx) error { return tx.InsertCredential(f.Context(), c) })
		return c.ClientID
	}
	night, dash, owned := named("Nightly Export (EU-West)", nil), named("C++ — x", nil), named("other", &u)
	for search, want := range map[string][]string{
		"night": {night}, "EXPORT": {night}, "exp nig": {night}, "xport": nil, "eu-w": {night}, "west": {night}, "(eu": {night},
		"c++": {dash}, "+": nil, "—": {dash}, "%": nil, "_": nil, "zoë@ex": {owned}, "ZOE": nil, "zoë@ex other": nil,
		night: {night}, strings.ToUpper(night): {night}, night + "0": nil, "   ": {night, dash, owned},
		strings.Repeat("nightly ", 200): {night}, manyWords(200): nil,
	} {
		got := clientIDs(f.list(lifecycle.CredentialQuery{AccountID: a.ID, Search: search, Sort: lifecycle.SortCreatedAt, Limit: 10, Now: start()}))
		if !slices.Equal(got, want) {
			f.Errorf("search %.40q found %v, want %v", search, got, want)
		}
	}
}

func manyWords(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "w%d ", i)
	}
	return b.String()
}

func listCountStops(f *fixture) {
	p := Populate(f.T, f.store, 12)
	for most, want := range map[int]int{5: 6, 11: 12, 12: 12, 1000: 12} {
		f.view(func(r lifecycle.Reader) error {
			n, err := r.CountCredentials(f.Context(), lifecycle.CredentialQuery{AccountID: p.AccountID, Now: p.Now}, most)
			f.equal(n, want)
			return err
		})
	}
	f.equal(len(f.list(lifecycle.CredentialQuery{AccountID: p.AccountID, Now: p.Now})), 0) // no limit, no rows
}

func listOddPosition(f *fixture) {
	p := Populate(f.T, f.store, 3)
	q := lifecycle.CredentialQuery{AccountID: p.AccountID, Sort: lifecycle.SortCreatedAt, Limit: 3, Now: p.Now}
	q.After = lifecycle.CredentialPosition{Key: "a name", ClientID: "x"}
	err := f.store.Lifecycle().View(f.Context(), func(r lifecycle.Reader) error {
		_, err := r.Credentials(f.Context(), q)
		return err
	})
	f.wantKind(err, apicred.KindInvalid)
}

func listOddSearch(f *fixture) {
	p := Populate(f.T, f.store, 3)
	for _, odd := range []string{"a\x00", "\xff", "' OR 1=1 --", "\U0010FFFF"} {
		f.view(func(r lifecycle.Reader) error {
			q := lifecycle.CredentialQuery{AccountID: p.AccountID, Search: odd, Limit: 10, Now: p.Now}
			page, err := r.Credentials(f.Context(), q)
			f.must(err)
			n, err := r.CountCredentials(f.Context(), q, 10)
			f.equal([]int{len(page), n}, []int{0, 0})
			return err
		})
	}
}

func listExpiryEdge(f *fixture) {
	a := f.account("Acme")
	c := apicred.Credential{ClientID: f.id(), AccountID: a.ID, Name: "x", Level: apicred.LevelAccount, ExpiresAt: start(), CreatedAt: start(), Version: 1}
	f.change(func(tx lifecycle.Tx) error { return tx.InsertCredential(f.Context(), c) })
	for now, status := range map[time.Time]apicred.Status{
		start().Add(-time.Microsecond): apicred.StatusActive, start(): apicred.StatusExpired,
	} {
		got := f.list(lifecycle.CredentialQuery{AccountID: a.ID, Status: status, Limit: 2, Now: now})
		f.equal(clientIDs(got), []string{c.ClientID})
		f.equal(got[0].StatusAt(now), status)
	}
}

func listIdle(f *fixture) {
	p := Populate(f.T, f.store, 60)
	since := p.Now.Add(-12 * time.Second)
	var idle []apicred.Credential
	for _, c := range p.Credentials {
		if !c.Disabled() && !c.Expired(p.Now) && !c.IdleSince().After(since) {
			idle = append(idle, c)
		}
	}
	slices.SortFunc(idle, func(a, b apicred.Credential) int {
		return cmp.Or(a.IdleSince().Compare(b.IdleSince()), strings.Compare(a.ClientID, b.ClientID))
	})
	for _, most := range []int{1, 5, 100} {
		f.view(func(r lifecycle.Reader) error {
			got, err := r.CredentialsIdle(f.Context(), lifecycle.IdleQuery{AccountID: p.AccountID, Since: since, Now: p.Now, Limit: most})
			f.equal(got, clientIDs(idle)[:min(most, len(idle))])
			return err
		})
	}
	if len(idle) < 5 {
		f.Errorf("only %d are idle", len(idle))
	}
}

// listFolded would fail under a collation that orders by language.
func listFolded(f *fixture) {
	a := f.account("Acme")
	for _, name := range []string{"b", "A", "a b", "a-b", "ä", "Z", "_", "é", "\U0001F600"} {
		c := f.newCredential(a.ID, nil)
		c.Name = name
		f.change(func(tx lifecycle.Tx) error { return tx.InsertCredential(f.Context(), c) })
	}
	var names []string
	for _, c := range f.list(lifecycle.CredentialQuery{AccountID: a.ID, Limit: 20, Now: start()}) {
		names = append(names, c.Name)
	}
	f.equal(names, []string{"_", "A", "a b", "a-b", "b", "Z", "ä", "é", "\U0001F600"})
}
