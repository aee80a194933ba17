package server

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// lastCall is a listener that turns nobody away who is through the door: closing
// it first hands out the connections that the kernel has accepted and the program
// has not. Merely closing a socket resets them, under a request just sent (S38).
type lastCall struct {
	*net.TCPListener
	closing atomic.Bool
	once    sync.Once
}

// Close makes Accept return what still waits, and then close the socket and
// return an error.
func (l *lastCall) Close() error {
	l.closing.Store(true)
	return l.SetDeadline(time.Unix(1, 0)) // wakes Accept
}

// abandon closes the socket at once, where nobody accepts any more.
func (l *lastCall) abandon() {
	l.once.Do(func() { _ = l.TCPListener.Close() })
}

// Accept waits for a connection; once the listener is closing it does not wait.
func (l *lastCall) Accept() (net.Conn, error) {
	for !l.closing.Load() {
		c, err := l.TCPListener.Accept()
		if err == nil || !l.closing.Load() {
			return c, err
		}
	}
	c, err := l.waiting()
	if err != nil {
		l.abandon()
		return nil, net.ErrClosed
	}
	return c, nil
}

// waiting takes one connection from the kernel's queue; an error when none is
// left.
func (l *lastCall) waiting() (net.Conn, error) {
	raw, err := l.SyscallConn()
	if err != nil {
		return nil, err
	}
	descriptor := -1
	var refused error
	err = raw.Control(func(fd uintptr) {
		if descriptor, _, refused = syscall.Accept(int(fd)); refused != nil {
			// At once, before another connection comes into the queue.
			_ = syscall.Shutdown(int(fd), syscall.SHUT_RDWR)
		}
	})
	if err := errors.Join(err, refused); err != nil {
		return nil, err
	}
	syscall.CloseOnExec(descriptor)
	file := os.NewFile(uintptr(descriptor), "connection")
	defer file.Close() // FileConn has its own copy
	return net.FileConn(file)
}
