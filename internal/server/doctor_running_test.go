package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/config"
	"github.com/claviger/claviger/internal/sqlstore"
)

// wantFinding demands the only finding of a check; status "" demands none.
func wantFinding(t *testing.T, name string, found []Finding, check string, status FindingStatus, text string) {
	t.Helper()
	if status == "" && len(found) == 0 {
		return
	}
	if len(found) != 1 || found[0].Check != check || found[0].Status != status || !strings.Contains(found[0].Message, text) ||
		(found[0].Remedy == "") != (status == FindingOK) {
		t.Errorf("%s: found %+v, want %s %s: …%s…", name, found, check, status, text)
	}
}

func TestDoctor_TellsHowOldTheRunningServersViewIs(t *testing.T) {
	for name, test := range map[string]struct {
		metrics string
		status  FindingStatus
		text    string
	}{
		"fresh":          {"claviger_staleness_seconds 0.2\nclaviger_view_state{state=\"refuse\"} 0\n", FindingOK, "200ms old"},
		"old":            {"claviger_staleness_seconds 61.5\nclaviger_view_state{state=\"refuse\"} 0\n", FindingWarning, "1m1.5s old"},
		"refusing":       {"claviger_staleness_seconds 1e4\nclaviger_view_state{state=\"refuse\"} 1\n", FindingFailed, "refuses everybody"},
		"something else": {"node_load1 3\n", "", ""},
	} {
		ops := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("# HELP x y\n" + test.metrics)) }))
		d := &doctor{cfg: config.Config{OpsListen: strings.TrimPrefix(ops.URL, "http://")}}
		d.runningView(t.Context())
		ops.Close()
		wantFinding(t, name, d.findings, "staleness", test.status, test.text)
		d.findings = nil
		d.runningView(t.Context())
		wantFinding(t, name+", gone", d.findings, "staleness", "", "")
	}
}

func TestDoctor_ComparesClocksWithWhatAnswersUnderTheIssuer(t *testing.T) {
	for name, test := range map[string]struct {
		ahead  time.Duration
		status FindingStatus
	}{"the same": {0, FindingOK}, "ahead": {10 * time.Minute, FindingFailed}, "behind": {-15 * time.Second, FindingWarning}} {
		issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(test.ahead).UTC().Format(http.TimeFormat))
		}))
		d := &doctor{cfg: config.Config{Issuer: issuer.URL}}
		d.issuerClock(t.Context())
		issuer.Close()
		wantFinding(t, name, d.findings, "clock", test.status, issuer.URL)
	}
}

func TestDoctor_WarnsOfALongTimeWithoutTheDatabase(t *testing.T) {
	for offline, want := range map[time.Duration]FindingStatus{0: FindingOK, 15 * time.Minute: FindingOK, 6 * time.Hour: FindingWarning} {
		d := &doctor{cfg: config.Config{MaxOffline: offline}}
		d.offline()
		wantFinding(t, offline.String(), d.findings, "max_offline", want, offline.String())
	}
}

func TestDoctor_WarnsWhereAFailoverLosesChanges(t *testing.T) {
	for name, test := range map[string]struct {
		facts  sqlstore.Examination
		status FindingStatus
	}{
		"SQLite":           {sqlstore.Examination{}, ""},
		"one server":       {sqlstore.Examination{Version: "15.9", Servers: 1}, ""},
		"a lone commit":    {sqlstore.Examination{Version: "15.9", Servers: 2}, FindingWarning},
		"a commit of both": {sqlstore.Examination{Version: "15.9", Servers: 2, Synchronous: true}, FindingOK},
	} {
		d := &doctor{}
		d.replication(&test.facts)
		wantFinding(t, name, d.findings, "replication", test.status, "2 database servers")
	}
	d := &doctor{}
	d.rights(&sqlstore.Examination{Version: "15.9", MayRewriteAudit: true})
	wantFinding(t, "an owner's role", d.findings, "database_rights", FindingWarning, "may change audit events")
	d = &doctor{}
	d.rights(&sqlstore.Examination{Version: "15.9"})
	wantFinding(t, "a server's role", d.findings, "database_rights", FindingOK, "may not")
}

func TestDoctor_TellsTheAgeOfTheSigningKeyAndItsNextRotation(t *testing.T) {
	keys := func(age time.Duration) []apicred.SigningKey {
		return []apicred.SigningKey{{KID: "one", Status: apicred.SigningKeyActive, NotBefore: time.Now().Add(-age)}, {KID: "two", Status: apicred.SigningKeyNext}}
	}
	const day = 24 * time.Hour
	d := &doctor{cfg: config.Config{SigningKeyRotation: 30 * day}}
	d.signingKeys(keys(12 * day))
	wantFinding(t, "young", d.findings, "signing_keys", FindingOK, "for 12 days. The next one takes over at 20")
	d = &doctor{}
	d.signingKeys(keys(12 * day)[:1])
	wantFinding(t, "no next one", d.findings, "signing_keys", FindingFailed, "no next one")
	d = &doctor{}
	d.signingKeys(keys(200 * day))
	if len(d.findings) != 2 || d.findings[0].Status != FindingWarning {
		t.Errorf("old: found %+v", d.findings)
	}
}

// A database of tests: with PostgreSQL its role is the owner's.
func TestDoctor_ExaminesARealDatabase(t *testing.T) {
	core := openTestCore(t)
	facts, err := core.Store.Examine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, sqlite := core.Config.SQLitePath(); sqlite {
		if facts.Version != "" || facts.Servers != 0 || facts.MayRewriteAudit {
			t.Errorf("SQLite: %+v", facts)
		}
		return
	}
	if facts.Version == "" || facts.Servers != 1 || facts.Synchronous || !facts.MayRewriteAudit {
		t.Errorf("PostgreSQL: %+v", facts)
	}
}
