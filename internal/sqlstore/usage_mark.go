package sqlstore

import (
	"context"
	"time"

	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/sqlstore/statement"
)

const (
	// marksKept is how long the mark of a process that never came back is kept:
	// longer than any secret is watched for.
	marksKept = 180 * 24 * time.Hour
	// endedKept is how long that of one that ended is, if it lost nothing: so that
	// the next one knows whether it begins where another one stopped.
	endedKept = time.Hour
)

// endedOffline stands in the place of Offline for a process that ended.
const endedOffline = -1

// putUsageMark writes a process's mark, and forgets very old ones of others.
func (r *reader) putUsageMark(ctx context.Context, m lifecycle.UsageMark) error {
	offline := m.Offline.Microseconds()
	if m.Ended {
		offline = endedOffline
	}
	err := r.q.PutUsageMark(ctx, statement.PutUsageMarkParams{
		Process: m.Process, Through: micros(m.Through), Lost: micros(m.Lost), Offline: offline,
	})
	if err == nil {
		err = r.q.DeleteUsageMarksBefore(ctx, micros(m.Through.Add(-marksKept)), micros(m.Through.Add(-endedKept)))
	}
	return r.fault(err)
}

func (r *reader) UsageMarks(ctx context.Context) ([]lifecycle.UsageMark, error) {
	rows, err := r.q.ListUsageMarks(ctx)
	marks := make([]lifecycle.UsageMark, 0, len(rows))
	for _, row := range rows {
		m := lifecycle.UsageMark{Process: row.Process, Through: timeOf(row.Through), Lost: timeOf(row.Lost), Ended: row.Offline == endedOffline}
		if !m.Ended {
			m.Offline = durationOf(row.Offline)
		}
		marks = append(marks, m)
	}
	return marks, r.fault(err)
}
