package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/client"
	"github.com/claviger/claviger/internal/apicred"
)

func newCredentialDelete(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "delete CLIENT_ID", Short: "Delete an API credential",
		Long: `Removes an API credential with its secrets. Its access tokens die at once. There is
no undo: to stop it for a while, disable it.

On a terminal it asks first; a script gives --yes.`,
		Example: `  claviger credential delete 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811
  claviger credential delete 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811 --yes`,
		Args: takes("CLIENT_ID"),
	}
	m := addManagement(a, cmd)
	cmd.ValidArgsFunction = m.completeCredentials
	yes := cmd.Flags().Bool("yes", false, "do not ask")
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		if !*yes && !a.onTerminal() {
			return usagef("There is no terminal to ask on: give --yes to delete without being asked.")
		}
		return m.do(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			if !*yes {
				credential, err := c.GetCredential(ctx, args[0])
				if err != nil {
					return err
				}
				a.say("Delete %s (%s)? Its tokens die at once, and there is no undo. [y/N]", cell(credential.Name), cell(credential.ClientID))
				if err := a.confirmed(); err != nil {
					return err
				}
			}
			if err := c.DeleteCredential(ctx, args[0]); err != nil {
				return err
			}
			a.say("Deleted.")
			return nil
		})
	})
	return cmd
}

// onTerminal tells whether somebody can be asked.
func (a *app) onTerminal() bool {
	file, ok := a.In.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// confirmed wants a yes; anything else, and the end of the input, is a no.
func (a *app) confirmed() error {
	line, err := bufio.NewReader(io.LimitReader(a.In, 100)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fileError("the answer cannot be read", err)
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return nil
	}
	return apicred.Conflict("Nothing was deleted.")
}
