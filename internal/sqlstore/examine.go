package sqlstore

import (
	"bytes"
	"context"
	"time"

	"github.com/pressly/goose/v3"
)

// postgresLeast is the oldest PostgreSQL that is supported, as
// server_version_num.
const postgresLeast = 150000

// Examination is what a look at a database finds (claviger doctor).
type Examination struct {
	Schema, KnownSchema int64
	// Usable tells whether this program can work with the schema: it is the one
	// that it knows, or a newer one that has only more.
	Usable bool
	// Damage is what the engine's own check found; empty where nothing.
	Damage string
	// Unsafe names settings of the engine under which what was acknowledged can
	// be lost, a finished sentence each.
	Unsafe []string
	// At is this machine's time, ClockSkew how far the database's is ahead of
	// it, LastEvent the time of the last audit event.
	At        time.Time
	ClockSkew time.Duration
	LastEvent time.Time
	// Sequence is the end of the audit log by the head row, and HeadHolds
	// whether the last event is that one.
	Sequence  int64
	HeadHolds bool
	// Version is the database server's; empty with SQLite, as the rest is.
	Version string
	// Servers is how many database servers hold the data, as far as can be seen,
	// and Synchronous whether a commit waits for more than one of them.
	Servers     int64
	Synchronous bool
	// MayRewriteAudit: the role may change or delete audit events or their
	// addresses, or say where the chain begins.
	MayRewriteAudit bool
}

// Examine reads what can be said about the database without reading all of it.
// Of one with a schema that this program cannot use, only schema and damage.
func (s *Store) Examine(ctx context.Context) (Examination, error) {
	var e Examination
	var err error
	if e.Schema, e.KnownSchema, err = s.versions(ctx); err != nil {
		return e, err
	}
	e.Usable = e.Schema >= e.KnownSchema && s.refuseNewer(ctx) == nil
	look := s.examinePostgres
	if s.engine.dialect == goose.DialectSQLite3 {
		look = s.examineSQLite
	}
	if err := look(ctx, &e); err != nil || !e.Usable {
		return e, domainError(err)
	}
	return e, s.view(ctx, func(r *reader) error { return r.examineHead(ctx, &e) })
}

func (s *Store) examineSQLite(ctx context.Context, e *Examination) error {
	e.At = time.Now()
	var found string
	if err := s.readers.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		e.Damage = found
	}
	return nil
}

func (s *Store) examinePostgres(ctx context.Context, e *Examination) error {
	var version, clock, standbys int64
	var fsync, commit, standbyNames string
	before := time.Now()
	err := s.readers.QueryRowContext(ctx, `SELECT CAST(current_setting('server_version_num') AS BIGINT), current_setting('fsync'), current_setting('synchronous_commit'),
		CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT), current_setting('server_version'), current_setting('synchronous_standby_names'),
		(SELECT COUNT(*) FROM pg_stat_replication),
		COALESCE(has_table_privilege(to_regclass('audit_events'), 'UPDATE') OR has_table_privilege(to_regclass('audit_events'), 'DELETE'), false)
		OR COALESCE(has_table_privilege(to_regclass('audit_personal'), 'UPDATE, DELETE'), false)
		OR COALESCE(has_table_privilege(to_regclass('audit_base'), 'INSERT, UPDATE, DELETE'), false)`).
		Scan(&version, &fsync, &commit, &clock, &e.Version, &standbyNames, &standbys, &e.MayRewriteAudit)
	if err != nil {
		return err
	}
	// The answer was made somewhere between the two; the middle is the best guess.
	e.At = before.Add(time.Since(before) / 2)
	e.ClockSkew = time.UnixMicro(clock).Sub(e.At).Round(time.Millisecond)
	e.Servers = max(int64(s.hosts), 1+standbys)
	e.Synchronous = standbyNames != "" && commit != "off" && commit != "local"
	if version < postgresLeast {
		e.Unsafe = append(e.Unsafe, "PostgreSQL is older than 15, the oldest that is supported.")
	}
	if fsync == "off" {
		e.Unsafe = append(e.Unsafe, "PostgreSQL runs with fsync off: a power cut damages the database.")
	}
	if commit == "off" {
		e.Unsafe = append(e.Unsafe, "PostgreSQL runs with synchronous_commit off: a crash undoes what was acknowledged, revocations too.")
	}
	return nil
}

func (r *reader) examineHead(ctx context.Context, e *Examination) error {
	head, err := r.q.GetHead(ctx)
	if err != nil {
		return r.fault(err)
	}
	e.Sequence = head.Sequence
	rows, err := r.q.ListAuditChainAfter(ctx, head.Sequence-1, 2)
	if err != nil {
		return r.fault(err)
	}
	if head.Sequence == 0 {
		e.HeadHolds = len(rows) == 0
		return nil
	}
	if len(rows) == 1 && bytes.Equal(rows[0].AuditEvent.Hash, head.Hash) {
		e.HeadHolds, e.LastEvent = true, timeOf(rows[0].AuditEvent.HappenedAt)
	}
	return nil
}
