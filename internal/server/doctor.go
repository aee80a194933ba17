package server

import (
	"context"
	"fmt"

	"github.com/claviger/claviger/internal/config"
)

// FindingStatus says how bad a finding is.
type FindingStatus string

// The states of a finding. A failed one stops the server, or leaves it unsafe; a
// warning will one day, or may be meant so.
const (
	FindingOK      FindingStatus = "ok"
	FindingWarning FindingStatus = "warning"
	FindingFailed  FindingStatus = "failed"
)

// Finding is what one check of the doctor found.
type Finding struct {
	Check   string        `json:"check"` // as "data_dir"
	Status  FindingStatus `json:"status"`
	Message string        `json:"message"` // a finished sentence
	Remedy  string        `json:"remedy"`  // empty where nothing is to be done
}

// Doctor looks at a configuration that has no faults, and at the installation it
// names on this machine, while its server runs or not. It changes nothing. What
// cannot be looked at because something before it failed is left out.
func Doctor(ctx context.Context, cfg config.Config) []Finding {
	d := &doctor{cfg: cfg}
	d.dataDirectory()
	d.diskSpace()
	d.listeners()
	d.proxies()
	d.tls()
	d.clientCertificates()
	d.offline()
	d.runningServer(ctx)
	d.runningView(ctx)
	d.issuerClock(ctx)
	d.database(ctx)
	return d.findings
}

// doctor gathers findings.
type doctor struct {
	cfg      config.Config
	findings []Finding
}

func (d *doctor) ok(check, format string, args ...any) {
	d.findings = append(d.findings, Finding{Check: check, Status: FindingOK, Message: fmt.Sprintf(format, args...)})
}

// found adds what is wrong, with what to do about it.
func (d *doctor) found(status FindingStatus, check, message, remedy string) {
	d.findings = append(d.findings, Finding{check, status, message, remedy})
}
