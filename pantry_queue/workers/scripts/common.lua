-- Put before every script. ARGV[1] is RQ's key prefix, ARGV[2] what our own keys begin with; what follows is told at
-- the head of each script. Times are those of the server's clock: workers' clocks differ.
local P, OWN = ARGV[1], ARGV[2]
local clock = redis.call('TIME')
local now = tonumber(clock[1])
local exactly = now + tonumber(clock[2]) / 1000000

local function job_key(id) return P .. ':job:' .. id end
local function queue_key(queue) return P .. ':queue:' .. queue end
local function middle_key(queue) return P .. ':queue:' .. queue .. ':intermediate' end
local function registry_key(registry, queue) return P .. ':' .. registry .. ':' .. queue end

-- Fields of a job, or nil when something else than a hash stands under its name.
local function read(id, ...)
  local reply = redis.pcall('HMGET', job_key(id), ...)
  if reply.err then return nil end
  return reply
end

-- Whether a sorted set has the member; a key of another kind has none.
local function ranked(key, member) return type(redis.pcall('ZSCORE', key, member)) == 'string' end

-- Runs of a job that are registered, other than one.
local function other_runs(queue, id, except)
  local members = redis.pcall('ZRANGEBYSCORE', registry_key('wip', queue), '(' .. now, '+inf')
  if members.err then return false end
  for _, member in ipairs(members) do
    if member ~= except and (member == id or string.sub(member, 1, #id + 1) == id .. ':') then return true end
  end
  return false
end

-- `fields` is a flat list of names and values that say who acts.
local function audit(fields)
  redis.call('XADD', OWN .. ':audit', 'MAXLEN', '~', 20000, '*', unpack(fields))
end

-- Tell that a job has started or ended (pantry_queue.monitor.events reads it). `fields` is a flat list.
local function event(kind, fields)
  redis.call('XADD', OWN .. ':events', 'MAXLEN', '~', 10000, '*', 'kind', kind, unpack(fields))
end

-- Set a job aside. Its own keys stay as they are. The oldest entries go beyond 10,000.
local function quarantine(id, why)
  redis.call('ZADD', OWN .. ':quarantine', now, id)
  redis.call('HSET', OWN .. ':quarantine:why', id, why)
  local over = redis.call('ZCARD', OWN .. ':quarantine') - 10000
  if over > 0 then
    local popped = redis.call('ZPOPMIN', OWN .. ':quarantine', over)
    for i = 1, #popped, 2 do redis.call('HDEL', OWN .. ':quarantine:why', popped[i]) end
  end
end

-- A job ends as failed without having run, as rq.job_lifecycle.record_job_failure leaves it; callbacks do not run.
-- `told` is the result's exc_string as RQ stores it (base64 of compressed text).
local function fail(id, queue, told, iso)
  local stored = read(id, 'failure_ttl')
  local ttl = tonumber(stored and stored[1] or '') or 31536000
  local results = P .. ':results:' .. id
  redis.call('HSET', job_key(id), 'status', 'failed', 'ended_at', iso)
  redis.call('ZADD', registry_key('failed', queue), ttl < 0 and ttl or now + ttl, id)
  event('failed', {'id', id, 'queue', queue})
  redis.pcall('XADD', results, 'MAXLEN', '~', 10, '*', 'type', 2, 'worker_name', '', 'exc_string', told)
  for _, key in ipairs({job_key(id), job_key(id) .. ':dependents', P .. ':job::' .. id .. ':dependencies', results}) do
    if ttl < 0 then redis.call('PERSIST', key) else redis.call('EXPIRE', key, ttl) end
  end
end
