//go:build !linux

package storetest

import "os/exec"

// asServerUser: outside Linux tests do not run as root.
func asServerUser(*exec.Cmd) {}

func giveToServerUser(string) error { return nil }
