package sqlstore

import (
	"context"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/sqlstore/statement"
)

func (r *reader) Person(ctx context.Context, userID string) (apicred.Person, error) {
	row, err := r.q.GetPerson(ctx, userID)
	return personOf(row), r.lookup(err)
}

func (r *reader) PersonByEmail(ctx context.Context, email string) (apicred.Person, error) {
	row, err := r.q.GetPersonByEmail(ctx, apicred.FoldText(email))
	return personOf(row), r.lookup(err)
}

func (r *reader) User(ctx context.Context, accountID, userID string) (apicred.User, error) {
	row, err := r.q.GetUser(ctx, accountID, userID)
	return userOf(row.User, row.Person), r.lookup(err)
}

func (r *reader) Users(ctx context.Context, accountID string) ([]apicred.User, error) {
	rows, err := r.q.ListUsers(ctx, accountID)
	users := make([]apicred.User, 0, len(rows))
	for _, row := range rows {
		users = append(users, userOf(row.User, row.Person))
	}
	return users, r.fault(err)
}

func (r *reader) Memberships(ctx context.Context, userID string) ([]apicred.User, error) {
	rows, err := r.q.ListMemberships(ctx, userID)
	users := make([]apicred.User, 0, len(rows))
	for _, row := range rows {
		users = append(users, userOf(row.User, row.Person))
	}
	return users, r.fault(err)
}

func (r *reader) CountActiveAdmins(ctx context.Context, accountID string) (int64, error) {
	n, err := r.q.CountActiveAdmins(ctx, accountID)
	return n, r.fault(err)
}

func (t *tx) InsertPerson(ctx context.Context, p apicred.Person) error {
	return t.fault(t.q.InsertPerson(ctx, statement.InsertPersonParams{
		UserID: p.ID, Email: p.Email, EmailFolded: apicred.FoldText(p.Email), Name: p.Name, CreatedAt: micros(p.CreatedAt),
	}))
}

func (t *tx) InsertUser(ctx context.Context, u apicred.User) error {
	return t.fault(t.q.InsertUser(ctx, statement.InsertUserParams{
		AccountID: u.AccountID, UserID: u.ID, Role: string(u.Role), Status: string(u.Status), Generation: u.Generation,
		JoinedAt: micros(u.JoinedAt), LastSeenAt: micros(u.LastSeenAt), Version: u.Version,
		InvitedEmail: u.InvitedEmail, InvitedName: u.InvitedName,
	}))
}

func (t *tx) UpdateUser(ctx context.Context, u apicred.User) error {
	n, err := t.q.UpdateUser(ctx, statement.UpdateUserParams{
		Role: string(u.Role), Status: string(u.Status), Generation: u.Generation,
		InvitedEmail: u.InvitedEmail, InvitedName: u.InvitedName,
		AccountID: u.AccountID, UserID: u.ID, Version: u.Version,
	})
	if err != nil || n == 1 {
		return t.fault(err)
	}
	_, err = t.User(ctx, u.AccountID, u.ID)
	return staleUnless(err)
}

func personOf(row statement.Person) apicred.Person {
	return apicred.Person{ID: row.UserID, Email: row.Email, Name: row.Name, CreatedAt: timeOf(row.CreatedAt), ErasedAt: timeOf(row.ErasedAt)}
}

func userOf(u statement.User, p statement.Person) apicred.User {
	return apicred.User{
		Person: personOf(p), AccountID: u.AccountID, Role: apicred.Role(u.Role), Status: apicred.UserStatus(u.Status),
		Generation: u.Generation, JoinedAt: timeOf(u.JoinedAt), LastSeenAt: timeOf(u.LastSeenAt), Version: u.Version,
		InvitedEmail: u.InvitedEmail, InvitedName: u.InvitedName,
	}
}
