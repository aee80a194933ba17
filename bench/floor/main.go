// Command floor is the least that a Go program can do to answer a token request, so that `make bench` can
// say what Claviger costs above it. It reads the form, compares one SHA-256 hash in constant time and signs
// a JWT built by hand: no database, no rules, no limits, no log. Nobody should use it for anything else.
//
// It also answers /hello, the least that a Go program can do to answer any request. With -upstream it passes requests
// on and does nothing else; with -verify it checks the tokens of another server, at POST /oauth2/introspect and at
// every other address as a bearer's.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"time"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on")
	upstream := flag.String("upstream", "", "instead: pass every request to this URL")
	verify := flag.String("verify", "", "instead: check the tokens of this issuer")
	flag.Parse()
	if err := run(*listen, *upstream, *verify, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

// run serves until it is killed. Before that it prints one line of JSON: where it listens, and its one client.
func run(listen, upstream, verify string, ready io.Writer) error {
	const lifetime = time.Hour
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", listen)
	if err != nil {
		return err
	}
	secret := rand.Text()
	issuer := "http://" + listener.Addr().String()
	tokens := &issuance{
		clientID: "0193f2f0-5f3c-7b1a-9a52-3c1f6d0e8b47",
		digest:   sha256.Sum256([]byte(secret)),
		key:      key,
		issuer:   issuer,
		header:   encode([]byte(`{"alg":"ES256","kid":"floor","typ":"at+jwt"}`)),
		lifetime: lifetime,
	}
	mux := http.NewServeMux()
	mux.Handle("POST /oauth2/token", tokens)
	hello := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello\n") }
	mux.HandleFunc("/hello", hello)
	mux.HandleFunc("GET /useradmin/users", hello) // the API behind a gateway
	var handler http.Handler = mux
	switch {
	case upstream != "":
		handler, err = passTo(upstream)
	case verify != "":
		handler, err = checks(verify)
	}
	if err != nil {
		return err
	}
	line := map[string]string{"issuer": issuer, "client_id": tokens.clientID, "client_secret": secret}
	if err := json.NewEncoder(ready).Encode(line); err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	return server.Serve(listener)
}

// passTo is the least that a Go program can do to pass requests on, with kept connections enough for a bench.
func passTo(upstream string) (http.Handler, error) {
	target, err := url.Parse(upstream)
	if err != nil {
		return nil, err
	}
	return &httputil.ReverseProxy{
		Transport: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.SetXForwarded()
		},
	}, nil
}

// checks answers about the tokens of an issuer.
func checks(issuer string) (http.Handler, error) {
	v, err := newVerification(context.Background(), issuer)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth2/introspect", v.introspect)
	mux.Handle("/", v)
	return mux, nil
}

// issuance answers the client credentials grant (RFC 6749 4.4) for one client that uses Basic.
type issuance struct {
	clientID string
	digest   [sha256.Size]byte
	key      *ecdsa.PrivateKey
	issuer   string
	header   string
	lifetime time.Duration
}

func (i *issuance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.PostForm.Get("grant_type") != "client_credentials" {
		http.Error(w, `{"error":"unsupported_grant_type"}`, http.StatusBadRequest)
		return
	}
	id, secret, _ := r.BasicAuth()
	digest := sha256.Sum256([]byte(secret))
	if subtle.ConstantTimeCompare(digest[:], i.digest[:]) != 1 || id != i.clientID {
		http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
		return
	}
	scope := r.PostForm.Get("scope")
	token, err := i.sign(scope, time.Now())
	if err != nil {
		http.Error(w, `{"error":"server_error"}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	//nolint:gosec // G705: the scope is echoed into JSON that only the bench reads
	_, _ = fmt.Fprintf(w, `{"access_token":"%s","token_type":"Bearer","expires_in":%d,"scope":"%s"}`,
		token, int(i.lifetime.Seconds()), scope)
}

// sign makes a JWT with the claims that Claviger's have (RFC 9068 2.2), without an encoder. The scope goes
// in as it came: only the bench talks to this server.
func (i *issuance) sign(scope string, now time.Time) (string, error) {
	claims := make([]byte, 0, 512)
	claims = append(claims, `{"iss":"`...)
	claims = append(claims, i.issuer...)
	claims = append(claims, `","aud":"urn:vcc:user-admin","sub":"`...)
	claims = append(claims, i.clientID...)
	claims = append(claims, `","client_id":"`...)
	claims = append(claims, i.clientID...)
	claims = append(claims, `","iat":`...)
	claims = strconv.AppendInt(claims, now.Unix(), 10)
	claims = append(claims, `,"exp":`...)
	claims = strconv.AppendInt(claims, now.Add(i.lifetime).Unix(), 10)
	claims = append(claims, `,"jti":"`...)
	claims = append(claims, rand.Text()...)
	claims = append(claims, `","scope":"`...)
	claims = append(claims, scope...)
	claims = append(claims, `","account":"0193f2f0-5f3c-7b1a-9a52-000000000001","gen":1}`...)

	signed := i.header + "." + encode(claims)
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, i.key, digest[:])
	if err != nil {
		return "", err
	}
	var signature [64]byte // RFC 7518 3.4: r and s, 32 bytes each
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signed + "." + encode(signature[:]), nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
