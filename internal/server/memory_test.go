package server

import (
	"testing"
	"testing/fstest"
)

func TestGroupMemory_IsTheLeastLimitThatBinds(t *testing.T) {
	const group = "0::/system.slice/claviger.service\n"
	tests := map[string]struct {
		files map[string]string
		want  int64
	}{
		"no such file system":     {nil, 0},
		"an older kind of groups": {map[string]string{"proc/self/cgroup": "4:memory:/x\n", "sys/fs/cgroup/memory.max": "5\n"}, 0},
		"none":                    {map[string]string{"proc/self/cgroup": group, "sys/fs/cgroup/system.slice/claviger.service/memory.max": "max\n"}, 0},
		"its own": {map[string]string{"proc/self/cgroup": group, "sys/fs/cgroup/system.slice/claviger.service/memory.max": "268435456\n",
			"sys/fs/cgroup/system.slice/memory.max": "max\n"}, 268435456},
		"that above it": {map[string]string{"proc/self/cgroup": group, "sys/fs/cgroup/system.slice/claviger.service/memory.max": "268435456\n",
			"sys/fs/cgroup/system.slice/memory.max": "134217728\n"}, 134217728},
		"in a container":                      {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "67108864\n"}, 67108864},
		"in a container that sees the host's": {map[string]string{"proc/self/cgroup": "0::/../../x\n", "sys/fs/cgroup/memory.max": "67108864\n"}, 67108864},
		"nonsense":                            {map[string]string{"proc/self/cgroup": group, "sys/fs/cgroup/memory.max": "-1\n"}, 0},
	}
	for name, tt := range tests {
		files := fstest.MapFS{}
		for at, text := range tt.files {
			files[at] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := groupMemory(files); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}
