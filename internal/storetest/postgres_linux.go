package storetest

import (
	"os"
	"os/exec"
	"syscall"
)

// nobody is the user that PostgreSQL runs as when the tests run as root, whom it
// refuses.
const nobody = 65534

// asServerUser also ends the program with the thread that starts it, so that a
// test binary that is killed leaves nothing behind.
func asServerUser(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
}

func giveToServerUser(directory string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return os.Chown(directory, nobody, nobody)
}
