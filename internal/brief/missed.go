package brief

import (
	"strings"

	"pi-manager/internal/ecm"
)

// Missed is the message about slots that nobody ran in time.
func Missed(slots []ecm.Slot, page Page) Message {
	names := make([]string, len(slots))
	for i, slot := range slots {
		names[i] = strings.Replace(string(slot), "T", " ", 1)
	}
	shown, more := names, ""
	const room = 12
	if len(names) > room {
		shown, more = names[len(names)-room:], "the last ones: "
	}
	head := counted(len(slots), "slot was missed", "slots were missed")
	return Message{
		Summary: "ECM: " + head.String() + " and will not be caught up with",
		Blocks: []Block{
			{Kind: Header, Lines: []Line{{plain("ECM was not running")}}},
			{Kind: Section, Lines: []Line{
				append(head, plain(" and will not be caught up with: "+more+strings.Join(shown, ", ")+" ("+page.Zone.String()+").")),
				{plain("The next slot deals what is stuck by then. To do it now: "), code("pi-manager run")},
			}},
			footer(page, ""),
		},
	}
}
