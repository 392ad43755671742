-- Requests of every workload, for wrk: -- KIND FIRST NETWORKS STORED LIMIT HOSTS SCOPE
-- One thread; numbers count up from FIRST, so that no run meets the rows of another.

local function identifier(kind, number)
   return string.format("00000000-0000-0000-%04x-%012x", kind, number)
end

local next_number, networks, stored, limit, hosts, scope
local json = {["Content-Type"] = "application/json"}

local function take()
   next_number = next_number + 1
   return next_number
end

local function network() return identifier(1, math.random(networks)) end
local function segment() return identifier(2, math.random(stored)) end

-- IDs of segments that were allocated and are to be deleted again; what a thread stopped at is told in `done`.
local held = {}
allocated, began, first_part, last_part, ended, exhausted = 0, 0, 0, 0, 0, 0

local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds; long microseconds; } moment; int gettimeofday(moment *, void *);")
local function now()
   local moment = ffi.new("moment")
   ffi.C.gettimeofday(moment, nil)
   return tonumber(moment.seconds) + tonumber(moment.microseconds) / 1e6
end

local function vlan()
   local body = '{"segment":{"network_id":"%s","network_type":"vlan","physical_network":"%s"}}'
   return wrk.format("POST", "/v2.0/segments", json, string.format(body, network(), scope))
end

local function allocate()
   local id = table.remove(held)
   return id and wrk.format("DELETE", "/v2.0/segments/" .. id) or vlan()
end

local function hold(status, _, body)
   if status == 201 then held[#held + 1] = string.match(body, '"id":"([^"]+)"') end
end

-- Notes when a hundredth of all VLAN IDs was allocated, and all but a hundredth, and all.
local function drained(status)
   if status == 201 then
      allocated, ended = allocated + 1, now()
      if allocated == 41 then first_part = ended end
      if allocated == 4094 - 41 then last_part = ended end
   else
      exhausted = exhausted + 1
      if exhausted == 100 then wrk.thread:stop() end
   end
end

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

local made = '{"name":"made","provider:network_type":"vlan"}'

local function networks_made()
   return wrk.format("POST", "/v2.0/networks", json, '{"networks":[' .. string.rep(made, 20, ",") .. "]}")
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
   allocate = allocate,
   drain = vlan,
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
   create_network = function() return wrk.format("POST", "/v2.0/networks", json, '{"network":' .. made .. "}") end,
   create_networks = networks_made,
   show_network = function() return wrk.format("GET", "/v2.0/networks/" .. network()) end,
   list_networks = function() return wrk.format("GET", "/v2.0/networks?limit=" .. limit) end,
   page_of_networks = function() return wrk.format("GET", "/v2.0/networks?limit=100&marker=" .. network()) end,
   update_network = function()
      local body = string.format('{"network":{"name":"name %d"}}', take())
      return wrk.format("PUT", "/v2.0/networks/" .. network(), json, body)
   end,
   delete_network = function() return wrk.format("DELETE", "/v2.0/networks/" .. identifier(3, take())) end,
}

function init(arguments)
   math.randomseed(os.time())
   request = requests[arguments[1]]
   next_number, networks = tonumber(arguments[2]), tonumber(arguments[3])
   stored, limit, hosts = tonumber(arguments[4]), arguments[5], tonumber(arguments[6])
   scope, began = arguments[7], now()
   if arguments[1] == "allocate" then response = hold end
   if arguments[1] == "drain" then response = drained end
end

local first_thread
function setup(thread) first_thread = first_thread or thread end

function done(summary, latency, _)
   local errors = summary.errors
   io.write(string.format(
      '\n{"seconds":%f,"requests":%d,"p50":%f,"p99":%f,"errors":%d,"allocated":%d,"exhausted":%d,"marks":[%f,%f,%f,%f]}\n',
      summary.duration / 1e6, summary.requests,
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
      errors.connect + errors.read + errors.write + errors.status + errors.timeout,
      first_thread:get("allocated"), first_thread:get("exhausted"), first_thread:get("began"),
      first_thread:get("first_part"), first_thread:get("last_part"), first_thread:get("ended")))
end
