package desk_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/claviger/claviger/examples"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/desk"
)

// answer is what came back to a raw command.
type answer struct {
	status int
	header http.Header
	body   string
}

// post sends a raw command to a served socket.
func post(t *testing.T, path, command, body string) answer {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://claviger/"+command, strings.NewReader(body))
	check(t, err)
	response, err := (&http.Client{Transport: transport}).Do(request)
	check(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	check(t, err)
	return answer{response.StatusCode, response.Header, string(text)}
}

// serve serves a bench until the test ends and returns the socket's path.
func serve(t *testing.T, b *bench) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), desk.SocketName)
	l, err := desk.Listen(t.Context(), path)
	check(t, err)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- b.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		check(t, <-served)
	})
	return path
}

func TestServe_RefusesCommandsItCannotReadWhole(t *testing.T) {
	path := serve(t, newBench(t))
	for _, body := range []string{``, `{`, `[]`, `{"name":"x","colour":"red"}`, `{"name":5}`, `{"name":"x"} {"name":"y"}`} {
		got := post(t, path, "account.create", body)
		if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, `"malformed"`) {
			t.Errorf("%q: %d %s, want malformed", body, got.status, got.body)
		}
	}
	if got := post(t, path, "account.list", "{}"); strings.Contains(got.body, `"x"`) {
		t.Errorf("a command that was refused made an account: %s", got.body)
	}
}

func TestServe_FinishesACommandUnderWay(t *testing.T) {
	b := newBench(t)
	path := filepath.Join(t.TempDir(), desk.SocketName)
	l, err := desk.Listen(t.Context(), path)
	check(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- b.Serve(ctx, l) }()
	client, _ := desk.Dial(t.Context(), path)
	defer client.Close()

	arrived, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	b.before = func() error {
		once.Do(func() { close(arrived); <-goOn })
		return nil
	}
	answered := make(chan error, 1)
	go func() {
		_, err := client.CreateAccount(t.Context(), desk.NewAccount{Name: "Harbour Line"})
		answered <- err
	}()
	<-arrived
	stop()
	for { // until nobody new is let in
		late, ok := desk.Dial(t.Context(), path)
		if !ok {
			break
		}
		late.Close()
	}
	close(goOn)
	check(t, <-answered)
	check(t, <-served)
}

func TestServe_KeepsAnswersOutOfCaches(t *testing.T) {
	if got := post(t, serve(t, newBench(t)), "account.list", "{}").header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control = %q, want no-store", got)
	}
}

func TestServe_TakesTheLargestCatalogue(t *testing.T) {
	path := serve(t, newBench(t))
	text := append(bytes.Repeat([]byte("# a comment of thirty-two bytes\n"), (1<<20-len(examples.VCC))/32), examples.VCC...)
	body, err := json.Marshal(map[string]string{"text": base64.StdEncoding.EncodeToString(text)})
	check(t, err)
	if got := post(t, path, "catalogue.apply", string(body)); got.status != http.StatusOK {
		t.Errorf("a catalogue of %d bytes: %d %s", len(text), got.status, got.body)
	}
}

func TestClient_SaysWhenTheServerIsOfAnotherRelease(t *testing.T) {
	path := filepath.Join(t.TempDir(), desk.SocketName)
	l, err := desk.Listen(t.Context(), path)
	check(t, err)
	other := &http.Server{Handler: http.NotFoundHandler()}
	done := make(chan error, 1)
	go func() { done <- other.Serve(l) }()
	t.Cleanup(func() {
		check(t, other.Close())
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	client, ok := desk.Dial(t.Context(), path)
	if !ok {
		t.Fatal("nobody answers")
	}
	defer client.Close()
	_, err = client.Accounts(t.Context())
	if !apicred.IsKind(err, apicred.KindConflict) || !strings.Contains(err.Error(), "another release") {
		t.Errorf("error = %v, want it to say that the releases differ", err)
	}
}

func TestClient_SaysWhenTheServerWentAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), desk.SocketName)
	l, err := desk.Listen(t.Context(), path)
	check(t, err)
	client, ok := desk.Dial(t.Context(), path)
	if !ok {
		t.Fatal("nobody answers")
	}
	check(t, l.Close())
	_, err = client.CreateAccount(t.Context(), desk.NewAccount{Name: "x"})
	if !apicred.IsKind(err, apicred.KindUnavailable) || !strings.Contains(err.Error(), "before you repeat it") {
		t.Errorf("error = %v, want unavailable with the remedy", err)
	}
}

func TestDial_FindsNobodyWhereThereIsNoSocket(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), desk.SocketName), filepath.Join(t.TempDir(), "absent", desk.SocketName)} {
		if _, ok := desk.Dial(t.Context(), path); ok {
			t.Errorf("Dial found a server at %s", path)
		}
	}
}
