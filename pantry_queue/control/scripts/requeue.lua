-- with: bulk
-- Put jobs on their queue again, as BaseRegistry.requeue and Queue._enqueue_job do, in one step.
--
-- Options, beyond those of bulk.lua:
--   front   at the front of the queue
--   to      another queue than the one they came from
--   plain   RQ's own requeue and no more; else the hash stays until it has run (PERSIST), its queue is registered, and
--           a job that retries has all its retries again
--   retrying  only jobs that have run before and wait for their next try
--   copies  ids of copies, in the order of the ids: those are enqueued, and what they were made of is left as it is
--   edit    {name, value, ...}: fields of the copies that are different
local front, beyond = o.front, not o.plain
-- Text fields that RQ writes empty; hashes of older versions lack some.
local TEXT = {'success_callback_name', 'failure_callback_name', 'stopped_callback_name', 'last_heartbeat',
  'worker_name', 'group_id'}
local TTL, TIMEOUT, INTERVALS, RETRIES, RETRIED, GROUP, TRACEBACK = 8, 9, 10, 11, 12, 13, 14
local FIELDS = fields_with({'ttl', 'timeout', 'retry_intervals', 'retries_left', 'number_of_retries', 'group_id',
  operation and 'exc_info'})

-- The number of retries a job began with is not stored; it has at least one for each interval.
local counted = {}
local function all_retries(job)
  if not job[INTERVALS] then return nil end
  local count = counted[job[INTERVALS]]
  if not count then
    local ok, intervals = pcall(cjson.decode, job[INTERVALS])
    count = ok and type(intervals) == 'table' and #intervals or 1
    counted[job[INTERVALS]] = count
  end
  return count > (tonumber(job[RETRIES] or '0') or 0) and count or nil
end

-- What already is as it should be is not written again.
local function renew(key, job, queue, limited)
  local fields, n = {'exc_info', EMPTY_TRACEBACK}, 2
  local function put(name, value)
    fields[n + 1], fields[n + 2] = name, value
    n = n + 2
  end
  if job[STARTED] ~= '' then put('started_at', '') end
  if job[ENDED_AT] ~= '' then put('ended_at', '') end
  if not limited then
    fields[n + 1], fields[n + 2], fields[n + 3], fields[n + 4] = 'status', 'queued', 'enqueued_at', iso
    n = n + 4
  end
  if not job[GROUP] then  -- written before RQ 2.0
    for i, value in ipairs(redis.call('HMGET', key, unpack(TEXT))) do
      if not value then put(TEXT[i], '') end
    end
  end
  if not job[CREATED] then put('created_at', iso) end
  if not is_set(job[TIMEOUT]) then put('timeout', '180') end
  if queue ~= job[ORIGIN] then put('origin', queue) end
  if beyond then
    local retries = all_retries(job)
    if retries then put('retries_left', retries) end
    if job[INTERVALS] and job[RETRIED] then redis.call('HDEL', key, 'number_of_retries') end
  end
  redis.call('HSET', key, unpack(fields, 1, n))
end

-- `life` of the hash in ms where it is known; `more` as `obstacle` tells.
local function renew_expiry(id, key, ttl, life, more)
  if ttl and ttl > 0 then
    redis.call('EXPIRE', key, ttl)
    redis.call('EXPIRE', key .. ':dependents', ttl)
    redis.call('EXPIRE', P .. ':job::' .. id .. ':dependencies', ttl)
  elseif beyond then
    if life ~= -1 then redis.call('PERSIST', key) end
    if more > 0 then
      forget_who_left(id)
      redis.call('PERSIST', key .. ':dependents')
    end
  end
end

local ids, scores, looked = pick()
local taken, jobs, lives, others, key_of = {}, {}, {}, {}, {}
local members, ended, started, queues = grouped(), grouped(), grouped(), {}

local function copied(id, i)
  local copy = o.copies[i]
  redis.call('COPY', job_key(id), job_key(copy), 'REPLACE')
  redis.call('PERSIST', job_key(copy))
  redis.call('HDEL', job_key(copy), 'dependency_id', 'dependency_ids', 'number_of_retries')
  redis.call('HSET', job_key(copy), 'created_at', iso, 'group_id', '', 'status', 'created', unpack(o.edit or {}))
  return copy
end

for i, id in ipairs(ids) do
  local job = read(id, unpack(FIELDS))
  local key = job_key(id)
  local why, more = obstacle(id, job, scores[id], key .. ':dependents')
  if why == 'queued' and job[ENQUEUED] == iso then why = 'done' end
  if not why and not is_set(o.to or job[ORIGIN]) then why = 'broken' end
  if not why and o.retrying and not is_set(job[STARTED]) and not job[RETRIED] then why = 'not_retrying' end
  if why then
    if why ~= 'done' then skip(id, why) end
  else
    taken[#taken + 1] = id
    jobs[id], others[id], key_of[id] = job, more, key
    if operation then lives[id] = redis.call('PTTL', key) end
    local state, queue = job[STATUS] or 'created', job[ORIGIN] or ''
    if not o.copies then
      table.insert(ended[queue], id)
      if state == 'started' then table.insert(started[queue], id) end
      if REGISTRY[state] and not scores[id] then table.insert(members[registry_key(REGISTRY[state], queue)], id) end
    end
    queues[o.to or queue] = true
  end
end
-- A queue of the wrong kind shows before anything is written: a script is not rolled back.
for queue in pairs(queues) do redis.call('LLEN', queue_key(queue)) end
scores = with_scores(scores, members)

-- A job that was canceled while it ran stands in two of them when it ends.
for queue, gone in pairs(ended) do
  for _, registry in ipairs({'finished', 'failed', 'canceled'}) do
    local key = registry_key(registry, queue)
    if key ~= SOURCE and redis.call('EXISTS', key) == 1 then call_many('ZREM', key, gone) end
  end
end
if FROM_REGISTRY and not o.copies then leave_source(taken, looked) end
leave_started(started)
if beyond then
  for queue in pairs(queues) do redis.call('SADD', P .. ':queues', queue_key(queue)) end
end

local pushes = grouped()
local function push()
  for queue, list in pairs(pushes) do call_many(front and 'LPUSH' or 'RPUSH', queue_key(queue), list) end
  pushes = grouped()
end

for i, id in ipairs(taken) do
  local job = jobs[id]
  local state, origin = job[STATUS] or 'created', job[ORIGIN] or ''
  local queue, parents, concurrency = o.to or origin, false, nil
  local record, life = id, lives[id]
  if is_set(job[LIMIT]) then concurrency = redis.call('HGET', job_key(id), 'rate_limit_concurrency') end
  local limited = is_set(concurrency)
  if o.copies then id, life = copied(id, i), -1 end
  if not o.copies and (state == 'deferred' or state == 'scheduled' or state == 'ready_to_enqueue') then
    redis.call('ZREM', registry_key(REGISTRY[state], origin), id)
  end
  -- A canceled job may have been deferred.
  if (state == 'deferred' or state == 'canceled') and not o.copies then parents = leave_parents(id) end
  local key = key_of[id] or job_key(id)
  renew(key, job, queue, limited)
  renew_expiry(id, key, job[TTL] and tonumber(job[TTL]), life, others[record])
  if limited then
    push()
    enter_limit(id, job[LIMIT], concurrency, front)
  else
    table.insert(pushes[queue], id)
  end
  if o.copies then
    remember({id, 'none', '', false, -1, now, iso})
  else
    remember({record, state, origin, scores[id] or false, life or -1, now, iso, job[STARTED], job[ENDED_AT],
      job[TRACEBACK], job[RETRIES], job[RETRIED], job[ENQUEUED], parents})
  end
end
push()
return finish(looked, #taken)
