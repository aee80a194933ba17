package lifecycle

import (
	"context"
	"strings"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// A page of audit events is read in steps and ends early when its events are
// large: one that applied a catalogue carries it twice, of up to 1 MiB each.
const (
	auditStep      = 25
	auditPageBytes = 4 << 20
)

// AuditRequest selects audit events for a page (contract.md "Audit"). Empty members
// do not filter.
type AuditRequest struct {
	// Actor is the ID or the e-mail address of who acted; or operator or system,
	// which have neither.
	Actor  string
	Action string // as "credential.create"
	Target string // ID of what it was done to
	// From is the earliest moment, To the first that is too late.
	From, To  time.Time
	PageSize  int // 0: 50; at most 200
	PageToken string
}

// AuditEventView is an audit event with the present names of what its IDs say,
// as far as they still are in its account. Names are joined when it is read and
// so follow what is renamed or erased (R14).
type AuditEventView struct {
	apicred.AuditEvent
	// TargetName is the name of an API credential or an account, or the e-mail
	// address of a user.
	TargetName string
	// ActingAsEmail is the e-mail address of the user acted for.
	ActingAsEmail string
}

// AuditPage is one page of audit events, newest first.
type AuditPage struct {
	Events        []AuditEventView
	NextPageToken string // empty: this is the last page
}

// AuditEvents returns audit events of the actor's account, to admins of that
// account, and to those of the operator account what the operator or Claviger
// itself did to signing keys and catalogue; of the account named by the actor, or of every one when none is, to
// the operator at the machine. Refusals are there once their minute is over.
// Errors: not_found, forbidden (the token's scope), malformed (page).
func (s *Service) AuditEvents(ctx context.Context, actor apicred.Actor, in AuditRequest) (AuditPage, error) {
	var page AuditPage
	err := s.store.View(ctx, func(r Reader) error {
		if err := s.auditRight(ctx, r, &actor); err != nil {
			return err
		}
		q, err := s.auditQuery(&actor, &in)
		if err != nil {
			return err
		}
		if known, err := identifyActor(ctx, r, &q, in.Actor); err != nil || !known {
			return err
		}
		page, err = s.auditPage(ctx, r, &actor, &in, q)
		return err
	})
	return page, err
}

func (s *Service) auditRight(ctx context.Context, r Reader, actor *apicred.Actor) error {
	if actor.Type == apicred.ActorOperator {
		return nil
	}
	if _, err := s.facts(ctx, r, actor); err != nil {
		return err
	}
	attempt := recorded{action: "audit.list", target: apicred.TargetAccount, id: actor.AccountID}
	if accountActor(actor) || actor.Role != apicred.RoleAdmin {
		s.refuse(actor, "audit", attempt)
		return apicred.NotFound()
	}
	return s.needScope(actor, apicred.ScopeAuditRead, attempt)
}

// auditPosition is the sequence of the last event of a page.
type auditPosition struct {
	Sequence int64 `json:"s"`
}

func auditBinding(actor *apicred.Actor, in *AuditRequest) []byte {
	return pageBinding("audit_events", actor, in.Actor, in.Action, in.Target, auditTime(in.From), auditTime(in.To))
}

func (s *Service) auditQuery(actor *apicred.Actor, in *AuditRequest) (AuditQuery, error) {
	q := AuditQuery{
		AccountID: actor.AccountID, Installation: actor.OperatorAccount,
		Action: in.Action, Target: in.Target, From: in.From, To: in.To,
	}
	var err error
	if q.Limit, err = pageSize(in.PageSize); err != nil {
		return q, err
	}
	var behind auditPosition
	err = s.openPosition(in.PageToken, auditBinding(actor, in), &behind)
	q.Before = behind.Sequence
	return q, err
}

// identifyActor reads whose acts are wanted; known is false when nobody has the
// address. That somebody has it elsewhere shows in nothing: what is found are
// events of the account.
func identifyActor(ctx context.Context, r Reader, q *AuditQuery, wanted string) (known bool, err error) {
	switch {
	case wanted == string(apicred.ActorOperator) || wanted == string(apicred.ActorSystem):
		q.ActorType = apicred.ActorType(wanted)
	case strings.Contains(wanted, "@"):
		person, err := r.PersonByEmail(ctx, wanted)
		if apicred.IsKind(err, apicred.KindNotFound) {
			return false, nil
		}
		q.Actor = person.ID
		return true, err
	default:
		q.Actor = wanted
	}
	return true, nil
}

func (s *Service) auditPage(ctx context.Context, r Reader, actor *apicred.Actor, in *AuditRequest, q AuditQuery) (AuditPage, error) {
	events, more, err := auditEvents(ctx, r, q)
	if err != nil {
		return AuditPage{}, err
	}
	page := AuditPage{Events: make([]AuditEventView, 0, len(events))}
	if more {
		last := auditPosition{events[len(events)-1].Sequence}
		if page.NextPageToken, err = s.sealPosition(last, auditBinding(actor, in)); err != nil {
			return AuditPage{}, err
		}
	}
	names := nameReader{reader: r, known: map[namedThing]string{}}
	for _, e := range events {
		view := AuditEventView{AuditEvent: e}
		if view.TargetName, err = names.of(ctx, namedThing{e.AccountID, e.TargetType, e.TargetID}); err != nil {
			return AuditPage{}, err
		}
		if view.ActingAsEmail, err = names.of(ctx, namedThing{e.AccountID, apicred.TargetUser, e.ActingAs}); err != nil {
			return AuditPage{}, err
		}
		page.Events = append(page.Events, view)
	}
	return page, nil
}

// auditEvents reads up to q.Limit events, fewer when they are large, and whether
// there are more.
func auditEvents(ctx context.Context, r Reader, q AuditQuery) (events []apicred.AuditEvent, more bool, err error) {
	limit, size := q.Limit, 0
	for {
		q.Limit = min(auditStep, limit-len(events)+1) // one more tells whether there is a next page
		step, err := r.AuditEvents(ctx, q)
		if err != nil {
			return nil, false, err
		}
		for i := range step {
			if len(events) == limit || size >= auditPageBytes {
				return events, true, nil
			}
			events = append(events, step[i])
			size += len(step[i].Before) + len(step[i].After)
		}
		if len(step) < q.Limit {
			return events, false, nil
		}
		q.Before = step[len(step)-1].Sequence
	}
}

type namedThing struct {
	accountID string
	kind      apicred.TargetType
	id        string
}

// nameReader finds present names, each once. It asks within the account of the
// event alone: a refused event may name anything, also of another account.
type nameReader struct {
	reader Reader
	known  map[namedThing]string
}

func (n *nameReader) of(ctx context.Context, thing namedThing) (string, error) {
	if name, known := n.known[thing]; known || thing.id == "" {
		return name, nil
	}
	name, err := n.read(ctx, thing)
	if err != nil && !apicred.IsKind(err, apicred.KindNotFound) {
		return "", err
	}
	n.known[thing] = name
	return name, nil
}

func (n *nameReader) read(ctx context.Context, thing namedThing) (string, error) {
	switch thing.kind {
	case apicred.TargetCredential:
		c, err := n.reader.Credential(ctx, thing.accountID, thing.id)
		return c.Name, err
	case apicred.TargetUser:
		u, err := n.reader.User(ctx, thing.accountID, thing.id)
		return u.AsKnown().Email, err
	case apicred.TargetAccount:
		if thing.id != thing.accountID {
			return "", nil
		}
		a, err := n.reader.Account(ctx, thing.id)
		return a.Name, err
	case apicred.TargetCatalogue, apicred.TargetSigningKey, apicred.TargetSession, apicred.TargetToken, apicred.TargetAuditLog:
	}
	return "", nil
}
