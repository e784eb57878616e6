-- Load for wrk: the requests of a file, each once, or again and again. Arguments: the file, "once" or "again", and the
-- milliseconds that each connection rests before a request, on average.
-- The file holds requests as they go over the wire, each after its length in eight digits.
-- At the end one line of JSON tells what came of them; times in milliseconds.

local threads = {}

function setup(thread)
   thread:set("number", #threads)
   table.insert(threads, thread)
end

function init(arguments)
   local file = assert(io.open(arguments[1], "rb"))
   again, requests, at, exhausted = arguments[2] == "again", {}, 0, false
   local length = file:read(8)
   while length do
      table.insert(requests, file:read(tonumber(length)))
      length = file:read(8)
   end
   file:close()
   local rest = tonumber(arguments[3])
   if rest > 0 then
      math.randomseed(number)
      function delay()
         return math.random(0, 2 * rest)
      end
   end
end

function request()
   at = at + 1
   if at > #requests then
      at = 1
      if not again then
         exhausted = true
         wrk.thread:stop()
      end
   end
   return requests[at]
end

function done(summary, latency)
   local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
   local ended = false
   for _, thread in ipairs(threads) do
      ended = ended or thread:get("exhausted")
   end
   io.write(string.format(
      '\n{"answers": %d, "seconds": %f, "refused": %d, "failed": %d, "exhausted": %s, "p50": %f, "p95": %f, "p99": %f}\n',
      summary.requests, summary.duration / 1e6, summary.errors.status, failed, tostring(ended),
      latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3))
end
