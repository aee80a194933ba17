package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/proof"
)

const (
	off          = "off"
	loopbackWord = "loopback"
	noneWord     = "none"
	maxQuoted    = 80 // characters of a bad value that an error repeats
	maxDays      = 36_500
)

// hostName is a lower-case DNS name as RFC 1123 section 2.1 allows.
var hostName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)

// quoted repeats a bad value in an error, shortened and without line breaks.
func quoted(text string) string {
	if runes := []rune(text); len(runes) > maxQuoted {
		text = string(runes[:maxQuoted]) + "…"
	}
	return strconv.Quote(text)
}

func readAddress(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err == nil && host != "" && host != strings.Trim(host, " \t/") {
		err = errors.New("bad host")
	}
	if err != nil {
		return "", fmt.Errorf("%s is not an address to listen on. Write host:port, as 127.0.0.1:8420 or [::1]:8420", quoted(text))
	}
	return text, nil
}

// readAddressOrOff returns "" for off.
func readAddressOrOff(text string) (string, error) {
	if text == off {
		return "", nil
	}
	return readAddress(text)
}

// readIssuer allows what RFC 8414 section 2 does less paths, and http on loopback.
func readIssuer(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("%s is not an address. Write scheme and host, as https://credentials.example.com", quoted(text))
	}
	origin := u.Scheme + "://" + u.Host
	switch address, addressErr := netip.ParseAddr(u.Hostname()); {
	case u.User != nil:
		return "", errors.New("it must not hold a user name or password. Write scheme and host only")
	case text != origin:
		return "", fmt.Errorf("%s has more than scheme and host. Write no path, no trailing slash, no query, and the scheme in lower case", quoted(text))
	case addressErr != nil && !hostName.MatchString(u.Hostname()), address.Zone() != "":
		return "", fmt.Errorf("%s has a host that is no plain name or address. Write it in lower case; other alphabets as xn--", quoted(text))
	}
	if err := checkIssuerPort(u); err != nil {
		return "", err
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		return "", fmt.Errorf("%s is http, which only loopback may use. Write https:// and give the server or its proxy a certificate", quoted(text))
	}
	return text, nil
}

// checkIssuerPort refuses the scheme's own port: browsers leave it out of Origin.
func checkIssuerPort(u *url.URL) error {
	port := u.Port()
	if port == "" && !strings.HasSuffix(u.Host, ":") {
		return nil
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 || strconv.FormatUint(number, 10) != port {
		return fmt.Errorf("%s has a bad port. Write a number from 1 to 65535, or none", quoted(u.Host))
	}
	if u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		return fmt.Errorf("%s names the usual port of its scheme. Leave the port out", quoted(u.Host))
	}
	return nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

func readProxies(text string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	entries := splitList(text)
	for _, entry := range entries {
		switch entry {
		case loopbackWord:
			out = append(out, loopback()...)
			continue
		case noneWord:
			if len(entries) > 1 {
				return nil, errors.New("none stands beside other values. Write none alone, or the proxies")
			}
			continue
		}
		prefix, err := readPrefix(entry)
		if err != nil {
			return nil, err
		}
		out = append(out, prefix)
	}
	return out, nil
}

func readPrefix(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%s is neither an address nor a range. Write 10.0.0.7, 10.0.0.0/8, loopback or none", quoted(text))
	}
	if prefix.Masked() != prefix {
		return netip.Prefix{}, fmt.Errorf("%s is not where its range begins. Write %s", quoted(text), prefix.Masked())
	}
	return prefix, nil
}

// readDuration reads Go durations and days, as 90s, 15m, 1d12h.
func readDuration(text string, least, most time.Duration) (time.Duration, error) {
	d, err := ParseDuration(text)
	if err != nil {
		return 0, err
	}
	if d < least || d > most {
		return 0, fmt.Errorf("%s is out of bounds. Give %s to %s", quoted(text), ShortDuration(least), ShortDuration(most))
	}
	return d, nil
}

// ParseDuration reads a length of time as settings and the command line's flags
// take it, in Go's units and days. The error says what to write instead.
func ParseDuration(text string) (time.Duration, error) {
	d, ok := parseDuration(text)
	if !ok {
		return 0, fmt.Errorf("%s is not a length of time. Write a number with a unit, as 90s, 15m, 24h or 30d", quoted(text))
	}
	return d, nil
}

func parseDuration(text string) (time.Duration, bool) {
	var days uint64
	if before, after, ok := strings.Cut(text, "d"); ok {
		var err error
		if days, err = strconv.ParseUint(before, 10, 64); err != nil || days > maxDays {
			return 0, false
		}
		if text = after; text == "" {
			text = "0"
		}
	}
	rest, err := time.ParseDuration(text)
	if err != nil || rest < 0 || rest > maxDays*24*time.Hour {
		return 0, false
	}
	return time.Duration(days)*24*time.Hour + rest, true //nolint:gosec // days is at most maxDays
}

// readAlgorithm wants a signing algorithm in its one spelling (RFC 7518 section
// 3.1: case-sensitive).
func readAlgorithm(text string) (apicred.SigningAlgorithm, error) {
	algorithm := apicred.SigningAlgorithm(text)
	if !slices.Contains(apicred.SigningAlgorithms(), algorithm) {
		return "", fmt.Errorf("%s is no algorithm to sign tokens with. Write ES256, EdDSA or RS256", quoted(text))
	}
	return algorithm, nil
}

func readKeyRotation(text string) (time.Duration, error) {
	d, err := ParseDuration(text)
	if err != nil || d == 0 {
		return 0, err
	}
	return readDuration(text, minKeyRotation, maxKeyRotation)
}

// ShortDuration writes 24h for 24h0m0s.
func ShortDuration(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"0s", "0m"} {
		if cut := strings.TrimSuffix(text, zero); cut != text && strings.TrimRight(cut, "hm") != cut {
			text = cut
		}
	}
	return text
}

func readSwitch(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "on", "true", "yes":
		return true, nil
	case off, "false", "no":
		return false, nil
	}
	return false, fmt.Errorf("%s is neither on nor off. Write one of the two", quoted(text))
}

func readLink(text string) (string, error) {
	u, err := url.Parse(text)
	ok := err == nil && (u.Scheme == "mailto" && u.Opaque != "" || (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil)
	if !ok {
		return "", fmt.Errorf("%s is not a link. Write an https: or mailto: address in full", quoted(text))
	}
	return text, nil
}

// readFilePath wants a file that can be read now, so that config check finds what
// serve would stumble over.
func readFilePath(text string) (string, error) {
	info, err := os.Stat(text)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("there is no file %s. Correct the path, or put the file there", quoted(text))
	case err != nil:
		return "", fmt.Errorf("the file %s cannot be read (%w). Give the server's user access to it", quoted(text), pathCause(err))
	case info.IsDir():
		return "", fmt.Errorf("%s is a directory. Name a file in it", quoted(text))
	}
	return text, nil
}

// readAuthorities wants a file with certificates of authorities.
func readAuthorities(text string) (string, error) {
	if _, err := readFilePath(text); err != nil {
		return "", err
	}
	data, err := os.ReadFile(text)
	if err != nil {
		return "", fmt.Errorf("the file %s cannot be read (%w). Give the server's user access to it", quoted(text), pathCause(err))
	}
	if _, err := proof.ParseAuthorities(data); err != nil {
		return "", fmt.Errorf("the file %s cannot be used: %w", quoted(text), err)
	}
	return text, nil
}

// headerName is a field name of RFC 9110 section 5.1 as proxies pass them on:
// some drop names with an underscore, which others take for a hyphen.
var headerName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?$`)

// readHeaderName returns the canonical spelling, or "" for off. Names that mean
// something else already are refused: programs may send those themselves.
func readHeaderName(text string) (string, error) {
	if text == off {
		return "", nil
	}
	name := http.CanonicalHeaderKey(text)
	if !headerName.MatchString(text) {
		return "", fmt.Errorf("%s is no name of a header. Write letters, digits and hyphens, as Client-Cert", quoted(text))
	}
	taken := []string{"Accept", "Authorization", "Connection", "Content-", "Cookie", "Dpop", "Forwarded", "Host", "Origin", "Te", "Transfer-Encoding", "Upgrade", "User-Agent", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Method", "X-Forwarded-Proto", "X-Forwarded-Uri", "X-Original-", "Claviger-"}
	for _, other := range taken {
		if name == other || strings.HasSuffix(other, "-") && strings.HasPrefix(name, other) {
			return "", fmt.Errorf("%s means something else already. Choose another header, as Client-Cert", quoted(text))
		}
	}
	return name, nil
}

// pathCause is what went wrong without the path, which the sentence names already.
func pathCause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func checkDatabaseURL(text string) error {
	if path, ok := strings.CutPrefix(text, sqlitePrefix); ok {
		if path == "" || strings.HasPrefix(path, "//") || strings.HasPrefix(path, ":") || strings.ContainsAny(path, "?#") {
			return errors.New("the SQLite path cannot be used. Write sqlite:PATH with the path of a file, without // and parameters")
		}
		return nil
	}
	if isPostgres(text) {
		return nil
	}
	return errors.New("it begins with neither sqlite: nor postgres://. Write sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE")
}

func readLogFormat(text string) (LogFormat, error) {
	if f := LogFormat(text); f == LogText || f == LogJSON {
		return f, nil
	}
	return "", fmt.Errorf("%s is not a log format. Write text or json", quoted(text))
}

func readLogLevel(text string) (slog.Level, error) {
	var level slog.Level
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, text) || level.UnmarshalText([]byte(text)) != nil {
		return 0, fmt.Errorf("%s is not a log level. Write debug, info, warn or error", quoted(text))
	}
	return level, nil
}

// splitList separates the values of a list at commas and line ends.
func splitList(text string) []string {
	var out []string
	for entry := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
		if entry = strings.TrimSpace(entry); entry != "" {
			out = append(out, entry)
		}
	}
	return out
}
