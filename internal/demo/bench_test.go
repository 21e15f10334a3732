package demo_test

import (
	"fmt"
	"testing"

	"pi-manager/internal/demo"
)

// BenchmarkPending makes the worlds that other benchmarks start from: a normal day, and one far beyond any real one.
func BenchmarkPending(b *testing.B) {
	for _, size := range []int{400, 1_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := demo.NewWorld(1, start(), size).Pending(start()).Rows(); got != size {
					b.Fatal(got)
				}
			}
		})
	}
}
