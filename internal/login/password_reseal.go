package login

import "context"

// resealAtOnce bounds what is read at a time.
const resealAtOnce = 200

// ResealPasswords seals what an old master key sealed under the current one, so
// that the old one can be taken out of the settings, whoever signs in or not. It
// says how many that were. What a person changes meanwhile wins, and what no
// configured key opens stays as it is. Errors are the store's.
func (s *Service) ResealPasswords(ctx context.Context) (int, error) {
	resealed := 0
	for after := ""; ; {
		found, err := s.store.PasswordsNotUnder(ctx, s.sealer.ID(), after, resealAtOnce)
		if err != nil || len(found) == 0 {
			return resealed, err
		}
		for _, was := range found {
			after = was.UserID
			hash, err := s.unseal(was)
			if err != nil {
				continue // claviger doctor counts them
			}
			done, err := s.store.ResealPassword(ctx, was, s.seal(was.UserID, hash, was.ChangedAt))
			if err != nil {
				return resealed, err
			}
			if done {
				resealed++
			}
		}
	}
}
