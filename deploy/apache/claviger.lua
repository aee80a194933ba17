-- Takes away what callers send under Claviger's own names, and every header with anything but letters, digits and
-- "-" in its name: an API behind CGI or WSGI reads Claviger_Client_Id as Claviger-Client-Id. mod_headers alone takes
-- away only what it can name.
function clean(r)
  for name in pairs(r:headers_in_table()) do
    if name:find("[^%w%-]") or name:lower():find("^claviger") then r.headers_in[name] = nil end
  end
  return apache2.DECLINED
end
