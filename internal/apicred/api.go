package apicred

// API is a resource server: an audience, and routes that each name the scopes
// of which any one suffices.
type API struct {
	ID       string `json:"id" yaml:"id"`
	Name     string `json:"name" yaml:"name"`
	Audience string `json:"audience" yaml:"audience"`
	// Hosts the API answers on; none means any host.
	Hosts []string `json:"hosts,omitempty" yaml:"hosts,omitempty,flow"`
	// BasePath stands before every route's path; empty or "/segment…".
	BasePath string `json:"base_path,omitempty" yaml:"base_path,omitempty"`
	// Upstream is where the built-in gateway sends allowed calls (http or
	// https URL without path); empty: the gateway does not serve this API.
	Upstream string `json:"upstream,omitempty" yaml:"upstream,omitempty"`
	// DirectCredentials lets programs send client ID and secret as Basic.
	DirectCredentials bool `json:"direct_credentials,omitempty" yaml:"direct_credentials,omitempty"`
	// ForwardAuthorization lets the gateway pass a Bearer header upstream.
	ForwardAuthorization bool `json:"forward_authorization,omitempty" yaml:"forward_authorization,omitempty"`
	// Accounts limits who may hold the API's scopes; none means every account.
	Accounts []string `json:"accounts,omitempty" yaml:"accounts,omitempty,flow"`
	Retired  bool     `json:"retired,omitempty" yaml:"retired,omitempty"`
	Routes   []Route  `json:"routes" yaml:"routes"`
}

// Route is a set of methods on a path that opens to any one of its scopes.
type Route struct {
	// Methods in upper case; none means every method but OPTIONS. HEAD counts
	// as GET.
	Methods []string `json:"methods,omitempty" yaml:"methods,omitempty,flow"`
	// Path follows the API's base path: literal segments, "{name}" for one
	// segment, a trailing "/**" for any depth.
	Path   string   `json:"path" yaml:"path"`
	Scopes []string `json:"scopes" yaml:"scopes,flow"`
}
