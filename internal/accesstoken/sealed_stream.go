package accesstoken

import (
	"encoding/binary"
	"errors"
	"io"
	"strconv"
)

// A sealed stream is a row of pieces: four bytes of length, then the sealed
// piece. Each is bound to the stream's name, its place in the row and whether it
// is the last, so that none can be left out, doubled, moved, brought from another
// stream or cut off behind.
const (
	pieceSize    = 64 << 10
	maxSealed    = pieceSize + 1<<10
	pieceOrdinal = 10
)

func pieceName(stream string, place int, last bool) []byte {
	name := strconv.AppendInt([]byte(stream+" "), int64(place), pieceOrdinal)
	if last {
		name = append(name, " last"...)
	}
	return name
}

// sealedWriter seals what is written. Close writes the last piece.
type sealedWriter struct {
	to     io.Writer
	sealer Sealer
	stream string
	piece  []byte
	place  int
}

func newSealedWriter(to io.Writer, s Sealer, stream string) *sealedWriter {
	return &sealedWriter{to: to, sealer: s, stream: stream, piece: make([]byte, 0, pieceSize)}
}

func (w *sealedWriter) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		n := min(len(p), pieceSize-len(w.piece))
		w.piece, p = append(w.piece, p[:n]...), p[n:]
		if len(w.piece) == pieceSize {
			if err := w.flush(false); err != nil {
				return 0, err
			}
		}
	}
	return written, nil
}

// Close ends the stream.
func (w *sealedWriter) Close() error { return w.flush(true) }

func (w *sealedWriter) flush(last bool) error {
	sealed := w.sealer.Seal(purposeSnapshot, w.piece, pieceName(w.stream, w.place, last))
	w.piece, w.place = w.piece[:0], w.place+1
	length := binary.BigEndian.AppendUint32(nil, uint32(len(sealed))) //nolint:gosec // a piece's size
	if _, err := w.to.Write(length); err != nil {
		return err
	}
	_, err := w.to.Write(sealed)
	return err
}

var errSealedPiece = errors.New("a piece is longer than any")

// sealedReader opens a sealed stream; io.ErrUnexpectedEOF where its last piece is
// missing.
type sealedReader struct {
	from   io.Reader
	sealer Sealer
	stream string
	piece  []byte
	place  int
	ended  bool
}

func newSealedReader(from io.Reader, s Sealer, stream string) *sealedReader {
	return &sealedReader{from: from, sealer: s, stream: stream}
}

func (r *sealedReader) Read(p []byte) (int, error) {
	for len(r.piece) == 0 {
		if r.ended {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.piece)
	r.piece = r.piece[n:]
	return n, nil
}

func (r *sealedReader) next() error {
	var length [4]byte
	if _, err := io.ReadFull(r.from, length[:]); err != nil {
		return io.ErrUnexpectedEOF
	}
	size := binary.BigEndian.Uint32(length[:])
	if size > maxSealed {
		return errSealedPiece
	}
	sealed := make([]byte, size)
	if _, err := io.ReadFull(r.from, sealed); err != nil {
		return io.ErrUnexpectedEOF
	}
	piece, err := r.sealer.Open(purposeSnapshot, sealed, pieceName(r.stream, r.place, false))
	if err != nil {
		if piece, err = r.sealer.Open(purposeSnapshot, sealed, pieceName(r.stream, r.place, true)); err != nil {
			return err
		}
		r.ended = true
	}
	r.piece, r.place = piece, r.place+1
	return nil
}
