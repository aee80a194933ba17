package desk

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

const (
	readTimeout     = 30 * time.Second
	shutdownTimeout = 5 * time.Second
	// maxBody leaves room for the largest catalogue in base64.
	maxBody = lifecycle.MaxCatalogueSize*4/3 + 64<<10
)

// Serve answers the commands on l until ctx ends, then lets those under way
// finish. It closes l.
func (d *Desk) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler: d.handler(), ReadTimeout: readTimeout, IdleTimeout: readTimeout,
		ErrorLog:    slog.NewLogLogger(d.logger.Handler(), slog.LevelWarn),
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		stopped <- server.Shutdown(limited)
	})
	err := server.Serve(l)
	if !stop() && errors.Is(err, http.ErrServerClosed) {
		err = <-stopped
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	}
	return err
}

// handler has one route a command.
func (d *Desk) handler() http.Handler {
	mux := http.NewServeMux()
	route(mux, d, accountList, func(ctx context.Context, _ nothing) ([]Account, error) { return d.Accounts(ctx) })
	route(mux, d, accountCreate, d.CreateAccount)
	route(mux, d, accountEdit, d.EditAccount)
	route(mux, d, userList, d.Users)
	route(mux, d, userCreate, func(ctx context.Context, in NewUser) (createdUserWire, error) {
		out, err := d.CreateUser(ctx, in)
		return out.wire(), err
	})
	route(mux, d, userEdit, d.EditUser)
	route(mux, d, userSetUpLink, func(ctx context.Context, in UserRef) (linkWire, error) {
		out, err := d.SetUpLink(ctx, in)
		return out.wire(), err
	})
	route(mux, d, tokenMint, func(ctx context.Context, in TokenRequest) (tokenWire, error) {
		out, err := d.MintToken(ctx, in)
		return out.wire(), err
	})
	route(mux, d, catalogueSet, d.ApplyCatalogue)
	route(mux, d, catalogueDiff, d.DiffCatalogue)
	route(mux, d, catalogueGet, func(ctx context.Context, _ nothing) (CatalogueDocument, error) { return d.ExportCatalogue(ctx) })
	route(mux, d, keyList, func(ctx context.Context, _ nothing) ([]SigningKey, error) { return d.SigningKeys(ctx) })
	route(mux, d, keyRotate, d.RotateSigningKeys)
	route(mux, d, keyRemove, d.RemoveSigningKey)
	route(mux, d, auditList, d.AuditEvents)
	route(mux, d, auditCheckpoint, func(ctx context.Context, _ nothing) (AuditCheckpoint, error) { return d.CheckpointAudit(ctx) })
	route(mux, d, auditVerify, d.VerifyAudit)
	route(mux, d, explainRefusal, d.Explain)
	route(mux, d, restoreList, d.RestoredCredentials)
	route(mux, d, restoreConfirm, d.ConfirmRestored)
	route(mux, d, statusGet, func(ctx context.Context, _ nothing) (Status, error) { return d.Status(ctx) })
	return mux
}

// route answers POST /<name> by decoding the input, doing the command and
// encoding what comes back.
func route[In, Out any](mux *http.ServeMux, d *Desk, name string, do func(context.Context, In) (Out, error)) {
	mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) {
		requestID, err := newRequestID()
		ctx := context.WithValue(r.Context(), requestIDKey{}, requestID)
		var in In
		var out Out
		if err == nil {
			err = decode(http.MaxBytesReader(w, r.Body, maxBody), &in)
		}
		if err == nil {
			out, err = do(ctx, in)
		}
		if err != nil {
			d.answerError(ctx, w, failure{name, requestID, apicred.AsError(err)})
			return
		}
		d.answer(ctx, w, http.StatusOK, out)
	})
}

// decode reads strictly: a member that this release does not know would be a
// wish that is silently not done.
func decode(body io.Reader, into any) error {
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil && !errors.Is(decoder.Decode(&struct{}{}), io.EOF) {
		err = errors.New("something follows the command")
	}
	if err != nil {
		return apicred.Malformed("The running server cannot read this command. It is of another release: restart it with this one.").Because(err)
	}
	return nil
}

type failure struct {
	command   string
	requestID string
	err       *apicred.Error
}

func (d *Desk) answerError(ctx context.Context, w http.ResponseWriter, f failure) {
	if cause := errors.Unwrap(f.err); f.err.Kind == apicred.KindInternal || f.err.Kind == apicred.KindUnavailable {
		d.logger.ErrorContext(ctx, "operator's command failed",
			"command", f.command, "request_id", f.requestID, "kind", f.err.Kind, "cause", cause)
	}
	d.answer(ctx, w, status(f.err), wireError(f.err, f.requestID))
}

func (d *Desk) answer(ctx context.Context, w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		d.logger.WarnContext(ctx, "operator's command not answered", "cause", err)
	}
}
