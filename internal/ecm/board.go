package ecm

// Board is the ECM Dashboard: small tables of a label and a value, rewritten
// whole by every run. It shows the ledger as the run leaves it.
type Board struct {
	Figures   []Figure // in the order they are shown
	Diagnoses []Figure // open orders by diagnosis, most first
	Agents    []Figure // open orders by agent, most first
}

// Figure is one line of a Board: a count, or a text where there is one.
type Figure struct {
	Label string
	Count int
	Text  string
}
