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
local insert, unpack = table.insert, unpack
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
-- common: a line holds those that follow each other and agree in state, queue, j, l and n, each of which it has once.
local LINE_JOBS = 250
local lines, remembered, in_line = {}, 0, 0
local c_id, c_place, c_life, c_h, c_i, c_k, c_m = {}, {}, {}, {}, {}, {}, {}
local s_state, s_queue, s_j, s_l, s_n

local function end_line()
  if in_line == 0 then return end
  local line = {in_line, c_id, s_state, s_queue, c_place, c_life, now, iso}
  if c_h[1] ~= nil then line[9] = c_h end
  if c_i[1] ~= nil then line[10], line[11] = c_i, s_j end
  -- A list differs from every other one, so it is alone in its line.
  if s_n ~= nil then line[12], line[13], line[14], line[15] = c_k, s_l, c_m, s_n and {s_n} end
  lines[#lines + 1] = cjson.encode(line)
  c_id, c_place, c_life, c_h, c_i, c_k, c_m = {}, {}, {}, {}, {}, {}, {}
  in_line = 0
end

-- One job, with what its kind of action needs beside place and time; what there is not is false, nil ends it.
local function remember(id, state, queue, place, life, h, i, j, k, l, m, n)
  if not operation then return end
  if state ~= s_state or queue ~= s_queue or j ~= s_j or l ~= s_l or n ~= s_n or in_line == LINE_JOBS then
    end_line()
    s_state, s_queue, s_j, s_l, s_n = state, queue, j, l, n
  end
  remembered, in_line = remembered + 1, in_line + 1
  local at = in_line
  c_id[at], c_place[at], c_life[at], c_h[at], c_i[at], c_k[at], c_m[at] = id, place, life, h, i, k, m
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
  local created, enqueued, started, ended = job[CREATED], job[ENQUEUED], job[STARTED], job[ENDED_AT]
  return created and created > BEFORE or enqueued and enqueued > BEFORE or started and started > BEFORE
    or ended and ended > BEFORE or job[STATUS] == 'canceled' and score and tonumber(score) > o.before_seconds
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

-- Of a block of jobs, how many of the keys that few jobs have each has; `asked` names `width` of them for each job that is
-- not left alone, its runs first.
local function count_more(ids, from, last, whys, asked, width)
  local more, n = {}, 0
  for i = from, last do
    if not whys[i] then
      more[i] = call('EXISTS', unpack(asked, n + 1, n + width))
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
      insert(unknown[registry_key(registry, jobs[i][ORIGIN])], i)
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

-- Look at jobs, block by block: take(i, id, key, job, more) for each that may be changed, and leave(i, id, why, job) for
-- the others. `more` is how many there are of its runs, with `related` 1 of the set of its dependents, with 2 of that of
-- what it waits for too.
local function each(ids, scores, names, related, take, leave)
  for from = 1, #ids, BLOCK do
    local last = math.min(from + BLOCK - 1, #ids)
    local jobs, keys, whys, asked, n = {}, {}, {}, {}, 0
    for i = from, last do
      local id = ids[i]
      local key = JOB .. id
      local job = try('HMGET', key, unpack(names))
      local why = obstacle(id, job, scores[i])
      jobs[i], keys[i], whys[i] = job, key, why
      if not why then
        asked[n + 1] = EXECUTIONS .. id
        if related > 0 then asked[n + 2] = key .. ':dependents' end
        if related > 1 then asked[n + 3] = JOB .. ':' .. id .. ':dependencies' end
        n = n + 1 + related
      end
    end
    -- One question for all of them, since mostly there is none.
    local any = n > 0 and call('EXISTS', unpack(asked, 1, n)) > 0
    local more = any and count_more(ids, from, last, whys, asked, 1 + related)
    if operation and not FROM_REGISTRY then know_scores(ids, scores, jobs, from, last, whys) end
    for i = from, last do
      local why = whys[i]
      if not why then
        take(i, ids[i], keys[i], jobs[i], any and more[i] or 0)
      elseif why ~= 'refused' then
        leave(i, ids[i], why, jobs[i])
      end
    end
  end
end

local function just_skip(_, id, why) skip(id, why) end
