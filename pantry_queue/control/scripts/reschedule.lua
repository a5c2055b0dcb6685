-- with: bulk
-- Let scheduled jobs run at another time.
--
-- Options, beyond those of bulk.lua:
--   due  when (unix seconds)
local ids, scores, looked = pick()
local FIELDS = fields_with({})
local taken, jobs, members = {}, {}, grouped()
for _, id in ipairs(ids) do
  local job = read(id, unpack(FIELDS))
  local why = obstacle(id, job, scores[id])
  if why then
    skip(id, why)
  else
    taken[#taken + 1] = id
    jobs[id] = job
    if not scores[id] then table.insert(members[registry_key('scheduled', job[ORIGIN] or '')], id) end
  end
end
scores = with_scores(scores, members)
for _, id in ipairs(taken) do
  redis.call('ZADD', registry_key('scheduled', jobs[id][ORIGIN] or ''), o.due, id)
  remember({id, 'scheduled', jobs[id][ORIGIN] or '', scores[id] or false, -1, now, iso, o.due})
end
return finish(looked, #taken)
