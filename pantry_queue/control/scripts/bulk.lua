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
-- Reply: a JSON array: entries looked at, jobs done, entries that were no jobs and were taken out, for each job that
-- was left alone its id and why, and for each that Redis would refuse its id and Redis' words.
-- A turn that is sent again after a lost reply changes nothing and is answered as before.
local o = cjson.decode(ARGV[2])
local iso, operation = o.iso, o.operation
local KEY = operation and operation.key
local expected = {}
for _, state in ipairs(o.states or {}) do expected[state] = true end
local EMPTY_TRACEBACK = '\120\156\3\0\0\0\0\1'

if operation then
  local last = call('HMGET', KEY, 'turn', 'reply')
  if last[1] == tostring(operation.turn) then return last[2] end
  if operation.audit then
    -- First of all writes: what cannot be recorded does not happen.
    call('XADD', operation.audit.key, 'MAXLEN', '~', operation.audit.most, '*', unpack(operation.audit.fields))
    call('HSET', KEY, unpack(o.about))
    call('EXPIRE', KEY, operation.keep)
    if operation.trash then
      call('ZREMRANGEBYSCORE', operation.trash, 0, now)
      call('ZADD', operation.trash, now + operation.keep, operation.name)
    end
  elseif not last[1] then
    return redis.error_reply('GONE the record of this operation expired or was deleted')
  end
end

local skipped, refused = {}, {}
local function skip(id, reason)
  skipped[#skipped + 1] = id
  skipped[#skipped + 1] = reason
end

local function refuse(id, words)
  refused[#refused + 1] = id
  refused[#refused + 1] = words
end

-- Arguments of one call are limited (LUAI_MAXCSTACK).
local function call_many(command, key, list)
  for i = 1, #list, 4000 do call(command, key, unpack(list, i, math.min(i + 3999, #list))) end
end

-- What undo needs, column by column; `restore.lua` and `control/records.py` read it. Jobs of one call have most of it in
-- common, so a line holds many of them and a column that is the same in all of them once.
local LINE_JOBS, COLUMNS = 250, 14
local columns, remembered, in_line, lines = {}, 0, 0, {}
for k = 1, COLUMNS do columns[k] = {} end

local function end_line()
  if in_line == 0 then return end
  local line = {in_line}
  for k = 1, COLUMNS do
    local column = columns[k]
    local first = column[1]
    if first == nil then break end
    local i = type(first) == 'table' and in_line or 2
    while column[i] == first do i = i + 1 end
    line[k + 1] = i > in_line and type(first) ~= 'table' and first or column
    columns[k] = {}
  end
  lines[#lines + 1] = cjson.encode(line)
  in_line = 0
end

-- One job; nil ends what there is to be told, and what is missing before is false.
local function remember(a, b, c, d, e, f, g, h, i, j, k, l, m, n)
  if not operation then return end
  remembered, in_line = remembered + 1, in_line + 1
  local at, all = in_line, columns
  all[1][at], all[2][at], all[3][at], all[4][at], all[5][at], all[6][at], all[7][at] = a, b, c, d, e, f, g
  if h ~= nil then all[8][at], all[9][at], all[10][at] = h, i, j end
  if k ~= nil then all[11][at], all[12][at], all[13][at], all[14][at] = k, l, m, n end
  if at == LINE_JOBS then end_line() end
end

local function finish(looked, done, emptied)
  local reply = cjson.encode({looked, done, emptied or 0, skipped, refused})
  if operation then
    end_line()
    if #lines > 0 then
      call_many('RPUSH', KEY .. ':jobs', lines)
      call('EXPIRE', KEY .. ':jobs', operation.keep)
    end
    call('HINCRBY', KEY, 'done', done)
    if remembered > 0 then call('HINCRBY', KEY, 'left', remembered) end
    if (emptied or 0) > 0 then call('HINCRBY', KEY, 'emptied', emptied) end
    call('HSET', KEY, 'turn', operation.turn, 'reply', reply)
  end
  return reply
end

-- The key the entries come from, where they are not named.
local SOURCE = o.source and (o.source.place == 'queue' and queue_key(o.source.queue)
  or registry_key(o.source.place, o.source.queue))
local FROM_REGISTRY = SOURCE and o.source.place ~= 'queue'

-- The entries to look at: ids and, out of a registry, the score of each. A job that is named twice is looked at once.
local function pick()
  local ids, scores, seen, source = {}, {}, {}, o.source
  if not source then
    for i = 3, #ARGV do
      if not seen[ARGV[i]] then ids[#ids + 1] = ARGV[i] end
      seen[ARGV[i]] = true
    end
    return ids, scores, #ARGV - 2
  end
  local last = source.skip + source.count - 1
  if FROM_REGISTRY then
    local entries = call('ZRANGE', SOURCE, source.skip, last, 'WITHSCORES')
    for i = 1, #entries / 2 do ids[i], scores[i] = entries[2 * i - 1], entries[2 * i] end
    return ids, scores, #ids
  end
  local entries = call('LRANGE', SOURCE, source.skip, last)
  for _, id in ipairs(entries) do
    if not seen[id] then ids[#ids + 1] = id end
    seen[id] = true
  end
  return ids, scores, #entries
end

-- Jobs that leave the registry they were picked from; all of a stretch go at once, where that is allowed.
local function leave_source(ids, looked)
  local first = o.source.skip
  local gone = #ids == looked and try('ZREMRANGEBYRANK', SOURCE, first, first + looked - 1)
  if type(gone) ~= 'number' then call_many('ZREM', SOURCE, ids) end
end

-- {key = list}, in which lists are made as they are needed.
local function grouped()
  return setmetatable({}, {__index = function(self, key)
    local list = {}
    rawset(self, key, list)
    return list
  end})
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

local BEFORE = o.before
local function changed_since(job, score)
  if not BEFORE then return false end
  for i = CREATED, ENDED_AT do
    if job[i] and job[i] > BEFORE then return true end
  end
  return job[STATUS] == 'canceled' and score and tonumber(score) > o.before_seconds
end

-- Why a job is left alone, or nil; state and queue are there afterwards.
local function obstacle(id, job, score)
  if job.err then return 'broken' end
  -- What is saved with `created_at` is saved with `data`; a late heartbeat or a change of state writes neither.
  if not job[CREATED] and not exists(id) then return 'missing' end
  -- RQ before 2.4.1 left it out at times.
  if not job[STATUS] then job[STATUS] = SOURCE and o.states[1] or 'created' end
  if not job[ORIGIN] then job[ORIGIN] = '' end
  if not expected[job[STATUS]] then return job[STATUS] end
  if changed_since(job, score) then return 'changed' end
  return nil
end

-- So few that what was read of a job is still in the processor's cache when it is written.
local BLOCK = 32

-- Of a block of jobs, which of the keys that few jobs have are there: its runs, with `related` 1 the set of
-- its dependents, with 2 that of what it waits for too. One question for all of them, since mostly there is none.
local function count_more(ids, from, last, whys, related)
  local asked, more, n, width = {}, {}, 0, 1 + related
  for i = from, last do
    if not whys[i] then
      local id = ids[i]
      asked[n + 1] = EXECUTIONS .. id
      if related > 0 then asked[n + 2] = JOB .. id .. ':dependents' end
      if related > 1 then asked[n + 3] = JOB .. ':' .. id .. ':dependencies' end
      n = n + width
    end
  end
  local any = n > 0 and call('EXISTS', unpack(asked, 1, n)) > 0
  n = 0
  for i = from, last do
    if not whys[i] then
      more[i] = any and call('EXISTS', unpack(asked, n + 1, n + width)) or 0
      if more[i] > 0 and not o.copies and running(ids[i]) then whys[i] = 'running' end
      n = n + width
    end
  end
  return more
end

-- Scores of a block of jobs in their registries, for undo; what `pick` knows already is not asked again. A registry of
-- the wrong kind is told, not raised: other blocks may have been written by now, and a script is not rolled back.
local function know_scores(ids, scores, jobs, from, last, whys)
  local unknown
  for i = from, last do
    local registry = not whys[i] and not scores[i] and REGISTRY[jobs[i][STATUS]]
    if registry then
      unknown = unknown or grouped()
      table.insert(unknown[registry_key(registry, jobs[i][ORIGIN])], i)
    end
  end
  for key, places in pairs(unknown or {}) do
    local names = {}
    for k, i in ipairs(places) do names[k] = ids[i] end
    local found = try('ZMSCORE', key, unpack(names))
    for k, i in ipairs(places) do
      if found.err then
        refuse(ids[i], found.err)
        whys[i] = 'refused'
      else
        scores[i] = found[k] or nil
      end
    end
  end
end

-- Look at jobs, block by block: take(i, id, job, more) for each that may be changed, `more` telling how many of its rare
-- keys are there, and leave(i, id, why, job) for the others.
local function each(ids, scores, names, related, take, leave)
  for from = 1, #ids, BLOCK do
    local last = math.min(from + BLOCK - 1, #ids)
    local jobs, whys = {}, {}
    for i = from, last do
      local id = ids[i]
      local job = try('HMGET', JOB .. id, unpack(names))
      jobs[i], whys[i] = job, obstacle(id, job, scores[i])
    end
    local more = count_more(ids, from, last, whys, related)
    if operation then know_scores(ids, scores, jobs, from, last, whys) end
    for i = from, last do
      local why = whys[i]
      if not why then
        take(i, ids[i], jobs[i], more[i])
      elseif why ~= 'refused' then
        leave(i, ids[i], why, jobs[i])
      end
    end
  end
end

local function just_skip(_, id, why) skip(id, why) end

-- Up to this many entries a list is read once for all jobs that leave it; in a longer one each is searched by itself.
local READABLE = 200000

-- Where jobs stand in a list: {id = the job before it that stays, '' at the head}. Nothing is changed yet; the second
-- value does it.
local function find(key, ids)
  local wanted, before, count = {}, {}, 0
  for _, id in ipairs(ids) do
    wanted[id] = true
  end
  local length = call('LLEN', key)
  if length > READABLE or (#ids < 16 and length > 500) then
    for _, id in ipairs(ids) do
      local position = call('LPOS', key, id)
      if position then before[id] = position > 0 and call('LINDEX', key, position - 1) or '' end
    end
    for _, id in ipairs(ids) do
      while before[id] and before[before[id]] do before[id] = before[before[id]] end
    end
    return before, function()
      for _, id in ipairs(ids) do
        if before[id] then call('LREM', key, 1, id) end
      end
    end
  end
  local stay, last, read, left = {}, '', 0, #ids
  while read < length and left > 0 do
    for _, id in ipairs(call('LRANGE', key, read, read + 999)) do
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
    call('LTRIM', key, read, -1)
    local back = {}
    for i = #stay, 1, -1 do back[#back + 1] = stay[i] end
    call_many('LPUSH', key, back)
  end
end

local function is_set(value) return value and value ~= '' end

-- Where jobs that wait or have ended stand, by their number among the ids, and a function that takes them out of there.
-- A place is a score, or in a queue the job before it. A job that a worker has just taken is left alone.
local function locate(ids, candidates, jobs, scores, looked)
  local listed, places, removers, kept, kept_ids, gone = grouped(), {}, {}, {}, {}, grouped()
  for _, i in ipairs(candidates) do
    if jobs[i][STATUS] == 'queued' then table.insert(listed[jobs[i][ORIGIN]], ids[i]) end
  end
  local before = {}
  for queue, names in pairs(listed) do
    local found, remove = find(queue_key(queue), names)
    before[queue] = found
    removers[#removers + 1] = remove
  end
  for _, i in ipairs(candidates) do
    local id, state, queue = ids[i], jobs[i][STATUS], jobs[i][ORIGIN]
    local place = scores[i]
    if state == 'queued' then place = before[queue][id] end
    if state == 'queued' and not place and call('LPOS', queue_key(queue) .. ':intermediate', id) then
      skip(id, 'starting')
    else
      local n = #kept + 1
      kept[n], kept_ids[n], places[i] = i, id, place
      local key = REGISTRY[state] and registry_key(REGISTRY[state], queue)
      if key and key ~= SOURCE then table.insert(gone[key], id) end
    end
  end
  return kept, places, function()
    for _, remove in ipairs(removers) do remove() end
    for key, list in pairs(gone) do call_many('ZREM', key, list) end
    if FROM_REGISTRY then leave_source(kept_ids, looked) end
  end
end

-- A parent that ends would enqueue it a second time. The parents it was taken from, each with how long the set had to
-- live: it is gone with its last member.
local function leave_parents(id)
  local left = {}
  for _, parent in ipairs(call('SMEMBERS', P .. ':job::' .. id .. ':dependencies')) do
    local key = job_key(parent) .. ':dependents'
    local life = call('PTTL', key)
    if call('SREM', key, id) == 1 then left[#left + 1] = {parent, life} end
  end
  return #left > 0 and left or false
end

-- A job that waits for a slot never goes straight onto a list.
local function enter_limit(id, limit, concurrency, front)
  call('SADD', P .. ':rl-keys', limit)
  call('HSET', P .. ':rl:' .. limit, 'concurrency', concurrency)
  call('HSET', job_key(id), 'status', 'rate_limited', 'enqueue_at_front', front and 1 or 0)
  call('ZADD', P .. ':rl:' .. limit .. ':rate_limited', now, id)
  promote(limit, tonumber(concurrency) or 0, iso)
end

-- Runs whose worker is gone, of a job that is still registered as started.
local function leave_started(ids_by_queue)
  for queue, ids in pairs(ids_by_queue) do
    local wanted, members = {}, {}
    for _, id in ipairs(ids) do wanted[id] = true end
    for _, member in ipairs(call('ZRANGE', registry_key('wip', queue), 0, -1)) do
      if wanted[member] or wanted[string.match(member, '^(.*):[^:]*$') or ''] then members[#members + 1] = member end
    end
    call_many('ZREM', registry_key('wip', queue), members)
    for _, id in ipairs(ids) do call('UNLINK', P .. ':executions:' .. id) end
  end
end

-- What a job lets go when it ends must still wait: RQ would put what has been let go before on its queue once more, when
-- the job runs again or comes back from the trash.
local function no_longer_waits(state) return state and state ~= 'deferred' and state ~= 'canceled' end

local function forget_who_left(id)
  local key = job_key(id) .. ':dependents'
  for _, dependent in ipairs(call('SMEMBERS', key)) do
    if no_longer_waits(call('HGET', job_key(dependent), 'status')) then call('SREM', key, dependent) end
  end
end
