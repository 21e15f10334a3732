package demo

import "pi-manager/internal/ecm"

// Agents are the people of the world: six on duty and one who is away. Two have
// a limit of their own, one of them a low one.
func (w *World) Agents() []ecm.Agent {
	const blank = ecm.DefaultCapacity
	return []ecm.Agent{
		{Email: "aisha.rahman@example.com", Name: "Aisha Rahman", Team: "Ops", Handle: "@aisha", Active: true, Capacity: blank},
		{Email: "deepak.nair@example.com", Name: "Deepak Nair", Team: "Ops", Handle: "@deepak.nair", Active: true, Capacity: 40},
		{Email: "fatima.haddad@example.com", Name: "Fatima Haddad", Team: "KYC_ops", Handle: "@fatima", Active: true, Capacity: blank},
		{Email: "oliver.grant@example.com", Name: "Oliver Grant", Team: "Ops", Handle: "", Active: true, Capacity: blank},
		{Email: "priya.menon@example.com", Name: "Priya Menon", Team: "KYC_ops", Handle: "@priya", Active: true, Capacity: 80},
		{Email: "samir.khoury@example.com", Name: "Samir Khoury", Team: "VDA_ops", Handle: "@samir", Active: true, Capacity: blank},
		{Email: "lena.vogt@example.com", Name: "Lena Vogt", Team: "Ops", Handle: "@lena", Active: false, Capacity: blank},
	}
}
