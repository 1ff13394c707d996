-- Load for `wrk`: signed deliveries, every one with an id of its own. Arguments: the file of the
-- body, and its signature. The last line of the output is JSON.

local sent = 0

function init(arguments)
   local file = assert(io.open(arguments[1], "rb"))
   wrk.body = file:read("*a")
   file:close()
   wrk.method = "POST"
   wrk.headers["Content-Type"] = "application/json"
   wrk.headers["User-Agent"] = "Coding.net Hook"
   wrk.headers["X-Coding-Signature"] = arguments[2]
   wrk.headers["X-Coding-Service-Hook-Event"] = "ISSUE_UPDATED"
   wrk.headers["X-Coding-Service-Hook-Id"] = "00000000-0000-4000-8000-000000000001"
   wrk.headers["X-Coding-Service-Hook-Action"] = "webhook_http_post"
end

function request()
   sent = sent + 1
   wrk.headers["X-Coding-Delivery"] = "bench-" .. sent
   return wrk.format()
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '{"requests":%d,"seconds":%.6f,"p99_ms":%.3f,"refused":%d,"failed":%d}\n',
      summary.requests, summary.duration / 1e6, latency:percentile(99) / 1e3, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout
   ))
end
