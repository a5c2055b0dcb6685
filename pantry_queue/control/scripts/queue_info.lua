-- What a queue holds, counted as RQ counts it but without its clean-ups: an entry past its expiry is not there.
-- Only reads.
--
-- ARGV  2  queue
-- Reply: queued, started, finished, failed, deferred, scheduled, canceled, workers whose record still lives.
local queue = ARGV[2]

local function live(registry)
  local key = registry_key(registry, queue)
  return call('ZCARD', key) - call('ZCOUNT', key, 0, now)
end

local function all(registry) return call('ZCARD', registry_key(registry, queue)) end

local workers = 0
for _, key in ipairs(call('SMEMBERS', P .. ':workers:' .. queue)) do workers = workers + call('EXISTS', key) end
return {
  call('LLEN', queue_key(queue)), live('wip'), live('finished'), live('failed'), all('deferred'),
  all('scheduled'), all('canceled'), workers,
}
