import type { User } from '../api/types'

/** What a dialog about a user is given. */
export interface UserDialogProps {
  user: User
  open: boolean
  onClose: () => void
  onClosed: () => void
}
