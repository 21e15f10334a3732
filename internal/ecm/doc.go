// Package ecm holds the nouns of exception case management: orders, agents,
// assignments, runs, and the few words about failure that every part shares.
//
// It is the ground floor. Warehouses produce its Pending, ledgers its
// Assignments, the planner turns the one into the other, and nothing here knows
// how: no I/O, no clock, no logger, no import of another package of ours.
package ecm
