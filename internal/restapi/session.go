package restapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/login"
)

// sessionJSON is a signed-in browser.
type sessionJSON struct {
	SessionID  string    `json:"session_id" format:"uuid"`
	CreatedAt  time.Time `json:"created_at"`
	LastSeenAt time.Time `json:"last_seen_at" doc:"To the minute."`
	ExpiresAt  time.Time `json:"expires_at" doc:"When it ends however much it is used; 12 hours unused end it, too."`
	Address    string    `json:"address" doc:"Where it was seen last."`
	UserAgent  string    `json:"user_agent" doc:"What the browser called itself at sign-in."`
	Current    bool      `json:"current" doc:"It is the one that asks."`
}

type sessionListJSON struct {
	Sessions []sessionJSON `json:"sessions" doc:"The one seen last first."`
}

type sessionListOutput struct{ Body sessionListJSON }

type sessionInput struct {
	SessionID string `path:"session_id" format:"uuid" doc:"The session ID."`
}

func (s *Surface) registerSessions(a huma.API) {
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "listSessions", Method: http.MethodGet, Path: "/me/sessions", Tags: []string{tagPeople},
			Summary: "List where you are signed in", Description: "For people, of every role; not for API credentials.",
		},
		withoutAccount: true, example: sessionListJSON{[]sessionJSON{exampleSession()}}, refusals: []int{http.StatusForbidden},
	}, steps[struct{}, *struct{}, sessionListOutput]{parse: asIs[struct{}], act: s.listSessions})
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "endSessions", Method: http.MethodDelete, Path: "/me/sessions", Tags: []string{tagPeople},
			Summary: "Sign out everywhere else", Description: "Ends every session but the one that asks; with an access token, every one.",
		},
		withoutAccount: true,
	}, steps[struct{}, *struct{}, struct{}]{
		parse: asIs[struct{}],
		act: func(ctx context.Context, actor apicred.Actor, _ *struct{}) (*struct{}, error) {
			return nil, s.ownAffairs.EndSessions(ctx, actor, callFrom(ctx).session.ID)
		},
	})
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "endSession", Method: http.MethodDelete, Path: "/me/sessions/{session_id}", Tags: []string{tagPeople},
			Summary: "End a session", Description: "One of your own; the one that asks, too.",
		},
		withoutAccount: true,
	}, steps[sessionInput, *sessionInput, struct{}]{
		parse: asIs[sessionInput],
		act: func(ctx context.Context, actor apicred.Actor, in *sessionInput) (*struct{}, error) {
			return nil, s.ownAffairs.EndSession(ctx, actor, in.SessionID)
		},
	})
}

func (s *Surface) listSessions(ctx context.Context, actor apicred.Actor, _ *struct{}) (*sessionListOutput, error) {
	sessions, err := s.ownAffairs.Sessions(ctx, actor)
	if err != nil {
		return nil, err
	}
	current := callFrom(ctx).session.ID
	out := sessionListJSON{make([]sessionJSON, 0, len(sessions))}
	for n := range sessions {
		out.Sessions = append(out.Sessions, renderSession(&sessions[n], current))
	}
	return &sessionListOutput{out}, nil
}

func renderSession(s *login.Session, current string) sessionJSON {
	return sessionJSON{
		SessionID: s.ID, CreatedAt: s.CreatedAt.UTC(), LastSeenAt: s.LastSeenAt.UTC(), ExpiresAt: s.ExpiresAt.UTC(),
		Address: s.Address, UserAgent: s.UserAgent, Current: s.ID == current,
	}
}

func exampleSession() sessionJSON {
	return sessionJSON{
		SessionID: exampleEventID, CreatedAt: exampleTime(), LastSeenAt: exampleTime().Add(26 * time.Hour),
		ExpiresAt: exampleTime().Add(login.AbsoluteLimit), Address: "192.0.2.17",
		UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", Current: true,
	}
}
