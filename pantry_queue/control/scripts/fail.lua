-- with: bulk
-- Mark jobs that are registered as started and whose worker is gone as failed, as StartedJobRegistry.cleanup does with
-- a job that has no retries left, but without running callbacks.
--
-- Options, beyond those of bulk.lua:
--   error  the result's exc_string as RQ stores it (base64 of compressed text)
local ids, scores, looked = pick()
local FAILURE_TTL = 8
local taken, jobs, started = {}, {}, grouped()
each(ids, scores, fields_with({'failure_ttl'}), 0, function(_, id, _, job)
  taken[#taken + 1] = id
  jobs[#taken] = job
  insert(started[job[ORIGIN]], id)
end, just_skip)
for queue in pairs(started) do call('ZCARD', registry_key('failed', queue)) end
leave_started(started)
for i, id in ipairs(taken) do
  local job = jobs[i]
  local ttl = tonumber(job[FAILURE_TTL] or '') or 31536000
  local results = P .. ':results:' .. id
  call('HSET', JOB .. id, 'status', 'failed')
  call('ZADD', registry_key('failed', job[ORIGIN]), ttl < 0 and ttl or now + ttl, id)
  call('XADD', results, 'MAXLEN', '~', 10, '*', 'type', 2, 'worker_name', '', 'exc_string', o.error)
  for _, key in ipairs({JOB .. id, JOB .. id .. ':dependents', JOB .. ':' .. id .. ':dependencies', results}) do
    if ttl < 0 then call('PERSIST', key) else call('EXPIRE', key, ttl) end
  end
  if is_set(job[LIMIT]) then leave_limit(job[LIMIT], id, iso) end
end
return finish(looked, #taken)
