package lifecycle

import (
	"context"
	"strings"

	"github.com/claviger/claviger/internal/apicred"
)

// MaxCounted is where counting stops ("1,000+").
const MaxCounted = 1000

// ListRequest selects credentials for a page (contract.md "List").
type ListRequest struct {
	Level     apicred.Level  // empty: both
	Owner     string         // "me", a user ID, or empty
	Status    apicred.Status // empty: any
	Scope     string
	Attention AttentionKind // empty: whether or not it needs any
	Search    string
	Sort      CredentialSort // empty: -created_at
	PageSize  int            // 0: 50; at most 200
	PageToken string
}

// CredentialPage is one page of a list.
type CredentialPage struct {
	Credentials   []CredentialView
	NextPageToken string // empty: this is the last page
	// Total over all pages; Capped when there are more than MaxCounted.
	Total  int
	Capped bool
}

// ListCredentials returns what the actor may see: an admin the whole account, a
// supervisor only their own, an account-level credential only its kind. Lists
// filter as reads do (S25). Errors: not_found, forbidden, malformed (page token).
func (s *Service) ListCredentials(ctx context.Context, actor apicred.Actor, in ListRequest) (CredentialPage, error) {
	var page CredentialPage
	attempt := recorded{action: "credential.list", target: apicred.TargetCredential}
	err := s.store.View(ctx, func(r Reader) error {
		f, err := s.areaFacts(ctx, r, &actor, attempt)
		if err != nil {
			return err
		}
		if err := s.needScope(&actor, apicred.ScopeCredentialsRead, attempt); err != nil {
			return err
		}
		q, err := s.query(&actor, &f, &in)
		if err != nil {
			return err
		}
		if !visibleTo(&actor, &q) {
			page = CredentialPage{}
			return nil
		}
		page, err = s.page(ctx, r, &actor, &f, &in, q)
		return err
	})
	return page, err
}

func (s *Service) query(actor *apicred.Actor, f *facts, in *ListRequest) (CredentialQuery, error) {
	q := CredentialQuery{
		AccountID: actor.AccountID, Level: in.Level, OwnerID: in.Owner, Status: in.Status, Scope: in.Scope,
		Search: strings.TrimSpace(in.Search), Sort: in.Sort, Now: s.now(),
	}
	if in.Attention != "" {
		q.Attention = attentionAt(in.Attention, &f.account, q.Now)
	}
	if q.Sort == "" {
		q.Sort = SortCreatedAtDesc
	}
	if q.OwnerID == "me" {
		q.OwnerID = actorPerson(actor)
	}
	var err error
	if q.Limit, err = pageSize(in.PageSize); err != nil {
		return q, err
	}
	return q, s.openPosition(in.PageToken, listBinding(actor, in), &q.After)
}

// visibleTo narrows a query to what the actor may see; false when nothing is.
func visibleTo(actor *apicred.Actor, q *CredentialQuery) bool {
	switch {
	case accountActor(actor):
		if q.Level == apicred.LevelUser {
			return false
		}
		q.Level = apicred.LevelAccount
		return true
	case Permission(ActionView, RelationOthers, actor.Role) == VerdictYes:
		return true
	case q.Level == apicred.LevelAccount, q.OwnerID != "" && q.OwnerID != actor.UserID:
		return false
	}
	q.Level, q.OwnerID = apicred.LevelUser, actor.UserID
	return true
}

func (s *Service) page(ctx context.Context, r Reader, actor *apicred.Actor, f *facts, in *ListRequest, q CredentialQuery) (CredentialPage, error) {
	size := q.Limit
	q.Limit++ // one more tells whether there is a next page
	rows, err := r.Credentials(ctx, q)
	if err != nil {
		return CredentialPage{}, err
	}
	total, err := r.CountCredentials(ctx, q, MaxCounted)
	if err != nil {
		return CredentialPage{}, err
	}
	page := CredentialPage{Total: min(total, MaxCounted), Capped: total > MaxCounted}
	if len(rows) > size {
		rows = rows[:size]
		page.NextPageToken, err = s.sealPosition(PositionOf(&rows[size-1], q.Sort), listBinding(actor, in))
		if err != nil {
			return CredentialPage{}, err
		}
	}
	page.Credentials, err = s.viewRows(ctx, r, actor, f, rows)
	return page, err
}

func (s *Service) viewRows(ctx context.Context, r Reader, actor *apicred.Actor, f *facts, rows []apicred.Credential) ([]CredentialView, error) {
	ids := make([]string, 0, len(rows))
	for i := range rows {
		ids = append(ids, rows[i].ClientID)
	}
	secrets, err := r.SecretsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	calls, err := r.DailyCalls(ctx, ids, s.now())
	if err != nil {
		return nil, err
	}
	owners, out := map[string]apicred.User{}, make([]CredentialView, 0, len(rows))
	for _, c := range rows {
		owner, known := owners[c.OwnerID]
		if !known {
			if owner, err = s.owner(ctx, r, &c); err != nil {
				return nil, err
			}
			owners[c.OwnerID] = owner
		}
		view := s.render(actor, f, c, secrets[c.ClientID], owner)
		view.DailyCalls = calls[c.ClientID]
		out = append(out, view)
	}
	return out, nil
}

// listBinding ties page tokens to what is listed for whom.
func listBinding(actor *apicred.Actor, in *ListRequest) []byte {
	return pageBinding("credentials", actor, string(in.Level), in.Owner, string(in.Status), in.Scope, in.Search, string(in.Sort), string(in.Attention))
}
