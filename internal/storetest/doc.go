// Package storetest says what a store must do, as one test suite for every
// engine: Run. It knows the interfaces that the use cases own and nothing of
// SQL. It also starts PostgreSQL for tests (Postgres, StartPostgres).
package storetest
