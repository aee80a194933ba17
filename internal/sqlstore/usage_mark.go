package sqlstore

import (
	"context"
	"time"

	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/sqlstore/statement"
)

// marksKept is how long the mark of a process that never came back is kept: longer
// than any secret is watched for.
const marksKept = 180 * 24 * time.Hour

// putUsageMark writes a process's mark, and forgets very old ones of others.
func (r *reader) putUsageMark(ctx context.Context, m lifecycle.UsageMark) error {
	err := r.q.PutUsageMark(ctx, statement.PutUsageMarkParams{
		Process: m.Process, Through: micros(m.Through), Lost: micros(m.Lost), Offline: m.Offline.Microseconds(),
	})
	if err == nil {
		err = r.q.DeleteUsageMarksBefore(ctx, micros(m.Through.Add(-marksKept)))
	}
	return r.fault(err)
}

func (r *reader) UsageMarks(ctx context.Context) ([]lifecycle.UsageMark, error) {
	rows, err := r.q.ListUsageMarks(ctx)
	marks := make([]lifecycle.UsageMark, 0, len(rows))
	for _, row := range rows {
		marks = append(marks, lifecycle.UsageMark{
			Process: row.Process, Through: timeOf(row.Through), Lost: timeOf(row.Lost), Offline: durationOf(row.Offline),
		})
	}
	return marks, r.fault(err)
}
