package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

const (
	startLimit = 2 * time.Minute
	stopLimit  = 15 * time.Second

	// The kernel counts CPU time for /proc in this unit, whatever its own tick is (proc(5), USER_HZ).
	clockTicks = 100
)

// process is a server that said that it is ready.
type process struct {
	cmd    *exec.Cmd
	done   chan struct{} // closed when it has ended
	beside []int         // processes of others whose work is the server's too: its database
}

// start runs a program, its talk going to a file, and decodes its first line into ready.
func start(ctx context.Context, cmd *exec.Cmd, talk string, ready any) (*process, error) {
	stderr, err := os.Create(talk)
	if err != nil {
		return nil, err
	}
	defer func() { _ = stderr.Close() }()
	cmd.Stderr = stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}

	line := make(chan []byte, 1)
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() {
		first, _ := bufio.NewReaderSize(stdout, 64<<10).ReadBytes('\n')
		line <- first
		_ = cmd.Wait() // how a server ends that was told to is of no interest here
		close(p.done)
	}()
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	select {
	case first := <-line:
		err = json.Unmarshal(first, ready)
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		p.stop()
		said, _ := os.ReadFile(talk)
		return nil, fmt.Errorf("%s did not say that it is ready: %w\n%s", filepath.Base(cmd.Path), err, said)
	}
	return p, nil
}

// stop asks the server to end, and ends it when it does not.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(os.Interrupt)
	select {
	case <-p.done:
	case <-time.After(stopLimit):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// cpu is the time that the server, its database and all that they started have spent on a processor, in their own code
// and in the kernel's. What another installation does in the same database server is in it.
func (p *process) cpu() (time.Duration, error) {
	return cpuOf(append([]int{p.cmd.Process.Pid}, p.beside...)...)
}

// cpuOf is the same of any processes.
func cpuOf(pids ...int) (total time.Duration, err error) {
	times, err := processTimes()
	if err != nil {
		return 0, err
	}
	for _, ancestor := range pids {
		own, there := times[ancestor]
		if !there {
			return 0, fmt.Errorf("process %d has ended", ancestor)
		}
		total += own.spent + own.ended
		for pid, t := range times {
			if descends(times, pid, ancestor) {
				total += t.spent + t.ended
			}
		}
	}
	return total, nil
}

type processTime struct {
	parent int
	spent  time.Duration
	ended  time.Duration // what its children spent that have ended
}

// processTimes reads every /proc/PID/stat. Processes that end meanwhile are left out.
func processTimes() (map[int]processTime, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(files) == 0 {
		return nil, errors.Join(errors.New("no /proc to read CPU times from: the bench runs on Linux"), err)
	}
	times := make(map[int]processTime, len(files))
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			return nil, err
		}
		if times[pid], err = parseStat(stat); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return times, nil
}

// parseStat reads ppid, utime, stime, cutime and cstime, the 4th and the 14th to 17th fields of proc(5). The 2nd, the program's
// name, stands in parentheses and may itself hold spaces and parentheses.
func parseStat(stat []byte) (processTime, error) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return processTime{}, errors.New("no program name in it")
	}
	fields := bytes.Fields(stat[end+1:]) // from the 3rd on
	if len(fields) < 15 {
		return processTime{}, errors.New("too few fields in it")
	}
	parent, err := strconv.Atoi(string(fields[1]))
	var ticks [4]time.Duration
	for n := range ticks {
		count, fault := strconv.ParseInt(string(fields[11+n]), 10, 64)
		ticks[n], err = time.Duration(count)*time.Second/clockTicks, errors.Join(err, fault)
	}
	if err != nil {
		return processTime{}, err
	}
	return processTime{parent: parent, spent: ticks[0] + ticks[1], ended: ticks[2] + ticks[3]}, nil
}

func descends(times map[int]processTime, pid, ancestor int) bool {
	for parent := times[pid].parent; parent > 1; parent = times[parent].parent {
		if parent == ancestor {
			return true
		}
	}
	return false
}
