package config

import (
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

const (
	sqlitePrefix = "sqlite:"
	databaseName = "claviger.db"
)

// LogFormat is how log lines are written.
type LogFormat string

// The formats of log lines.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// Config is the whole configuration, checked. Settings documents each field. It
// cannot be printed, since it holds every secret; Effective shows it.
type Config struct {
	apicred.Redacted

	Listen         string
	OpsListen      string
	GatewayListen  string // empty: no gateway
	TLSCertificate string // path; empty: plain HTTP
	TLSKey         string
	// MTLSListen is where programs prove themselves by a client certificate;
	// empty: nowhere.
	MTLSListen   string
	MTLSClientCA string // path; empty: no client certificate counts
	// ClientCertificateHeader is the header, in canonical spelling, in which
	// trusted proxies pass the client certificate; empty: none.
	ClientCertificateHeader string
	// Issuer is empty when it follows the port that the system will pick
	// (listen on port 0); see IssuerAt.
	Issuer         string
	TrustedProxies []netip.Prefix

	DataDir            string
	DatabaseURL        Secret // never empty
	MigrateDatabaseURL Secret // never empty
	MigrateOnStart     bool
	CatalogueFile      string // empty: none

	TokenLifetime time.Duration
	MaxOffline    time.Duration // 0: refuse at once

	SigningAlgorithm   apicred.SigningAlgorithm
	SigningKeyRotation time.Duration // 0: never by itself

	PasswordSignIn bool

	SupportURL               string // empty: none
	DocumentationFeedbackURL string // empty: none

	LogFormat LogFormat
	LogLevel  slog.Level

	masterKey     masterKey // see OpenMasterKeys
	masterKeysOld []masterKey
	values        map[string]given // what was given or is the default, by key
}

// IssuerAt is the issuer of a server that listens on address (host:port): the
// configured one, or http:// and the address, which is on loopback then.
func (c *Config) IssuerAt(address string) string {
	if c.Issuer != "" {
		return c.Issuer
	}
	return "http://" + address
}

// Secure tells whether people reach the server by https, and so whether cookies
// are marked Secure.
func (c *Config) Secure() bool { return strings.HasPrefix(c.Issuer, "https://") }

// SQLitePath is the path of the SQLite file, and whether the data is kept in one.
func (c *Config) SQLitePath() (string, bool) {
	return strings.CutPrefix(c.DatabaseURL.Reveal(), sqlitePrefix)
}

func isPostgres(databaseURL string) bool {
	for _, scheme := range []string{"postgres://", "postgresql://"} {
		if rest, ok := strings.CutPrefix(databaseURL, scheme); ok && rest != "" {
			return true
		}
	}
	return false
}

// defaultDatabaseURL is the SQLite file in a data directory.
func defaultDatabaseURL(dataDir string) string {
	return sqlitePrefix + filepath.Join(dataDir, databaseName)
}
