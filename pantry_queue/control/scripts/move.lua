-- with: bulk
-- Move jobs that wait to another queue, or to the other end of their own. RQ has no call for it.
--
-- Options, beyond those of bulk.lua:
--   to     the queue; their own when left out
--   front  at its front instead of its back
local ids, scores, looked = pick()
local candidates, jobs = {}, {}
each(ids, scores, FIRST_FIELDS, 0, function(i, _, _, job)
  candidates[#candidates + 1] = i
  jobs[i] = job
  local to, registry = o.to or job[ORIGIN], REGISTRY[job[STATUS]]
  -- A key of the wrong kind shows before anything is written.
  call(registry and 'ZCARD' or 'LLEN', registry and registry_key(registry, to) or queue_key(to))
end, just_skip)
local taken, places, leave = locate(ids, candidates, jobs, scores, looked)
leave()
local pushes, added = grouped(), grouped()
for _, i in ipairs(taken) do
  local id, state, from = ids[i], jobs[i][STATUS], jobs[i][ORIGIN]
  local to = o.to or from
  if to ~= from then
    call('HSET', JOB .. id, 'origin', to)
    call('SADD', P .. ':queues', queue_key(to))
  end
  if state == 'queued' then
    insert(pushes[to], id)
  elseif places[i] then
    local list = added[registry_key(REGISTRY[state], to)]
    list[#list + 1] = places[i]
    list[#list + 1] = id
  end
  remember(id, state, from, places[i] or false, -1, to)
end
for queue, list in pairs(pushes) do
  local ordered = list
  if o.front then  -- several keep their order
    ordered = {}
    for i = #list, 1, -1 do ordered[#ordered + 1] = list[i] end
  end
  call_many(o.front and 'LPUSH' or 'RPUSH', queue_key(queue), ordered)
end
for key, list in pairs(added) do call_many('ZADD', key, list) end
return finish(looked, #taken)
