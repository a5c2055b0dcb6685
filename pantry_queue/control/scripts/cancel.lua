-- with: bulk
-- Cancel jobs that do not run, as Job.cancel does, in one step.
--
-- Options, beyond those of bulk.lua:
--   dependents  enqueue the jobs that wait for them, where these were all they still waited for (enqueue_dependents)
--   parents     drop them from the jobs they wait for (remove_from_dependencies)
-- A job that a worker has just taken is left alone: `starting`.
local ids, scores, looked = pick()
local candidates, jobs = {}, {}
each(ids, scores, FIRST_FIELDS, 0, function(i, _, _, job)
  candidates[#candidates + 1] = i
  jobs[i] = job
end, just_skip)
local taken, places, leave = locate(ids, candidates, jobs, scores, looked)
local canceled = grouped()
for _, i in ipairs(taken) do
  local list = canceled[jobs[i][ORIGIN]]
  list[#list + 1] = now
  list[#list + 1] = ids[i]
end
-- One of the wrong kind shows before anything is written.
for queue in pairs(canceled) do call('ZCARD', registry_key('canceled', queue)) end
leave()
for queue, list in pairs(canceled) do call_many('ZADD', registry_key('canceled', queue), list) end

-- Job.dependencies_are_met with this parent left out: it waits for nothing else that has not finished.
local function met(id, allow_failures, without)
  for _, parent in ipairs(call('SMEMBERS', P .. ':job::' .. id .. ':dependencies')) do
    local state = parent ~= without and call('HGET', job_key(parent), 'status')
    if state and state ~= 'finished' and not (allow_failures and state == 'failed') then return false end
  end
  return true
end

local now_canceled = {}
for _, i in ipairs(taken) do now_canceled[ids[i]] = true end

local function free_dependents(parent)
  for _, id in ipairs(call('SMEMBERS', job_key(parent) .. ':dependents')) do
    local job = not now_canceled[id] and read(id, 'status', 'origin', 'allow_dependency_failures', 'enqueue_at_front',
      'rate_limit_key', 'rate_limit_concurrency')
    if job and exists(id) and job[1] == 'deferred' and met(id, job[3] == '1', parent) then
      call('ZREM', registry_key('deferred', job[2]), id)
      call('SREM', job_key(parent) .. ':dependents', id)
      if is_set(job[5]) and is_set(job[6]) then
        enter_limit(id, job[5], job[6], job[4] == '1')
      else
        call('HSET', job_key(id), 'status', 'queued', 'enqueued_at', iso)
        call(job[4] == '1' and 'LPUSH' or 'RPUSH', queue_key(job[2]), id)
      end
    end
  end
end

for _, i in ipairs(taken) do
  local id, job = ids[i], jobs[i]
  call('HSET', JOB .. id, 'status', 'canceled')
  if is_set(job[LIMIT]) then leave_limit(job[LIMIT], id, iso) end
  local parents = o.parents and leave_parents(id)
  if o.dependents then free_dependents(id) end
  remember(id, job[STATUS], job[ORIGIN], places[i] or false, -1, parents or false)
end
return finish(looked, #taken)
