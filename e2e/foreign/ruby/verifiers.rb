# Verifies access tokens with ruby-jwt against the server's JWK Set: one JSON object on standard input, one
# JSON line on standard output (see foreign_verifier_test.go).
require 'json'
require 'jwt'
require 'net/http'

asked = JSON.parse($stdin.read)
jwks = JSON.parse(Net::HTTP.get(URI(asked['jwks_uri'])))
options = {
  algorithms: [asked['algorithm']], jwks: jwks,
  iss: asked['issuer'], verify_iss: true, aud: asked['audience'], verify_aud: true,
  required_claims: %w[iss exp aud sub client_id iat jti] # RFC 9068 section 2.2
}
verdicts = asked['tokens'].transform_values do |token|
  claims, = JWT.decode(token, nil, true, options)
  { client_id: claims['client_id'] }
rescue StandardError => e # some bad tokens make it raise Ruby's own
  { refused: "#{e.class}: #{e.message}" }
end
puts JSON.generate(program: "ruby-jwt #{JWT::VERSION::STRING}", verdicts: verdicts)
