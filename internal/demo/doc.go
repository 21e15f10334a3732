// Package demo is a small world of a remittance company: stuck orders, the agents
// who unstick them, and what happens between two slots.
//
// It stands where the warehouse and the people stand in real life. `pi-manager
// demo`, tests and benchmarks read its pending list, and tell it which
// assignments are open when they move its time on. It knows no policy: its rows
// are facts, and what is wrong with an order is for others to find out.
//
// A world is made from a seed alone. Time is passed in, all arithmetic is on
// whole numbers, and so the same seed gives the same bytes on every machine.
package demo
