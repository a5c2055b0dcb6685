-- with: bulk
-- Move jobs that wait to another queue, or to the other end of their own. RQ has no call for it.
--
-- Options, beyond those of bulk.lua:
--   to     the queue; their own when left out
--   front  at its front instead of its back
local ids, scores, looked = pick()
local FIELDS = fields_with({})
local candidates, jobs = {}, {}
for _, id in ipairs(ids) do
  local job = read(id, unpack(FIELDS))
  local why = obstacle(id, job, scores[id])
  if why then
    skip(id, why)
  elseif not jobs[id] then
    candidates[#candidates + 1] = id
    jobs[id] = job
    local to, registry = o.to or job[ORIGIN] or '', REGISTRY[job[STATUS]]
    -- A key of the wrong kind shows before anything is written.
    redis.call(registry and 'ZCARD' or 'LLEN', registry and registry_key(registry, to) or queue_key(to))
  end
end
local taken, places, leave = locate(candidates, jobs, scores, looked)
leave()
local pushes, added = grouped(), grouped()
for _, id in ipairs(taken) do
  local job = jobs[id]
  local state, from = job[STATUS] or 'created', job[ORIGIN] or ''
  local to = o.to or from
  if to ~= from then
    redis.call('HSET', job_key(id), 'origin', to)
    redis.call('SADD', P .. ':queues', queue_key(to))
  end
  if state == 'queued' then
    table.insert(pushes[to], id)
  elseif places[id] then
    local list = added[registry_key(REGISTRY[state], to)]
    list[#list + 1] = places[id]
    list[#list + 1] = id
  end
  remember({id, state, from, places[id] or false, -1, now, iso, to})
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
