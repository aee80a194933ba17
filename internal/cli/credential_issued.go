package cli

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/client"
)

const outputEnv = "env"

// addSecretOutput adds the flag of commands that print a secret.
func addSecretOutput(cmd *cobra.Command) *choice {
	output := choose(cmd, "output", "how client ID and secret are printed", outputTable, outputJSON, outputEnv)
	output.word = outputTable
	cmd.Flag("output").DefValue = outputTable
	return output
}

// issued is a client secret on its only way to whoever asked for it.
type issued struct {
	clientID string
	secret   client.SecretText
	tokenURL string
	json     any
}

// printIssued writes a secret to stdout, once. Where that fails the secret is
// lost, and the error says how to come by another.
func (a *app) printIssued(output *choice, i issued) error {
	var err error
	if output.word == outputEnv {
		_, err = fmt.Fprintf(a.Out, "CLIENT_ID=%s\nCLIENT_SECRET=%s\nTOKEN_URL=%s\n",
			shellWord(i.clientID), shellWord(i.secret.Reveal()), shellWord(i.tokenURL))
	} else {
		err = a.print(output, printed{json: i.json, rows: [][]string{
			{"client ID", cell(i.clientID)}, {"client secret", cell(i.secret.Reveal())},
		}})
	}
	if err != nil {
		return &advice{err, []string{"Nobody saw the secret. For another: claviger credential rotate " + cell(i.clientID) + " --retire-others-after 0s"}}
	}
	a.say("Keep the client secret now: it is not shown again.")
	return nil
}

var plainShellWord = regexp.MustCompile(`^[A-Za-z0-9_./:@-]+$`)

// shellWord is a text as one word for a shell: the output is for eval, and the
// server chose the text.
func shellWord(text string) string {
	if plainShellWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
