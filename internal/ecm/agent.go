package ecm

import "strings"

// Agent is one row of the Agents tab: a person who unsticks orders.
type Agent struct {
	Email    string // as written; compared by AgentKey
	Name     string
	Team     string // Ops, KYC_ops or VDA_ops
	Handle   string // the Slack Handle cell: a member id, a name, or nothing
	Active   bool
	Capacity int // Max Tickets; DefaultCapacity where the cell is blank
	Row      int // row of the tab, for messages; 0 where the ledger has no rows
}

// DefaultCapacity stands for a blank Max Tickets cell: the policy's default_max_tickets applies.
const DefaultCapacity = -1

// Key is what agents are compared by: the e-mail without blanks around it, case aside.
func (a Agent) Key() string { return AgentKey(a.Email) }

// Label is the name where there is one, else the e-mail.
func (a Agent) Label() string {
	if name := strings.TrimSpace(a.Name); name != "" {
		return name
	}
	return a.Email
}

// AgentKey is the form of an e-mail by which agents are compared.
func AgentKey(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
