-- The action lua.claviger URL: asks Claviger at URL (contract: ANY /forward-auth) about the call at hand.
-- 200 gives it the identity headers and sets the variable txn.claviger to "allowed"; a refusal is passed to the
-- caller and ends the call. HAProxy lets a call go on whose Lua failed or ran out of time, so the configuration
-- must deny every call without that variable.

local identity = {
  "claviger-client-id", "claviger-account-id", "claviger-user-id", "claviger-scope", "claviger-request-id",
}

-- Of a refusal, what the caller needs to see.
local passed_on = { "content-type", "www-authenticate", "retry-after", "cache-control", "claviger-request-id" }

-- HAProxy counts the values of a header from 0; its client wants a list.
local function list(values)
  local out = {}
  for i = 0, #values do out[#out + 1] = values[i] end
  return out
end

local function refuse(txn, answer)
  local reply = txn:reply({ status = answer.status })
  for _, name in ipairs(passed_on) do
    for _, value in pairs(answer.headers[name] or {}) do reply:add_header(name, value) end
  end
  reply:set_body(answer.body or "")
  txn:done(reply)
end

-- HAProxy's client makes answers of its own, in HTML, when it got none.
local function from_claviger(answer)
  local kind = answer.headers and answer.headers["content-type"]
  return answer.status == 200 or kind and kind[0] == "application/problem+json"
end

local function ask(txn, url)
  local headers = {
    ["x-forwarded-method"] = { txn.sf:method() },
    ["x-forwarded-proto"] = { txn.f:ssl_fc() == 1 and "https" or "http" },
    ["x-forwarded-host"] = { txn.sf:req_hdr("host") },
    ["x-forwarded-uri"] = { txn.sf:pathq() }, -- the bytes as sent, as the API will get them
    ["x-forwarded-for"] = { txn.sf:src() },
  }
  -- All of them: two Authorization headers are refused, since the API might read the other one. "dpop" is the proof
  -- beside a token that is bound to a key.
  local sent = txn.http:req_get_headers()
  for _, name in ipairs({ "authorization", "dpop" }) do
    if sent[name] then headers[name] = list(sent[name]) end
  end

  -- Tried up to four times, so that a Claviger that hangs holds a call for 6 s at most.
  local answer = core.httpclient():get({ url = url, headers = headers, timeout = 1500 })
  if not answer or not from_claviger(answer) then return end
  if answer.status ~= 200 then return refuse(txn, answer) end
  for _, name in ipairs(identity) do
    local values = answer.headers[name]
    if not values then return end -- not Claviger, whatever it is
    txn.http:req_set_header(name, values[0] or "")
  end
  txn:set_var("txn.claviger", "allowed")
end

core.register_action("claviger", { "http-req" }, ask, 1)
