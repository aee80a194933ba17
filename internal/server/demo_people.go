package server

import "github.com/claviger/claviger/internal/apicred"

// demoAccount is an account of the demo with its people. Names and addresses
// are invented; .example never leads anywhere (RFC 2606).
type demoAccount struct {
	name   string
	people []demoPerson
}

type demoPerson struct {
	email, name string
	role        apicred.Role
}

func demoAccounts() []demoAccount {
	return []demoAccount{
		{"Northwind Care", []demoPerson{
			{"amara.okafor@northwind.example", "Amara Okafor", apicred.RoleAdmin},
			{"jonas.lindqvist@northwind.example", "Jonas Lindqvist", apicred.RoleAdmin},
			{"mei.tanaka@northwind.example", "Mei Tanaka", apicred.RoleSupervisor},
			{"priya.raman@northwind.example", "Priya Raman", apicred.RoleSupervisor},
			{"sam.carter@northwind.example", "Sam Carter", apicred.RoleAgent},
		}},
		{"Harbour Line", []demoPerson{
			{"sofia.marchetti@harbourline.example", "Sofia Marchetti", apicred.RoleAdmin},
		}},
	}
}
