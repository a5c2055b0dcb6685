-- with: bulk
-- Undo what an operation did to jobs that have not moved on since. Time stands still in the trash: what was to expire in
-- an hour when it was deleted expires an hour from now.
--
-- Options, beyond those of bulk.lua:
--   of      key of the operation that is undone
--   kind    what it did: delete, cancel, requeue, move, reschedule or copy
--   count   records to take, about
-- Reply: as in bulk.lua. A deleted job whose id is in use again stays in the trash; other records are used up.
local LINES = o.of .. ':jobs'
local ID, STATE, QUEUE, PLACE, LIFE, AT, ISO = 1, 2, 3, 4, 5, 6, 7
local RESULTS, WAITING, WAITED_FOR = 8, 9, 10                                              -- delete
local PARENTS = 8                                                                          -- cancel
local BEGAN, ENDED, TRACEBACK, RETRIES, RETRIED, ENQUEUED_AT, FORMER_PARENTS = 8, 9, 10, 11, 12, 13, 14  -- requeue
local TO, DUE = 8, 8                                                                       -- move; reschedule

local function expire(key, life)
  if life > 0 then call('PEXPIRE', key, life) else call('PERSIST', key) end
end

-- In these registries the score is when the entry expires, -1 or +inf for never.
local function score_now(record)
  local score, state = tonumber(record[PLACE]), record[STATE]
  local expires = state == 'failed' or state == 'stopped' or state == 'finished'
  if not expires or not score or score < 0 or score == math.huge then return record[PLACE] end
  return string.format('%.0f', score + now - record[AT])
end

-- Whether all it waited for has finished meanwhile. What is gone may have been deleted: then it goes on waiting.
local function met(id, allow_failures)
  local parents = call('SMEMBERS', P .. ':job::' .. id .. ':dependencies')
  for _, parent in ipairs(parents) do
    local state = call('HGET', job_key(parent), 'status')
    if state ~= 'finished' and not (allow_failures and state == 'failed') then return false end
  end
  return #parents > 0
end

-- Behind the job that was before it; when that has left, all that was before it has.
local function into_line(queue, id, previous)
  local key = queue_key(queue)
  if previous == false then
    call('RPUSH', key, id)
  elseif previous == '' or call('LINSERT', key, 'AFTER', previous, id) < 1 then
    call('LPUSH', key, id)
  end
  call('SADD', P .. ':queues', key)
end

-- The job's hash is there: put it where it was, as far as that still makes sense.
local function into_place(record)
  local id, state, queue = record[ID], record[STATE], record[QUEUE]
  local limit = call('HMGET', job_key(id), 'rate_limit_key', 'rate_limit_concurrency', 'enqueue_at_front',
    'allow_dependency_failures')
  if (state == 'queued' or state == 'rate_limited') and is_set(limit[1]) and is_set(limit[2]) then
    enter_limit(id, limit[1], limit[2], limit[3] == '1')
  elseif state == 'queued' or (state == 'deferred' and met(id, limit[4] == '1')) then
    call('HSET', job_key(id), 'status', 'queued')
    if state == 'deferred' then
      call('HSET', job_key(id), 'enqueued_at', iso)
      into_line(queue, id, false)
    else
      into_line(queue, id, record[PLACE])
    end
  else
    call('HSET', job_key(id), 'status', state)
    if REGISTRY[state] and record[PLACE] then
      call('ZADD', registry_key(REGISTRY[state], queue), score_now(record), id)
      call('SADD', P .. ':queues', queue_key(queue))
    end
  end
end

local function back(kind, id, key, life)
  local name = o.of .. ':' .. kind .. ':' .. id
  if call('EXISTS', name) == 0 then return end
  call('RENAME', name, key)
  expire(key, life)
end

local function join_parents(id, parents)
  for _, parent in ipairs(parents or {}) do
    local key = job_key(parent[1]) .. ':dependents'
    if exists(parent[1]) then
      local fresh = call('EXISTS', key) == 0
      call('SADD', key, id)
      if fresh then expire(key, parent[2]) end
    end
  end
end

local undo = {}

function undo.delete(record)
  local id = record[ID]
  if call('EXISTS', o.of .. ':job:' .. id) == 0 then return 'expired' end
  if call('EXISTS', job_key(id)) == 1 then return 'exists' end
  back('job', id, job_key(id), record[LIFE])
  back('results', id, P .. ':results:' .. id, record[RESULTS])
  back('dependents', id, job_key(id) .. ':dependents', record[WAITING])
  back('dependencies', id, P .. ':job::' .. id .. ':dependencies', record[WAITED_FOR])
  forget_who_left(id)
  if no_longer_waits(record[STATE]) then leave_parents(id) end
  into_place(record)
  local group = call('HGET', job_key(id), 'group_id')
  if is_set(group) then
    try('SADD', P .. ':group:' .. group, id)
    try('SADD', P .. ':groups', group)
  end
end

function undo.cancel(record)
  local id = record[ID]
  local job = read(id, 'status')
  if not job or not exists(id) then return 'missing' end
  if job[1] ~= 'canceled' then return job[1] or 'created' end
  if running(id) then return 'running' end
  call('ZREM', registry_key('canceled', record[QUEUE]), id)
  join_parents(id, record[PARENTS])
  into_place(record)
end

-- Out of the list where our own call put it; nil when it was there, else why it is left alone.
local function take_back(id, job)
  if job[1] == 'rate_limited' and job[3] and call('ZREM', P .. ':rl:' .. job[3] .. ':rate_limited', id) == 1 then
    return nil
  end
  if job[1] ~= 'queued' then return job[1] or 'created' end
  if call('LREM', queue_key(job[2] or ''), 1, id) == 0 then return 'starting' end
  return nil
end

local function put_field(id, name, value)
  if value then call('HSET', job_key(id), name, value) else call('HDEL', job_key(id), name) end
end

function undo.requeue(record)
  local id, state = record[ID], record[STATE]
  local job = read(id, 'status', 'origin', 'rate_limit_key', 'enqueued_at')
  if not job or not exists(id) then return 'missing' end
  if job[1] == 'queued' and not is_set(job[3]) and job[4] ~= record[ISO] then return 'changed' end
  local parents = record[FORMER_PARENTS]
  if parents and state == 'deferred' and met(id, false) then return 'parents_finished' end
  local why = take_back(id, job)
  if why then return why end
  for name, value in pairs({started_at = record[BEGAN], ended_at = record[ENDED], exc_info = record[TRACEBACK],
    retries_left = record[RETRIES], number_of_retries = record[RETRIED], enqueued_at = record[ENQUEUED_AT]}) do
    put_field(id, name, value)
  end
  if job[2] ~= record[QUEUE] then call('HSET', job_key(id), 'origin', record[QUEUE]) end
  call('HSET', job_key(id), 'status', state)
  if is_set(job[3]) then leave_limit(job[3], id, iso) end
  if REGISTRY[state] and record[PLACE] then
    call('ZADD', registry_key(REGISTRY[state], record[QUEUE]), score_now(record), id)
  end
  join_parents(id, parents)
  local life = record[LIFE]
  if life == true then life = (tonumber(record[PLACE]) - record[AT]) * 1000 end  -- as long as its entry
  for _, key in ipairs({job_key(id), job_key(id) .. ':dependents', P .. ':job::' .. id .. ':dependencies'}) do
    expire(key, life)
  end
end

function undo.move(record)
  local id = record[ID]
  local job = read(id, 'status', 'origin')
  if not job or not exists(id) then return 'missing' end
  if job[1] ~= record[STATE] then return job[1] or 'created' end
  if job[2] ~= record[TO] then return 'changed' end
  if job[1] == 'queued' then
    if call('LREM', queue_key(job[2]), 1, id) == 0 then return 'starting' end
    into_line(record[QUEUE], id, record[PLACE])
  elseif record[PLACE] then
    call('ZREM', registry_key(REGISTRY[job[1]], job[2]), id)
    call('ZADD', registry_key(REGISTRY[job[1]], record[QUEUE]), record[PLACE], id)
  end
  call('HSET', job_key(id), 'origin', record[QUEUE])
end

function undo.reschedule(record)
  local key = registry_key('scheduled', record[QUEUE])
  local score = call('ZSCORE', key, record[ID])
  if not score then return 'changed' end
  if tonumber(score) ~= record[DUE] then return 'changed' end
  call('ZADD', key, record[PLACE], record[ID])
end

function undo.copy(record)
  local id = record[ID]
  local job = read(id, 'status', 'origin', 'rate_limit_key', 'enqueued_at')
  if not job or not exists(id) then return 'missing' end
  local why = take_back(id, job)
  if why then return why end
  call('UNLINK', job_key(id))
  if is_set(job[3]) then leave_limit(job[3], id, iso) end
end

-- A line holds the records of many jobs, column by column (see `remember` in bulk.lua).
local function records_of(line)
  local ok, columns = pcall(cjson.decode, line)
  local count, found = ok and type(columns) == 'table' and columns[1], {}
  -- Without a limit a damaged number would keep the server busy for ever.
  local ours = type(count) == 'number' and count <= 100000
  for i = 1, ours and count or 0 do
    local record = {}
    for k = 2, #columns do
      if type(columns[k]) == 'table' then record[k - 1] = columns[k][i] else record[k - 1] = columns[k] end
    end
    ours = ours and type(record[ID]) == 'string' and type(record[STATE]) == 'string' and type(record[QUEUE]) == 'string'
    found[i] = record
  end
  if not ours then error('the trash holds a line that this version cannot read, nothing of it was brought back') end
  return found
end

-- What went behind the job before it comes back last first, so that its order is kept. Whole lines are taken.
local from_end = o.kind == 'delete' or o.kind == 'cancel' or o.kind == 'move'
local records, taken = {}, 0
while #records < o.count do
  local line = call('LINDEX', LINES, from_end and -1 - taken or taken)
  local found = line and records_of(line)
  if not found or (taken > 0 and #records + #found > o.count) then break end
  for i = 1, #found do records[#records + 1] = found[from_end and #found + 1 - i or i] end
  taken = taken + 1
end
-- A key of the wrong kind shows before anything is written.
for _, record in ipairs(records) do
  local registry = REGISTRY[record[STATE]]
  call('LLEN', queue_key(record[QUEUE]))
  if registry then call('ZCARD', registry_key(registry, record[QUEUE])) end
end
if from_end then call('LTRIM', LINES, 0, -taken - 1) else call('LTRIM', LINES, taken, -1) end
local done, stay = 0, {}
for _, record in ipairs(records) do
  local why = undo[o.kind](record)
  if not why then
    done = done + 1
  else
    skip(record[ID], why)
    if why == 'exists' then stay[#stay + 1] = cjson.encode({1, unpack(record)}) end
  end
end
if #stay > 0 then
  call_many('LPUSH', LINES, stay)
  local life = call('PTTL', o.of)
  if life > 0 then call('PEXPIRE', LINES, life) end
end
if call('EXISTS', o.of) == 1 then call('HINCRBY', o.of, 'left', #stay - #records) end
return finish(#records, done)
