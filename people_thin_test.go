//go:build !race

package main

// thinned: every case of TestPeople is tried.
const thinned = 1
