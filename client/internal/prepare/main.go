// Command prepare reads the OpenAPI 3.1 document of the management API on stdin
// and writes on stdout what the generator of the Go client is fed with: the same
// operations in OpenAPI 3.0, with the wishes about Go types beside them.
//
// .ci/client runs it; the document it writes is kept nowhere.
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "prepare:", err)
		os.Exit(1)
	}
}
