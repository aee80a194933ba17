package cli

import "github.com/spf13/cobra"

// newHelp is cobra's help command, but for a command that does not exist it is
// wrong usage.
func newHelp(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Show the help of a command",
		Example: "  claviger help user create",
		RunE: func(cmd *cobra.Command, args []string) error {
			command, rest, err := cmd.Root().Find(args)
			if err == nil && len(rest) > 0 {
				err = unknownCommand(command, rest[0])
			}
			if err != nil {
				return err
			}
			command.InitDefaultHelpFlag()
			command.SetOut(a.Out)
			return command.Help()
		},
	}
}
