package storetest

import (
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

func accountTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"Account_ReadsAsWritten":                        accountReadsAsWritten,
		"Account_NameIsTakenInAnyCase":                  accountNameIsTaken,
		"Account_StaleVersionIsAFailedPrecondition":     accountStale,
		"Account_ThereIsOneOperatorAccount":             accountOneOperator,
		"User_ReadsAsWritten":                           userReadsAsWritten,
		"User_UpdateWritesRoleStatusAndGeneration":      userUpdate,
		"User_StaleVersionIsAFailedPrecondition":        userStale,
		"User_OfNobodyIsNotFound":                       userOfNobody,
		"User_CountsActiveAdminsOnly":                   userCountsAdmins,
		"Person_EmailIsTakenInAnyCase":                  personEmailIsTaken,
		"Lookup_OfATextNoEngineCanHoldFindsNothing":     lookupOfOddText,
		"Memberships_AreOldestFirstInEveryAccount":      membershipsOrder,
		"User_NeedsAnAccountAndAPerson":                 userNeedsPerson,
		"Account_ListsAreEmptyWhereThereIsNothing":      emptyLists,
		"Account_AbsentIsNotFoundHoweverItIsLookedFor":  accountAbsent,
		"Credential_OwnerMustBeAMemberOfTheSameAccount": ownerMustBeMember,
	}
}

func accountReadsAsWritten(f *fixture) {
	want := f.account("Größe")
	f.view(func(r lifecycle.Reader) error {
		got, err := r.Account(f.Context(), want.ID)
		f.must(err)
		f.equal(got, want)
		got, err = r.AccountByName(f.Context(), "GRÖSSE") // folded, ß is ss
		f.equal(got, want)
		return err
	})
	got, err := f.store.AccessToken().Account(f.Context(), want.ID)
	f.must(err)
	f.equal(got, want)

	edited := f.newAccount("Other")
	edited.ID, edited.APICredentialsEnabled, edited.AccountLevelCredentials = want.ID, false, apicred.AccountLevelClosed
	edited.MaxTokenLifetime, edited.MaxSecretAge, edited.UnusedWarnAfter, edited.UnusedDisableAfter = 0, 0, 0, 0
	f.change(func(tx lifecycle.Tx) error { return tx.UpdateAccount(f.Context(), edited) })
	edited.Version = 2
	f.view(func(r lifecycle.Reader) error {
		accounts, err := r.Accounts(f.Context())
		f.equal(accounts, []apicred.Account{edited})
		return err
	})
}

func accountNameIsTaken(f *fixture) {
	f.account("Acme")
	err := f.tryChange(func(tx lifecycle.Tx) error { return tx.InsertAccount(f.Context(), f.newAccount("ACME")) })
	f.wantKind(err, apicred.KindConflict)
}

func accountOneOperator(f *fixture) {
	insert := func(name string) error {
		a := f.newAccount(name)
		a.Operator = true
		return f.tryChange(func(tx lifecycle.Tx) error { return tx.InsertAccount(f.Context(), a) })
	}
	f.must(insert("default"))
	f.wantKind(insert("second"), apicred.KindConflict)
}

func accountStale(f *fixture) {
	a := f.account("Acme")
	f.change(func(tx lifecycle.Tx) error { return tx.UpdateAccount(f.Context(), a) })
	f.wantKind(f.tryChange(func(tx lifecycle.Tx) error { return tx.UpdateAccount(f.Context(), a) }), apicred.KindPrecondition)
	f.wantKind(f.tryChange(func(tx lifecycle.Tx) error { return tx.UpdateAccount(f.Context(), f.newAccount("Gone")) }), apicred.KindNotFound)
}

func accountAbsent(f *fixture) {
	f.view(func(r lifecycle.Reader) error {
		_, err := r.Account(f.Context(), "none")
		f.wantKind(err, apicred.KindNotFound)
		_, err = r.AccountByName(f.Context(), "none")
		f.wantKind(err, apicred.KindNotFound)
		return nil
	})
}

func userReadsAsWritten(f *fixture) {
	a := f.account("Acme")
	ada, bob := f.user(a.ID, "Ada@Example.com"), f.user(a.ID, "bob@example.com")
	f.view(func(r lifecycle.Reader) error {
		got, err := r.User(f.Context(), a.ID, ada.ID)
		f.must(err)
		f.equal(got, ada)
		person, err := r.PersonByEmail(f.Context(), "aDA@EXAMPLE.com")
		f.must(err)
		f.equal(person, ada.Person)
		users, err := r.Users(f.Context(), a.ID)
		f.equal(users, []apicred.User{ada, bob})
		return err
	})
	got, err := f.store.AccessToken().User(f.Context(), a.ID, bob.ID)
	f.must(err)
	f.equal(got, bob)
}

func userUpdate(f *fixture) {
	u := f.user(f.account("Acme").ID, "ada@example.com")
	u.Role, u.Status, u.Generation = apicred.RoleAgent, apicred.UserArchived, 9
	f.change(func(tx lifecycle.Tx) error { return tx.UpdateUser(f.Context(), u) })
	u.Version++
	f.view(func(r lifecycle.Reader) error {
		got, err := r.User(f.Context(), u.AccountID, u.ID)
		f.equal(got, u)
		return err
	})
}

func userStale(f *fixture) {
	u := f.user(f.account("Acme").ID, "ada@example.com")
	f.change(func(tx lifecycle.Tx) error { return tx.UpdateUser(f.Context(), u) })
	f.wantKind(f.tryChange(func(tx lifecycle.Tx) error { return tx.UpdateUser(f.Context(), u) }), apicred.KindPrecondition)
	u.ID = "none"
	f.wantKind(f.tryChange(func(tx lifecycle.Tx) error { return tx.UpdateUser(f.Context(), u) }), apicred.KindNotFound)
}

func userOfNobody(f *fixture) {
	a, b := f.account("Acme"), f.account("Other")
	u := f.user(a.ID, "ada@example.com")
	f.view(func(r lifecycle.Reader) error {
		_, err := r.User(f.Context(), b.ID, u.ID)
		f.wantKind(err, apicred.KindNotFound)
		_, err = r.Person(f.Context(), "none")
		f.wantKind(err, apicred.KindNotFound)
		_, err = r.PersonByEmail(f.Context(), "none@example.com")
		f.wantKind(err, apicred.KindNotFound)
		return nil
	})
}

func userCountsAdmins(f *fixture) {
	a, b := f.account("Acme"), f.account("Other")
	f.user(a.ID, "one@example.com")
	f.user(b.ID, "elsewhere@example.com")
	for email, change := range map[string]func(*apicred.User){
		"s@example.com": func(u *apicred.User) { u.Role = apicred.RoleSupervisor },
		"d@example.com": func(u *apicred.User) { u.Status = apicred.UserDeactivated },
	} {
		u := f.user(a.ID, email)
		change(&u)
		f.change(func(tx lifecycle.Tx) error { return tx.UpdateUser(f.Context(), u) })
	}
	f.view(func(r lifecycle.Reader) error {
		n, err := r.CountActiveAdmins(f.Context(), a.ID)
		f.equal(n, int64(1))
		return err
	})
}

func personEmailIsTaken(f *fixture) {
	f.user(f.account("Acme").ID, "ada@example.com")
	err := f.tryChange(func(tx lifecycle.Tx) error {
		return tx.InsertPerson(f.Context(), apicred.Person{ID: f.id(), Email: "ADA@example.com"})
	})
	f.wantKind(err, apicred.KindConflict)
}

func lookupOfOddText(f *fixture) {
	for _, odd := range []string{"", "a\x00b", "\xff", "'; DROP TABLE accounts; --"} {
		f.view(func(r lifecycle.Reader) error {
			_, err := r.Account(f.Context(), odd)
			f.wantKind(err, apicred.KindNotFound)
			return nil
		})
		f.view(func(r lifecycle.Reader) error {
			_, err := r.Credential(f.Context(), "acc", odd)
			f.wantKind(err, apicred.KindNotFound)
			return nil
		})
		found, err := f.store.AccessToken().CredentialRecords(f.Context(), []string{odd})
		f.must(err)
		f.equal(len(found), 0)
	}
}

func membershipsOrder(f *fixture) {
	a, b := f.account("Acme"), f.account("Other")
	u := f.user(b.ID, "ada@example.com")
	older := u
	older.AccountID, older.JoinedAt = a.ID, u.JoinedAt.AddDate(-1, 0, 0)
	f.change(func(tx lifecycle.Tx) error { return tx.InsertUser(f.Context(), older) })
	for _, read := range []func() ([]apicred.User, error){
		func() (users []apicred.User, err error) {
			f.view(func(r lifecycle.Reader) error { users, err = r.Memberships(f.Context(), u.ID); return err })
			return users, err
		},
		func() ([]apicred.User, error) { return f.store.Login().Memberships(f.Context(), u.ID) },
	} {
		got, err := read()
		f.must(err)
		f.equal(got, []apicred.User{older, u})
	}
}

func userNeedsPerson(f *fixture) {
	a := f.account("Acme")
	u := apicred.User{Person: apicred.Person{ID: "none"}, AccountID: a.ID}
	f.wantKind(f.tryChange(func(tx lifecycle.Tx) error { return tx.InsertUser(f.Context(), u) }), apicred.KindConflict)
}

func emptyLists(f *fixture) {
	f.view(func(r lifecycle.Reader) error {
		accounts, err := r.Accounts(f.Context())
		f.must(err)
		users, err := r.Users(f.Context(), "none")
		f.must(err)
		credentials, err := r.Credentials(f.Context(), lifecycle.CredentialQuery{AccountID: "none", Limit: 10, Now: start()})
		f.must(err)
		events, err := r.AuditEvents(f.Context(), lifecycle.AuditQuery{Limit: 10})
		f.must(err)
		secrets, err := r.SecretsOf(f.Context(), nil)
		f.equal(len(accounts)+len(users)+len(credentials)+len(events)+len(secrets), 0)
		return err
	})
}

func ownerMustBeMember(f *fixture) {
	a, b := f.account("Acme"), f.account("Other")
	stranger := f.user(b.ID, "ada@example.com")
	c := f.newCredential(a.ID, &stranger)
	f.wantKind(f.tryChange(func(tx lifecycle.Tx) error { return tx.InsertCredential(f.Context(), c) }), apicred.KindConflict)
}
