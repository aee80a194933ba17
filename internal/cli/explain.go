package cli

import (
	"net/netip"
	"strings"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/desk"
)

func newExplain(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "explain [REQUEST-ID]", Short: "Say why a program was refused, or would be",
		Long: `Says which rule refused a program, what would allow the call, and who may do that.

REQUEST-ID is the Claviger-Request-Id of the refused answer, whole, with what follows
the dot: it carries the refusal sealed, so that any node can read it. --jti asks what
is recorded of a token. With --client-id, a call that nobody made is judged.`,
		Example: `  claviger explain 01k6sc8vqe9v7n4h2m5x3a1btd.mFzAw…
  claviger explain --jti Y-apzWd9A3Rw1Jxfp_DDBW
  claviger explain --client-id 0195c000-0000-7000-8000-000000000001 --path /useradmin/users`,
		Args: cobra.MaximumNArgs(1),
	}
	jti := addText(cmd, "jti", "id", "ask what is recorded of the token with this jti")
	clientID := addText(cmd, "client-id", "id", "judge a call of this API credential that nobody made")
	api := addText(cmd, "api", "id", "the API that would be called; left out: host and path find it")
	host := addText(cmd, "host", "name", "the host that would be called; left out: any")
	method := addText(cmd, "method", "name", "the method; left out: GET")
	path := addText(cmd, "path", "path", "the path, base path included")
	address := addText(cmd, "address", "ip", "where the call would come from; left out: from an allowed address")
	output := addOutput(cmd)
	installation := addInstallation(a, cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		in := desk.ExplainRequest{
			JTI: jti.String(), ClientID: clientID.String(), API: api.String(), Host: host.String(), Method: strings.ToUpper(method.String()), Path: path.String(),
		}
		if len(args) > 0 {
			in.RequestID = args[0]
		}
		if err := checkExplain(&in, address.String()); err != nil {
			return err
		}
		return installation.do(cmd.Context(), func(operator desk.Operator) error {
			e, err := operator.Explain(cmd.Context(), in)
			if err != nil {
				return err
			}
			return a.print(output, explanationPrinted(&e))
		})
	})
	return cmd
}

// checkExplain demands exactly one question, and the whole of it.
func checkExplain(in *desk.ExplainRequest, address string) error {
	asked := 0
	for _, name := range []string{in.RequestID, in.JTI, in.ClientID} {
		if name != "" {
			asked++
		}
	}
	if asked != 1 {
		return usagef("Give one of REQUEST-ID, --jti and --client-id.")
	}
	if in.ClientID == "" && (in.API != "" || in.Host != "" || in.Method != "" || in.Path != "" || address != "") {
		return usagef("--api, --host, --method, --path and --address describe a call of --client-id. Give that too, or leave them out.")
	}
	if in.ClientID != "" && in.Path == "" {
		return usagef("--client-id needs --path: the call that is to be judged.")
	}
	if in.ClientID != "" && in.Method == "" {
		in.Method = "GET"
	}
	if address == "" {
		return nil
	}
	parsed, err := netip.ParseAddr(address)
	if err != nil {
		return usagef("--address is no IP address. Give one as 192.0.2.7.")
	}
	in.Address = parsed
	return nil
}

func explanationPrinted(e *desk.Explanation) printed {
	p := printed{json: e}
	add := func(name, value string) {
		if value != "" {
			p.rows = append(p.rows, []string{name, value})
		}
	}
	if e.At != nil {
		add("at", clock(*e.At))
	}
	add("answer", e.Code)
	add("rule", e.Rule)
	add("why", e.Why)
	add("remedy", e.Remedy)
	add("who may", e.Who)
	add("credential", strings.TrimSpace(e.Name+" "+e.ClientID))
	add("owner", e.Owner)
	add("api", e.API)
	add("route", strings.TrimSpace(e.Method+" "+e.Route))
	add("any of", strings.Join(e.Scopes, " "))
	add("address", e.Address)
	return p
}
