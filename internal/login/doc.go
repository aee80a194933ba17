// Package login is about people signing in: one-time links, sessions and the
// first admin of a new installation. It must not know HTTP or SQL; internal/
// signin renders its pages and sets its cookies.
package login
