package config

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// Bounds of durations (contract.md, "Listeners and settings").
const (
	minTokenLifetime = time.Minute
	maxTokenLifetime = 24 * time.Hour
	maxMaxOffline    = 24 * time.Hour
	minKeyRotation   = time.Hour
	maxKeyRotation   = 365 * 24 * time.Hour
)

func listenerSettings() []definition {
	return []definition{
		{Setting{Key: "listen", Default: "127.0.0.1:8420",
			Doc: "Address of the public listener: console, REST API, OAuth and forward-auth."},
			func(c *Config, text string) (err error) { c.Listen, err = readAddress(text); return err }},
		{Setting{Key: "ops_listen", Default: "127.0.0.1:8421",
			Doc: "Address of the operator's listener: `/metrics` and `/debug/pprof`. Keep it off public networks."},
			func(c *Config, text string) (err error) { c.OpsListen, err = readAddress(text); return err }},
		{Setting{Key: "gateway_listen", Default: off,
			Doc: "Address of the built-in gateway, which forwards calls to the APIs of the catalogue. `off`: no gateway."},
			func(c *Config, text string) (err error) { c.GatewayListen, err = readAddressOrOff(text); return err }},
		{Setting{Key: "tls_certificate", Path: true, DefaultNote: "none: plain HTTP",
			Doc: "File with the certificate chain (PEM) of the public listener and the gateway, read at start and on SIGHUP. Goes with `tls_key`."},
			func(c *Config, text string) (err error) { c.TLSCertificate, err = readFilePath(text); return err }},
		{Setting{Key: "tls_key", Path: true, DefaultNote: "none: plain HTTP",
			Doc: "File with the private key (PEM) of `tls_certificate`."},
			func(c *Config, text string) (err error) { c.TLSKey, err = readFilePath(text); return err }},
		{Setting{Key: "mtls_listen", Default: off,
			Doc: "Address of a listener for programs that prove themselves by a client certificate (mutual TLS): OAuth endpoints and management API. Goes with `tls_certificate` and `mtls_client_ca`. The metadata names it by the host of `issuer` and this port."},
			func(c *Config, text string) (err error) { c.MTLSListen, err = readAddressOrOff(text); return err }},
		{Setting{Key: "mtls_client_ca", Path: true, DefaultNote: "none: no client certificate counts",
			Doc: "File with the certificates (PEM) of the authorities that issue client certificates, read at start and on SIGHUP."},
			func(c *Config, text string) (err error) { c.MTLSClientCA, err = readAuthorities(text); return err }},
		{Setting{Key: "client_certificate_header", Default: off,
			Doc: "Header in which a trusted proxy passes the client certificate, as `Client-Cert`: a byte sequence (RFC 9440), or percent-encoded PEM as nginx writes it. Every proxy in `trusted_proxies` must set or remove it on each request. Goes with `mtls_client_ca`."},
			func(c *Config, text string) (err error) {
				c.ClientCertificateHeader, err = readHeaderName(text)
				return err
			}},
		{Setting{Key: "issuer", DefaultNote: "`http://` and `listen`, where that is on loopback; else it must be given",
			Doc: "The server's public name, as in `https://credentials.example.com`: scheme and host, no path, no trailing slash. It stands in every token. `http` only on loopback."},
			func(c *Config, text string) (err error) { c.Issuer, err = readIssuer(text); return err }},
		{Setting{Key: "trusted_proxies", Default: loopbackWord, List: true,
			Doc: "Addresses or ranges of the proxies whose forwarded headers count. `loopback` stands for 127.0.0.0/8 and ::1; `none` for nobody."},
			func(c *Config, text string) (err error) { c.TrustedProxies, err = readProxies(text); return err }},
	}
}

func storageSettings() []definition {
	return []definition{
		{Setting{Key: "data_dir", Default: "claviger-data", Path: true,
			Doc: "Directory of the SQLite database, the master key made there if none is configured, and the control socket; with PostgreSQL, of what the node keeps to start with while the database is away. One server at a time."},
			func(c *Config, text string) error { c.DataDir = text; return nil }},
		{Setting{Key: "database_url", Secret: true, DefaultNote: "`sqlite:` and `claviger.db` in `data_dir`",
			Doc: "Where the data is kept: `sqlite:PATH`, or `postgres://USER:PASSWORD@HOST/DATABASE` (several hosts separated by commas)."},
			func(c *Config, text string) error { c.DatabaseURL = Secret{text: text}; return checkDatabaseURL(text) }},
		{Setting{Key: "migrate_database_url", Secret: true, DefaultNote: "`database_url`",
			Doc: "The same PostgreSQL database by a role that may change the schema; migrations alone use it."},
			func(c *Config, text string) error {
				c.MigrateDatabaseURL = Secret{text: text}
				return checkDatabaseURL(text)
			}},
		{Setting{Key: "migrate_on_start", Default: "on",
			Doc: "Whether `claviger serve` applies schema migrations. If `off`, run `claviger migrate` before a new release."},
			func(c *Config, text string) (err error) { c.MigrateOnStart, err = readSwitch(text); return err }},
		{Setting{Key: "master_key", Secret: true, DefaultNote: "with SQLite made in `data_dir` as `master.key`; required with PostgreSQL",
			Doc: "Base64 of the 32 bytes that seal the signing keys and key the hashes of client secrets. Without it a backup is of no use. Make one with `openssl rand -base64 32`."},
			func(c *Config, text string) (err error) { c.masterKey, err = readMasterKey(text); return err }},
		{Setting{Key: "master_keys_old", Secret: true, List: true, DefaultNote: "none",
			Doc: "Earlier master keys, three at most. They still open what they sealed; new things are sealed under `master_key`."},
			func(c *Config, text string) (err error) { c.masterKeysOld, err = readMasterKeys(text); return err }},
		{Setting{Key: "catalogue_file", Path: true, DefaultNote: "none: the catalogue in the database stands",
			Doc: "Catalogue of APIs and scopes (YAML or JSON), applied at start and on SIGHUP."},
			func(c *Config, text string) (err error) { c.CatalogueFile, err = readFilePath(text); return err }},
	}
}

func tokenSettings() []definition {
	return []definition{
		{Setting{Key: "token_lifetime", Default: "1h",
			Doc: "How long access tokens live, 60s to 24h. An account or a credential can shorten it. Tokens of the VCC path live 7200s."},
			func(c *Config, text string) (err error) {
				c.TokenLifetime, err = readDuration(text, minTokenLifetime, maxTokenLifetime)
				if err == nil && c.TokenLifetime%time.Second != 0 {
					err = fmt.Errorf("%s is not a whole number of seconds. Round it", quoted(text))
				}
				return err
			}},
		{Setting{Key: "max_offline", Default: "15m",
			Doc: "How long known credentials still get tokens (of at most 300s) while the database cannot be reached, 0 to 24h. `0`: refuse at once."},
			func(c *Config, text string) (err error) {
				c.MaxOffline, err = readDuration(text, 0, maxMaxOffline)
				return err
			}},
		{Setting{Key: "signing_algorithm", Default: string(apicred.AlgorithmES256),
			Doc: "What access tokens are signed with: `ES256`, `EdDSA` (Ed25519) or `RS256` (RSA of 2048 bits; a signature costs some thirty times as much, and tokens grow by 256 characters). A new one takes over by rotation. The same on every node."},
			func(c *Config, text string) (err error) { c.SigningAlgorithm, err = readAlgorithm(text); return err }},
		{Setting{Key: "signing_key_rotation", Default: "30d",
			Doc: "How long a signing key signs before the next one, which is published already, takes over by itself: 1h to 365d. `0`: only by `claviger key rotate`."},
			func(c *Config, text string) (err error) {
				c.SigningKeyRotation, err = readKeyRotation(text)
				return err
			}},
	}
}

func consoleSettings() []definition {
	return []definition{
		{Setting{Key: "password_sign_in", Default: "on",
			Doc: "Whether people may sign in by password. If `off`, they sign in by one-time links alone, and passwords that were set stay unused."},
			func(c *Config, text string) (err error) { c.PasswordSignIn, err = readSwitch(text); return err }},
		{Setting{Key: "support_url", DefaultNote: "none",
			Doc: "Where the console's Help entry sends people for support: an `https:` or `mailto:` address."},
			func(c *Config, text string) (err error) { c.SupportURL, err = readLink(text); return err }},
		{Setting{Key: "documentation_feedback_url", DefaultNote: "none",
			Doc: "Where the console's Help entry sends feedback about the documentation: an `https:` or `mailto:` address."},
			func(c *Config, text string) (err error) {
				c.DocumentationFeedbackURL, err = readLink(text)
				return err
			}},
	}
}

func logSettings() []definition {
	return []definition{
		{Setting{Key: "log_format", Default: string(LogText),
			Doc: "How log lines are written on stderr: `text` (key=value) or `json`."},
			func(c *Config, text string) (err error) { c.LogFormat, err = readLogFormat(text); return err }},
		{Setting{Key: "log_level", Default: "info",
			Doc: "The least level that is logged: `debug`, `info`, `warn` or `error`."},
			func(c *Config, text string) (err error) { c.LogLevel, err = readLogLevel(text); return err }},
	}
}

// loopback is what the word stands for in trusted_proxies.
func loopback() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}
