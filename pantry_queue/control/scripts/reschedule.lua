-- with: bulk
-- Let scheduled jobs run at another time.
--
-- Options, beyond those of bulk.lua:
--   due  when (unix seconds)
local ids, scores, looked = pick()
local done = 0
each(ids, scores, FIRST_FIELDS, 0, function(i, id, _, job)
  done = done + 1
  call('ZADD', registry_key('scheduled', job[ORIGIN]), o.due, id)
  remember(id, 'scheduled', job[ORIGIN], scores[i] or false, -1, o.due)
end, just_skip)
return finish(looked, done)
