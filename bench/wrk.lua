-- Requests of every workload, for wrk: -- KIND FIRST NETWORKS STORED LIMIT HOSTS
-- One thread; numbers count up from FIRST, so that no run meets the rows of another.

local function identifier(kind, number)
   return string.format("00000000-0000-0000-%04x-%012x", kind, number)
end

local next_number, networks, stored, limit, hosts
local json = {["Content-Type"] = "application/json"}

local function take()
   next_number = next_number + 1
   return next_number
end

local function network() return identifier(1, math.random(networks)) end
local function segment() return identifier(2, math.random(stored)) end

local function host(number) return string.format("host-%05d", number) end

local function report()
   local number, reached = take() % hosts + 1, {}
   for place = 1, 8 do reached[place] = string.format('{"name":"fabric-%05d","via":"br"}', (number + 13 * place) % 100) end
   local body = '{"host":{"agent_type":"Open vSwitch agent","physical_networks":[' .. table.concat(reached, ",") .. "]}}"
   return wrk.format("PUT", "/v2.0/hosts/" .. host(number), json, body)
end

local function gre(network_id, number)
   return string.format('{"network_id":"%s","network_type":"gre","segmentation_id":%d}', network_id, number)
end

local function bulk()
   local network_id, items = network(), {}
   for place = 1, 1000 do items[place] = gre(network_id, take()) end
   return wrk.format("POST", "/v2.0/segments", json, '{"segments":[' .. table.concat(items, ",") .. "]}")
end

local requests = {
   constant = function() return wrk.format("GET", "/") end,
   show = function() return wrk.format("GET", "/v2.0/segments/" .. segment()) end,
   list = function() return wrk.format("GET", "/v2.0/segments?limit=" .. limit) end,
   page = function() return wrk.format("GET", "/v2.0/segments?limit=100&marker=" .. segment()) end,
   filter = function() return wrk.format("GET", "/v2.0/segments?network_id=" .. network()) end,
   create = function()
      return wrk.format("POST", "/v2.0/segments", json, '{"segment":' .. gre(network(), take()) .. "}")
   end,
   automatic = function()
      local body = string.format('{"segment":{"network_id":"%s","network_type":"geneve"}}', network())
      return wrk.format("POST", "/v2.0/segments", json, body)
   end,
   bulk = bulk,
   hosts_of_segment = function()
      return wrk.format("GET", "/v2.0/segments/" .. identifier(8, math.random(stored)) .. "/hosts?limit=100")
   end,
   segments_of_host = function()
      return wrk.format("GET", "/v2.0/hosts/" .. host(math.random(hosts)) .. "/segments?limit=100")
   end,
   segments_of_hosts = function()
      local asked = host(math.random(hosts)) .. "&host=" .. host(math.random(hosts))
      return wrk.format("GET", "/v2.0/segments?limit=100&host=" .. asked)
   end,
   report = report,
   update = function()
      local body = string.format('{"segment":{"name":"name %d"}}', take())
      return wrk.format("PUT", "/v2.0/segments/" .. segment(), json, body)
   end,
   delete = function() return wrk.format("DELETE", "/v2.0/segments/" .. identifier(3, take())) end,
}

function init(arguments)
   math.randomseed(os.time())
   request = requests[arguments[1]]
   next_number, networks = tonumber(arguments[2]), tonumber(arguments[3])
   stored, limit, hosts = tonumber(arguments[4]), arguments[5], tonumber(arguments[6])
end

function done(summary, latency, _)
   local errors = summary.errors
   io.write(string.format(
      '\n{"seconds":%f,"requests":%d,"p50":%f,"p99":%f,"errors":%d}\n',
      summary.duration / 1e6, summary.requests,
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
      errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
