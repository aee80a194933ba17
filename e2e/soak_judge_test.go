package e2e

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// reading is what a node held at a moment of a soak, in bytes where it is not a
// count.
type reading struct {
	at time.Duration // since the load began

	resident    float64 // RSS: with what is mapped of the program and the database
	anonymous   float64 // RssAnon: what only this process has, garbage included
	heap        float64 // live objects of Go, right after a collection
	goroutines  float64
	descriptors float64
	database    float64
	log         float64 // SQLite's write-ahead log; 0 with PostgreSQL
}

// gauge is one of the numbers that must stay flat.
type gauge struct {
	name string
	unit string // MiB, or nothing for a count
	of   func(reading) float64
	// allowed is by how much it may grow over the last two thirds of a soak.
	allowed float64
}

const mebibyte = 1 << 20

// gauges are what is judged. What is allowed is what counts as zero. Of the
// heap it is 4 bytes for each of the 250,000 requests that a node answers in the
// last two thirds of half an hour: whatever keeps something of each request
// keeps more, and whatever keeps something of each change, too. What only this
// process has moves more than that from one collection to the next. A short run
// is all beginning (caches fill, pools open) and is only kept from running away.
func gauges() []gauge {
	return []gauge{
		{"heap after collection", "MiB", func(s reading) float64 { return s.heap }, atLength[float64](24, 1) * mebibyte},
		{"RssAnon", "MiB", func(s reading) float64 { return s.anonymous }, atLength[float64](48, 4) * mebibyte},
		{"goroutines", "", func(s reading) float64 { return s.goroutines }, atLength[float64](40, 3)},
		{"descriptors", "", func(s reading) float64 { return s.descriptors }, atLength[float64](40, 3)},
		{"write-ahead log", "MiB", func(s reading) float64 { return s.log }, atLength[float64](8, 1) * mebibyte},
	}
}

// trend is the line, by least squares, through the floor of the last two thirds
// of a series: the least value of each dozenth. What is kept lifts the floor;
// what is held for a moment (a password takes 19 MiB to check) does not.
type trend struct {
	mean, growth float64 // of the floor; growth over those two thirds
	doubt        float64 // three standard errors of the growth
}

// steadyPart drops the first third, in which what is bounded fills.
func steadyPart(samples []reading) []reading { return samples[len(samples)/3:] }

func floorOf(samples []reading, of func(reading) float64) []reading {
	var out []reading
	for group := range slices.Chunk(samples, max(1, len(samples)/12)) {
		out = append(out, slices.MinFunc(group, func(a, b reading) int { return cmp.Compare(of(a), of(b)) }))
	}
	return out
}

func trendOf(samples []reading, of func(reading) float64) trend {
	samples = floorOf(samples, of)
	n := float64(len(samples))
	var x, y float64
	for _, s := range samples {
		x += s.at.Seconds() / n
		y += of(s) / n
	}
	var xx, xy, yy float64
	for _, s := range samples {
		dx, dy := s.at.Seconds()-x, of(s)-y
		xx, xy, yy = xx+dx*dx, xy+dx*dy, yy+dy*dy
	}
	slope := xy / xx
	span := (samples[len(samples)-1].at - samples[0].at).Seconds()
	residual := max(0, yy-slope*xy)
	return trend{mean: y, growth: slope * span, doubt: 3 * span * math.Sqrt(residual/(n-2)/xx)}
}

// grows tells whether the growth is beyond what is allowed, and beyond doubt.
func (t trend) grows(allowed float64) bool { return t.growth-t.doubt > allowed }

// judge returns a line for each gauge and what is wrong.
func judge(samples []reading, gauges []gauge) (lines, wrong []string) {
	part := steadyPart(samples)
	if len(part) < 3 {
		return nil, []string{fmt.Sprintf("%d samples prove nothing", len(samples))}
	}
	for _, g := range gauges {
		t := trendOf(part, g.of)
		scale := 1.0
		if g.unit == "MiB" {
			scale = mebibyte
		}
		verdict := "flat"
		if t.grows(g.allowed) {
			verdict = "GROWS"
			wrong = append(wrong, fmt.Sprintf("%s grew by %.2f %s over the last two thirds", g.name, t.growth/scale, g.unit))
		}
		lines = append(lines, fmt.Sprintf("%-22s floor %8.2f, growth %+7.2f ± %.2f %s (zero: up to %.0f): %s",
			g.name, t.mean/scale, t.growth/scale, t.doubt/scale, g.unit, g.allowed/scale, verdict))
	}
	return lines, wrong
}

// madeUp are samples of half an hour, one each ten seconds, of a process that
// breathes as a collected heap does, and leaks as told: bytes and descriptors a
// second.
func madeUp(bytes, descriptors float64) []reading {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // samples, the same each time
	var out []reading
	for at := time.Duration(0); at < 30*time.Minute; at += 10 * time.Second {
		t := at.Seconds()
		filling := 10 * mebibyte * (1 - math.Exp(-t/120)) // what is bounded fills in the beginning
		heap := 20*mebibyte + filling + bytes*t + random.NormFloat64()*mebibyte/4
		out = append(out, reading{
			at: at, heap: heap, anonymous: 2*heap + random.Float64()*8*mebibyte,
			goroutines: 60 + random.NormFloat64()*4, descriptors: 50 + descriptors*t + random.NormFloat64()*4,
			log: 4 * mebibyte,
		})
		if random.IntN(50) == 0 {
			out[len(out)-1].heap += 19 * mebibyte
		}
	}
	return out
}

// atFullLength are the gauges of half an hour, whatever the length of this run.
func atFullLength() []gauge {
	all := gauges()
	for i, allowed := range []float64{mebibyte, 4 * mebibyte, 3, 3, mebibyte} {
		all[i].allowed = allowed
	}
	return all
}

// TestSoak_TheJudgementFindsALeakAndTakesBreathingForNone judges samples that
// were made up: without a leak it finds none, and a small one is not lost in the
// noise.
func TestSoak_TheJudgementFindsALeakAndTakesBreathingForNone(t *testing.T) {
	tests := map[string]struct {
		bytes, descriptors float64 // a second
		want               string
	}{
		"steady":                                  {want: ""},
		"16 bytes of each of 200 requests":        {bytes: 3200, want: "heap after collection"},
		"1 KiB of each of two changes":            {bytes: 2048, want: "heap after collection"},
		"a descriptor in two minutes":             {descriptors: 1.0 / 120, want: "descriptors"},
		"shrinking, as after a crowd, is no leak": {bytes: -3000, want: ""},
	}
	for name, tt := range tests {
		_, wrong := judge(madeUp(tt.bytes, tt.descriptors), atFullLength())
		found := slices.ContainsFunc(wrong, func(w string) bool { return tt.want != "" && strings.HasPrefix(w, tt.want) })
		if tt.want == "" && len(wrong) > 0 || tt.want != "" && !found {
			t.Errorf("%s: found %q, want %q", name, wrong, tt.want)
		}
	}
	if _, wrong := judge(madeUp(0, 0)[:3], atFullLength()); len(wrong) == 0 {
		t.Error("three samples were taken for a proof")
	}
}
