-- with: bulk
-- Mark jobs that are registered as started and whose worker is gone as failed, as StartedJobRegistry.cleanup does with
-- a job that has no retries left, but without running callbacks.
--
-- Options, beyond those of bulk.lua:
--   error  the result's exc_string as RQ stores it (base64 of compressed text)
local ids, scores, looked = pick()
local FAILURE_TTL = 8
local FIELDS = fields_with({'failure_ttl'})
local taken, jobs, started = {}, {}, grouped()
for _, id in ipairs(ids) do
  local job = read(id, unpack(FIELDS))
  local why = obstacle(id, job, nil)
  if why then
    skip(id, why)
  else
    taken[#taken + 1] = id
    jobs[id] = job
    table.insert(started[job[ORIGIN] or ''], id)
  end
end
leave_started(started)
for _, id in ipairs(taken) do
  local job = jobs[id]
  local ttl = tonumber(job[FAILURE_TTL] or '') or 31536000
  local results = P .. ':results:' .. id
  redis.call('HSET', job_key(id), 'status', 'failed')
  redis.call('ZADD', registry_key('failed', job[ORIGIN] or ''), ttl < 0 and ttl or now + ttl, id)
  redis.call('XADD', results, 'MAXLEN', '~', 10, '*', 'type', 2, 'worker_name', '', 'exc_string', o.error)
  for _, key in ipairs({job_key(id), job_key(id) .. ':dependents', P .. ':job::' .. id .. ':dependencies', results}) do
    if ttl < 0 then redis.call('PERSIST', key) else redis.call('EXPIRE', key, ttl) end
  end
  if is_set(job[LIMIT]) then leave_limit(job[LIMIT], id, iso) end
end
return finish(looked, #taken)
