package warehouse

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"pi-manager/internal/ecm"
)

const (
	maxIDLength  = 64        // characters, as in the warehouse's schema
	maxValueSize = 65_535    // bytes; Redshift's widest text, https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html
	maxHours     = 1_000_000 // of hours_diff: 114 years, far from the ends of time.Duration
)

// required are the columns that every source must have; beside them it needs created_at or hours_diff.
var required = [...]string{"order_id", "sub_state", "currency_from", "send_amount"}

// header says which column is which. Positions are -1 where there is no such column.
type header struct {
	names                                  []string
	id, status, subState, currency, amount int
	created, hours                         int
}

// readHeader finds the columns by name; case, blanks around it and a blank for an underscore do not matter.
func readHeader(source string, names []string) (header, error) {
	clean := cleanNames(names)
	missing := missingNames(clean, required[:])
	if !slices.Contains(clean, "created_at") && !slices.Contains(clean, "hours_diff") {
		missing = append(missing, "created_at (or hours_diff)")
	}
	if err := checkNames(clean, missing); err != nil {
		return header{}, permanent("correct the names of its columns", "%s: %w", source, err)
	}
	position := func(name string) int { return slices.Index(clean, name) }
	return header{
		names: clean,
		id:    position("order_id"), status: position("order_status"), subState: position("sub_state"),
		currency: position("currency_from"), amount: position("send_amount"),
		created: position("created_at"), hours: position("hours_diff"),
	}, nil
}

func cleanNames(names []string) []string {
	clean := make([]string, len(names))
	for i, name := range names {
		clean[i] = columnName(name)
	}
	return clean
}

// columnName is the form of a name by which columns are compared.
func columnName(name string) string { return strings.Join(strings.Fields(strings.ToLower(name)), "_") }

func missingNames(names, wanted []string) []string {
	return slices.DeleteFunc(slices.Clone(wanted), func(name string) bool { return slices.Contains(names, name) })
}

// checkNames wants nothing to be missing, and each name once: with two columns of a name, a rule would read either.
func checkNames(names, missing []string) error {
	var faults []string
	for i, name := range names {
		switch {
		case name == "":
			faults = append(faults, fmt.Sprintf("column %d has no name", i+1))
		case slices.Index(names, name) < i:
			faults = append(faults, fmt.Sprintf("column %.40q is there twice", name))
		}
	}
	if len(missing) > 0 {
		faults = append(faults, fmt.Sprintf("no column %s among %.300q", strings.Join(missing, ", "), strings.Join(names, ", ")))
	}
	if len(faults) == 0 {
		return nil
	}
	return errors.New(strings.Join(faults, "; "))
}

// rows collects the pending list, row by row.
type rows struct {
	header  header
	asOf    time.Time // UTC; hours_diff counts back from here
	pending ecm.Pending
}

func newRows(source string, names []string, asOf time.Time) (*rows, error) {
	head, err := readHeader(source, names)
	if err != nil {
		return nil, err
	}
	return &rows{header: head, asOf: asOf.UTC(), pending: ecm.Pending{Source: source, Columns: head.names}}, nil
}

// add takes the next row: the values of its columns as text, "" for null. It may clean a value in the slice, and
// keeps no reference to it.
func (r *rows) add(values []string) {
	order, fault := r.header.order(values, r.asOf)
	order.Row = r.pending.Rows() + 1
	if fault != nil {
		fault.Row = order.Row
		r.pending.SetAside = append(r.pending.SetAside, *fault)
		return
	}
	order.Facts = slices.Clone(values)
	r.pending.Orders = append(r.pending.Orders, order)
}

// setAside takes a row of which not even the values are known.
func (r *rows) setAside(detail string) {
	r.pending.SetAside = append(r.pending.SetAside,
		ecm.SetAside{Row: r.pending.Rows() + 1, Reason: ecm.UnreadableRow, Detail: detail})
}

// order reads one row, without its number and facts; a row that is not one gives the reason.
func (h header) order(values []string, asOf time.Time) (ecm.Order, *ecm.SetAside) {
	if len(values) != len(h.names) {
		return ecm.Order{}, &ecm.SetAside{
			Reason: ecm.UnreadableRow,
			Detail: fmt.Sprintf("%d values for %d columns", len(values), len(h.names)),
		}
	}
	id := values[h.id]
	if fault := checkID(id); fault != nil {
		return ecm.Order{}, fault
	}
	aside := func(reason ecm.SetAsideReason, detail string) (ecm.Order, *ecm.SetAside) {
		return ecm.Order{}, &ecm.SetAside{OrderID: id, Reason: reason, Detail: detail}
	}
	if detail := h.illegible(values); detail != "" {
		return aside(ecm.UnreadableRow, detail)
	}
	// Rules compare the currency too, so the fact itself is cleaned.
	values[h.currency] = strings.ToUpper(strings.TrimSpace(values[h.currency]))
	amount, err := ecm.ParseAmount(strings.TrimSpace(values[h.amount]))
	if err != nil {
		return aside(ecm.UnreadableAmount, shown(values[h.amount]))
	}
	created, err := h.creation(values, asOf)
	if err != nil {
		return aside(ecm.UnreadableTime, err.Error())
	}
	order := ecm.Order{
		ID:       id,
		SubState: values[h.subState],
		Send:     ecm.Money{Amount: amount, Currency: values[h.currency]},
		Created:  created,
	}
	if h.status >= 0 {
		order.Status = values[h.status]
	}
	return order, nil
}

// checkID refuses ids that are not there, or that a person could not tell from another one.
func checkID(id string) *ecm.SetAside {
	trimmed := strings.TrimSpace(id)
	switch {
	case trimmed == "":
		return &ecm.SetAside{Reason: ecm.NoID}
	case !utf8.ValidString(id):
		return &ecm.SetAside{Reason: ecm.UnreadableID, Detail: shown(id) + " is not UTF-8"}
	case utf8.RuneCountInString(id) > maxIDLength:
		return &ecm.SetAside{Reason: ecm.UnreadableID, Detail: fmt.Sprintf("%s has %d bytes; an id has at most %d characters", shown(id), len(id), maxIDLength)}
	case strings.IndexFunc(id, invisible) >= 0:
		return &ecm.SetAside{Reason: ecm.UnreadableID, Detail: shown(id) + " holds a character that cannot be seen"}
	case trimmed != id:
		return &ecm.SetAside{OrderID: id, Reason: ecm.UnreadableID, Detail: shown(id) + " has blanks around it"}
	}
	return nil
}

// invisible says whether nobody can see the character: controls, zero-width and direction marks, odd blanks, and the
// mark that stands for something lost in decoding.
func invisible(c rune) bool { return !unicode.IsPrint(c) || c == utf8.RuneError }

// illegible says which value cannot be text of a warehouse, or "".
func (h header) illegible(values []string) string {
	for i, value := range values {
		if len(value) > maxValueSize {
			return fmt.Sprintf("%s has %d bytes, at most %d are read", h.names[i], len(value), maxValueSize)
		}
		if !utf8.ValidString(value) {
			return fmt.Sprintf("%s is not UTF-8: %s", h.names[i], shown(value))
		}
	}
	return ""
}

// creation is created_at, or as many hours before asOf as hours_diff says.
func (h header) creation(values []string, asOf time.Time) (time.Time, error) {
	if h.created >= 0 {
		return ecm.ParseTime(strings.TrimSpace(values[h.created]))
	}
	text := values[h.hours]
	amount, err := ecm.ParseAmount(strings.TrimSpace(text))
	if err != nil {
		return time.Time{}, fmt.Errorf("hours_diff %s: %w", shown(text), err)
	}
	hours := amount.InexactFloat64()
	if hours > maxHours || hours < -maxHours {
		return time.Time{}, fmt.Errorf("hours_diff %s is more than a century", shown(text))
	}
	return asOf.Add(-ecm.FromHours(hours)), nil
}

// shown is a value for a message: quoted, printable and short.
func shown(value string) string { return fmt.Sprintf("%.40q", value) }
