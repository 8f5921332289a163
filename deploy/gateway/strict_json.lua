-- Refuses a JSON body with a field that the call does not have, a field given twice, or a list
-- where there is none. What is in the fields is left to the transcoder and the services.
-- The table MESSAGES, put before this text by strict_json.py, says what each message holds:
-- "" a plain value, "*" a list, "sas.x.v1.Thing" an object, "*sas.x.v1.Thing" a list of objects.

local METADATA = "sas.strict_json"
local MAX_DEPTH = 16

local function fail(field, problem)
  error({field = field, problem = problem}, 0)
end

local function skip_space(text, at)
  return text:find("[^ \t\r\n]", at) or #text + 1
end

-- Reads the string whose opening quote is at `at`; gives its text as written and what follows.
local function read_string(text, at, where)
  local from = at + 1
  while true do
    local stop = text:find('["\\]', from)
    if not stop then fail(where, "is not JSON") end
    if text:byte(stop) == 34 then return text:sub(at + 1, stop - 1), stop + 1 end
    from = stop + 2
  end
end

local read_value

local function read_object(text, at, message, where, depth)
  local fields, seen = MESSAGES[message], {}
  at = skip_space(text, at + 1)
  if text:sub(at, at) == "}" then return at + 1 end
  while true do
    if text:sub(at, at) ~= '"' then fail(where, "is not JSON") end
    local key
    key, at = read_string(text, at, where)
    -- The caller's own words come back only if they look like the name of a field.
    local named = key:match("^[%w_]+$") and #key <= 64 and key or "?"
    local inside = where == "" and named or where .. "." .. named
    local kind = fields[key]
    if not kind then fail(inside, "is not a field of this call") end
    if seen[key] then fail(inside, "is given twice") end
    seen[key] = true
    at = skip_space(text, at)
    if text:sub(at, at) ~= ":" then fail(inside, "is not JSON") end
    at = skip_space(text, read_value(text, at + 1, kind, inside, depth + 1))
    local mark = text:sub(at, at)
    if mark == "}" then return at + 1 end
    if mark ~= "," then fail(inside, "is not JSON") end
    at = skip_space(text, at + 1)
  end
end

local function read_list(text, at, kind, where, depth)
  at = skip_space(text, at + 1)
  if text:sub(at, at) == "]" then return at + 1 end
  while true do
    if text:sub(at, at + 3) == "null" then fail(where, "must not hold null") end
    at = skip_space(text, read_value(text, at, kind, where, depth + 1))
    local mark = text:sub(at, at)
    if mark == "]" then return at + 1 end
    if mark ~= "," then fail(where, "is not JSON") end
    at = skip_space(text, at + 1)
  end
end

-- Reads the value at `at`, which must be of the kind; gives what follows.
function read_value(text, at, kind, where, depth)
  if depth > MAX_DEPTH then fail(where, "is too deep") end
  at = skip_space(text, at)
  local mark = text:sub(at, at)
  if text:sub(at, at + 3) == "null" then return at + 4 end
  if kind:sub(1, 1) == "*" then
    if mark ~= "[" then fail(where, "must be a list") end
    return read_list(text, at, kind:sub(2), where, depth)
  end
  if mark == "[" then fail(where, "must not be a list") end
  if kind ~= "" then
    if mark ~= "{" then fail(where, "must be an object") end
    return read_object(text, at, kind, where, depth)
  end
  if mark == "{" then fail(where, "must not be an object") end
  if mark == '"' then
    local _, after = read_string(text, at, where)
    return after
  end
  local _, last = text:find("^[%w+.-]+", at)
  if not last then fail(where, "is not JSON") end
  return last + 1
end

local function check(text, message)
  local at = skip_space(text, 1)
  if text:sub(at, at) ~= "{" then fail("", "must be an object") end
  at = skip_space(text, read_object(text, at, message, "", 1))
  if at <= #text then fail("", "is followed by something") end
end

function envoy_on_request(handle)
  local message = handle:filterContext():get("message")
  local body = handle:body()
  if not message or not body or body:length() == 0 then return end
  local good, found = pcall(check, body:getBytes(0, body:length()), message)
  if good then return end
  if type(found) ~= "table" then found = {field = "", problem = "can't be read"} end
  local metadata = handle:streamInfo():dynamicMetadata()
  metadata:set(METADATA, "field", found.field)
  metadata:set(METADATA, "problem", found.problem)
  handle:respond({[":status"] = "400"}, "")
end
