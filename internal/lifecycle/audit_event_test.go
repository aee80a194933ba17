package lifecycle_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// audit is a page of audit events that must come.
func (i *installation) audit(actor apicred.Actor, in lifecycle.AuditRequest) lifecycle.AuditPage {
	i.t.Helper()
	page, err := i.service.AuditEvents(i.t.Context(), actor, in)
	must(i.t, err)
	return page
}

func actions(page *lifecycle.AuditPage) []string {
	out := []string{}
	for i := range page.Events {
		out = append(out, page.Events[i].Action)
	}
	return out
}

func TestAuditEvents_AreReadByAdminsAlone(t *testing.T) {
	i := install(t)
	ctx := t.Context()
	account := i.createForAccount("claviger:audit:read", "claviger:credentials:read").ClientID
	mine := i.create(i.as("ada"), "claviger:audit:read").ClientID
	credential := func(clientID, owner string, level apicred.Level, scopes ...string) apicred.Actor {
		a := apicred.Actor{Type: apicred.ActorCredential, ID: clientID, Generation: 1, AccountID: i.first.ID, Role: apicred.RoleAdmin, Level: level, Scopes: scopes}
		if owner != "" {
			a.UserID = i.users[owner].ID
		}
		return a
	}
	for name, test := range map[string]struct {
		actor apicred.Actor
		want  apicred.Kind
	}{
		"admin":                         {i.as("ada"), ""},
		"admin with the scope":          {i.with("ada", "claviger:audit:read"), ""},
		"admin without the scope":       {i.with("ada", "claviger:credentials:read"), apicred.KindForbidden},
		"admin without any scope":       {i.with("ada"), apicred.KindForbidden},
		"supervisor":                    {i.as("sue"), apicred.KindNotFound},
		"supervisor with the scope":     {i.with("sue", "claviger:audit:read"), apicred.KindNotFound},
		"supervisor without the scope":  {i.with("sue"), apicred.KindNotFound},
		"agent":                         {i.as("abe"), apicred.KindNotFound},
		"an admin's credential":         {credential(mine, "ada", apicred.LevelUser, "claviger:audit:read"), ""},
		"an account-level credential":   {credential(account, "", apicred.LevelAccount, "claviger:audit:read"), apicred.KindNotFound},
		"the operator":                  {operator(), ""},
		"somebody who is not a member":  {apicred.Actor{Type: apicred.ActorUser, ID: i.users["olga"].ID, UserID: i.users["olga"].ID, AccountID: i.first.ID, Role: apicred.RoleAdmin, Unlimited: true}, apicred.KindNotFound},
		"an admin of an absent account": {apicred.Actor{Type: apicred.ActorUser, ID: i.users["ada"].ID, UserID: i.users["ada"].ID, AccountID: "none", Role: apicred.RoleAdmin, Unlimited: true}, apicred.KindNotFound},
	} {
		page, err := i.service.AuditEvents(ctx, test.actor, lifecycle.AuditRequest{})
		wantKind(t, name, err, test.want)
		if (len(page.Events) > 0) != (test.want == "") {
			t.Errorf("%s: got %d events", name, len(page.Events))
		}
	}
	i.setRole("ada", apicred.RoleSupervisor)
	_, err := i.service.AuditEvents(ctx, i.as("alan"), lifecycle.AuditRequest{})
	wantKind(t, "another admin", err, "")
	_, err = i.service.AuditEvents(ctx, credential(mine, "ada", apicred.LevelUser, "claviger:audit:read"), lifecycle.AuditRequest{})
	wantKind(t, "the credential of one who was an admin", err, apicred.KindUnauthenticated) // nothing works any more: suspended
}

// Signing keys and catalogue belong to the installation, and so to the admins of
// the operator account.
func TestAuditEvents_OfTheInstallationAreForTheOperatorAccountsAdmins(t *testing.T) {
	i := install(t)
	for name, want := range map[string]bool{"ada": true, "olga": false} {
		page := i.audit(i.as(name), lifecycle.AuditRequest{Action: "catalogue.apply"})
		if (len(page.Events) > 0) != want {
			t.Errorf("%s sees %v", name, actions(&page))
		}
	}
}

func TestAuditEvents_OfOtherAccountsDoNotExist(t *testing.T) {
	i := install(t)
	there, err := i.service.CreateCredential(t.Context(), i.as("olga"), lifecycle.NewCredential{Name: "theirs", Scopes: []string{"stats"}})
	must(t, err)
	for name, in := range map[string]lifecycle.AuditRequest{
		"by actor":  {Actor: i.users["olga"].ID},
		"by e-mail": {Actor: "olga@example.com"},
		"by target": {Target: there.ClientID},
		"nobody's":  {Actor: "nobody@example.com"},
	} {
		if got := i.audit(i.as("ada"), in).Events; len(got) != 0 {
			t.Errorf("%s: ada sees %d events of another account", name, len(got))
		}
	}
	for _, e := range i.audit(i.as("ada"), lifecycle.AuditRequest{PageSize: 200}).Events {
		if e.AccountID != i.first.ID && (e.AccountID != "" || e.TargetType != apicred.TargetCatalogue) {
			t.Errorf("ada sees %+v", e.AuditEvent)
		}
	}
	if got := i.audit(i.as("olga"), lifecycle.AuditRequest{Actor: "OLGA@example.com"}).Events; len(got) != 1 {
		t.Errorf("olga sees %d events of hers, want 1", len(got))
	}
	// Naming another account's things in a refused request tells nothing of them.
	_, err = i.service.Credential(t.Context(), i.as("ada"), there.ClientID)
	wantKind(t, "foreign", err, apicred.KindNotFound)
	must(t, i.service.FlushRefusals(t.Context(), true))
	for _, e := range i.audit(i.as("ada"), lifecycle.AuditRequest{Target: there.ClientID}).Events {
		if e.TargetName != "" {
			t.Errorf("a refused request names %q of another account", e.TargetName)
		}
	}
}

func TestAuditEvents_NameWhatIsThereAndKeepWhatIsGone(t *testing.T) {
	i := install(t)
	made := i.create(i.as("sue"), "stats")
	name := "renamed"
	_, err := i.service.EditCredential(t.Context(), i.as("sue"), made.ClientID, lifecycle.CredentialChange{Name: &name})
	must(t, err)
	events := i.audit(i.as("ada"), lifecycle.AuditRequest{Target: made.ClientID}).Events
	if len(events) != 2 || events[1].TargetName != "renamed" || events[1].ActorEmail != "sue@example.com" || events[1].Address != "192.0.2.1" {
		t.Errorf("got %+v", events)
	}
	users := i.audit(i.as("ada"), lifecycle.AuditRequest{Target: i.users["sam"].ID}).Events
	if len(users) != 1 || users[0].TargetName != "sam@example.com" || users[0].ActorType != apicred.ActorOperator {
		t.Errorf("got %+v", users)
	}
	must(t, i.service.DeleteCredential(t.Context(), i.as("ada"), made.ClientID))
	events = i.audit(i.as("ada"), lifecycle.AuditRequest{Target: made.ClientID}).Events
	if len(events) != 3 || events[0].TargetName != "" || !strings.Contains(string(events[0].Before), `"renamed"`) || events[0].After != nil {
		t.Errorf("got %+v", events)
	}
}

// Adding an address tells nobody how its owner spells it elsewhere.
func TestAuditEvents_NameAnInvitedPersonAsEntered(t *testing.T) {
	i := install(t)
	user, err := i.service.AddUser(t.Context(), i.as("olga"), lifecycle.NewUser{Email: "ADA@example.com", Role: apicred.RoleAgent})
	must(t, err)
	events := i.audit(i.as("olga"), lifecycle.AuditRequest{Target: user.ID}).Events
	if len(events) != 1 || events[0].TargetName != "ADA@example.com" {
		t.Errorf("got %+v", events)
	}
}

func TestAuditEvents_SayForWhomACredentialActed(t *testing.T) {
	i := install(t)
	mine := i.create(i.as("ada"), "claviger:credentials:read", "claviger:credentials:write", "stats").ClientID
	program := i.with("ada", "claviger:credentials:read", "claviger:credentials:write")
	program.Type, program.ID, program.Level, program.Generation = apicred.ActorCredential, mine, apicred.LevelUser, 1
	i.create(program, "stats")
	events := i.audit(i.as("ada"), lifecycle.AuditRequest{Actor: mine}).Events
	if len(events) != 1 || events[0].ActingAs != i.users["ada"].ID || events[0].ActingAsEmail != "ada@example.com" || events[0].ActorEmail != "" {
		t.Errorf("got %+v", events)
	}
}

func TestAuditEvents_FiltersNarrowTogether(t *testing.T) {
	i := install(t)
	began := i.clock
	made := i.create(i.as("sue"), "stats").ClientID
	i.clock = i.clock.Add(time.Hour)
	_, err := i.service.DisableCredential(t.Context(), i.as("ada"), made)
	must(t, err)
	i.clock = i.clock.Add(time.Hour)
	must(t, i.service.DeleteCredential(t.Context(), i.as("ada"), made))
	for name, test := range map[string]struct {
		in   lifecycle.AuditRequest
		want []string
	}{
		"target, newest first": {lifecycle.AuditRequest{Target: made}, []string{"credential.delete", "credential.disable", "credential.create"}},
		"actor by ID":          {lifecycle.AuditRequest{Target: made, Actor: i.users["ada"].ID}, []string{"credential.delete", "credential.disable"}},
		"actor by e-mail":      {lifecycle.AuditRequest{Target: made, Actor: "Sue@Example.com"}, []string{"credential.create"}},
		"action":               {lifecycle.AuditRequest{Action: "credential.disable"}, []string{"credential.disable"}},
		"actor and action":     {lifecycle.AuditRequest{Action: "credential.disable", Actor: i.users["sue"].ID}, []string{}},
		"from is within":       {lifecycle.AuditRequest{Target: made, From: began.Add(time.Hour)}, []string{"credential.delete", "credential.disable"}},
		"to is without":        {lifecycle.AuditRequest{Target: made, To: began.Add(time.Hour)}, []string{"credential.create"}},
		"from and to":          {lifecycle.AuditRequest{Target: made, From: began.Add(time.Hour), To: began.Add(2 * time.Hour)}, []string{"credential.disable"}},
		"the operator's":       {lifecycle.AuditRequest{Actor: "operator", Action: "account.create"}, []string{"account.create"}},
		"the system's":         {lifecycle.AuditRequest{Actor: "system"}, []string{}},
	} {
		page := i.audit(i.as("ada"), test.in)
		if diff := cmp.Diff(test.want, actions(&page)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAuditEvents_PagesNeitherSkipNorRepeat(t *testing.T) {
	i := install(t)
	all := i.audit(i.as("ada"), lifecycle.AuditRequest{PageSize: 200})
	for len(all.Events) < 60 { // past the steps in which a page is read
		i.create(i.as("sue"), "stats")
		all = i.audit(i.as("ada"), lifecycle.AuditRequest{PageSize: 200})
	}
	if all.NextPageToken != "" {
		t.Error("one page of everything has another behind it")
	}
	n := len(all.Events)
	for _, size := range []int{1, 7, 24, 25, 26, n - 1, n, n + 1} {
		var seen []int64
		in := lifecycle.AuditRequest{PageSize: size}
		for first := true; first || in.PageToken != ""; first = false {
			page := i.audit(i.as("ada"), in)
			if len(page.Events) > size || len(page.Events) == 0 {
				t.Fatalf("page_size %d: a page of %d", size, len(page.Events))
			}
			for _, e := range page.Events {
				seen = append(seen, e.Sequence)
			}
			in.PageToken = page.NextPageToken
			i.create(i.as("sam"), "stats") // what comes meanwhile is on none of the pages behind
		}
		var want []int64
		for _, e := range i.audit(i.as("ada"), lifecycle.AuditRequest{PageSize: 200}).Events {
			if e.Sequence <= seen[0] {
				want = append(want, e.Sequence)
			}
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("page_size %d: %s", size, diff)
		}
	}
}

// Two catalogues of a mebibyte stand in each event that applied one: a page ends
// early rather than take them all into memory.
func TestAuditEvents_LargeOnesMakeShorterPages(t *testing.T) {
	i := install(t)
	for n := range 6 {
		var b strings.Builder
		b.WriteString(testCatalogue)
		for x := range 4000 {
			fmt.Fprintf(&b, "  - {value: \"filler:%d\", description: %q, api: stats}\n", x, strings.Repeat("long ", 24)+fmt.Sprint(n))
		}
		i.apply(b.String())
	}
	in, pages, found := lifecycle.AuditRequest{Action: "catalogue.apply", PageSize: 200}, 0, 0
	for first := true; first || in.PageToken != ""; first = false {
		page := i.audit(operator(), in)
		size := 0
		for _, e := range page.Events {
			size += len(e.Before) + len(e.After)
		}
		if size > 6<<20 {
			t.Errorf("a page of %d bytes", size)
		}
		pages, found, in.PageToken = pages+1, found+len(page.Events), page.NextPageToken
	}
	if pages < 2 || found != 7 {
		t.Errorf("%d events on %d pages, want 7 on several", found, pages)
	}
}

// A page token is of one caller and one query (S28).
func TestAuditEvents_PageTokensServeNobodyElse(t *testing.T) {
	i := install(t)
	i.create(i.as("ada"), "stats")
	in := lifecycle.AuditRequest{PageSize: 1}
	in.PageToken = i.audit(i.as("ada"), in).NextPageToken
	must(t, func() error { _, err := i.service.AuditEvents(t.Context(), i.as("ada"), in); return err }())
	if _, err := i.restart().AuditEvents(t.Context(), i.as("ada"), in); err != nil {
		t.Errorf("another node: %v", err)
	}
	i.create(i.as("ada"), "stats")
	list, err := i.service.ListCredentials(t.Context(), i.as("ada"), lifecycle.ListRequest{PageSize: 1})
	must(t, err)
	with := func(change func(*lifecycle.AuditRequest)) lifecycle.AuditRequest {
		other := in
		change(&other)
		return other
	}
	for name, test := range map[string]struct {
		actor apicred.Actor
		in    lifecycle.AuditRequest
	}{
		"another person":  {i.as("alan"), in},
		"another account": {i.as("olga"), in},
		"the operator":    {operator(), in},
		"another actor":   {i.as("ada"), with(func(r *lifecycle.AuditRequest) { r.Actor = "operator" })},
		"another action":  {i.as("ada"), with(func(r *lifecycle.AuditRequest) { r.Action = "user.edit" })},
		"another target":  {i.as("ada"), with(func(r *lifecycle.AuditRequest) { r.Target = "x" })},
		"another from":    {i.as("ada"), with(func(r *lifecycle.AuditRequest) { r.From = i.clock })},
		"another to":      {i.as("ada"), with(func(r *lifecycle.AuditRequest) { r.To = i.clock })},
		"another list's":  {i.as("ada"), with(func(r *lifecycle.AuditRequest) { r.PageToken = list.NextPageToken })},
		"cut":             {i.as("ada"), with(func(r *lifecycle.AuditRequest) { r.PageToken = r.PageToken[:10] })},
		"none of ours":    {i.as("ada"), with(func(r *lifecycle.AuditRequest) { r.PageToken = "eyJzIjoxfQ" })},
		"page_size 201":   {i.as("ada"), lifecycle.AuditRequest{PageSize: 201}},
		"page_size -1":    {i.as("ada"), lifecycle.AuditRequest{PageSize: -1}},
	} {
		_, err := i.service.AuditEvents(t.Context(), test.actor, test.in)
		if e := apicred.AsError(err); err == nil || e.Code != apicred.CodeMalformed {
			t.Errorf("%s: got %v, want malformed", name, err)
		}
	}
}

func TestAuditEvents_CarryNoSecret(t *testing.T) {
	i := install(t)
	made := i.create(i.as("ada"), "stats")
	added, err := i.service.AddSecret(t.Context(), i.as("ada"), made.ClientID, lifecycle.NewSecret{})
	must(t, err)
	text, err := json.Marshal(i.audit(i.as("ada"), lifecycle.AuditRequest{PageSize: 200}))
	must(t, err)
	for _, secret := range []string{made.Secret.Reveal(), added.Text.Reveal()} {
		if strings.Contains(string(text), secret[5:30]) {
			t.Error("the audit log holds a secret")
		}
	}
}

func TestAuditEvents_ShowTheRefusalsOfThoseWhoMayNotReadThem(t *testing.T) {
	i := install(t)
	for range 3 {
		_, err := i.service.AuditEvents(t.Context(), i.as("sue"), lifecycle.AuditRequest{})
		wantKind(t, "supervisor", err, apicred.KindNotFound)
	}
	must(t, i.service.FlushRefusals(t.Context(), true))
	events := i.audit(i.as("ada"), lifecycle.AuditRequest{Action: "audit.list"}).Events
	if len(events) != 1 || events[0].Outcome != apicred.OutcomeRefused || events[0].Rule != "audit" || events[0].Count != 3 || events[0].ActorEmail != "sue@example.com" {
		t.Errorf("got %+v", events)
	}
}
