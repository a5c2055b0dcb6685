-- Put a job right that stands where nobody will act on it any more.
--
-- ARGV  3 place: wip, intermediate or hash; 4 queue; 5 member of that place, or the state the hash told; 6 id
--       7 how often it may be put back in 72 h before it counts as poison; 0: it is given back and not counted
--       8 exc_string of the result it ends with as poison; 9 now as RQ writes it
--       10... who acts, for the audit, to which job, queue, place and what was done are added
-- Reply: what was done: `gone` nothing, `dropped` an entry that led nowhere, `queued`, `poison`, or `held` nothing: the
--        state of the hash is true by now; `registered` its entry in a registry was missing
local place, queue, member, id, most, told, iso = ARGV[3], ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7]), ARGV[8], ARGV[9]
local REGISTRY = {scheduled = 'scheduled', deferred = 'deferred', failed = 'failed'}

local function done(what)
  local said = {'job', id, 'queue', queue, 'place', place, 'did', what}
  for i = 10, #ARGV do said[#said + 1] = ARGV[i] end
  audit(said)
  return what
end

local function put_back()
  if most > 0 then
    local key = OWN .. ':rescue:repairs:' .. id
    local count = redis.call('INCR', key)
    if count == 1 then redis.call('EXPIRE', key, 72 * 3600) end
    if count > most then
      fail(id, queue, told, iso)
      return done('poison')
    end
  end
  redis.call('SADD', P .. ':queues', queue_key(queue))
  redis.call('HSET', job_key(id), 'status', 'queued', 'started_at', '', 'worker_name', '')
  redis.call('PERSIST', job_key(id))
  redis.call('LPUSH', queue_key(queue), id)
  return done('queued')
end

local function listed(key)
  local position = redis.pcall('LPOS', key, id)
  return type(position) == 'number'
end

local job = read(id, 'status', 'failure_ttl', 'rate_limit_key')
local there = job and redis.call('HEXISTS', job_key(id), 'data') == 1
local state = there and job[1] or nil

if place == 'wip' then
  local key = registry_key('wip', queue)
  local score = redis.call('ZSCORE', key, member)
  if not score or (most > 0 and tonumber(score) > now) then return 'gone' end
  redis.call('ZREM', key, member)
  local execution = string.sub(member, #id + 2)
  redis.call('UNLINK', P .. ':execution:' .. member)
  redis.call('ZREM', P .. ':executions:' .. id, execution)
  if state ~= 'started' or other_runs(queue, id, member) or listed(queue_key(queue)) then return 'dropped' end
  return put_back()
end

if place == 'intermediate' then
  if redis.call('LREM', middle_key(queue), 1, id) == 0 then return 'gone' end
  if not there or other_runs(queue, id, '') or listed(queue_key(queue)) then return 'dropped' end
  if state ~= 'queued' and state ~= 'started' and state ~= 'created' then return 'dropped' end
  return put_back()
end

-- A hash whose state names a place that does not hold it.
if state ~= member then return 'held' end
if state == 'queued' then
  if listed(queue_key(queue)) or listed(middle_key(queue)) or other_runs(queue, id, '') then return 'held' end
  if job[3] and job[3] ~= '' and ranked(P .. ':rl:' .. job[3] .. ':rate_limited', id) then return 'held' end
  return put_back()
end
if state == 'started' then
  local members = redis.call('ZRANGE', registry_key('wip', queue), 0, -1)
  for _, run in ipairs(members) do
    if run == id or string.sub(run, 1, #id + 1) == id .. ':' then return 'held' end
  end
  if listed(queue_key(queue)) or listed(middle_key(queue)) then return 'held' end
  return put_back()
end
local registry = REGISTRY[state]
if not registry or ranked(registry_key(registry, queue), id) then return 'held' end
if state == 'scheduled' then
  -- A retry that fell out: its time is not known any more, and it was to come.
  if listed(queue_key(queue)) or listed(middle_key(queue)) or other_runs(queue, id, '') then return 'held' end
  return put_back()
end
if ranked(registry_key('ready', queue), id) then return 'held' end
local score = now
if state == 'failed' then
  local ttl = tonumber(job[2] or '') or 31536000
  score = ttl < 0 and ttl or now + ttl
end
redis.call('ZADD', registry_key(registry, queue), score, id)
return done('registered')
