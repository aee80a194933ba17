package server

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/claviger/claviger/console"
)

// page is the console's page as a browser gets it.
func consolePage(t *testing.T, c *consoleFiles) string {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/settings/scopes", http.NoBody)
	r.Header.Set("Accept-Encoding", "gzip")
	w := httptest.NewRecorder()
	c.servePage(w, r, nil)
	z, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Header().Get("Content-Security-Policy"); got != consolePolicy {
		t.Errorf("the page's policy is %q", got)
	}
	return string(text)
}

func TestConsolePage_CarriesTheHelpLinksEscaped(t *testing.T) {
	c, err := newConsoleFiles(console.Files(), consoleLinks{support: `https://help.example.com/?a=1&b="><script>`, documentationFeedback: "mailto:docs@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	page := consolePage(t, c)
	head, _, _ := strings.Cut(page, "</head>")
	for _, want := range []string{
		`<meta name="claviger-support-url" content="https://help.example.com/?a=1&amp;b=&#34;&gt;&lt;script&gt;">`,
		`<meta name="claviger-documentation-feedback-url" content="mailto:docs@example.com">`,
	} {
		if !strings.Contains(head, want) {
			t.Errorf("the page's head lacks %s", want)
		}
	}
}

func TestConsolePage_IsAsBuiltWithoutHelpLinks(t *testing.T) {
	c, err := newConsoleFiles(console.Files(), consoleLinks{})
	if err != nil {
		t.Fatal(err)
	}
	built, err := console.Files().Open("index.html")
	if err != nil {
		t.Fatal(err)
	}
	defer built.Close()
	want, err := io.ReadAll(built)
	if err != nil {
		t.Fatal(err)
	}
	if consolePage(t, c) != string(want) {
		t.Error("the page is not what was built")
	}
}

func TestConsoleFiles_NeedTheirPage(t *testing.T) {
	if _, err := newConsoleFiles(fstest.MapFS{"assets/x.js": {Data: []byte("x")}}, consoleLinks{}); err == nil {
		t.Error("a console without a page is served")
	}
}
