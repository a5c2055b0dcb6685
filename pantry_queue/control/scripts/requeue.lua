-- Put jobs back on the queue they came from, as BaseRegistry.requeue and Queue._enqueue_job do, in one step.
-- May be sent again after a lost reply: `enqueued_at` tells our own first try.
--
-- ARGV  2  enqueued_at (ISO 8601)
--       3  an empty traceback as RQ stores it
--       4  1 at the front of the queue, 0 at its back
--       5  1 to go beyond RQ: the hash stays until it has run (PERSIST), its queue is registered, and a job that
--          retries has all its retries again; 0 for RQ's own
--       6  n, then n states a job may be in
--       then the ids
-- Reply: a word for each id: done, missing, running, broken, or the state that stood in the way.
local iso, empty, front, beyond = ARGV[2], ARGV[3], ARGV[4] == '1', ARGV[5] == '1'
local expected, first = word_set(6)
-- Text fields that RQ writes empty; hashes of older versions lack some.
local TEXT = {'success_callback_name', 'failure_callback_name', 'stopped_callback_name', 'last_heartbeat',
  'worker_name', 'group_id'}
-- A job that was canceled while it ran stands in two of them when it ends.
local ENDED = {'finished', 'failed', 'canceled'}

local function leave_registries(id, state, queue)
  for _, registry in ipairs(ENDED) do redis.call('ZREM', registry_key(registry, queue), id) end
  if REGISTRY[state] then redis.call('ZREM', registry_key(REGISTRY[state], queue), id) end
end

-- The number of retries a job began with is not stored; it has at least one for each interval.
local function renew_retries(id)
  local retries = redis.call('HMGET', job_key(id), 'retry_intervals', 'retries_left')
  if not retries[1] then return end
  local ok, intervals = pcall(cjson.decode, retries[1])
  local count = ok and type(intervals) == 'table' and #intervals or 1
  if count > (tonumber(retries[2] or '0') or 0) then redis.call('HSET', job_key(id), 'retries_left', count) end
  redis.call('HDEL', job_key(id), 'number_of_retries')
end

local function renew_fields(id, job)
  local fields = {'started_at', '', 'ended_at', '', 'exc_info', empty}
  for i, name in ipairs(TEXT) do
    if not job[7 + i] then fields[#fields + 1] = name; fields[#fields + 1] = '' end
  end
  if not job[5] then fields[#fields + 1] = 'created_at'; fields[#fields + 1] = iso end
  if not job[4] or job[4] == '' then fields[#fields + 1] = 'timeout'; fields[#fields + 1] = '180' end
  redis.call('HSET', job_key(id), unpack(fields))
end

local function renew_expiry(id, ttl)
  if ttl and ttl > 0 then
    redis.call('EXPIRE', job_key(id), ttl)
    redis.call('EXPIRE', job_key(id) .. ':dependents', ttl)
    redis.call('EXPIRE', P .. ':job::' .. id .. ':dependencies', ttl)
  elseif beyond then
    redis.call('PERSIST', job_key(id))
    redis.call('PERSIST', job_key(id) .. ':dependents')
  end
end

-- A rate-limited job waits for a slot: it never goes straight onto a list.
local function enter_limit(id, limit, concurrency)
  redis.call('SADD', P .. ':rl-keys', limit)
  redis.call('HSET', P .. ':rl:' .. limit, 'concurrency', concurrency)
  redis.call('HSET', job_key(id), 'status', 'rate_limited', 'enqueue_at_front', front and 1 or 0)
  redis.call('ZADD', P .. ':rl:' .. limit .. ':rate_limited', now, id)
  promote(limit, tonumber(concurrency) or 0, iso)
end

local function requeue(id)
  local job = read(id, 'status', 'origin', 'ttl', 'timeout', 'created_at', 'rate_limit_key',
    'rate_limit_concurrency', unpack(TEXT))
  if not job then return 'broken' end
  if not exists(id) then return 'missing' end
  if redis.call('HGET', job_key(id), 'enqueued_at') == iso then return 'done' end
  local state, queue = job[1] or 'created', job[2]
  if not expected[state] then return state end
  if running(id) then return 'running' end
  if not queue or queue == '' then return 'broken' end
  redis.call('LLEN', queue_key(queue))  -- a queue of the wrong kind shows before anything is written
  leave_registries(id, state, queue)
  renew_fields(id, job)
  renew_expiry(id, tonumber(job[3] or ''))
  if beyond then
    renew_retries(id)
    redis.call('SADD', P .. ':queues', queue_key(queue))
  end
  if job[6] and job[6] ~= '' and job[7] and job[7] ~= '' then
    enter_limit(id, job[6], job[7])
  else
    redis.call('HSET', job_key(id), 'status', 'queued', 'enqueued_at', iso)
    redis.call(front and 'LPUSH' or 'RPUSH', queue_key(queue), id)
  end
  return 'done'
end

local words = {}
for i = first, #ARGV do words[#words + 1] = requeue(ARGV[i]) end
return words
