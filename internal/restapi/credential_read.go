package restapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// listInput are the parameters of a list of credentials.
type listInput struct {
	Level     string `query:"level" enum:"user,account" doc:"Only credentials of this level."`
	Owner     string `query:"owner" doc:"Only those of a user: a user ID, or me." example:"me"`
	Status    string `query:"status" enum:"active,disabled,expired,suspended" doc:"Only those in this state."`
	Scope     string `query:"scope" maxLength:"64" doc:"Only those that hold this scope value." example:"users:read"`
	Attention string `query:"attention" enum:"expiring,unused,unrotated,suspended" doc:"Only those that somebody should look at: it or a secret ends within 14 days; nobody has used it for 90 days, or as long as the account warns after; no secret was added for 90 days; suspended. Disabled and expired ones need none."`
	Search    string `query:"q" maxLength:"128" doc:"Words, each the beginning of a word of the name; or the beginning of the client ID or of the owner's e-mail address."`
	Sort      string `query:"sort" enum:"name,-name,created_at,-created_at,last_used_at,-last_used_at" doc:"Order; a minus sign is descending. Left out: newest first."`
	PageSize  int    `query:"page_size" minimum:"1" maximum:"200" doc:"Rows a page. Left out: 50."`
	PageToken string `query:"page_token" doc:"next_page_token of the answer before, to the same query of the same caller."`
}

type credentialInput struct {
	ClientID string `path:"client_id" format:"uuid" doc:"The client ID."`
}

type credentialListOutput struct{ Body credentialListJSON }

type credentialOutput struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body credentialJSON
}

func answerCredential(v lifecycle.CredentialView, err error) (*credentialOutput, error) {
	if err != nil {
		return nil, err
	}
	return &credentialOutput{ETag: versionTag(v.Version), Body: renderCredential(&v)}, nil
}

// registerCredentials registers what can be done with credentials.
func (s *Surface) registerCredentials(a huma.API) {
	s.registerCredentialReads(a)
	s.registerCredentialCreate(a)
	s.registerCredentialChanges(a)
	s.registerUsage(a)
}

func (s *Surface) registerCredentialReads(a huma.API) {
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "listCredentials", Method: http.MethodGet, Path: "/credentials", Tags: []string{tagCredentials},
			Summary: "List API credentials",
			Description: "Admins see every credential of the account, supervisors their own. Pages are stable: a row that is there " +
				"throughout is on exactly one page. The filters narrow together.",
		},
		scope: apicred.ScopeCredentialsRead, example: exampleList(),
	}, steps[listInput, lifecycle.ListRequest, credentialListOutput]{parse: parseList, act: s.listCredentials})

	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "getCredential", Method: http.MethodGet, Path: "/credentials/{client_id}", Tags: []string{tagCredentials},
			Summary:     "Read an API credential",
			Description: "Secrets are listed without their text: no operation shows that again.",
		},
		scope: apicred.ScopeCredentialsRead, example: exampleCredential(),
	}, steps[credentialInput, *credentialInput, credentialOutput]{
		parse: asIs[credentialInput],
		act: func(ctx context.Context, actor apicred.Actor, in *credentialInput) (*credentialOutput, error) {
			return answerCredential(s.lifecycle.Credential(ctx, actor, in.ClientID))
		},
	})
}

func parseList(_ *call, in *listInput) (lifecycle.ListRequest, error) {
	if in.Owner != "" && in.Owner != "me" && !idPattern.MatchString(in.Owner) {
		return lifecycle.ListRequest{}, malformedAt("query.owner", "owner must be me or a user ID.")
	}
	return lifecycle.ListRequest{
		Level: apicred.Level(in.Level), Owner: in.Owner, Status: apicred.Status(in.Status), Scope: in.Scope,
		Attention: lifecycle.AttentionKind(in.Attention),
		Search:    in.Search, Sort: lifecycle.CredentialSort(in.Sort), PageSize: in.PageSize, PageToken: in.PageToken,
	}, nil
}

func (s *Surface) listCredentials(ctx context.Context, actor apicred.Actor, in lifecycle.ListRequest) (*credentialListOutput, error) {
	page, err := s.lifecycle.ListCredentials(ctx, actor, in)
	if err != nil {
		return nil, err
	}
	return &credentialListOutput{renderPage(&page)}, nil
}
