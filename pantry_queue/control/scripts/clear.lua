-- Delete jobs of one registry from its low end, as Job.delete does, but into the trash instead of for good.
-- An entry without a job, or whose job is in another place by now, is only taken out of the registry.
--
-- ARGV  2  key of the trash of this operation (control/trash.py says what is under it)
--       3  milliseconds the trash is kept
--       4  registry, 5 queue
--       6  entries to pass over first, 7 entries to look at
--       8  when the operation started (ISO 8601): what ended later is left where it is
--       9  n, then n states whose jobs are in another place
-- Reply: entries looked at, entries left where they are: ended too late, still running, or another kind of
-- key under the name of the job. What was done is counted in the hash under ARGV[2].
local trash, keep, registry, queue, start_iso = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[8]
local elsewhere = word_set(9)
local source = registry_key(registry, queue)

-- A key goes aside by its name, without a copy; the answer is how long it had to live (-1: for ever, -2: none).
local function aside(kind, id, key)
  if redis.call('EXISTS', key) == 0 then return -2 end
  local life = redis.call('PTTL', key)
  local name = trash .. ':' .. kind .. ':' .. id
  redis.call('RENAME', key, name)
  redis.call('PEXPIRE', name, keep)
  return life
end

-- As ExecutionRegistry.delete: what is left of runs whose worker is gone.
local function drop_executions(id)
  local key = P .. ':executions:' .. id
  if redis.call('EXISTS', key) == 0 then return end
  for _, execution in ipairs(redis.call('ZRANGE', key, 0, -1)) do
    redis.call('ZREM', registry_key('wip', queue), id .. ':' .. execution)
  end
  redis.call('UNLINK', key)
end

local function delete(id, score, job)
  local life = aside('job', id, job_key(id))
  local results = aside('results', id, P .. ':results:' .. id)
  aside('dependents', id, job_key(id) .. ':dependents')
  aside('dependencies', id, P .. ':job::' .. id .. ':dependencies')
  drop_executions(id)
  if job[2] and job[2] ~= '' then redis.pcall('SREM', P .. ':group:' .. job[2], id) end
  if job[3] and job[3] ~= '' then leave_limit(job[3], id, start_iso) end
  return table.concat({registry, score, life, results, now, #queue, queue .. id}, ' ')
end

local start, count = tonumber(ARGV[6]), tonumber(ARGV[7])
local entries = redis.call('ZRANGE', source, start, start + count - 1, 'WITHSCORES')
local gone, lines, left = {}, {}, 0
for i = 1, #entries, 2 do
  local id = entries[i]
  local job = read(id, 'status', 'group_id', 'rate_limit_key', 'ended_at')
  if not job or running(id) or (job[4] and job[4] > start_iso) then
    left = left + 1
  else
    if exists(id) and not elsewhere[job[1] or ''] then lines[#lines + 1] = delete(id, entries[i + 1], job) end
    gone[#gone + 1] = id
  end
end
if #gone > 0 then redis.call('ZREM', source, unpack(gone)) end
if #lines > 0 then
  redis.call('RPUSH', trash .. ':jobs', unpack(lines))
  redis.call('PEXPIRE', trash .. ':jobs', keep)
end
redis.call('HINCRBY', trash, 'deleted', #lines)
redis.call('HINCRBY', trash, 'empty', #gone - #lines)
return {#entries / 2, left}
