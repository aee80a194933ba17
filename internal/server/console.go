package server

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"html"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/web"
)

// consolePolicy is the Content-Security-Policy of S24: nothing but what
// this server sends, no inline code, no way to make code from text.
const consolePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

// consoleFiles serves the built console: the page for every console address,
// never cached, and the assets, whose names change with their content.
type consoleFiles struct {
	page   *asset
	assets map[string]*asset
}

// asset is a file held in memory, compressed when first asked for.
type asset struct {
	contentType string
	plain       []byte
	squeeze     sync.Once
	compressed  []byte // nil: not worth it
}

// consoleLinks are the addresses of the Help entry; empty ones are not shown.
type consoleLinks struct{ support, documentationFeedback string }

func newConsoleFiles(files fs.FS, links consoleLinks) (*consoleFiles, error) {
	c := &consoleFiles{assets: map[string]*asset{}}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		plain, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		a := &asset{contentType: contentType(name), plain: plain}
		c.assets["/"+name] = a
		if name == "index.html" {
			a.plain = links.writeInto(plain)
			c.page = a
		}
		return nil
	})
	if err == nil && c.page == nil {
		err = fs.ErrNotExist
	}
	return c, err
}

// writeInto gives the page the configured addresses as meta elements, which the
// console reads: no request is needed for them, and no public address.
func (l consoleLinks) writeInto(page []byte) []byte {
	var meta bytes.Buffer
	for _, link := range []struct{ name, url string }{
		{"claviger-support-url", l.support}, {"claviger-documentation-feedback-url", l.documentationFeedback},
	} {
		if link.url != "" {
			fmt.Fprintf(&meta, "<meta name=%q content=\"%s\">\n", link.name, html.EscapeString(link.url))
		}
	}
	return bytes.Replace(page, []byte("</head>"), append(meta.Bytes(), "</head>"...), 1)
}

// contentType does not ask the machine's own tables, which differ.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	case ".svg":
		return "image/svg+xml"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

func (c *consoleFiles) routes() []web.Route {
	get := []string{http.MethodGet}
	return []web.Route{
		{Path: "/", Methods: get, Handler: c.servePage},
		{Path: "/settings/", Match: web.MatchPrefix, Methods: get, Handler: c.servePage},
		{Path: "/assets/", Match: web.MatchPrefix, Methods: get, Handler: c.serveAsset},
		{Path: "/favicon.svg", Methods: get, Handler: c.serveAsset},
	}
}

func (c *consoleFiles) servePage(w http.ResponseWriter, r *http.Request, _ *web.Exchange) {
	h := w.Header()
	h.Set("Content-Security-Policy", consolePolicy)
	web.SetNoStore(h)
	c.page.serve(w, r)
}

func (c *consoleFiles) serveAsset(w http.ResponseWriter, r *http.Request, x *web.Exchange) {
	a := c.assets[r.URL.Path]
	if a == nil {
		x.WriteError(apicred.NotFound())
		return
	}
	if strings.HasPrefix(r.URL.Path, "/assets/") {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	a.serve(w, r)
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Vary", "Accept-Encoding")
	body := a.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		if squeezed := a.gzip(); squeezed != nil {
			h.Set("Content-Encoding", "gzip")
			body = squeezed
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a client that went away is no fault of ours
	}
}

func (a *asset) gzip() []byte {
	a.squeeze.Do(func() {
		if a.contentType == "font/woff2" { // compressed already
			return
		}
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return
		}
		if _, err := z.Write(a.plain); err != nil || z.Close() != nil || b.Len() >= len(a.plain) {
			return
		}
		a.compressed = b.Bytes()
	})
	return a.compressed
}
