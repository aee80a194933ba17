package server

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/claviger/claviger/internal/gateway"
	"github.com/claviger/claviger/internal/web"
)

const (
	// drainTime is how long requests in flight may take after SIGTERM (S38).
	drainTime = 8 * time.Second
	// farewellTime is how long after SIGTERM the doors stay open (clients on kept
	// connections are told with their next answer that it is the last), and then
	// how long those who are in may take to send what they came with. Shutdown of
	// net/http alone cuts kept connections and drops requests that it is reading.
	farewellTime = 250 * time.Millisecond
)

// server is an assembled installation with its handlers.
type server struct {
	core   *Core
	health *health
	// admission is one for all doors: they share the processors.
	admission *web.Admission
	public    http.Handler
	mutual    http.Handler // behind mutual TLS
	gateway   http.Handler
	proxy     *gateway.Proxy // behind the gateway's shell
	ops       http.Handler
	metrics   *prometheus.Registry // behind ops
	talk      io.Writer            // where the end is told; nil: nowhere
}

// serve answers on every door until ctx ends or a listener fails, then turns
// readiness off, finishes the requests in flight and stops what runs beside.
func (s *server) serve(ctx context.Context, d *doors) error {
	return s.serveAnd(ctx, d, func() {})
}

// serveAnd is serve, calling ready once every door answers.
func (s *server) serveAnd(ctx context.Context, d *doors, ready func()) error {
	beside, stopBeside := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { _ = s.core.Directory.Run(beside) }) // always nil
	running.Go(func() { s.core.Lifecycle.Run(beside) })
	running.Go(func() { s.core.Ring.Run(beside) })
	running.Go(func() { s.core.disableUnused(beside) })
	running.Go(func() { s.core.closeQuiet(beside) })
	running.Go(func() { s.core.Notary.Run(beside) })
	running.Go(func() { s.core.keepSnapshot(beside) })
	running.Go(func() { s.admission.Run(beside) })

	faults := make(chan error, 6)
	running.Go(func() {
		if err := s.core.join(beside); err != nil {
			faults <- err
			return
		}
		s.core.resealPasswords(beside)
	})
	var servers []*http.Server
	start := func(l net.Listener, srv *http.Server) {
		if l == nil {
			return
		}
		servers = append(servers, srv)
		running.Go(func() {
			err := srv.Serve(l)
			closed := s.health.draining.Load() && errors.Is(err, net.ErrClosed)
			if !closed && !errors.Is(err, http.ErrServerClosed) {
				faults <- err
			}
		})
	}
	log := s.core.Log
	start(d.secured(d.public), web.NewServer(s.farewell(s.public), log))
	start(d.securedMutual(), web.NewServer(s.farewell(s.mutual), log))
	start(d.securedGateway(), web.NewStreamingServer(s.farewell(s.gateway), log))
	start(d.ops, web.NewStreamingServer(s.ops, log)) // a profile takes longer than a short answer may
	if d.socket != nil {
		running.Go(func() {
			if err := s.core.Desk().Serve(beside, d.socket); err != nil {
				faults <- err
			}
		})
	}

	ready()

	var err error
	select {
	case <-ctx.Done():
	case err = <-faults:
	}
	s.tell("Stopping: requests under way are finished first.")
	s.health.drain()
	if err == nil {
		<-time.After(farewellTime)
		d.admitNobody()
		<-time.After(farewellTime)
	}
	err = errors.Join(err, drain(ctx, servers))
	s.proxy.Close()
	stopBeside()
	running.Wait()
	s.core.leaveQuiet(ctx)
	if err == nil {
		s.tell("Stopped.")
	}
	return err
}

func (s *server) tell(line string) {
	if s.talk != nil {
		say(s.talk, "%s", line)
	}
}

// farewell ends kept connections with their next answer once the server drains
// (RFC 9110 section 7.6.1; over HTTP/2 net/http sends GOAWAY for it).
func (s *server) farewell(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.health.draining.Load() && r.Header.Get("Upgrade") == "" {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// drain lets the requests in flight finish, and cuts those that do not.
func drain(ctx context.Context, servers []*http.Server) error {
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	var wait sync.WaitGroup
	errs := make([]error, len(servers))
	for i, srv := range servers {
		wait.Go(func() {
			if err := srv.Shutdown(limit); err != nil {
				errs[i] = srv.Close()
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}
