package login

import (
	"context"
	"slices"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// How long links live.
const (
	// FirstAdminLinkLifetime is the life of the link of a first start (contract.md "First start").
	FirstAdminLinkLifetime = time.Hour
	// SignInLinkLifetime is the usual life of a set-up link (contract.md "People").
	SignInLinkLifetime = 24 * time.Hour
	// MaxSignInLinkLifetime bounds links that work once.
	MaxSignInLinkLifetime = 7 * 24 * time.Hour
)

// IssuedLink is a link as given to its maker, once.
type IssuedLink struct {
	Token     LinkToken
	ExpiresAt time.Time
}

// SignInLinkRequest says whom a link is for.
type SignInLinkRequest struct {
	AccountID string
	UserID    string
	// Lifetime of the link; 0 is SignInLinkLifetime.
	Lifetime time.Duration
	// Reusable links work until they expire; claviger demo alone makes them.
	Reusable bool
}

// NewFirstAdminLink makes the link by which the first admin of the operator
// account comes into being, and ends every earlier one. It lives for
// FirstAdminLinkLifetime and is a conflict once an active admin exists.
func (s *Service) NewFirstAdminLink(ctx context.Context) (IssuedLink, error) {
	token, err := newSecretText(s.random)
	if err != nil {
		return IssuedLink{}, err
	}
	at := s.now()
	link := Link{Hash: token.hash(), Kind: LinkFirstAdmin, CreatedAt: at, ExpiresAt: at.Add(FirstAdminLinkLifetime)}
	err = s.store.ChangeLogin(ctx, func(tx Tx) error {
		account, err := operatorAccount(ctx, tx)
		if err != nil {
			return err
		}
		if err := refuseWhenAdminExists(ctx, tx, account.ID); err != nil {
			return err
		}
		link := link
		link.AccountID = account.ID
		if err := replaceLink(ctx, tx, link); err != nil {
			return err
		}
		event, err := s.event(at, account.ID, apicred.Actor{Type: apicred.ActorSystem})
		if err != nil {
			return err
		}
		event.Action, event.TargetType, event.TargetID = "account.first_admin_link", apicred.TargetAccount, account.ID
		event.After = jsonObject(map[string]any{"expires_at": link.ExpiresAt})
		return tx.Record(ctx, event)
	})
	if err != nil {
		return IssuedLink{}, err
	}
	return IssuedLink{Token: LinkToken{token}, ExpiresAt: link.ExpiresAt}, nil
}

// NewSignInLink makes a link that signs an active member of an account in, and
// ends every earlier link of that person. Only the operator at the machine may.
func (s *Service) NewSignInLink(ctx context.Context, request SignInLinkRequest, actor apicred.Actor) (IssuedLink, error) {
	if actor.Type != apicred.ActorOperator {
		return IssuedLink{}, apicred.Forbidden("Only the operator at the machine makes set-up links: claviger user set-up-link EMAIL.")
	}
	lifetime, err := signInLifetime(request)
	if err != nil {
		return IssuedLink{}, err
	}
	return s.issueLink(ctx, Link{
		Kind: LinkSignIn, AccountID: request.AccountID, UserID: request.UserID, Reusable: request.Reusable,
	}, lifetime, actor)
}

// NewSetUpLink makes a link that lets an active member into an account for the
// first time, and ends earlier ones of that member. It lives for
// SignInLinkLifetime. Whether the actor may is decided before, by
// lifecycle.Service.MayMakeSetUpLink.
func (s *Service) NewSetUpLink(ctx context.Context, accountID, userID string, actor apicred.Actor) (IssuedLink, error) {
	return s.issueLink(ctx, Link{Kind: LinkSetUp, AccountID: accountID, UserID: userID}, SignInLinkLifetime, actor)
}

func (s *Service) issueLink(ctx context.Context, link Link, lifetime time.Duration, actor apicred.Actor) (IssuedLink, error) {
	token, err := newSecretText(s.random)
	if err != nil {
		return IssuedLink{}, err
	}
	link.Hash, link.CreatedAt = token.hash(), s.now()
	link.ExpiresAt = link.CreatedAt.Add(lifetime)
	err = s.store.ChangeLogin(ctx, func(tx Tx) error {
		user, err := tx.User(ctx, link.AccountID, link.UserID)
		if err != nil {
			return err
		}
		if user.Status != apicred.UserActive {
			return apicred.Conflict("This person is not active in the account. Make them active first: claviger user edit EMAIL --status active")
		}
		if err := replaceLink(ctx, tx, link); err != nil {
			return err
		}
		return s.recordSignInLink(ctx, tx, link, actor)
	})
	if err != nil {
		return IssuedLink{}, err
	}
	return IssuedLink{Token: LinkToken{token}, ExpiresAt: link.ExpiresAt}, nil
}

func signInLifetime(request SignInLinkRequest) (time.Duration, error) {
	switch {
	case request.Lifetime == 0:
		return SignInLinkLifetime, nil
	case request.Lifetime < 0, request.Lifetime > MaxSignInLinkLifetime && !request.Reusable:
		return 0, apicred.Invalid(apicred.FieldError{Location: "lifetime", Message: "A set-up link lives for at most 7 days (168h). Give a shorter time."})
	}
	return request.Lifetime, nil
}

func (s *Service) recordSignInLink(ctx context.Context, tx Tx, link Link, actor apicred.Actor) error {
	event, err := s.event(link.CreatedAt, link.AccountID, actor)
	if err != nil {
		return err
	}
	event.Action, event.TargetType, event.TargetID = "user.set_up_link", apicred.TargetUser, link.UserID
	event.After = jsonObject(map[string]any{"expires_at": link.ExpiresAt, "reusable": link.Reusable})
	return tx.Record(ctx, event)
}

// replaceLink keeps one live link per person and kind: who asks for a new one
// expects a leaked one to be dead, and the table stays bounded. An account's own
// links leave those of other accounts alone.
func replaceLink(ctx context.Context, tx Tx, link Link) error {
	var err error
	if link.Kind == LinkSetUp {
		err = tx.DeleteLinksOfMember(ctx, link.Kind, link.AccountID, link.UserID)
	} else {
		err = tx.DeleteLinks(ctx, link.Kind, link.UserID)
	}
	if err != nil {
		return err
	}
	return tx.InsertLink(ctx, link)
}

// LinkView is what the page of a link may show before anybody has signed in.
type LinkView struct {
	Kind        LinkKind
	Email       string // empty for LinkFirstAdmin
	AccountName string
	ExpiresAt   time.Time
	Reusable    bool
	// Joins: the person has a sign-in, so that the link lets them into the
	// account and does not sign them in (LinkSetUp).
	Joins bool
	// MaySetPassword: the form may bring a new password.
	MaySetPassword bool
	// MustSetPassword: it has to (linkUse.replacesPassword).
	MustSetPassword bool
	// PasswordChangedAt is when the person's present password was set; zero:
	// there is none, or the link is not the operator's.
	PasswordChangedAt time.Time
}

// Peek tells whom a link is for and leaves it whole, since link scanners open
// what they find. Unknown, used and expired links are one not_found.
func (s *Service) Peek(ctx context.Context, token LinkToken) (LinkView, error) {
	if token.IsZero() {
		return LinkView{}, deadLink()
	}
	link, err := s.store.Link(ctx, token.hash())
	if err != nil {
		return LinkView{}, deadWhenAbsent(err)
	}
	if !link.alive(s.now()) {
		return LinkView{}, deadLink()
	}
	account, err := s.store.Account(ctx, link.AccountID)
	if err != nil {
		return LinkView{}, deadWhenAbsent(err)
	}
	view := LinkView{Kind: link.Kind, AccountName: account.Name, ExpiresAt: link.ExpiresAt, Reusable: link.Reusable}
	if link.Kind == LinkFirstAdmin {
		view.MaySetPassword = s.password
		err = s.peekFirstAdmin(ctx, link)
	} else {
		err = s.peekMember(ctx, link, &view)
	}
	if err != nil {
		return LinkView{}, err
	}
	return view, nil
}

// peekFirstAdmin: somebody may have become admin from the command line since.
func (s *Service) peekFirstAdmin(ctx context.Context, link Link) error {
	err := s.store.ChangeLogin(ctx, func(tx Tx) error { return refuseWhenAdminExists(ctx, tx, link.AccountID) })
	if apicred.IsKind(err, apicred.KindConflict) {
		return deadLink()
	}
	return err
}

func (s *Service) peekMember(ctx context.Context, link Link, view *LinkView) error {
	memberships, err := s.store.Memberships(ctx, link.UserID)
	if err != nil {
		return err
	}
	for _, m := range memberships {
		if m.AccountID == link.AccountID && m.Status == apicred.UserActive {
			view.Email = m.AsKnown().Email
			err := s.peekSignIn(ctx, link, memberships, view)
			view.MustSetPassword = view.MaySetPassword && !m.Accepted() && !view.PasswordChangedAt.IsZero()
			return err
		}
	}
	return deadLink()
}

// peekSignIn tells what the page has to say of the person's sign-in.
func (s *Service) peekSignIn(ctx context.Context, link Link, memberships []apicred.User, view *LinkView) error {
	if link.Kind == LinkSetUp {
		var err error
		if view.Joins, err = hasSignIn(ctx, s.store, memberships, link); err != nil {
			return err
		}
	}
	view.MaySetPassword = s.password && !link.Reusable && !view.Joins
	if link.Kind != LinkSignIn {
		return nil
	}
	stored, err := s.store.Password(ctx, link.UserID)
	if apicred.IsKind(err, apicred.KindNotFound) {
		return nil
	}
	view.PasswordChangedAt = stored.ChangedAt
	return err
}

// passwordReader finds passwords; Store and Tx do.
type passwordReader interface {
	Password(ctx context.Context, userID string) (StoredPassword, error)
}

// hasSignIn tells whether the person of a link may have a sign-in that the
// account's admins must not get at: a password, or they were seen anywhere, or
// belong to another account, too.
func hasSignIn(ctx context.Context, r passwordReader, memberships []apicred.User, link Link) (bool, error) {
	known := slices.ContainsFunc(memberships, func(m apicred.User) bool {
		return !m.LastSeenAt.IsZero() || m.AccountID != link.AccountID && m.Accepted()
	})
	if known {
		return true, nil
	}
	_, err := r.Password(ctx, link.UserID)
	if apicred.IsKind(err, apicred.KindNotFound) {
		return false, nil
	}
	return err == nil, err
}

// alive tells whether a link may still be used, as far as the link itself knows.
func (l *Link) alive(now time.Time) bool {
	return now.Before(l.ExpiresAt) && (l.Reusable || l.UsedAt.IsZero())
}

// deadLink is the one answer for every link that no longer works.
func deadLink() *apicred.Error {
	return &apicred.Error{
		Kind:    apicred.KindNotFound,
		Message: "This link has been used or has expired. Ask the operator for a new one: claviger user set-up-link EMAIL, or, before there is a first admin, a restart of the server.",
	}
}

func deadWhenAbsent(err error) error {
	if apicred.IsKind(err, apicred.KindNotFound) {
		return deadLink()
	}
	return err
}

func operatorAccount(ctx context.Context, tx Tx) (apicred.Account, error) {
	accounts, err := tx.Accounts(ctx)
	if err != nil {
		return apicred.Account{}, err
	}
	for _, a := range accounts {
		if a.Operator {
			return a, nil
		}
	}
	return apicred.Account{}, apicred.Conflict("There is no operator account yet. Run claviger migrate, then try again.")
}

func refuseWhenAdminExists(ctx context.Context, tx Tx, accountID string) error {
	admins, err := tx.CountActiveAdmins(ctx, accountID)
	if err != nil {
		return err
	}
	if admins > 0 {
		return apicred.Conflict("There is an admin already. For a sign-in link run: claviger user set-up-link EMAIL.")
	}
	return nil
}
