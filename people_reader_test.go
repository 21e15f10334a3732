package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"pi-manager/internal/fake"
)

// reading is what an Assignments tab says, worked out by a reader of its own that
// shares nothing with the program: a line a row, as short text.
type reading struct {
	rows, unreadable []string
	fault            string // what must be mended before anything can be read; empty: nothing
}

// readNaively reads a spreadsheet as domain.md describes it.
func readNaively(s *fake.Sheets, oldTitle string) (r reading) {
	var tabs []string
	for _, title := range s.Titles() {
		if strings.EqualFold(strings.Join(strings.Fields(title), " "), "Assignments") {
			tabs = append(tabs, title)
		}
	}
	switch {
	case len(tabs) > 1:
		return reading{fault: "two tabs"}
	case len(tabs) == 1 && oldTitle != "Assignments" && tabs[0] != oldTitle:
		return reading{fault: oldTitle}
	case len(tabs) == 0 && !slices.Contains(s.Titles(), oldTitle):
		return reading{fault: "is gone"}
	case len(tabs) == 0:
		tabs = []string{oldTitle}
	}
	rows := s.Rows(tabs[0])
	header, at, fault := naiveHeader(rows)
	if fault != "" || header < 0 {
		return reading{fault: fault}
	}
	for i, row := range rows[header+1:] {
		cells := map[string]any{}
		for word, column := range at {
			if column < len(row) {
				cells[word] = row[column]
			}
		}
		r.add(header+i+2, cells)
	}
	return r
}

// known are the headers that matter, the first ten of them needed.
var known = []string{"orderid", "assignedagent", "assignedat", "status", "priority", "currency", "amount", "hoursstuck", "diagnosis", "notes", "resolvedat", "runid"}

func naiveHeader(rows [][]any) (header int, at map[string]int, fault string) {
	header = -1
	filled := false
	for i, row := range rows {
		words := map[string]int{}
		twice := ""
		count := 0
		for j, v := range row {
			filled = filled || v != nil
			cell, _ := shownIn(v).(string)
			if len(cell) > 20 {
				continue
			}
			word := headerWord(cell)
			if !slices.Contains(known, word) {
				continue
			}
			count++
			if _, there := words[word]; there && twice == "" {
				twice = word
			}
			words[word] = j
		}
		if _, is := words["orderid"]; !is {
			continue
		}
		switch {
		case header >= 0 && count > 6:
			return header, nil, "both headers"
		case header >= 0 || i >= 20:
			continue
		}
		header, at = i, words
		if twice != "" {
			fault = "both called"
		}
	}
	if header < 0 && filled {
		return -1, nil, "is missing"
	}
	for _, word := range known[:10] {
		if _, there := at[word]; header >= 0 && !there && fault == "" {
			fault = "is missing"
		}
	}
	return header, at, fault
}

var (
	plainNumber = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
	brokenWords = []string{"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!"}
)

// naiveText is a cell as text.
func naiveText(v any) string {
	switch v := shownIn(v).(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strings.ToUpper(strconv.FormatBool(v))
	default:
		return fmt.Sprint(v)
	}
}

func (r *reading) add(number int, cells map[string]any) {
	text := map[string]string{}
	blank := true
	for word, v := range cells {
		text[word] = naiveText(v)
		blank = blank && text[word] == ""
	}
	id := text["orderid"]
	if f, computes := cells["orderid"].(fake.SheetsFormula); computes && slices.Contains(brokenWords, naiveText(f)) {
		id = ""
	}
	_, isText := shownIn(cells["orderid"]).(string)
	agent, word := text["assignedagent"], text["status"]
	if slices.Contains(brokenWords, agent) {
		agent = "" // nobody is called #REF!
	}
	status := strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToUpper(strings.TrimSpace(word)))
	priority := strings.ToUpper(strings.TrimSpace(text["priority"]))
	currency := strings.ToUpper(strings.TrimSpace(text["currency"]))
	amount, hours := strings.TrimSpace(text["amount"]), strings.TrimSpace(text["hoursstuck"])
	switch {
	case blank, strings.TrimSpace(id) == "" && strings.TrimSpace(agent) == "" && strings.TrimSpace(word) == "":
		return
	case id != strings.TrimSpace(id), !isText, id == "", strings.TrimSpace(agent) == "",
		!slices.Contains([]string{"OPEN", "IN_PROGRESS", "RESOLVED", "ESCALATED"}, status), !slices.Contains([]string{"P1", "P2", "P3", "P4"}, priority),
		len(currency) != 3, !plainNumber.MatchString(amount), !plainNumber.MatchString(hours) || hours[0] == '-' || decimal.RequireFromString(hours).GreaterThan(decimal.NewFromInt(100*365*24)): // more than a century is no time that an order was stuck
		r.unreadable = append(r.unreadable, fmt.Sprintf("%d %s", number, strings.TrimSpace(id)))
		return
	}
	if word == status {
		word = ""
	}
	stuck, _ := decimal.NewFromString(hours)
	r.rows = append(r.rows, fmt.Sprintf("%d %s|%s|%s|%s|%s|%s %s|%s|%s|%s|%s", number, id, agent, status, word, priority, currency, decimal.RequireFromString(amount),
		stuck.StringFixed(1), text["diagnosis"], text["notes"], text["runid"]))
}
