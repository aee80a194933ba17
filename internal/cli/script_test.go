package cli_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // for the command sql

	"github.com/claviger/claviger/internal/cli"
	"github.com/claviger/claviger/internal/desk"
	"github.com/claviger/claviger/internal/storetest"
)

// patience bounds what a script waits for; nothing takes so long.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"claviger": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		context.AfterFunc(ctx, stop)
		os.Exit(cli.Main(ctx, os.Args[1:], cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
	}})
}

// TestScripts_HoldAgainstTheProgram runs testdata/script/*.txtar. Each says in
// its first lines what it holds.
func TestScripts_HoldAgainstTheProgram(t *testing.T) {
	testscript.Run(t, scripts("testdata/script"))
}

// TestScripts_HoldOnPostgreSQL runs testdata/postgresql/*.txtar, each on an
// empty database of its own that the settings name, with a master key.
func TestScripts_HoldOnPostgreSQL(t *testing.T) {
	server := storetest.StartPostgres(t)
	params := scripts("testdata/postgresql")
	params.Setup = func(env *testscript.Env) error {
		env.Setenv("CLAVIGER_DATABASE_URL", server.Database(t))
		env.Setenv("CLAVIGER_MASTER_KEY", base64.StdEncoding.EncodeToString(make([]byte, 32)))
		return nil
	}
	testscript.Run(t, params)
}

func scripts(directory string) testscript.Params {
	var held locks
	return testscript.Params{
		Dir: directory, RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "full": full, "answers": answers, "occupy": occupy, "sql": runSQL, "savestdout": saveStdout, "savejson": saveJSON,
			"lock": held.lock, "unlock": held.unlock,
		},
	}
}

// exits CODE PROGRAM ARGS... wants an exact exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// full PROGRAM ARGS... runs a program whose stdout is a full disk.
func full(ts *testscript.TestScript, _ bool, args []string) {
	device, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	ts.Check(err)
	defer device.Close()
	var talk bytes.Buffer
	programs := filepath.SplitList(ts.Getenv("PATH"))[0] // where testscript puts them
	cmd := exec.CommandContext(context.Background(), filepath.Join(programs, args[0]), args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), device, &talk
	for _, name := range []string{"CLAVIGER_SERVER", "CLAVIGER_TOKEN"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	var exit *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != 1 || !bytes.Contains(talk.Bytes(), []byte("no space left")) {
		ts.Fatalf("with a full disk behind stdout: %v\n%s", err, &talk)
	}
}

// answers PATTERN waits until a server answers on the socket of the data
// directory that matches, and puts its issuer into $ISSUER.
func answers(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		directories, err := filepath.Glob(ts.MkAbs(args[0]))
		ts.Check(err)
		for _, directory := range directories {
			client, ok := desk.Dial(ctx, filepath.Join(directory, desk.SocketName))
			if !ok {
				continue
			}
			status, err := client.Status(ctx)
			client.Close()
			ts.Check(err)
			ts.Setenv("ISSUER", status.Issuer)
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			ts.Fatalf("no server answers at %s", args[0])
		}
	}
}

// occupy takes a port for the rest of the script and puts its address into
// $TAKEN.
func occupy(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	ts.Setenv("TAKEN", l.Addr().String())
}

// sql FILE STATEMENT changes a SQLite database behind the program's back.
func runSQL(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = db.ExecContext(context.Background(), args[1])
	ts.Check(errors.Join(err, db.Close()))
}

// savestdout NAME puts what was printed last, without the line end, into $NAME.
func saveStdout(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], string(bytes.TrimSpace([]byte(ts.ReadFile("stdout")))))
}

// savejson NAME MEMBER puts a text of the JSON object that was printed last into
// $NAME.
func saveJSON(ts *testscript.TestScript, _ bool, args []string) {
	var object map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &object))
	text, ok := object[args[1]].(string)
	if !ok {
		ts.Fatalf("there is no text %s", args[1])
	}
	ts.Setenv(args[0], text)
}

// lock DIRECTORY takes the lock of a data directory, as another claviger would;
// unlock gives it back.
func (l *locks) lock(ts *testscript.TestScript, _ bool, args []string) {
	file, err := os.OpenFile(filepath.Join(ts.MkAbs(args[0]), "claviger.lock"), os.O_RDWR, 0)
	ts.Check(err)
	ts.Defer(func() { _ = file.Close() })
	ts.Check(syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB))
	l.held.Store(ts.MkAbs(args[0]), file)
}

func (l *locks) unlock(ts *testscript.TestScript, _ bool, args []string) {
	file, ok := l.held.LoadAndDelete(ts.MkAbs(args[0]))
	if !ok {
		ts.Fatalf("%s is not locked", args[0])
	}
	ts.Check(file.(*os.File).Close())
}

// locks are those that scripts hold, by directory.
type locks struct{ held sync.Map }
