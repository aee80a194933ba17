package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// followers are as many as one account may have on a node.
const followers = 250

// feed asks what those cost a node that follow it, each over a stream of its own, and each of whom is told of every change.
func (s *site) feed(ctx context.Context) error {
	following, err := createCredential(ctx, s.near.issuer, s.near.token, "claviger:feed")
	if err != nil {
		return err
	}
	switched := s.near.own[0]
	tell := func() (changes int, cost expense, err error) {
		cost, err = s.during(ctx, s.near, func() error {
			for began := time.Now(); changes == 0 || time.Since(began) < s.length; changes++ {
				path := "/credentials/" + switched.ClientID + []string{"/disable", "/enable"}[changes%2]
				if err := do(s.near.caller, s.near.manage(ctx, http.MethodPost, path, ""), http.StatusOK); err != nil {
					return err
				}
				pause(ctx, 20*time.Millisecond)
			}
			pause(ctx, time.Second) // until the last is told
			return nil
		})
		return changes, cost, err
	}
	alone, without, err := tell()
	if err != nil {
		return err
	}
	before, err := s.near.memory()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var events, bytesTold atomic.Int64
	for range followers {
		if err := s.follow(ctx, following, &events, &bytesTold); err != nil {
			return err
		}
	}
	pause(ctx, time.Second)
	after, err := s.near.memory()
	if err != nil {
		return err
	}
	idle, err := s.during(ctx, s.near, func() error { pause(ctx, s.length); return nil })
	if err != nil {
		return err
	}
	events.Store(0)
	bytesTold.Store(0)
	changes, with, err := tell()
	if err != nil {
		return err
	}
	told := with.node - without.node*time.Duration(changes)/time.Duration(alone)
	n := float64(max(events.Load(), 1))
	each, size := float64(told)/n/float64(time.Microsecond), float64(bytesTold.Load())/n
	kib, watch := (after.own-before.own)*1024/followers, float64(idle.node)/s.length.Seconds()/followers/float64(time.Microsecond)
	s.note("feed_cpu", each, "CPU of the node to tell one follower of one change, µs")
	s.note("feed_bytes", size, "what it is told, bytes")
	s.note("feed_memory", kib, "memory of the node for one follower, KiB")
	s.note("feed_idle", watch, "CPU of the node for one follower who is told nothing, µs a second")
	return s.table(fmt.Sprintf("The feed: %d followers of one node, server-sent events", followers),
		"changes | told | CPU each µs | bytes each | KiB a follower | idle follower µs/s",
		[][]any{{changes, events.Load(), each, size, kib, watch}}, "%d", "%d", "%.1f", "%.0f", "%.0f", "%.1f")
}

// follow opens a stream and counts what it is told until ctx ends.
func (s *site) follow(ctx context.Context, as client, events, size *atomic.Int64) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.near.issuer+"/revocations", nil)
	if err != nil {
		return err
	}
	request.SetBasicAuth(as.ClientID, as.ClientSecret)
	request.Header.Set("Accept", "text/event-stream")
	caller := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	response, err := caller.Do(request) //nolint:bodyclose // below, when the stream ends
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return errors.Join(fmt.Errorf("following: %s", response.Status), response.Body.Close())
	}
	go func() {
		defer func() { _ = response.Body.Close() }()
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			if bytes.HasPrefix(lines.Bytes(), []byte("data:")) {
				events.Add(1)
			}
			if len(lines.Bytes()) > 1 { // not the pulse
				size.Add(int64(len(lines.Bytes()) + 1))
			}
		}
	}()
	return nil
}
