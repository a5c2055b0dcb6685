-- with: bulk
-- Delete jobs that do not run, as Job.delete does, but into the trash instead of for good: their keys are renamed.
--
-- Options, beyond those of bulk.lua:
--   entries  take out of the source what is no job, or is in another place by now
-- An operation is needed here: it names the trash.
local ids, scores, looked = pick()
local GROUP = 8
local FIELDS = fields_with({'group_id'})
local RESULTS = P .. ':results:'
local candidates, jobs, empty, others = {}, {}, {}, {}
local function dependents_key(id) return JOB .. id .. ':dependents' end
local function dependencies_key(id) return JOB .. ':' .. id .. ':dependencies' end
for _, id in ipairs(ids) do
  local job = read(id, unpack(FIELDS))
  local why, more = obstacle(id, job, scores[id], dependents_key(id), dependencies_key(id))
  if why == nil then
    if not jobs[id] then candidates[#candidates + 1] = id end
    jobs[id], others[id] = job, more
  elseif SOURCE and o.entries and why ~= 'broken' and why ~= 'changed' and why ~= 'running' then
    empty[#empty + 1] = id
  else
    skip(id, why)
  end
end

-- A key goes aside by its name, without a copy; the answer is how long it had to live (-1: for ever, -2: none).
local function aside(kind, id, key)
  local life = redis.call('PTTL', key)
  if life == -2 then return life end
  local name = KEY .. kind .. id
  redis.call('RENAME', key, name)
  redis.call('EXPIRE', name, operation.keep)
  return life
end

-- As ExecutionRegistry.delete: what is left of runs whose worker is gone.
local function drop_executions(id, queue)
  local key = P .. ':executions:' .. id
  if redis.call('EXISTS', key) == 0 then return end
  for _, execution in ipairs(redis.call('ZRANGE', key, 0, -1)) do
    redis.call('ZREM', registry_key('wip', queue), id .. ':' .. execution)
  end
  redis.call('UNLINK', key)
end

local taken, places, leave = locate(candidates, jobs, scores, looked)
leave()
if FROM_REGISTRY then
  call_many('ZREM', SOURCE, empty)
else
  for _, id in ipairs(empty) do redis.call('LREM', SOURCE, 1, id) end
end
for _, id in ipairs(taken) do
  local job = jobs[id]
  local queue, waiting, waited_for = job[ORIGIN] or '', -2, -2
  local life = aside(':job:', id, job_key(id))
  local results = aside(':results:', id, RESULTS .. id)
  if others[id] > 0 then
    waiting = aside(':dependents:', id, dependents_key(id))
    waited_for = aside(':dependencies:', id, dependencies_key(id))
    drop_executions(id, queue)
  end
  if is_set(job[GROUP]) then redis.pcall('SREM', P .. ':group:' .. job[GROUP], id) end
  if is_set(job[LIMIT]) then leave_limit(job[LIMIT], id, iso) end
  remember({id, job[STATUS] or 'created', FROM_REGISTRY and o.source.queue or queue, places[id] or false, life, now,
    iso, results, waiting, waited_for})
end
return finish(looked, #taken, #empty)
