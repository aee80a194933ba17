package config

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
)

var update = flag.Bool("update", false, "write docs/reference/configuration.md anew")

func key32(fill byte) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(string(rune(fill)), 32)))
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustLoad(t *testing.T, source Source) Config {
	t.Helper()
	c, err := Load(source)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return c
}

func faultsOf(t *testing.T, source Source) Faults {
	t.Helper()
	_, err := Load(source)
	var faults Faults
	if !errors.As(err, &faults) {
		t.Fatalf("Load gave %v, want Faults", err)
	}
	return faults
}

func faultyKeys(faults Faults) []string {
	var keys []string
	for _, f := range faults {
		keys = append(keys, f.Key)
	}
	return keys
}

func TestLoad_WithNothingGivenHasTheDefaultsOfTheContract(t *testing.T) {
	c := mustLoad(t, Source{})
	got := []any{
		c.Listen, c.OpsListen, c.GatewayListen, c.Issuer, c.DataDir, c.DatabaseURL.Reveal(), c.MigrateDatabaseURL.Reveal(),
		c.TokenLifetime, c.MaxOffline, c.MigrateOnStart, c.SupportURL, c.CatalogueFile, fmt.Sprint(c.TrustedProxies), c.Secure(),
	}
	want := []any{
		"127.0.0.1:8420", "127.0.0.1:8421", "", "http://127.0.0.1:8420", "claviger-data", "sqlite:claviger-data/claviger.db", "sqlite:claviger-data/claviger.db",
		time.Hour, 15 * time.Minute, true, "", "", "[127.0.0.0/8 ::1/128]", false,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if path, ok := c.SQLitePath(); !ok || path != filepath.Join("claviger-data", "claviger.db") {
		t.Errorf("SQLitePath = %q, %v", path, ok)
	}
}

func TestLoad_FlagsBeatEnvironmentBeatsFileBeatsDefault(t *testing.T) {
	file := writeFile(t, "claviger.yaml", "token_lifetime: 10m\nmax_offline: 10m\nlog_level: warn\n")
	c := mustLoad(t, Source{
		File:  file,
		Env:   []string{"HOME=/root", "CLAVIGER_TOKEN_LIFETIME=20m", "CLAVIGER_MAX_OFFLINE=20m"},
		Flags: map[string]string{"token_lifetime": "30m"},
	})
	if c.TokenLifetime != 30*time.Minute || c.MaxOffline != 20*time.Minute || c.LogLevel.String() != "WARN" || c.LogFormat != LogText {
		t.Errorf("got %v %v %v %v", c.TokenLifetime, c.MaxOffline, c.LogLevel, c.LogFormat)
	}
	want := map[string]Effective{
		"token_lifetime": {"token_lifetime", "30m", "flag --token-lifetime"},
		"max_offline":    {"max_offline", "20m", "environment CLAVIGER_MAX_OFFLINE"},
		"log_level":      {"log_level", "warn", "file claviger.yaml line 3"},
		"log_format":     {"log_format", "text", "default"},
	}
	for _, e := range c.Effective() {
		if w, ok := want[e.Key]; ok && e != w {
			t.Errorf("Effective has %+v, want %+v", e, w)
		}
	}
}

func TestLoad_ReadsYAMLAndJSONAlike(t *testing.T) {
	yaml := mustLoad(t, Source{File: writeFile(t, "c.yaml", "trusted_proxies: [10.0.0.0/8, 192.0.2.7]\nmigrate_on_start: off\nmax_offline: 0\n")})
	json := mustLoad(t, Source{File: writeFile(t, "c.json", "{\n\t\"trusted_proxies\": [\"10.0.0.0/8\", \"192.0.2.7\"],\n\t\"migrate_on_start\": false, \"max_offline\": 0}\n")})
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32")}
	for name, c := range map[string]Config{"yaml": yaml, "json": json} {
		if !slices.Equal(c.TrustedProxies, want) || c.MigrateOnStart || c.MaxOffline != 0 {
			t.Errorf("%s: %v %v %v", name, c.TrustedProxies, c.MigrateOnStart, c.MaxOffline)
		}
	}
}

func TestLoad_TakesEmptyValuesAsNotGiven(t *testing.T) {
	file := writeFile(t, "c.yaml", "listen:\nlog_level: \"\"\n")
	c := mustLoad(t, Source{File: file, Env: []string{"CLAVIGER_MAX_OFFLINE="}, Flags: map[string]string{"data_dir": ""}})
	if c.Listen != "127.0.0.1:8420" || c.MaxOffline != 15*time.Minute || c.DataDir != "claviger-data" {
		t.Errorf("got %q %v %q", c.Listen, c.MaxOffline, c.DataDir)
	}
	mustLoad(t, Source{File: writeFile(t, "empty.yaml", "# nothing\n")})
}

func TestLoad_RefusesUnknownKeysNamingTheNearest(t *testing.T) {
	faults := faultsOf(t, Source{
		File: writeFile(t, "c.yaml", "listn: 127.0.0.1:1\n"),
		Env:  []string{"CLAVIGER_TOKEN_LIFETIM=1h", "CLAVIGER_TOKEN=x", "CLAVIGER_SERVER=y"},
	})
	want := Faults{
		{"listn", "file c.yaml line 1", "There is no such setting. The nearest is listen; correct or remove it."},
		{"token_lifetim", "environment CLAVIGER_TOKEN_LIFETIM", "There is no such setting. The nearest is token_lifetime; correct or remove it."},
	}
	if diff := cmp.Diff(want, faults); diff != "" {
		t.Error(diff)
	}
}

func TestLoad_ReportsEveryFaultAtOnceWithKeyOriginAndRemedy(t *testing.T) {
	faults := faultsOf(t, Source{
		File: writeFile(t, "c.yaml", "listen: nonsense\nissuer: http://example.com\ntoken_lifetime: {a: b}\nlisten: 127.0.0.1:1\n"),
		Env:  []string{"CLAVIGER_MASTER_KEY=c2hvcnQ=", "CLAVIGER_TRUSTED_PROXIES=10.0.0.1/8"},
		Flags: map[string]string{
			"max_offline": "3 days", "catalogue_file": "/nowhere/at/all.yaml", "migrate_on_start": "maybe", "support_url": "javascript:alert(1)",
		},
	})
	want := []string{"catalogue_file", "issuer", "listen", "listen", "master_key", "max_offline", "migrate_on_start", "support_url", "token_lifetime", "trusted_proxies"}
	got := faultyKeys(faults)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, f := range faults {
		if f.Origin == "" || strings.Count(f.Message, ". ") < 1 || !strings.HasSuffix(f.Message, ".") || strings.Contains(f.String(), "\n") {
			t.Errorf("not one line of origin, fault and remedy: %s", f)
		}
	}
}

func TestLoad_NamesWhatIsWrongWithTheFile(t *testing.T) {
	for text, want := range map[string]string{
		"listen: [":                   "is not YAML",
		"- a\n- b\n":                  "not a list of settings",
		"listen: a\n---\nlisten: b\n": "more than one document",
		`{"listen": "x"`:              "not JSON",
		`{"listen": "127.0.0.1:1"} x`: "goes on after",
		`{"listen": {}}`:              "not a plain value",
		`{"trusted_proxies": [[]]}`:   "something else than plain values",
		`{"listen":"127.0.0.1:1","listen":"127.0.0.1:2"}`: "twice",
		"trusted_proxies: [~]":                            "something else than plain values",
		"a: &x b\nlisten: *x":                             "not a plain value",
	} {
		faults := faultsOf(t, Source{File: writeFile(t, "c.conf", text)})
		if !strings.Contains(faults.Error(), want) {
			t.Errorf("%q: got %q, want %q", text, faults, want)
		}
	}
	if faults := faultsOf(t, Source{File: filepath.Join(t.TempDir(), "absent")}); !strings.Contains(faults.Error(), "There is no file") {
		t.Errorf("absent file: %v", faults)
	}
}

func TestLoad_NeverRepeatsASecretInAFault(t *testing.T) {
	const canary = "canary-5tr0ng"
	file := writeFile(t, "key", canary)
	for _, source := range []Source{
		{Env: []string{"CLAVIGER_MASTER_KEY=" + canary, "CLAVIGER_MASTER_KEYS_OLD=" + canary, "CLAVIGER_DATABASE_URL=mysql://u:" + canary + "@h/d"}},
		{Env: []string{"CLAVIGER_MASTER_KEY_FILE=" + file}},
		{File: writeFile(t, "c.yaml", "database_url: \"x\" "+canary+"\n")},
		{File: writeFile(t, "c.yaml", "master_key: *"+canary+"\n")},
		{File: writeFile(t, "c.json", "{\"master_key\": "+canary+"}")},
		{Env: []string{"CLAVIGER_DATABASE_URL=postgres://u:" + canary + "@h/d"}, Flags: map[string]string{"migrate_database_url": "sqlite:" + canary}},
	} {
		if text := faultsOf(t, source).Error(); strings.Contains(text, canary) {
			t.Errorf("a fault repeats the secret: %s", text)
		}
	}
}

func TestLoad_ReadsSecretsFromFiles(t *testing.T) {
	file := writeFile(t, "key", key32('a')+"\n")
	for name, source := range map[string]Source{
		"environment": {Env: []string{"CLAVIGER_MASTER_KEY_FILE=" + file}},
		"flag":        {Flags: map[string]string{"master_key_file": file}},
		"file":        {File: writeFile(t, "c.yaml", "master_key_file: "+file+"\n")},
		"flag file beats environment value": {
			Env: []string{"CLAVIGER_MASTER_KEY=" + key32('b')}, Flags: map[string]string{"master_key_file": file}},
	} {
		c := mustLoad(t, source)
		keys, err := c.OpenMasterKeys(nil)
		if err != nil || keys.Current() != [32]byte([]byte(strings.Repeat("a", 32))) {
			t.Errorf("%s: %v, or another key", name, err)
		}
	}
}

func TestLoad_RefusesASecretGivenTwiceOrByAnEmptyOrAbsentFile(t *testing.T) {
	file, empty := writeFile(t, "key", key32('a')), writeFile(t, "empty", " \n")
	for _, env := range [][]string{
		{"CLAVIGER_MASTER_KEY_FILE=" + file, "CLAVIGER_MASTER_KEY=" + key32('b')},
		{"CLAVIGER_MASTER_KEY_FILE=" + empty},
		{"CLAVIGER_MASTER_KEY_FILE=" + file + ".absent"},
	} {
		if got := faultyKeys(faultsOf(t, Source{Env: env})); !slices.Equal(got, []string{"master_key_file"}) {
			t.Errorf("%v: faults at %v", env, got)
		}
	}
}

func TestLoad_WantsAnIssuerWherePlainLoopbackDoesNotGiveOne(t *testing.T) {
	for _, listen := range []string{"0.0.0.0:8420", ":8420", "192.0.2.1:80", "example.com:80"} {
		if got := faultyKeys(faultsOf(t, Source{Flags: map[string]string{"listen": listen}})); !slices.Equal(got, []string{"issuer"}) {
			t.Errorf("listen %s: faults at %v", listen, got)
		}
	}
	for listen, want := range map[string]string{"localhost:9": "http://localhost:9", "[::1]:9": "http://[::1]:9", "127.0.0.1:0": ""} {
		if c := mustLoad(t, Source{Flags: map[string]string{"listen": listen}}); c.Issuer != want {
			t.Errorf("listen %s: issuer %q, want %q", listen, c.Issuer, want)
		}
	}
	c := mustLoad(t, Source{Flags: map[string]string{"listen": "127.0.0.1:0"}})
	if got := c.IssuerAt("127.0.0.1:4711"); got != "http://127.0.0.1:4711" {
		t.Errorf("IssuerAt = %q", got)
	}
}

func TestLoad_WantsAMasterKeyWithPostgreSQL(t *testing.T) {
	env := []string{"CLAVIGER_DATABASE_URL=postgres://u:p@h1,h2/claviger"}
	if got := faultyKeys(faultsOf(t, Source{Env: env})); !slices.Equal(got, []string{"master_key"}) {
		t.Errorf("faults at %v", got)
	}
	c := mustLoad(t, Source{Env: append(env, "CLAVIGER_MASTER_KEY="+key32('k'))})
	if _, ok := c.SQLitePath(); ok || c.MigrateDatabaseURL != c.DatabaseURL {
		t.Errorf("PostgreSQL taken for SQLite, or migrate_database_url does not follow")
	}
}

func TestLoad_RefusesTwoListenersOnOneAddress(t *testing.T) {
	faults := faultsOf(t, Source{Flags: map[string]string{"ops_listen": "127.0.0.1:8420", "gateway_listen": "127.0.0.1:8420"}})
	if got := faultyKeys(faults); !slices.Contains(got, "ops_listen") || !slices.Contains(got, "gateway_listen") {
		t.Errorf("faults at %v", got)
	}
	mustLoad(t, Source{Flags: map[string]string{"listen": "127.0.0.1:0", "ops_listen": "127.0.0.1:0", "gateway_listen": "127.0.0.1:0"}})
}

func TestLoad_RefusesHalfOrUnusableTLS(t *testing.T) {
	junk := writeFile(t, "junk.pem", "junk")
	for want, flags := range map[string]map[string]string{
		"tls_key":         {"tls_certificate": junk},
		"tls_certificate": {"tls_certificate": junk, "tls_key": junk, "issuer": "https://example.com"},
	} {
		if got := faultyKeys(faultsOf(t, Source{Flags: flags})); !slices.Contains(got, want) {
			t.Errorf("%v: faults at %v", flags, got)
		}
	}
}

// certificateFiles writes a certificate that is its own authority, and its key.
func certificateFiles(t *testing.T) (certificate, key string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "server.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))),
		writeFile(t, "server.key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
}

func TestLoad_TakesMutualTLSWholeOnly(t *testing.T) {
	certificate, key := certificateFiles(t)
	junk := writeFile(t, "junk.pem", "junk")
	whole := map[string]string{
		"mtls_listen": "127.0.0.1:8443", "mtls_client_ca": certificate, "tls_certificate": certificate, "tls_key": key,
		"issuer": "https://example.com", "client_certificate_header": "x-client-cert",
	}
	c := mustLoad(t, Source{Flags: whole})
	if c.MTLSListen != "127.0.0.1:8443" || c.MTLSClientCA != certificate || c.ClientCertificateHeader != "X-Client-Cert" {
		t.Errorf("read %q %q %q", c.MTLSListen, c.MTLSClientCA, c.ClientCertificateHeader)
	}
	if c := mustLoad(t, Source{}); c.MTLSListen != "" || c.ClientCertificateHeader != "" {
		t.Errorf("without anything: %q %q", c.MTLSListen, c.ClientCertificateHeader)
	}
	for name, test := range map[string]struct {
		changed map[string]string
		want    string
	}{
		"no certificate of its own":  {map[string]string{"tls_certificate": "", "tls_key": ""}, "mtls_listen"},
		"no authorities":             {map[string]string{"mtls_client_ca": ""}, "mtls_client_ca"},
		"authorities for nothing":    {map[string]string{"mtls_listen": "off", "client_certificate_header": "off"}, "mtls_client_ca"},
		"authorities that are none":  {map[string]string{"mtls_client_ca": junk}, "mtls_client_ca"},
		"a key among them":           {map[string]string{"mtls_client_ca": key}, "mtls_client_ca"},
		"authorities that are away":  {map[string]string{"mtls_client_ca": "/nowhere/at/all.pem"}, "mtls_client_ca"},
		"nobody who may pass it on":  {map[string]string{"trusted_proxies": "none"}, "client_certificate_header"},
		"a header with a meaning":    {map[string]string{"client_certificate_header": "authorization"}, "client_certificate_header"},
		"a header of Claviger's own": {map[string]string{"client_certificate_header": "Claviger-Client-Id"}, "client_certificate_header"},
		"a header with underscores":  {map[string]string{"client_certificate_header": "X_Client_Cert"}, "client_certificate_header"},
		"the public address":         {map[string]string{"mtls_listen": "127.0.0.1:8420"}, "mtls_listen"},
		"the operator's address":     {map[string]string{"mtls_listen": "127.0.0.1:8421"}, "mtls_listen"},
	} {
		flags := maps.Clone(whole)
		maps.Copy(flags, test.changed)
		if got := faultyKeys(faultsOf(t, Source{Flags: flags})); !slices.Equal(got, []string{test.want}) {
			t.Errorf("%s: faults at %v, want %s", name, got, test.want)
		}
	}
}

func TestConfig_ShowsNoSecret(t *testing.T) {
	const password = "pa55-canary"
	c := mustLoad(t, Source{Env: []string{
		"CLAVIGER_MASTER_KEY=" + key32('k'), "CLAVIGER_MASTER_KEYS_OLD=" + key32('o') + "," + key32('p'),
		"CLAVIGER_DATABASE_URL=postgres://u:" + password + "@h/d?password=" + password,
	}})
	shown := fmt.Sprintf("%+v", c.Effective())
	if strings.Contains(shown, password) || strings.Contains(shown, key32('k')) || strings.Contains(shown, key32('o')) || strings.Count(shown, apicred.Redacted{}.String()) != 3 {
		t.Errorf("config show prints a secret: %s", shown)
	}
	keys, err := c.OpenMasterKeys(nil)
	if err != nil || len(keys.Old()) != 2 {
		t.Fatalf("OpenMasterKeys: %v", err)
	}
	for _, printed := range []string{
		fmt.Sprintf("%v %+v %#v", keys, keys, keys), fmt.Sprintf("%v %s", c.DatabaseURL, c.DatabaseURL), fmt.Sprintf("%v", c.masterKey),
		fmt.Sprintf("%v %+v %#v %s %v", c, c, c, c, &c),
	} {
		if strings.Contains(printed, password) || strings.Contains(printed, key32('k')) || strings.Contains(printed, "107 107") || strings.Contains(printed, "0x6b") {
			t.Errorf("printing shows a secret: %s", printed)
		}
	}
}

func TestReference_IsCurrent(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "reference", "configuration.md")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Reference(), string(got)); diff != "" {
		t.Errorf("run go test ./internal/config -run Reference -update\n%s", diff)
	}
}

func FuzzParseFile(f *testing.F) {
	for _, seed := range []string{"listen: a\n", `{"listen": ["a", 1, true, null]}`, "a: [b, {c: d}]", "---\n...\n", "? [a]\n: b", "{", "listen: &a x\nb: *a"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		values, faults := parseFile("c.yaml", data)
		for key, value := range values {
			if value.origin == "" || value.text == "" && value.fault == "" {
				t.Errorf("%q: a value without origin or content", key)
			}
		}
		for _, fault := range faults {
			if strings.ContainsAny(fault.String(), "\n\r\x1b") {
				t.Errorf("a fault of several lines: %q", fault)
			}
		}
	})
}
