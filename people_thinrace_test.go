//go:build race

package main

// thinned: one of so many cases of TestPeople is tried. The race detector makes each
// five times as dear, and finds in a few of them what it finds in all.
const thinned = 6
