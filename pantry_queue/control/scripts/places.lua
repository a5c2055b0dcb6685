-- Put after bulk.lua: where jobs stand, and how they leave it.

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
    if jobs[i][STATUS] == 'queued' then insert(listed[jobs[i][ORIGIN]], ids[i]) end
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
      if key and key ~= SOURCE then insert(gone[key], id) end
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
