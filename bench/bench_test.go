package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/bench/load"
)

func TestParseStat_ReadsPastAnyProgramName(t *testing.T) {
	const rest = ` S 42 7 7 0 -1 4194560 900 0 0 0 150 50 9 9 20 0 11 0 1000 1 2 3`
	for _, name := range []string{"(claviger)", "(a b)", "(a) S 1 (b)"} {
		got, err := parseStat([]byte("4711 " + name + rest))
		if err != nil {
			t.Fatalf("parseStat with the name %s: %v", name, err)
		}
		if want := (processTime{parent: 42, spent: 2 * time.Second, ended: 180 * time.Millisecond}); got != want {
			t.Errorf("parseStat with the name %s = %+v, want %+v", name, got, want)
		}
	}
}

func TestParseStat_RefusesWhatIsNoStat(t *testing.T) {
	for _, stat := range []string{"", "4711 claviger S 42", "4711 (claviger) S 42", "1 (x) S p 7 7 0 -1 4 9 0 0 0 u s 9 9"} {
		if got, err := parseStat([]byte(stat)); err == nil {
			t.Errorf("parseStat(%q) = %+v, want an error", stat, got)
		}
	}
}

func TestProcessTimes_FindThisProcessUnderItsParent(t *testing.T) {
	times, err := processTimes()
	if err != nil {
		t.Fatal(err)
	}
	if got := times[os.Getpid()].parent; got != os.Getppid() {
		t.Errorf("the parent of this process is said to be %d, want %d", got, os.Getppid())
	}
	if !descends(times, os.Getpid(), os.Getppid()) || descends(times, os.Getppid(), os.Getpid()) {
		t.Error("descends has parent and child the wrong way round")
	}
}

func TestPrint_ComparesTheTurnsOfEachPair(t *testing.T) {
	turns := func(seconds ...float64) []turn {
		var made []turn
		for _, s := range seconds {
			made = append(made, turn{
				result: load.Result{Requests: 1000, Elapsed: time.Second, P50: time.Millisecond, P99: 2 * time.Millisecond},
				cpu:    time.Duration(s * float64(time.Second)),
			})
		}
		return made
	}
	c := comparison{title: "Two servers", targets: []target{{name: "floor"}, {name: "other"}}}
	rows := []row{
		{connections: 8, name: "floor", turns: turns(0.10, 0.20, 0.40)},
		{connections: 8, name: "other", turns: turns(0.15, 0.20, 0.50)},
	}
	var out strings.Builder
	if err := c.print(&out, rows, plan{pairs: 3, length: time.Second}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	want := []string{"8", "other", "0.2000", "1000", "1.00", "2.00", "1.00", "1.25", "1.50"}
	if got := strings.Fields(lines[len(lines)-1]); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("last line = %v, want %v\n%s", got, want, &out)
	}
}

func TestMedian_OfAnEvenNumberLiesBetween(t *testing.T) {
	if got := median([]float64{4, 1, 3, 2}); got != 2.5 {
		t.Errorf("median = %v, want 2.5", got)
	}
	if got := median([]float64{9, 1, 3}); got != 3 {
		t.Errorf("median = %v, want 3", got)
	}
}

func TestTarget_IsTheWholeRequest(t *testing.T) {
	c := client{Issuer: "http://127.0.0.1:8420", ClientID: "id", ClientSecret: "secret"}
	want := "POST /oauth2/token HTTP/1.1\r\nHost: 127.0.0.1:8420\r\nAuthorization: Basic aWQ6c2VjcmV0\r\n" +
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 48\r\n\r\n" +
		"grant_type=client_credentials&scope=users%3Aread"
	if got := string(c.issuance("claviger").request.Bytes); got != want {
		t.Errorf("request = %q, want %q", got, want)
	}
}
