package brief

import (
	"slices"
	"strings"

	"pi-manager/internal/ecm"
)

// Missed is the message about slots that were not done, or not in full, while there
// was time for them, oldest first.
func Missed(slots []ecm.Slot, page Page) Message {
	names := make([]string, len(slots))
	for i, slot := range slots {
		names[i] = strings.Replace(string(slot), "T", " ", 1)
	}
	shown, more := names, ""
	const room = 24
	if len(names) > room {
		shown, more = names[len(names)-room:], "the last ones are "
	}
	count := counted(len(slots), "slot", "slots")
	head := append(slices.Clip(count), plain(" not done in time, or not in full"))
	return Message{
		Summary: "ECM: " + head.String(),
		Blocks: []Block{
			{Kind: Header, Lines: []Line{{plain("ECM missed " + count.String())}}},
			{Kind: Section, Lines: []Line{
				append(head, plain(": "+more+strings.Join(shown, ", ")+" ("+page.Zone.String()+").")),
				{plain("This will not be caught up with: the next slot deals what is stuck by then. To do it now: "), code("pi-manager triage")},
			}},
			footer(page, ""),
		},
	}
}
