package console

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
)

// The first load is the page's own script and style sheet; what it loads later
// does not count.
const (
	maxScript     = 180_000 // bytes, compressed
	maxStyleSheet = 15_000
)

func page(t *testing.T) string {
	t.Helper()
	index, err := fs.ReadFile(Files(), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	return string(index)
}

// The Content-Security-Policy refuses inline code, so a build that needs it is dead.
func TestPage_HasNothingInline(t *testing.T) {
	html := page(t)
	for _, script := range regexp.MustCompile(`<script[^>]*>`).FindAllString(html, -1) {
		if !strings.Contains(script, " src=") {
			t.Errorf("inline script: %s", script)
		}
	}
	for _, inline := range []string{"<style", " style=", " onload=", "javascript:"} {
		if strings.Contains(html, inline) {
			t.Errorf("index.html contains %q", inline)
		}
	}
}

func TestPage_NamesOnlyFilesThatAreThere(t *testing.T) {
	names := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(page(t), -1)
	if len(names) == 0 {
		t.Fatal("index.html names no file")
	}
	for _, name := range names {
		if _, err := fs.Stat(Files(), strings.TrimPrefix(name[1], "/")); err != nil {
			t.Errorf("index.html names %s: %v", name[1], err)
		}
	}
}

func TestFirstLoad_StaysWithinItsBudget(t *testing.T) {
	html := page(t)
	sum := map[string]int{}
	for _, name := range regexp.MustCompile(`(?:src|href)="/([^"]+\.(?:js|css))"`).FindAllStringSubmatch(html, -1) {
		content, err := fs.ReadFile(Files(), name[1])
		if err != nil {
			t.Fatal(err)
		}
		sum[path.Ext(name[1])] += compressed(t, content)
	}
	if n := sum[".js"]; n == 0 || n > maxScript {
		t.Errorf("scripts of the first load: %d bytes compressed, want 1 to %d", n, maxScript)
	}
	if n := sum[".css"]; n == 0 || n > maxStyleSheet {
		t.Errorf("style sheets of the first load: %d bytes compressed, want 1 to %d", n, maxStyleSheet)
	}
}

// The Open Font License and MIT ask that their text goes with the files.
func TestBuild_CarriesTheLicencesOfWhatItBundles(t *testing.T) {
	name := regexp.MustCompile(`<link rel="license" href="/([^"]+)">`).FindStringSubmatch(page(t))
	if name == nil {
		t.Fatal("index.html names no licences")
	}
	text, err := fs.ReadFile(Files(), name[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"SIL OPEN FONT LICENSE", "@fontsource-variable/geist-mono ", "\nreact ", "\ntailwindcss ", "@base-ui/react "} {
		if !strings.Contains("\n"+string(text), want) {
			t.Errorf("the licences lack %q", want)
		}
	}
}

func compressed(t *testing.T, content []byte) int {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}
