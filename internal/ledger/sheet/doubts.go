package sheet

import (
	"fmt"
	"strings"
)

// doubts collects what a person should mend: one sentence a kind, however many
// cells have it, so that one bad paste does not fill the briefing.
type doubts struct {
	kinds  []string
	places map[string][]string
}

// doubt notes that something is wrong at a place, named as people can find it.
func (d *doubts) doubt(place, kind string, args ...any) {
	kind = fmt.Sprintf(kind, args...)
	if d.places == nil {
		d.places = map[string][]string{}
	}
	if d.places[kind] == nil {
		d.kinds = append(d.kinds, kind)
	}
	d.places[kind] = append(d.places[kind], place)
}

func (d *doubts) sentences() []string {
	const shown = 3
	var all []string
	for _, kind := range d.kinds {
		places := d.places[kind]
		sentence := kind + ": " + strings.Join(places[:min(shown, len(places))], ", ")
		if more := len(places) - shown; more > 0 {
			sentence += fmt.Sprintf(" and %d more", more)
		}
		all = append(all, sentence+".")
	}
	return all
}
