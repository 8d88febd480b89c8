// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/topology"
)

// clouds returns n clusters of three controllers; with alike all of them have the same names and addresses.
func clouds(n int, alike bool) []topology.Host {
	hosts := make([]topology.Host, 0, 3*n)
	for i := range n {
		uuid := fmt.Sprintf("%08x-7d2f-11f0-9c4e-0e3f5f0d7a11", i+1)
		prefix, net := "controller-", "10.99.0."
		if !alike {
			prefix, net = fmt.Sprintf("c%d-controller-", i), fmt.Sprintf("10.%d.%d.", i/250+1, i%250)
		}
		for _, h := range named(3, uuid, prefix, net, net+"10").hosts {
			h.Name = fmt.Sprintf("cloud%04d-%s", i, h.Name)
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// BenchmarkDecide reports the processor time per cluster, which must not grow with the number of clusters.
func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("clusters=%d", n), func(b *testing.B) {
			hosts := clouds(n, false)
			before := spent(b)
			for b.Loop() {
				decide(b, hosts, options())
			}
			b.ReportMetric(float64((spent(b)-before).Microseconds())/float64(b.N*n), "cpu-us/cluster")
		})
	}
}

func TestAThousandClustersTakeLessThanASecond(t *testing.T) {
	few, many := 125, 1000
	limit := 1.5     // 0.8 is usual; messages that were built one by one gave 1.7
	if raceEnabled { // which slows everything down, and unevenly; a quadratic step would give 8
		few, many, limit = 25, 200, 3
	}
	for _, alike := range []bool{false, true} {
		small, large := fastest(t, few, alike), fastest(t, many, alike)
		ratio := large.Seconds() / small.Seconds() * float64(few) / float64(many)
		t.Logf("alike=%v: %d clusters %v, %d clusters %v: %.2f times the time a cluster", alike, few, small, many,
			large, ratio)
		if large > time.Second && !raceEnabled {
			t.Errorf("%d clusters took %v, limit 1s", many, large)
		}
		if ratio > limit {
			t.Errorf("alike=%v: the time a cluster grew %.1f times", alike, ratio)
		}
	}
}

// fastest returns the least processor time of several rounds, because the machine may be busy.
func fastest(t *testing.T, n int, alike bool) time.Duration {
	t.Helper()
	hosts, best := clouds(n, alike), time.Duration(0)
	for range 5 {
		runtime.GC()
		before := spent(t)
		d := decide(t, hosts, options())
		if took := spent(t) - before; best == 0 || took < best {
			best = took
		}
		if len(d.Clusters) != n || len(d.ChosenHosts) != n {
			t.Fatalf("%d clusters, %d chosen of %d", len(d.Clusters), len(d.ChosenHosts), n)
		}
	}
	return best
}

// spent returns the processor time of this process, all threads together.
func spent(t testing.TB) time.Duration {
	t.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		t.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
