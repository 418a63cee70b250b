-- wrk: POST the order; at the end one line of JSON. ORDER names the file.
local file = io.open(os.getenv("ORDER"))
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["content-type"] = "application/json"

done = function(summary, latency, requests)
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  io.write(string.format('\n{"requests": %d, "rate": %.1f, "p50_us": %d, "p99_us": %d, "errors": %d}\n', summary.requests,
                         summary.requests / summary.duration * 1e6, latency:percentile(50), latency:percentile(99), errors))
end
