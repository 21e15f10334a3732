package sheet

import (
	"encoding/json"
	"maps"
	"slices"

	"google.golang.org/api/sheets/v4"
)

const (
	// entryKey is the key of the developer metadata that carries our generations.
	entryKey = "pi-manager.generation"

	// entryVersion is the version of what we write. A program refuses a sheet that a newer one wrote to (F97).
	// Since version 2 a commit may leave a journal behind, which a program of version 1 would not look at.
	entryVersion = 2

	// keptEntries is how many generations stay behind as metadata. A run that
	// is older than its deadline of ten minutes must not commit, and no sheet takes
	// a thousand commits in that time.
	keptEntries = 1_000

	// keptCharacters caps their keys and values together: Google allows 30,000
	// characters of metadata for a spreadsheet, other programs' included.
	keptCharacters = 20_000
)

// entry is one generation: developer metadata whose id is the generation itself.
type entry struct {
	generation int64
	size       int // characters that it takes

	Version int              `json:"v"`
	Run     string           `json:"run"`
	Hash    string           `json:"hash"`
	Tabs    map[string]int64 `json:"tabs"` // sheet ids of the people's tabs, by our title: a renamed tab is found again
	At      [2]int           `json:"at"`   // columns of Order ID and Run ID that its rows were written to

	Journal int64  `json:"journal,omitempty"` // sheet id of the journal that still has to be looked through; 0: none
	Charts  bool   `json:"charts,omitempty"`  // the dashboard has got its charts: what became of them since is people's affair
	Book    string `json:"book,omitempty"`    // bookMark of the spreadsheet that it was written to: a copied file still says the old one's (F57)
}

// bookMark is a short word for a spreadsheet's id.
func bookMark(id string) string { return mark(id)[:8] }

func (e entry) value() string {
	text, err := json.Marshal(e)
	if err != nil {
		panic("sheet: text and numbers do not encode: " + err.Error()) // cannot happen
	}
	return string(text)
}

func (o *layout) readEntries(list []*sheets.DeveloperMetadata) error {
	for _, m := range list {
		if m.MetadataKey != entryKey {
			continue
		}
		e := entry{generation: m.MetadataId, size: len(m.MetadataKey) + len(m.MetadataValue)}
		if err := json.Unmarshal([]byte(m.MetadataValue), &e); err != nil {
			e.Version = 0 // the generation counts all the same: its id is used
		}
		if e.Version > entryVersion {
			return permanent("update pi-manager here", "the Google Sheet was written by a newer pi-manager")
		}
		o.entries = append(o.entries, e)
	}
	slices.SortFunc(o.entries, func(a, b entry) int { return int(a.generation - b.generation) })
	if n := len(o.entries); n > 0 {
		o.generation = o.entries[n-1].generation
	}
	return nil
}

func (o *layout) entry(generation int64) (entry, bool) {
	i := slices.IndexFunc(o.entries, func(e entry) bool { return e.generation == generation })
	if i < 0 {
		return entry{}, false
	}
	return o.entries[i], true
}

// remembered is the id that the newest generation noted for a tab.
func (o *layout) remembered(title string) (int64, bool) {
	if len(o.entries) == 0 {
		return 0, false
	}
	id, ok := o.entries[len(o.entries)-1].Tabs[title]
	return id, ok
}

// newest is the entry of the present generation; the zero entry before the first.
func (o *layout) newest() entry {
	if len(o.entries) == 0 {
		return entry{}
	}
	return o.entries[len(o.entries)-1]
}

// journal is the sheet id of the journal that nobody has looked through yet; 0
// where there is none. One that people have deleted counts as looked through.
func (o *layout) journal() int64 {
	id := o.newest().Journal
	if _, there := o.titles[id]; !there {
		return 0
	}
	return id
}

// next is an entry for the generation after this one, which knows what this one knew.
func (o *layout) next() entry {
	old := o.newest()
	e := entry{generation: o.generation + 1, Version: entryVersion, Tabs: map[string]int64{}, Charts: old.Charts, Book: o.book}
	maps.Copy(e.Tabs, old.Tabs)
	return e
}

// raise takes the entry's generation, and drops the oldest ones that no running program can still build on.
func (o *layout) raise(b *batch, e entry) {
	value := e.value()
	b.add(&sheets.Request{CreateDeveloperMetadata: &sheets.CreateDeveloperMetadataRequest{DeveloperMetadata: &sheets.DeveloperMetadata{
		MetadataId: e.generation, MetadataKey: entryKey, MetadataValue: value, Visibility: "DOCUMENT",
		Location: &sheets.DeveloperMetadataLocation{Spreadsheet: true},
	}}})
	kept, characters := 1, len(entryKey)+len(value)
	for _, old := range slices.Backward(o.entries) {
		kept++
		characters += old.size
		if kept > 2 && (kept > keptEntries || characters > keptCharacters) { // the newest one is never dropped
			b.add(&sheets.Request{DeleteDeveloperMetadata: &sheets.DeleteDeveloperMetadataRequest{
				DataFilter: &sheets.DataFilter{DeveloperMetadataLookup: &sheets.DeveloperMetadataLookup{MetadataId: old.generation}},
			}})
		}
	}
}

// after is the layout as a batch of ours leaves it: with one more generation and, it may be, a journal.
func (o *layout) after(e entry, j *journal) *layout {
	now := *o
	e.size = len(entryKey) + len(e.value())
	now.entries, now.generation = append(slices.Clone(o.entries), e), e.generation
	now.titles = maps.Clone(o.titles)
	if j != nil {
		now.titles[j.id], now.titles[j.Picture] = j.title, j.title+pictureTitle
	}
	return &now
}
