package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/client"
	"github.com/claviger/claviger/internal/config"
)

const (
	retireAfter = 24 * time.Hour // product.md R8
	mostOverlap = 90 * 24 * time.Hour
)

func newCredentialRotate(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "rotate CLIENT_ID", Short: "Give an API credential a new client secret",
		Long: `Adds a client secret, prints it, and gives all others an end, in which time programs
change over. The new secret is shown this once.

--retire-others-after 0s ends the others now; --keep-others leaves them as they are.
With --close-others-when-quiet each of them is closed before that end, once nobody has
used it for so long; it must be shorter than the time that they have.`,
		Example: `  claviger credential rotate 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811
  claviger credential rotate 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811 --retire-others-after 7d --output env > export.env
  claviger credential rotate 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811 --retire-others-after 30d --close-others-when-quiet 48h
  claviger credential rotate 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811 --label "Berlin" --keep-others`,
		Args: takes("CLIENT_ID"),
	}
	m := addManagement(a, cmd)
	cmd.ValidArgsFunction = m.completeCredentials
	retire := addLength(cmd, "retire-others-after", retireAfter, "how long the other secrets go on working, 0s to 90d")
	keep := cmd.Flags().Bool("keep-others", false, "leave the other secrets as they are")
	quiet := &hours{}
	cmd.Flags().Var(quiet, "close-others-when-quiet", "close the other secrets when nobody has used them for so long, 1h to 90d")
	label := addText(cmd, "label", "text", "what people call the new secret")
	expires := addOrNone(cmd, "expires", "when the new secret ends: a day, a time, or how long from now, as 90d", &orNone[time.Time]{kind: "time", parse: parseEnd})
	output := addSecretOutput(cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		if retire.Duration > mostOverlap || retire.Duration%time.Second != 0 {
			return usagef("--retire-others-after must be whole seconds, 90d at most.")
		}
		if *keep && cmd.Flags().Changed("retire-others-after") {
			return usagef("--keep-others and --retire-others-after exclude each other.")
		}
		if length := time.Duration(quiet.n) * time.Hour; !*keep && length > 0 && length >= retire.Duration {
			return usagef("The other secrets end in %s, before they can have been quiet for %s. Give them longer (--retire-others-after), or shorten --close-others-when-quiet.",
				config.ShortDuration(retire.Duration), hoursOf(quiet.n))
		}
		in := client.NewSecret{ExpiresAt: expires.value, CloseOthersWhenQuietHours: changed(cmd, "close-others-when-quiet", quiet.n)}
		if text := label.String(); text != "" {
			in.Label = &text
		}
		if !*keep {
			in.RetireOthersAfterSeconds = new(int64(retire.Duration / time.Second))
		}
		return m.do(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			added, err := c.AddSecret(ctx, args[0], in)
			if err != nil {
				return err
			}
			err = a.printIssued(output, issued{
				clientID: args[0], secret: added.ClientSecret, tokenURL: c.TokenURL(),
				json: addedJSON{added, args[0], added.ClientSecret.Reveal()},
			})
			if err == nil && !*keep {
				a.say("The other secrets end in %s, unless they end sooner.", config.ShortDuration(retire.Duration))
			}
			if err == nil && quiet.n > 0 {
				a.say("Each of the others is closed when nobody has used it for %s.", hoursOf(quiet.n))
			}
			return err
		})
	})
	return cmd
}

// addedJSON is the added secret with its text, as the REST API answers, and
// whose it is.
type addedJSON struct {
	*client.CreatedSecret
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}
