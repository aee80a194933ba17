package login

import (
	"context"
	"log/slog"
	"strings"

	"github.com/claviger/claviger/internal/apicred"
)

// nobody is the user ID that is looked up where there is no person, so that
// unknown addresses cost what known ones do.
const nobody = "00000000-0000-0000-0000-000000000000"

// PasswordForm is what a person enters to sign in.
type PasswordForm struct {
	Email    string
	Password Password
}

// SignIn signs a person in by their password, and ends the session that the
// browser had. Unknown address, wrong password, none set and no active
// membership are one unauthenticated, after the same work (S22); the log alone
// tells them apart. Other errors: forbidden (switched off), rate_limited,
// unavailable.
func (s *Service) SignIn(ctx context.Context, form PasswordForm, facts RequestFacts) (SessionToken, Session, error) {
	if !s.password {
		return SessionToken{}, Session{}, passwordsOff()
	}
	form.Email = strings.TrimSpace(form.Email)
	c, err := s.claimant(ctx, form.Email)
	if err != nil {
		return SessionToken{}, Session{}, err
	}
	try, who, err := s.admit(c, form.Email, &facts)
	if err != nil {
		s.logger.WarnContext(ctx, "sign-in by password throttled", failure(c.person.ID, "too many tries", &facts)...)
		return SessionToken{}, Session{}, err
	}
	right, err := s.gate.check(ctx, who, c.hash, form.Password)
	if err != nil {
		try.repay() // nothing was looked at
		return SessionToken{}, Session{}, err
	}
	if why := c.refusal(right); why != "" {
		s.logger.WarnContext(ctx, "sign-in by password failed", failure(c.person.ID, why, &facts)...)
		return SessionToken{}, Session{}, wrongPassword()
	}
	try.repay()
	if stored, renew := s.renewed(ctx, who, form.Password, c.stored, c.hash); renew {
		c.renewed = &stored
	}
	return s.signIn(ctx, c, facts)
}

// claimant is who somebody claims to be, as far as the store knows them.
type claimant struct {
	person      apicred.Person
	stored      StoredPassword
	hash        passwordHash
	memberships []apicred.User  // that let them in
	renewed     *StoredPassword // to write when they are in; nil: none
}

// claimant reads everything about the person of an address, in the same steps
// whether or not there is one.
func (s *Service) claimant(ctx context.Context, email string) (claimant, error) {
	var c claimant
	var err error
	c.person, err = s.store.PersonByEmail(ctx, email)
	if err != nil && !apicred.IsKind(err, apicred.KindNotFound) {
		return claimant{}, err
	}
	id := c.person.ID
	if id == "" {
		id = nobody
	}
	if c.stored, c.hash, err = s.storedHash(ctx, id); err != nil {
		return claimant{}, err
	}
	c.memberships, err = s.activeMemberships(ctx, id)
	return c, err
}

// refusal says for the log why they are not let in; empty: they are.
func (c *claimant) refusal(right bool) string {
	switch {
	case c.person.ID == "":
		return "no such person"
	case len(c.hash.tag) == 0:
		return "no password set"
	case !right:
		return "wrong password"
	case len(c.memberships) == 0:
		return "no active membership"
	}
	return ""
}

// admit pays for the try: out of the browser's own budget where they were signed
// in before, else out of those for strangers.
func (s *Service) admit(c claimant, email string, facts *RequestFacts) (attempt, visitor, error) {
	now := s.now()
	if browser := s.knows(facts.Browser, c.person.ID, now); browser != "" {
		try, err := s.throttle.familiar(browser, now)
		return try, visitor{known: true, name: browser}, err
	}
	try, err := s.throttle.stranger(apicred.FoldText(email), facts.network(), now)
	return try, visitor{name: facts.network().String()}, err
}

// signIn opens the session, if what was judged still stands.
func (s *Service) signIn(ctx context.Context, c claimant, facts RequestFacts) (SessionToken, Session, error) {
	token, err := newSecretText(s.random)
	if err != nil {
		return SessionToken{}, Session{}, err
	}
	former, err := s.formerSession(ctx, facts.Session)
	if err != nil {
		return SessionToken{}, Session{}, err
	}
	var session Session
	err = s.store.ChangeLogin(ctx, func(tx Tx) error {
		at := s.now()
		if err := c.stands(ctx, tx); err != nil {
			return err
		}
		if err := s.endFormer(ctx, tx, former, at, &facts); err != nil {
			return err
		}
		if c.renewed != nil {
			if err := tx.SetPassword(ctx, *c.renewed); err != nil {
				return err
			}
		}
		session, err = s.open(ctx, tx, opening{token, c.person.ID, accountToOpen(c.memberships), ProofPassword, at, &facts})
		return err
	})
	if err != nil {
		return SessionToken{}, Session{}, err
	}
	return SessionToken{token}, session, nil
}

// stands reads password and memberships again, in the transaction that lets the
// person in: a change that came in between wins.
func (c *claimant) stands(ctx context.Context, tx Tx) error {
	stored, err := tx.Password(ctx, c.person.ID)
	if err != nil && !apicred.IsKind(err, apicred.KindNotFound) {
		return err
	}
	if !stored.same(&c.stored) {
		return wrongPassword()
	}
	memberships, err := tx.Memberships(ctx, c.person.ID)
	if err != nil {
		return err
	}
	if c.memberships = lettingIn(memberships); len(c.memberships) == 0 {
		return wrongPassword()
	}
	return nil
}

// accountToOpen is the account that the person used last.
func accountToOpen(memberships []apicred.User) string {
	last := memberships[0]
	for _, m := range memberships[1:] {
		if m.LastSeenAt.After(last.LastSeenAt) {
			last = m
		}
	}
	return last.AccountID
}

// RememberBrowser makes the token that gives this person's next sign-in at the
// browser of a session a budget of tries of its own.
func (s *Service) RememberBrowser(session Session) (BrowserToken, error) {
	return s.newBrowser(session.UserID, s.now())
}

// failure is what the log says of a try. Never what was entered: people type
// passwords into the wrong field.
func failure(userID, why string, facts *RequestFacts) []any {
	return []any{
		slog.String("reason", why), slog.String("user", userID),
		slog.String("address", facts.Address), slog.String("request_id", facts.RequestID),
	}
}

func wrongPassword() *apicred.Error {
	return apicred.Unauthenticated("E-mail address or password is not right. Check both, also for capital letters, and try again.")
}

func passwordsOff() *apicred.Error {
	return apicred.Forbidden("This server does not take passwords. Sign in by a one-time link: ask the operator for one.")
}
