// Package desk is the operator's desk: what the operator at the machine does to
// an installation, as a fixed set of commands (Operator). The running server
// answers them on a socket that only its own user may open (Listen, Serve); a
// command line reaches them there with Dial or, while no server runs, makes a
// Desk on the opened database with New. Both are an Operator, so a command is
// written once.
//
// Whoever may open the socket or the database is the operator: there is nobody
// to authenticate and no permission to decide here. What a command may do is
// decided in lifecycle and login, whose errors arrive unchanged on either way.
// The package must not know SQL, nor how a terminal shows what it answers.
package desk
