-- with: bulk
-- Put jobs on their queue again, as BaseRegistry.requeue and Queue._enqueue_job do, in one step. Beyond that the hash
-- stays until it has run (PERSIST), its queue is registered, and a job that retries has all its retries again.
--
-- Options, beyond those of bulk.lua:
--   front   at the front of the queue
--   to      another queue than the one they came from
--   retrying  only jobs that have run before and wait for their next try
--   copies  ids of copies, in the order of the ids: those are enqueued, and what they were made of is left as it is
--   edit    {name, value, ...}: fields of the copies that are different
local front, to = o.front, o.to
-- Text fields that RQ writes empty; hashes of older versions lack some.
local TEXT = {'success_callback_name', 'failure_callback_name', 'stopped_callback_name', 'last_heartbeat',
  'worker_name', 'group_id'}
local TTL, TIMEOUT, INTERVALS, RETRIES, RETRIED, GROUP, TRACEBACK = 8, 9, 10, 11, 12, 13, 14
local FIELDS = fields_with({'ttl', 'timeout', 'retry_intervals', 'retries_left', 'number_of_retries', 'group_id',
  operation and 'exc_info'})

-- The number of retries a job began with is not stored; it has at least one for each interval. Most jobs have as many
-- as the one before.
local last_intervals, last_left, last_retries
local function all_retries(intervals, left)
  if intervals ~= last_intervals or left ~= last_left then
    local ok, list = pcall(cjson.decode, intervals)
    local count = ok and type(list) == 'table' and #list or 1
    last_retries = count > (tonumber(left or '0') or 0) and tostring(count) or nil
    last_intervals, last_left = intervals, left
  end
  return last_retries
end

-- What few jobs need to be as RQ saves them.
local function renew_odd(key, job, queue)
  local fields = {}
  local function put(name, value)
    fields[#fields + 1] = name
    fields[#fields + 1] = value
  end
  if not job[GROUP] then  -- written before RQ 2.0
    for i, value in ipairs(call('HMGET', key, unpack(TEXT))) do
      if not value then put(TEXT[i], '') end
    end
  end
  if not job[CREATED] then put('created_at', iso) end
  if not is_set(job[TIMEOUT]) then put('timeout', '180') end
  if queue ~= job[ORIGIN] then put('origin', queue) end
  if #fields > 0 then call('HSET', key, unpack(fields)) end
end

-- What is written into the hash, but for what is so already. Mostly it is the same as for the job before.
local fields, f_began, f_ended, f_retries, f_limited
local function renewed(began, ended, retries, limited)
  if fields and began == f_began and ended == f_ended and retries == f_retries and limited == f_limited then return end
  f_began, f_ended, f_retries, f_limited = began, ended, retries, limited
  fields = {'exc_info', EMPTY_TRACEBACK}
  local function put(name, value)
    insert(fields, name)
    insert(fields, value)
  end
  if began then put('started_at', '') end
  if ended then put('ended_at', '') end
  if retries then put('retries_left', retries) end
  if not limited then  -- else it is set with the slot
    put('status', 'queued')
    put('enqueued_at', iso)
  end
end

local function renew(key, job, queue, limited)
  local intervals = job[INTERVALS]
  renewed(job[STARTED] ~= '', job[ENDED_AT] ~= '', intervals and all_retries(intervals, job[RETRIES]), limited)
  call('HSET', key, unpack(fields))
  if intervals and job[RETRIED] then call('HDEL', key, 'number_of_retries') end
  if not job[GROUP] or not job[CREATED] or not is_set(job[TIMEOUT]) or queue ~= job[ORIGIN] then
    renew_odd(key, job, queue)
  end
end

-- A job that has ended expires with its entry: RQ sets both at once (e.g. FailedJobRegistry.add). So it need not be asked
-- how long it had to live.
local WITH_ENTRY = true
local ENTRY_EXPIRES = {failed = true, stopped = true, finished = true}
local function expires(score)
  local at = score and tonumber(score)
  return at and at > now and at < math.huge
end

-- How long the hash has to live from now on; the answer is how long it had, for undo. `more` as `each` tells.
local function renew_expiry(id, key, ttl, with_entry, more)
  local life = operation and (ttl or not with_entry) and call('PTTL', key)
  if ttl then
    call('EXPIRE', key, ttl)
    call('EXPIRE', key .. ':dependents', ttl)
    call('EXPIRE', JOB .. ':' .. id .. ':dependencies', ttl)
  else
    local expired = life ~= -1 and call('PERSIST', key) == 1
    if not life then life = expired and WITH_ENTRY or -1 end
    if more > 0 then
      forget_who_left(id)
      call('PERSIST', key .. ':dependents')
    end
  end
  return life
end

-- The n-th copy.
local function copied(key, n)
  local copy = job_key(o.copies[n])
  call('COPY', key, copy, 'REPLACE')
  call('PERSIST', copy)
  call('HDEL', copy, 'dependency_id', 'dependency_ids', 'number_of_retries')
  call('HSET', copy, 'created_at', iso, 'group_id', '', 'status', 'created', unpack(o.edit or {}))
  return o.copies[n], copy
end

-- What Redis would refuse to do with the keys of a queue, or false: a script is not rolled back, so it is found out
-- before anything of that queue is written.
local trouble = setmetatable({}, {__index = function(self, queue)
  local reply = try('LLEN', queue_key(queue))
  local registries = {finished = true, failed = true, canceled = true, wip = expected.started}
  for state in pairs(expected) do registries[REGISTRY[state] or 'finished'] = true end
  for registry in pairs(registries) do
    if type(reply) == 'number' then reply = try('ZCARD', registry_key(registry, queue)) end
  end
  local words = type(reply) == 'table' and reply.err
  rawset(self, queue, words)
  return words
end})
call('SCARD', P .. ':queues')

local ids, scores, looked = pick()
local done, taken, origins, others, started = 0, {}, {}, grouped(), grouped()
local queues, pushes, pushed = {}, grouped(), {}

local function push()
  for queue, list in pairs(pushes) do call_many(front and 'LPUSH' or 'RPUSH', queue_key(queue), list) end
  pushes, pushed = grouped(), {}
end

-- A job that has not ended leaves more than the registries of those that have, all of them at the end. The answer is what
-- it waited for: a canceled job may have been deferred.
local function leave(id, state, origin)
  if state == 'started' then
    insert(started[origin], id)
  elseif state ~= 'canceled' then
    insert(others[registry_key(REGISTRY[state], origin)], id)
  end
  return (state == 'deferred' or state == 'canceled') and leave_parents(id)
end

local function put_back(id, key, i, job, ttl, more)
  local state, origin, score, parents, with_entry = job[STATUS], job[ORIGIN], scores[i], false, false
  taken[done], origins[done] = id, origin
  if ENTRY_EXPIRES[state] then
    with_entry = expires(score)
  else
    parents = leave(id, state, origin)
  end
  remember(id, state, origin, score or false, renew_expiry(id, key, ttl, with_entry, more), job[STARTED], job[ENDED_AT],
    job[TRACEBACK] or false, job[RETRIES], job[RETRIED], job[ENQUEUED], parents)
end

each(ids, scores, FIELDS, 1, function(i, id, key, job, more)
  local queue, limit, limited, concurrency = to or job[ORIGIN], job[LIMIT], false, nil
  if queue == '' then return skip(id, 'broken') end
  if o.retrying and not is_set(job[STARTED]) and not job[RETRIED] then return skip(id, 'not_retrying') end
  local words = trouble[job[ORIGIN]] or trouble[queue]
  if words then return refuse(id, words) end
  if is_set(limit) then
    concurrency = call('HGET', key, 'rate_limit_concurrency')
    limited = is_set(concurrency) and true
  end
  local ttl = job[TTL] and tonumber(job[TTL])
  if ttl and ttl <= 0 then ttl = nil end
  done = done + 1
  if o.copies then
    id, key = copied(key, done)
    remember(id, 'none', '', false, -1)
    renew_expiry(id, key, ttl, true, more)
  else
    put_back(id, key, i, job, ttl, more)
  end
  renew(key, job, queue, limited)
  queues[queue] = true
  if limited then
    push()
    enter_limit(id, limit, concurrency, front)
  else
    local n = (pushed[queue] or 0) + 1
    pushed[queue], pushes[queue][n] = n, id
  end
end, function(_, id, why, job)
  if why ~= 'queued' or job[ENQUEUED] ~= iso then skip(id, why) end  -- else this call was sent again
end)

-- A job that was canceled while it ran stands in two of them when it ends.
local gone = grouped()
for k, origin in ipairs(origins) do
  local names = gone[origin]
  names[#names + 1] = taken[k]
end
for queue, names in pairs(gone) do
  for _, registry in ipairs({'finished', 'failed', 'canceled'}) do
    local key = registry_key(registry, queue)
    if key ~= SOURCE and call('EXISTS', key) == 1 then call_many('ZREM', key, names) end
  end
end
for key, names in pairs(others) do
  if key ~= SOURCE then call_many('ZREM', key, names) end
end
if FROM_REGISTRY and not o.copies then leave_source(taken, looked) end
leave_started(started)
for queue in pairs(queues) do call('SADD', P .. ':queues', queue_key(queue)) end
push()
return finish(looked, done)
