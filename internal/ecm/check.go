package ecm

// Check is one line of `pi-manager test`: something a run needs, and whether it is there.
type Check struct {
	Name   string `json:"name"`           // what was looked at, for example "sheet: Assignments tab"
	OK     bool   `json:"ok"`             // false: a run would fail, or miss something it needs
	Detail string `json:"detail"`         // what was found
	Mend   string `json:"mend,omitempty"` // what to do about it
}
