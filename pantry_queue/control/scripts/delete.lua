-- with: bulk
-- Delete jobs that do not run, as Job.delete does, but into the trash instead of for good: their keys are renamed.
--
-- Options, beyond those of bulk.lua:
--   entries  take out of the source what is no job, or is in another place by now
-- An operation is needed here: it names the trash.
local ids, scores, looked = pick()
local GROUP = 8
local RESULTS = P .. ':results:'
local candidates, jobs, empty, others = {}, {}, {}, {}
each(ids, scores, fields_with({'group_id'}), 2, function(i, _, _, job, more)
  candidates[#candidates + 1] = i
  jobs[i], others[i] = job, more
end, function(_, id, why)
  if SOURCE and o.entries and why ~= 'broken' and why ~= 'changed' and why ~= 'running' then
    empty[#empty + 1] = id
  else
    skip(id, why)
  end
end)

-- A key goes aside by its name, without a copy; the answer is how long it had to live (-1: for ever, -2: none).
local function aside(kind, id, key)
  local life = call('PTTL', key)
  if life == -2 then return life end
  local name = KEY .. kind .. id
  call('RENAME', key, name)
  call('EXPIRE', name, operation.keep)
  return life
end

-- As ExecutionRegistry.delete: what is left of runs whose worker is gone.
local function drop_executions(id, queue)
  local key = P .. ':executions:' .. id
  if call('EXISTS', key) == 0 then return end
  for _, execution in ipairs(call('ZRANGE', key, 0, -1)) do
    call('ZREM', registry_key('wip', queue), id .. ':' .. execution)
  end
  call('UNLINK', key)
end

local taken, places, leave = locate(ids, candidates, jobs, scores, looked)
leave()
if FROM_REGISTRY then
  call_many('ZREM', SOURCE, empty)
else
  for _, id in ipairs(empty) do call('LREM', SOURCE, 1, id) end
end
for _, i in ipairs(taken) do
  local id, job = ids[i], jobs[i]
  local queue, waiting, waited_for = job[ORIGIN], -2, -2
  local life = aside(':job:', id, JOB .. id)
  local results = aside(':results:', id, RESULTS .. id)
  if others[i] > 0 then
    waiting = aside(':dependents:', id, JOB .. id .. ':dependents')
    waited_for = aside(':dependencies:', id, JOB .. ':' .. id .. ':dependencies')
    drop_executions(id, queue)
  end
  if is_set(job[GROUP]) then try('SREM', P .. ':group:' .. job[GROUP], id) end
  if is_set(job[LIMIT]) then leave_limit(job[LIMIT], id, iso) end
  remember(id, job[STATUS], FROM_REGISTRY and o.source.queue or queue, places[i] or false, life, results,
    waiting, waited_for)
end
return finish(looked, #taken, #empty)
