package ecm

import "time"

// Statuses is the answer of a warehouse to "what has become of these orders?".
type Statuses struct {
	Source string            // the query or file that gave it, for messages
	Asked  int               // how many different orders were asked for
	ByID   map[string]string // order status, as the warehouse writes it; who is not in it is not known there
	Newest time.Time         // UTC; creation of the newest order that the warehouse holds at all; zero where it holds none
}
