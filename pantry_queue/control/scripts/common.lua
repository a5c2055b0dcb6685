-- Put before every script. ARGV[1] is RQ's key prefix; what follows it is told at the head of each script.
-- Times in scores are whole seconds of the server's clock, as RQ writes them (rq.utils.current_timestamp).
local call, try = redis.call, redis.pcall
local P = ARGV[1]
local now = tonumber(call('TIME')[1])

-- RQ's name of a state -> the registry that names the job while it is in it.
local REGISTRY = {
  finished = 'finished', failed = 'failed', stopped = 'failed', deferred = 'deferred', scheduled = 'scheduled',
  canceled = 'canceled', ready_to_enqueue = 'ready',
}

local JOB, EXECUTIONS = P .. ':job:', P .. ':executions:'
local function job_key(id) return JOB .. id end
local function queue_key(queue) return P .. ':queue:' .. queue end
local function registry_key(registry, queue) return P .. ':' .. registry .. ':' .. queue end

-- Fields of a job, or nil when something else than a hash stands under its name.
local function read(id, ...)
  local reply = try('HMGET', job_key(id), ...)
  if reply.err then return nil end
  return reply
end

-- RQ itself takes a hash without `data` for no job at all; it may be megabytes, so it is never read.
local function exists(id) return call('HEXISTS', job_key(id), 'data') == 1 end

-- Whether a worker runs the job now, whatever its state says: a job that was canceled or deleted while it ran
-- still does. The hash of an execution lives as long as the worker's heartbeats (rq.executions).
local function running(id)
  local executions = try('ZRANGE', P .. ':executions:' .. id, 0, -1)
  if executions.err then return false end
  for _, execution in ipairs(executions) do
    if call('EXISTS', P .. ':execution:' .. id .. ':' .. execution) == 1 then return true end
  end
  return false
end

-- ARGV[from] is a count, followed by that many words: a set of them, and where the next argument stands.
local function word_set(from)
  local set, last = {}, from + tonumber(ARGV[from])
  for i = from + 1, last do set[ARGV[i]] = true end
  return set, last + 1
end

-- RQ's rate limits (rq.rate_limit, ACQUIRE_AND_ENQUEUE_SCRIPT): waiting jobs into free slots, oldest first.
local function promote(limit, concurrency, iso)
  local allowed, waiting = P .. ':rl:' .. limit .. ':allowed', P .. ':rl:' .. limit .. ':rate_limited'
  while call('ZCARD', allowed) < concurrency do
    local next_one = call('ZPOPMIN', waiting)
    if #next_one == 0 then return end
    local id = next_one[1]
    local job = call('HMGET', job_key(id), 'origin', 'status', 'enqueue_at_front')
    if job[1] and job[2] == 'rate_limited' then
      call('ZADD', allowed, now, id)
      call(job[3] == '1' and 'LPUSH' or 'RPUSH', queue_key(job[1]), id)
      call('HSET', job_key(id), 'status', 'queued', 'enqueued_at', iso)
    end
  end
end

-- A job that was canceled or deleted leaves its rate limit (RateLimitRegistry.cancel and its script).
local function leave_limit(limit, id, iso)
  call('ZREM', P .. ':rl:' .. limit .. ':rate_limited', id)
  local state = call('HGET', job_key(id), 'status')
  if state == 'queued' or state == 'started' then return end
  if call('ZCOUNT', P .. ':executions:' .. id, '(' .. now, '+inf') > 0 then return end
  if call('ZREM', P .. ':rl:' .. limit .. ':allowed', id) == 0 then return end
  promote(limit, tonumber(call('HGET', P .. ':rl:' .. limit, 'concurrency') or '0') or 0, iso)
end
