-- Enqueue jobs, each id once. May be sent again after a lost reply: `created_at` tells our own first try.
--
-- ARGV  2  created_at and enqueued_at of all of them (ISO 8601)
--       3  once: a job that waits or runs is left alone, one that has ended is enqueued afresh
--          repair: as `once`, and a job that claims to wait but is in no list is enqueued afresh
--          unique: a job that exists at all is left alone
--       4  seconds until they expire if no worker takes them, or 0
--       5  how many may be enqueued at most, or -1
--       6  n, then n names and values that are the same in all of them
--       then five for each job: id, queue, front (1 or 0), data, description
-- Reply: one letter for each job. n: enqueued; a: waits or runs already; d: exists (unique only);
--        l: claims to wait, but is in no list; b: another kind of key stands under its name; s: not looked at,
--        as many as may be were enqueued before it.
local stamp, mode, ttl, most = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local shared, first = {}, 7 + tonumber(ARGV[6])
for i = 7, first - 1 do shared[#shared + 1] = ARGV[i] end

local ACTIVE = {
  queued = true, started = true, deferred = true, scheduled = true, created = true, rate_limited = true,
  ready_to_enqueue = true,
}
local LEAVE = {'finished', 'failed', 'canceled', 'scheduled', 'deferred', 'ready'}

-- Entries that may still be looked through: a longer list is believed rather than searched.
local budget = 200000

local function listed(key, id)
  local length = try('LLEN', key)
  if type(length) ~= 'number' or length == 0 then return false end
  budget = budget - length
  return budget < 0 or call('LPOS', key, id) ~= false
end

local function registered_as_running(queue, id)
  local key = registry_key('wip', queue)
  local length = try('ZCARD', key)
  if type(length) ~= 'number' or length == 0 then return false end
  budget = budget - length
  if budget < 0 then return true end
  for _, member in ipairs(call('ZRANGE', key, 0, -1)) do
    if member == id or string.sub(member, 1, #id + 1) == id .. ':' then return true end
  end
  return false
end

-- Whether anything holds the job that somebody will act on.
local function held(id, queue, limit)
  for _, registry in ipairs({'scheduled', 'deferred', 'ready'}) do
    if type(try('ZSCORE', registry_key(registry, queue), id)) == 'string' then return true end
  end
  if limit and limit ~= '' and call('ZSCORE', P .. ':rl:' .. limit .. ':rate_limited', id) then return true end
  return registered_as_running(queue, id) or listed(queue_key(queue), id)
    or listed(queue_key(queue) .. ':intermediate', id)
end

local function verdict(id)
  local old = read(id, 'status', 'origin', 'created_at', 'rate_limit_key', 'group_id')
  if not old then return 'b' end
  if not old[1] then return 'fresh', old end
  if old[3] == stamp then return 'n' end
  if mode == 'unique' then return 'd' end
  if running(id) then return 'a' end
  if not ACTIVE[old[1]] then return 'fresh', old end
  if held(id, old[2] or '', old[4]) then return 'a' end
  if mode == 'repair' then return 'fresh', old end
  return 'l'
end

-- What jobs left behind when they ran before, except the jobs that wait for them.
local places, leftovers = {}, {}
local function forget(id, queue, old)
  leftovers[#leftovers + 1] = job_key(id)
  leftovers[#leftovers + 1] = P .. ':results:' .. id
  leftovers[#leftovers + 1] = P .. ':job::' .. id .. ':dependencies'
  places[queue] = places[queue] or {}
  table.insert(places[queue], id)
  if old[2] and old[2] ~= queue then
    places[old[2]] = places[old[2]] or {}
    table.insert(places[old[2]], id)
  end
  if old[1] then call('PERSIST', job_key(id) .. ':dependents') end
  if old[5] and old[5] ~= '' then try('SREM', P .. ':group:' .. old[5], id) end
end

-- A key of the wrong kind must show before anything is written: a script is not rolled back.
local checked = {}
for i = first, #ARGV, 5 do
  local queue = ARGV[i + 1]
  if not checked[queue] then
    call('LLEN', queue_key(queue))
    call('SADD', P .. ':queues', queue_key(queue))
    checked[queue] = true
  end
end

local letters, fresh, seen = {}, {}, {}
for i = first, #ARGV, 5 do
  local id = ARGV[i]
  local letter, old = 'n', nil
  if not seen[id] then
    if most == 0 then letter = 's' else letter, old = verdict(id) end
    if letter == 'fresh' then
      forget(id, ARGV[i + 1], old)
      fresh[#fresh + 1] = i
      letter = 'n'
    end
    if letter == 'n' then
      seen[id] = true
      most = most - 1
    end
  end
  letters[#letters + 1] = letter
end
if #leftovers > 0 then call('UNLINK', unpack(leftovers)) end
for queue, ids in pairs(places) do
  for _, registry in ipairs(LEAVE) do try('ZREM', registry_key(registry, queue), unpack(ids)) end
end

local pushes = {RPUSH = {}, LPUSH = {}}
for _, i in ipairs(fresh) do
  local id, queue, command = ARGV[i], ARGV[i + 1], ARGV[i + 2] == '1' and 'LPUSH' or 'RPUSH'
  call('HSET', job_key(id), 'origin', queue, 'data', ARGV[i + 3], 'description', ARGV[i + 4], unpack(shared))
  if ttl > 0 then
    call('EXPIRE', job_key(id), ttl)
    call('EXPIRE', job_key(id) .. ':dependents', ttl)
  end
  pushes[command][queue] = pushes[command][queue] or {}
  table.insert(pushes[command][queue], id)
end
for command, queues in pairs(pushes) do
  for queue, ids in pairs(queues) do call(command, queue_key(queue), unpack(ids)) end
end
return table.concat(letters)
