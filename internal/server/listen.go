package server

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
)

// listen opens a TCP listener; its errors name the setting and the remedy.
func listen(ctx context.Context, setting, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		return &lastCall{TCPListener: l.(*net.TCPListener)}, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fault(err, "The address %s is taken by another program. Stop it, or give another address (setting %s), as --%s 127.0.0.1:8520.",
			address, setting, strings.ReplaceAll(setting, "_", "-"))
	case errors.Is(err, syscall.EACCES):
		return nil, fault(err, "This user may not listen on %s. Use a port above 1023 (%s).", address, setting)
	}
	return nil, fault(err, "Cannot listen on %s: %s. Give an address of this machine as host:port (%s).", address, listenCause(err), setting)
}

func listenCause(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	return err.Error()
}

// listenOr opens a listener on the default address, or on any free port of the
// same host when another program has it (claviger demo).
func listenOr(ctx context.Context, setting, address string) (net.Listener, error) {
	l, err := listen(ctx, setting, address)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return l, err
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	return listen(ctx, setting, net.JoinHostPort(host, "0"))
}
