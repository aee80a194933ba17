package login

import (
	"context"

	"github.com/claviger/claviger/internal/apicred"
)

// hashForLink makes the hash of the password that comes with a link's form;
// zero when none does. Strangers without a live link cost no hash. Errors:
// not_found (the link), invalid (every fault of the form at once), unavailable.
func (s *Service) hashForLink(ctx context.Context, token LinkToken, form LinkForm) (passwordHash, error) {
	if form.Password.IsZero() {
		return passwordHash{}, nil
	}
	link, err := s.store.Link(ctx, token.hash())
	if err != nil {
		return passwordHash{}, deadWhenAbsent(err)
	}
	if !link.alive(s.now()) {
		return passwordHash{}, deadLink()
	}
	if err := s.checkLinkPassword(ctx, link, form); err != nil {
		return passwordHash{}, err
	}
	return s.gate.hash(ctx, visitor{known: true, name: "link " + string(link.Hash)}, form.Password, s.random)
}

func (s *Service) checkLinkPassword(ctx context.Context, link Link, form LinkForm) error {
	var faults []apicred.FieldError
	about := []string{form.Email, form.Name}
	if link.Kind == LinkFirstAdmin {
		if _, _, err := checkForm(form); err != nil {
			faults = apicred.AsError(err).Fields
		}
		account, err := s.store.Account(ctx, link.AccountID)
		if err != nil {
			return deadWhenAbsent(err)
		}
		about = append(about, account.Name)
	} else {
		known, err := s.knownAbout(ctx, link.UserID)
		if err != nil {
			return deadWhenAbsent(err)
		}
		about = known
	}
	fault := form.Password.check(about...)
	switch {
	case link.Reusable:
		fault = "This link sets no password. Sign in by it, then set one in the console under Security."
	case !s.password:
		fault = "This server does not take passwords. Leave the field empty."
	}
	if fault != "" {
		faults = append(faults, apicred.FieldError{Location: "body.password", Message: fault})
	}
	if len(faults) > 0 {
		return apicred.Invalid(faults...)
	}
	return nil
}

// setPassword sets the password that came with the form, if one did.
func (u *linkUse) setPassword(ctx context.Context, link Link, userID string) error {
	if u.password.tag == nil {
		return nil
	}
	return u.service.setPassword(ctx, u.tx, newPassword{
		userID: userID, accountID: link.AccountID, hash: u.password, at: u.at, facts: &u.facts,
	})
}
