// Package console carries the built web console: a client of the public
// management API (/api/v1) and nothing more. Its sources are in src/, its
// build in dist/, which is committed so that the server builds with Go alone.
// It must know nothing of the server's packages.
package console

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files returns the built console: index.html, to be sent for every path of the
// console and never cached, and assets/, whose names change with their content.
func Files() fs.FS {
	root, err := fs.Sub(dist, "dist")
	if err != nil {
		// fs.Sub fails only for an invalid path, and this one is constant.
		panic(err)
	}
	return root
}
