-- Takes away what callers may not say, which mod_headers can do only with names that are written out.

-- Claviger's own names, and what frameworks obey as "the real" method, path, address or user: judged was the call
-- itself. What ends in "-" stands for all names that begin so.
local not_theirs = {
  "claviger-", "forwarded", "x-forwarded-", "x-original-", "x-rewrite-url", "x-http-method", "x-http-method-override",
  "x-method-override", "x-real-ip", "x-client-", "x-cluster-client-ip", "x-remote-", "x-originating-ip", "client-ip",
  "client-cert", "client-cert-", "true-client-ip", "cf-connecting-ip", "fastly-client-ip", "remote-", "x-auth-request-",
  "x-authenticated-", "x-webauth-", "ssl-client-", "x-ssl-client-", "proxy",
}

local function taken(name)
  -- An API behind CGI or WSGI reads Claviger_Client_Id as Claviger-Client-Id.
  if name:find("[^%w%-]") then return true end
  name = name:lower()
  for _, one in ipairs(not_theirs) do
    if name == one or one:sub(-1) == "-" and name:sub(1, #one) == one then return true end
  end
  return false
end

function clean(r)
  for name in pairs(r:headers_in_table()) do
    if taken(name) then r.headers_in[name] = nil end
  end
  return apache2.DECLINED
end
