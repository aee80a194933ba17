package restapi

import (
	"math"
	"regexp"
	"strconv"
)

// anyVersion and noVersion are what If-Match can ask for beside a version.
const (
	anyVersion = int64(-1)
	noVersion  = int64(math.MaxInt64) // fits none
)

// entityTag is one entity tag (RFC 9110 section 8.8.3).
var entityTag = regexp.MustCompile(`^(W/)?"([\x21\x23-\x7e\x80-\xff]*)"$`)

// versionTag is the strong entity tag of a version.
func versionTag(version int64) string { return strconv.Quote(strconv.FormatInt(version, 10)) }

// wantedVersion reads If-Match: the version the editor saw, anyVersion when
// there is no header or "*", noVersion for a tag that can fit none. A weak tag
// never fits (RFC 9110 section 13.1.1).
func (c *call) wantedVersion() (int64, error) {
	header, err := c.header("If-Match")
	if err != nil || header == "" || header == "*" {
		return anyVersion, err
	}
	tag := entityTag.FindStringSubmatch(header)
	if tag == nil {
		return 0, malformedAt("header.If-Match", `If-Match must be one entity tag as the ETag of an answer, with its quotes: "3".`)
	}
	version, err := strconv.ParseInt(tag[2], 10, 64)
	if err != nil || tag[1] != "" || version < 0 || strconv.FormatInt(version, 10) != tag[2] {
		return noVersion, nil //nolint:nilerr // a tag that is no version of ours is a good tag that fits nothing
	}
	return version, nil
}

var idempotencyKey = regexp.MustCompile(`^[\x20-\x7e]{1,255}$`)

func (c *call) idempotencyKey() (string, error) {
	const name = "Idempotency-Key"
	key, err := c.header(name)
	if err != nil {
		return "", err
	}
	if len(c.request.Header.Values(name)) > 0 && !idempotencyKey.MatchString(key) {
		return "", malformedAt("header."+name, "The Idempotency-Key must be 1 to 255 printable ASCII characters.")
	}
	return key, nil
}
