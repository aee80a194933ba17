package e2e

import (
	"bufio"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

const (
	timedPairs = 1000
	// Failures are limited at 100 in a row for one client ID and 1,000 for one address (contract.md "Throttling"), in
	// buckets that IDs share by chance. So they are spread: each ID fails 28 times at most, and four would have to meet in
	// one bucket before the limit answers instead of the check.
	timedClients = 200
)

// TestTiming_TellsAKnownClientIDFromAnUnknownOneNowhere asks with wrong secrets for client IDs that exist and for such
// that do not, interleaved in random order, and wants the times of the two so mixed that a time says nothing
// about the ID it belongs to: an AUC, the chance that a known one takes longer than an unknown one, of 0.4 to 0.6 (S3).
// Two controls show that the same measurement sees what there is to be seen.
func TestTiming_TellsAKnownClientIDFromAnUnknownOneNowhere(t *testing.T) {
	dir, address := t.TempDir(), freeAddress(t)
	token := prepare(t, dir, address)
	server, _ := startReady(t, dir, address)
	defer server.stop(t)
	var known, unknown, right []clientSecret
	for range timedClients {
		id, secret, ok := post("http://"+address+"/api/v1/credentials", token, `{"name":"timed","scopes":["users:read"]}`)
		if !ok {
			t.Fatal("no credential was made")
		}
		wrong := "clav_" + rand.Text() + rand.Text()[:23]
		known = append(known, clientSecret{id, wrong})
		unknown = append(unknown, clientSecret{uuid.Must(uuid.NewV7()).String(), wrong})
		right = append(right, clientSecret{id, secret})
	}
	for name, question := range map[string]func(clientSecret) string{"token endpoint": tokenRequest, "forward-auth": forwardAuthRequest} {
		t.Run(name, func(t *testing.T) {
			wire := &stopwatch{t: t, address: address, request: question}
			one := wire.compare(known, unknown, http.StatusUnauthorized, 0)
			t.Logf("known against unknown, wrong secrets: AUC %.3f, medians %v and %v; a difference of %v would show", one.auc(), median(one.first), median(one.second), one.visible())
			if one.tellsApart() {
				t.Error("the time of an answer says whether a client ID exists")
			}
			delay := spread(one.second)
			if held := wire.compare(known, unknown, http.StatusUnauthorized, delay); !held.tellsApart() {
				t.Errorf("control: known ones were held back by %v, and the AUC is %.3f: this measurement would miss a leak", delay, held.auc())
			}
		})
	}
	wire := &stopwatch{t: t, address: address, request: tokenRequest}
	if other := wire.compare(right, unknown, 0, 0); !other.tellsApart() {
		t.Errorf("control: a token takes no other time than a refusal, AUC %.3f: this measurement sees nothing", other.auc())
	}
}

type clientSecret struct{ id, secret string }

func (c clientSecret) basic() string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(c.id+":"+c.secret)) + "\r\n"
}

func tokenRequest(c clientSecret) string {
	const form = "grant_type=client_credentials"
	return "POST /oauth2/token HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n" + fmt.Sprintf("Content-Length: %d\r\n", len(form)) + c.basic() + "%s\r\n" + form
}

func forwardAuthRequest(c clientSecret) string {
	return "GET /forward-auth HTTP/1.1\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: api.example.com\r\n" +
		"X-Forwarded-Uri: /useradmin/users\r\n" + c.basic() + "%s\r\n"
}

// stopwatch sends requests over one connection, by hand: net/http's client would add more noise than it measures.
type stopwatch struct {
	t       *testing.T
	address string
	request func(clientSecret) string // with a %s for the last headers
	conn    net.Conn
	answers *bufio.Reader
}

// compare asks for one of each in turn, in random order. The first are held back by delay, inside what is measured.
// want is the status of every answer, 0 any.
func (s *stopwatch) compare(first, second []clientSecret, want int, delay time.Duration) times {
	s.t.Helper()
	if s.conn == nil {
		s.dial()
	}
	var out times
	for i := range timedPairs + timedPairs/10 {
		a, b := first[i%len(first)], second[i%len(second)]
		var tookA, tookB time.Duration
		if mathrand.IntN(2) == 0 {
			tookA = s.ask(a, want, delay)
			tookB = s.ask(b, want, 0)
		} else {
			tookB = s.ask(b, want, 0)
			tookA = s.ask(a, want, delay)
		}
		if i >= timedPairs/10 { // what comes before warms caches
			out.first, out.second = append(out.first, tookA), append(out.second, tookB)
		}
	}
	slices.Sort(out.first)
	slices.Sort(out.second)
	return out
}

func (s *stopwatch) dial() {
	s.t.Helper()
	conn, err := new(net.Dialer).DialContext(s.t.Context(), "tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	s.conn, s.answers = conn, bufio.NewReader(conn)
}

func (s *stopwatch) ask(c clientSecret, want int, delay time.Duration) time.Duration {
	s.t.Helper()
	// The server believes this test, which is on loopback, where its clients are.
	from := make([]byte, 4)
	binary.BigEndian.PutUint32(from, 0xC6120000|mathrand.Uint32N(1<<17)) // 198.18.0.0/15
	request := []byte(fmt.Sprintf(s.request(c), "Host: "+s.address+"\r\nX-Forwarded-For: "+net.IP(from).String()+"\r\n"))
	begin := time.Now()
	for time.Since(begin) < delay { // a sleep would be far too coarse
	}
	if _, err := s.conn.Write(request); err != nil {
		s.t.Fatal(err)
	}
	answer, err := http.ReadResponse(s.answers, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	took := time.Since(begin)
	if err != nil || want != 0 && answer.StatusCode != want {
		s.t.Fatalf("%s: %s %v\n%s", strings.SplitN(string(request), "\r\n", 2)[0], answer.Status, err, body)
	}
	return took
}

// times of two kinds of request, each in ascending order.
type times struct{ first, second []time.Duration }

// auc is the chance that one of the first takes longer than one of the second, where equal counts half
// (the Mann-Whitney U, divided by the number of pairs).
func (s times) auc() float64 { return s.held(0) }

// held is the AUC were all of the first slower by d.
func (s times) held(d time.Duration) float64 {
	below, upTo, u := 0, 0, 0
	for _, x := range s.first {
		for below < len(s.second) && s.second[below] < x+d {
			below++
		}
		for upTo < len(s.second) && s.second[upTo] <= x+d {
			upTo++
		}
		u += below + upTo
	}
	return float64(u) / 2 / float64(len(s.first)*len(s.second))
}

// tellsApart is whether the AUC is outside of what S3 allows.
func (s times) tellsApart() bool { return s.auc() < 0.4 || s.auc() > 0.6 }

// visible is the least difference that would have told them apart here.
func (s times) visible() time.Duration {
	const step = time.Microsecond
	d := step
	for s.held(d) <= 0.6 {
		d += step
	}
	return d
}

func median(sorted []time.Duration) time.Duration { return sorted[len(sorted)/2] }

// spread is the distance of the quartiles.
func spread(sorted []time.Duration) time.Duration {
	return sorted[len(sorted)*3/4] - sorted[len(sorted)/4]
}

// The figure that the other test decides by, where it is known.
func TestTimes_ComputeTheAUC(t *testing.T) {
	for _, test := range []struct {
		first, second []time.Duration
		want          float64
	}{
		{[]time.Duration{1, 2}, []time.Duration{3, 4}, 0},
		{[]time.Duration{3, 4}, []time.Duration{1, 2}, 1},
		{[]time.Duration{1, 2, 3}, []time.Duration{1, 2, 3}, 0.5},
		{[]time.Duration{1, 3}, []time.Duration{2, 2}, 0.5},
		{[]time.Duration{2, 3}, []time.Duration{1, 2}, 0.875},
	} {
		if got := (times{test.first, test.second}).auc(); got != test.want {
			t.Errorf("%v against %v: %v, want %v", test.first, test.second, got, test.want)
		}
	}
}
