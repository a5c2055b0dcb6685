-- Put after common.lua and before the scripts that act on many jobs; it says which jobs, and keeps what undo needs.
--
-- ARGV  2  options as a JSON object:
--            iso        now (ISO 8601), the enqueued_at of what this call enqueues
--            states     those a job may be in; in any other it is left alone
--            before     optional (ISO 8601): a job with a later time has changed since it was seen, and is left alone
--            source     optional {place, queue, skip, count}: the jobs of a queue (place `queue`) or of a registry,
--                       by RQ's key name, instead of ids: after `skip` entries, `count` of them
--            operation  optional {key, name, turn, keep, trash, audit}: where undo is kept, see control/trash.py;
--                       `audit` (first turn only) is {key, most, fields}
--            about      first turn only: names and values of the operation's hash
--       3  and following: ids, where there is no source
-- Reply: a JSON array: entries looked at, jobs done, entries that were no jobs and were taken out, and for each job
-- that was left alone its id and why.
-- A turn that is sent again after a lost reply changes nothing and is answered as before.
local o = cjson.decode(ARGV[2])
local iso, operation = o.iso, o.operation
local KEY = operation and operation.key
local expected = {}
for _, state in ipairs(o.states or {}) do expected[state] = true end
local EMPTY_TRACEBACK = '\120\156\3\0\0\0\0\1'

if operation then
  local last = redis.call('HMGET', KEY, 'turn', 'reply')
  if last[1] == tostring(operation.turn) then return last[2] end
  if operation.audit then
    -- First of all writes: what cannot be recorded does not happen.
    redis.call('XADD', operation.audit.key, 'MAXLEN', '~', operation.audit.most, '*', unpack(operation.audit.fields))
    redis.call('HSET', KEY, unpack(o.about))
    redis.call('EXPIRE', KEY, operation.keep)
    if operation.trash then
      redis.call('ZREMRANGEBYSCORE', operation.trash, 0, now)
      redis.call('ZADD', operation.trash, now + operation.keep, operation.name)
    end
  elseif not last[1] then
    return redis.error_reply('GONE the record of this operation expired or was deleted')
  end
end

local skipped, lines = {}, {}
local function skip(id, reason)
  skipped[#skipped + 1] = id
  skipped[#skipped + 1] = reason
end

-- What undo needs of one job; `restore.lua` reads it.
local function remember(record)
  if operation then lines[#lines + 1] = cjson.encode(record) end
end

-- Arguments of one call are limited (LUAI_MAXCSTACK).
local function call_many(command, key, list)
  for i = 1, #list, 4000 do redis.call(command, key, unpack(list, i, math.min(i + 3999, #list))) end
end

local function finish(looked, done, emptied)
  local reply = cjson.encode({looked, done, emptied or 0, skipped})
  if operation then
    if #lines > 0 then
      call_many('RPUSH', KEY .. ':jobs', lines)
      redis.call('EXPIRE', KEY .. ':jobs', operation.keep)
    end
    redis.call('HINCRBY', KEY, 'done', done)
    if (emptied or 0) > 0 then redis.call('HINCRBY', KEY, 'emptied', emptied) end
    redis.call('HSET', KEY, 'turn', operation.turn, 'reply', reply)
  end
  return reply
end

-- The key the entries come from, where they are not named.
local SOURCE = o.source and (o.source.place == 'queue' and queue_key(o.source.queue)
  or registry_key(o.source.place, o.source.queue))
local FROM_REGISTRY = SOURCE and o.source.place ~= 'queue'

-- The entries to look at: ids and, out of a registry, their scores. A job that is named twice is looked at once.
local function pick()
  local ids, scores, source = {}, {}, o.source
  if not source then
    local seen = {}
    for i = 3, #ARGV do
      if not seen[ARGV[i]] then ids[#ids + 1] = ARGV[i] end
      seen[ARGV[i]] = true
    end
    return ids, scores, #ARGV - 2
  end
  local last = source.skip + source.count - 1
  if not FROM_REGISTRY then
    ids = redis.call('LRANGE', SOURCE, source.skip, last)
    return ids, scores, #ids
  end
  local entries = redis.call('ZRANGE', SOURCE, source.skip, last, 'WITHSCORES')
  for i = 1, #entries, 2 do
    ids[#ids + 1] = entries[i]
    scores[entries[i]] = entries[i + 1]
  end
  return ids, scores, #ids
end

-- Jobs that leave the registry they were picked from; all of a stretch go at once.
local function leave_source(ids, looked)
  if #ids == looked then
    redis.call('ZREMRANGEBYRANK', SOURCE, o.source.skip, o.source.skip + looked - 1)
  else
    call_many('ZREM', SOURCE, ids)
  end
end

-- Fields every script reads first: where a job is, what limits it, and its times.
local STATUS, ORIGIN, LIMIT, CREATED, ENQUEUED, STARTED, ENDED_AT = 1, 2, 3, 4, 5, 6, 7
local FIRST_FIELDS = {'status', 'origin', 'rate_limit_key', 'created_at', 'enqueued_at', 'started_at', 'ended_at'}
local function fields_with(more)
  local all = {}
  for _, name in ipairs(FIRST_FIELDS) do all[#all + 1] = name end
  for _, name in ipairs(more) do all[#all + 1] = name end
  return all
end

local function changed_since(job, score)
  if not o.before then return false end
  for i = CREATED, ENDED_AT do
    if job[i] and job[i] > o.before then return true end
  end
  return job[STATUS] == 'canceled' and score and tonumber(score) > o.before_seconds
end

-- Why a job is left alone, or nil; and how many of the keys that few jobs have are there: runs, and `more` of them.
local function obstacle(id, job, score, ...)
  if not job then return 'broken' end
  -- What is saved with `created_at` is saved with `data`; a late heartbeat or a change of state writes neither.
  if not job[CREATED] and not exists(id) then return 'missing' end
  -- RQ before 2.4.1 left it out at times.
  if not job[STATUS] and SOURCE then job[STATUS] = o.states[1] end
  local state = job[STATUS] or 'created'
  if not expected[state] then return state end
  if changed_since(job, score) then return 'changed' end
  local more = redis.call('EXISTS', EXECUTIONS .. id, ...)
  if more > 0 and not o.copies and running(id) then return 'running' end
  return nil, more
end

-- {key = list}, in which lists are made as they are needed.
local function grouped()
  return setmetatable({}, {__index = function(self, key)
    local list = {}
    rawset(self, key, list)
    return list
  end})
end

-- Scores of jobs in their registries, for undo: {id = score}. What `pick` knows already is not asked again.
local function with_scores(known, members)
  if not operation then return known end
  for key, ids in pairs(members) do
    for i = 1, #ids, 4000 do
      local found = redis.call('ZMSCORE', key, unpack(ids, i, math.min(i + 3999, #ids)))
      for k, score in ipairs(found) do
        if score then known[ids[i + k - 1]] = score end
      end
    end
  end
  return known
end

-- Up to this many entries a list is read once for all jobs that leave it; in a longer one each is searched by itself.
local READABLE = 200000

-- Where jobs stand in a list: {id = the job before it that stays, '' at the head}. Nothing is changed yet; the second
-- value does it.
local function find(key, ids)
  local wanted, before, count = {}, {}, 0
  for _, id in ipairs(ids) do
    wanted[id] = true
  end
  local length = redis.call('LLEN', key)
  if length > READABLE or (#ids < 16 and length > 500) then
    for _, id in ipairs(ids) do
      local position = redis.call('LPOS', key, id)
      if position then before[id] = position > 0 and redis.call('LINDEX', key, position - 1) or '' end
    end
    for _, id in ipairs(ids) do
      while before[id] and before[before[id]] do before[id] = before[before[id]] end
    end
    return before, function()
      for _, id in ipairs(ids) do
        if before[id] then redis.call('LREM', key, 1, id) end
      end
    end
  end
  local stay, last, read, left = {}, '', 0, #ids
  while read < length and left > 0 do
    for _, id in ipairs(redis.call('LRANGE', key, read, read + 999)) do
      read = read + 1
      if wanted[id] and not before[id] then
        before[id] = last
        count, left = count + 1, left - 1
        if left == 0 then break end
      else
        stay[#stay + 1] = id
        last = id
      end
    end
  end
  return before, function()
    if count == 0 then return end
    redis.call('LTRIM', key, read, -1)
    local back = {}
    for i = #stay, 1, -1 do back[#back + 1] = stay[i] end
    call_many('LPUSH', key, back)
  end
end

local function is_set(value) return value and value ~= '' end

-- Where jobs that wait or have ended stand, and a function that takes them out of there. A place is a score, or in a
-- queue the job before it. A job that a worker has just taken is left alone.
local function locate(candidates, jobs, scores, looked)
  local members, listed, places, removers, kept = grouped(), grouped(), {}, {}, {}
  for _, id in ipairs(candidates) do
    local state, queue = jobs[id][STATUS] or 'created', jobs[id][ORIGIN] or ''
    if REGISTRY[state] then
      if not scores[id] then table.insert(members[registry_key(REGISTRY[state], queue)], id) end
    elseif state == 'queued' then
      table.insert(listed[queue], id)
    end
  end
  for id, score in pairs(with_scores(scores, members)) do places[id] = score end
  for queue, ids in pairs(listed) do
    local before, remove = find(queue_key(queue), ids)
    for id, previous in pairs(before) do places[id] = previous end
    removers[#removers + 1] = remove
  end
  local gone = grouped()
  for _, id in ipairs(candidates) do
    local state, queue = jobs[id][STATUS] or 'created', jobs[id][ORIGIN] or ''
    if state == 'queued' and not places[id] and redis.call('LPOS', queue_key(queue) .. ':intermediate', id) then
      skip(id, 'starting')
    else
      kept[#kept + 1] = id
      local key = REGISTRY[state] and registry_key(REGISTRY[state], queue)
      if key and key ~= SOURCE then table.insert(gone[key], id) end
    end
  end
  return kept, places, function()
    for _, remove in ipairs(removers) do remove() end
    for key, list in pairs(gone) do call_many('ZREM', key, list) end
    if FROM_REGISTRY then leave_source(kept, looked) end
  end
end

-- A parent that ends would enqueue it a second time. The parents it was taken from, each with how long the set had to
-- live: it is gone with its last member.
local function leave_parents(id)
  local left = {}
  for _, parent in ipairs(redis.call('SMEMBERS', P .. ':job::' .. id .. ':dependencies')) do
    local key = job_key(parent) .. ':dependents'
    local life = redis.call('PTTL', key)
    if redis.call('SREM', key, id) == 1 then left[#left + 1] = {parent, life} end
  end
  return #left > 0 and left or false
end

-- A job that waits for a slot never goes straight onto a list.
local function enter_limit(id, limit, concurrency, front)
  redis.call('SADD', P .. ':rl-keys', limit)
  redis.call('HSET', P .. ':rl:' .. limit, 'concurrency', concurrency)
  redis.call('HSET', job_key(id), 'status', 'rate_limited', 'enqueue_at_front', front and 1 or 0)
  redis.call('ZADD', P .. ':rl:' .. limit .. ':rate_limited', now, id)
  promote(limit, tonumber(concurrency) or 0, iso)
end

-- Runs whose worker is gone, of a job that is still registered as started.
local function leave_started(ids_by_queue)
  for queue, ids in pairs(ids_by_queue) do
    local wanted, members = {}, {}
    for _, id in ipairs(ids) do wanted[id] = true end
    for _, member in ipairs(redis.call('ZRANGE', registry_key('wip', queue), 0, -1)) do
      if wanted[member] or wanted[string.match(member, '^(.*):[^:]*$') or ''] then members[#members + 1] = member end
    end
    call_many('ZREM', registry_key('wip', queue), members)
    for _, id in ipairs(ids) do redis.call('UNLINK', P .. ':executions:' .. id) end
  end
end

-- What a job lets go when it ends must still wait: RQ would put what has been let go before on its queue once more, when
-- the job runs again or comes back from the trash.
local function no_longer_waits(state) return state and state ~= 'deferred' and state ~= 'canceled' end

local function forget_who_left(id)
  local key = job_key(id) .. ':dependents'
  for _, dependent in ipairs(redis.call('SMEMBERS', key)) do
    if no_longer_waits(redis.call('HGET', job_key(dependent), 'status')) then redis.call('SREM', key, dependent) end
  end
end
