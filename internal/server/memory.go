package server

import (
	"context"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// heapShare is how much of a control group's memory Go may take: SQLite's page
// caches, stacks of the kernel and mapped files count there, too.
const heapShare = 0.8

// respectMemoryLimit makes Go collect garbage before the control group that the
// process is in (a container, a systemd unit with MemoryMax) runs out of memory.
// GOMEMLIMIT, where it is set, is the operator's own word.
func respectMemoryLimit(ctx context.Context, log *slog.Logger) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	limit := groupMemory(os.DirFS("/"))
	if limit <= 0 {
		return
	}
	share := int64(float64(limit) * heapShare)
	debug.SetMemoryLimit(share)
	log.InfoContext(ctx, "memory is limited by the control group", slog.Int64("bytes", limit), slog.Int64("heap_bytes", share))
}

// groupMemory returns the least memory.max of the process's control group (v2)
// and those above it, in bytes; 0 when there is none, or no such file system.
func groupMemory(root fs.FS) int64 {
	text, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0
	}
	var group string
	found := false
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "0::/"); ok {
			group, found = rest, true
		}
	}
	if !found {
		return 0
	}
	least := int64(math.MaxInt64)
	// In a container the path may be the host's, which is not to be seen there:
	// then the top of what is seen is its group.
	for at := path.Join("sys/fs/cgroup", path.Clean("/"+group)); strings.HasPrefix(at, "sys/fs/cgroup"); at = path.Dir(at) {
		text, err := fs.ReadFile(root, path.Join(at, "memory.max"))
		if err != nil {
			continue
		}
		if limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && limit > 0 {
			least = min(least, limit)
		}
	}
	if least == math.MaxInt64 {
		return 0
	}
	return least
}
