package main

import (
	"fmt"
	"testing"
)

func TestWorldTriage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.crew("ana@example.com", "bo@example.com", "cy@example.com")
	w.stuck(t, 250)
	o := w.triage(t, "07:00", morning())
	o.wants(t, 0, "ok")
	for _, m := range w.slack.Messages() {
		fmt.Println("-----", m.ThreadTS != "", m.Text)
		fmt.Println(m.Rendered)
	}
	fmt.Println(w.sheets.Render("Assignments")[:2000])
	fmt.Println(w.sheets.Render("Runs"))
	fmt.Println(o.stderr)
	fmt.Println(o.stdout[:3000])
	fmt.Println(w.sheets.Reads(), w.sheets.Writes())
}
