package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// leastRoles makes two roles as docs/many-nodes.md has them: one that owns the
// schema, one that the servers use.
const leastRoles = `
	CREATE ROLE claviger_owner LOGIN;
	CREATE ROLE claviger_app LOGIN;
	ALTER SCHEMA public OWNER TO claviger_owner;
	REVOKE ALL ON SCHEMA public FROM PUBLIC;
	GRANT USAGE ON SCHEMA public TO claviger_app;
`

// leastGrants is what the servers' role may do, said by the owner after the
// first migration; what later ones make is for it by default, but for the audit
// log.
const leastGrants = `
	GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO claviger_app;
	ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO claviger_app;
	REVOKE UPDATE, DELETE ON audit_events, audit_personal, audit_checkpoints FROM claviger_app;
	REVOKE INSERT, UPDATE, DELETE ON audit_base FROM claviger_app;
	REVOKE INSERT, UPDATE, DELETE ON goose_db_version, schema_compatibility FROM claviger_app;
`

// TestRoles_TheServersMayNotRewriteTheAuditLog runs two nodes whose database
// role may neither change the schema nor touch an audit event that is written.
// Everything works; who takes the servers' role over cannot rewrite the past.
func TestRoles_TheServersMayNotRewriteTheAuditLog(t *testing.T) {
	postgres := postgresFor(t)
	databaseURL := postgres.Database(t)
	postgres.SQL(t, databaseURL, leastRoles)
	owner, app := strings.Replace(databaseURL, "postgres@", "claviger_owner@", 1), strings.Replace(databaseURL, "postgres@", "claviger_app@", 1)
	first := &fleet{lines: []string{"database_url: " + owner, "master_key: " + sameMasterKey}}
	first.newNode(t).command(t, "migrate")
	postgres.SQL(t, owner, leastGrants)

	f := newFleet(t, app, 2, "migrate_database_url: "+owner)
	c := f.nodes[0].create(t, f.token, "orders:read")
	token := f.nodes[1].issue(t, c)
	s := f.nodes[0].createSigner(t, f.token)
	if a := f.nodes[1].must(t, "POST", "/oauth2/token", s.form(t, f.issuer), "Content-Type", formType); a.status != http.StatusOK {
		t.Errorf("a signed assertion: %d %s", a.status, a.body)
	}
	f.nodes[0].manage(t, f.token, "POST", "/signing-keys/rotate", "")
	f.nodes[0].manage(t, f.token, "DELETE", "/credentials/"+c.id, "")
	soon(t, "the other node refuses", func() bool {
		a, err := f.nodes[1].allows("GET", token)
		return err == nil && a.status == http.StatusUnauthorized
	})
	f.nodes[0].command(t, "audit", "checkpoint")
	f.nodes[0].command(t, "audit", "verify")

	db := engine{url: app}.open(t, "")
	for _, statement := range []string{
		"UPDATE audit_events SET actor_id = 'nobody'", "DELETE FROM audit_events", "TRUNCATE audit_events",
		"ALTER TABLE audit_events DISABLE TRIGGER ALL", "DROP TABLE audit_events", "DELETE FROM audit_checkpoints", "DELETE FROM audit_base",
		"DELETE FROM audit_personal",
		"CREATE TABLE mine (id BIGINT)", "ALTER TABLE credentials ADD COLUMN mine BIGINT", "DELETE FROM goose_db_version",
		"UPDATE schema_compatibility SET since = 1",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "42501") {
			t.Errorf("%s: %v, want insufficient_privilege", statement, err)
		}
	}
}
