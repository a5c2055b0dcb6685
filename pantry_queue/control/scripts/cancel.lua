-- Cancel jobs that do not run, as Job.cancel does, in one step. May be sent again after a lost reply.
--
-- ARGV  2  now (ISO 8601), for jobs that a freed rate-limit slot lets in
--       3  n, then n states a job may be in
--       then the ids
-- Reply: a word for each id: done, missing, running, starting (a worker has just taken it), broken, or the state
-- that stood in the way (canceled for one that already is).
local iso = ARGV[2]
local expected, first = word_set(3)

local function cancel(id)
  local job = read(id, 'status', 'origin', 'rate_limit_key')
  if not job then return 'broken' end
  if not exists(id) then return 'missing' end
  local state, queue = job[1] or 'created', job[2] or ''
  if not expected[state] then return state end
  if running(id) then return 'running' end
  if redis.call('LREM', queue_key(queue), 1, id) == 0 and redis.call('LPOS', queue_key(queue) .. ':intermediate', id) then
    return 'starting'
  end
  redis.call('HSET', job_key(id), 'status', 'canceled')
  if REGISTRY[state] then redis.call('ZREM', registry_key(REGISTRY[state], queue), id) end
  redis.call('ZADD', registry_key('canceled', queue), now, id)
  if job[3] and job[3] ~= '' then leave_limit(job[3], id, iso) end
  return 'done'
end

local words = {}
for i = first, #ARGV do words[#words + 1] = cancel(ARGV[i]) end
return words
