package e2e

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestStop_UnderLoadFailsNoRequestAndEndsInTime sends SIGTERM while programs ask
// for tokens on kept connections: each request that reached the server is
// answered whole, and it ends cleanly within 10 seconds and says so (S38).
func TestStop_UnderLoadFailsNoRequestAndEndsInTime(t *testing.T) {
	dir, address := t.TempDir(), freeAddress(t)
	token := prepare(t, dir, address)
	server, _ := startReady(t, dir, address)
	id, secret, ok := post("http://"+address+"/api/v1/credentials", token, `{"name":"stop","scopes":["users:read"]}`)
	if !ok {
		t.Fatal("no credential")
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}.Encode()
	var answered, failed atomic.Int64
	var workers sync.WaitGroup
	busy := make(chan struct{})
	for range 8 {
		workers.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for {
				status, err := askToken(client, "http://"+address+"/oauth2/token", form)
				switch {
				case errors.Is(err, syscall.ECONNREFUSED):
					return // the server is gone, and nothing was sent
				case err != nil || status != http.StatusOK:
					failed.Add(1)
					t.Logf("%d %v", status, err)
					return
				}
				if answered.Add(1) == 500 {
					close(busy)
				}
			}
		})
	}
	<-busy
	began := time.Now()
	server.stop(t) // SIGTERM; fails on another exit code than 0, and after 10 s
	workers.Wait()
	figure(t, "S38", "%d answered, %d failed; ended after %v", answered.Load(), failed.Load(), time.Since(began))
	if failed.Load() > 0 {
		t.Errorf("%d requests failed", failed.Load())
	}
	talk := server.stderr.String()
	if stopping, stopped := strings.Index(talk, "Stopping: "), strings.Index(talk, "Stopped."); stopping < 0 || stopped < stopping {
		t.Errorf("it did not say how it ended:\n%s", talk)
	}
}

func askToken(client *http.Client, endpoint, form string) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", formType)
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}
