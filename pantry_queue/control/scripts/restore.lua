-- Bring deleted jobs back from the trash to the place they were deleted from.
-- Time stands still in the trash: what was to expire in an hour when it was deleted expires an hour from now.
--
-- ARGV  2  key of the trash of the operation (control/trash.py says what is under it)
--       3  lines to take
-- Reply: lines taken. What became of them is counted in the hash under ARGV[2]: restored, exists (a job of this
-- id is there again; the deleted one stays in the trash), expired.
local trash = ARGV[2]

local function parse(line)
  local registry, score, life, results, at, size, rest = string.match(line, '^(%S+) (%S+) (%S+) (%S+) (%d+) (%d+) (.*)$')
  return {
    registry = registry, score = score, life = tonumber(life), results = tonumber(results), at = tonumber(at),
    queue = string.sub(rest, 1, tonumber(size)), id = string.sub(rest, tonumber(size) + 1),
  }
end

local function back(kind, id, key, life)
  local name = trash .. ':' .. kind .. ':' .. id
  if redis.call('EXISTS', name) == 0 then return end
  redis.call('RENAME', name, key)
  if life > 0 then redis.call('PEXPIRE', key, life) else redis.call('PERSIST', key) end
end

-- In these registries the score is when the entry expires, -1 or +inf for never.
local function score_now(job)
  local score = tonumber(job.score)
  if (job.registry ~= 'failed' and job.registry ~= 'finished') or not score or score < 0 or score == math.huge then
    return job.score
  end
  return string.format('%.0f', score + now - job.at)
end

local function restore(job)
  if redis.call('EXISTS', trash .. ':job:' .. job.id) == 0 then return 'expired' end
  if redis.call('EXISTS', job_key(job.id)) == 1 then return 'exists' end
  back('job', job.id, job_key(job.id), job.life)
  back('results', job.id, P .. ':results:' .. job.id, job.results)
  back('dependents', job.id, job_key(job.id) .. ':dependents', job.life)
  back('dependencies', job.id, P .. ':job::' .. job.id .. ':dependencies', job.life)
  redis.call('ZADD', registry_key(job.registry, job.queue), score_now(job), job.id)
  redis.call('SADD', P .. ':queues', queue_key(job.queue))
  local group = redis.call('HGET', job_key(job.id), 'group_id')
  if group and group ~= '' then
    redis.pcall('SADD', P .. ':group:' .. group, job.id)
    redis.pcall('SADD', P .. ':groups', group)
  end
  return 'restored'
end

local lines = redis.call('LRANGE', trash .. ':jobs', 0, ARGV[3] - 1)
local life = redis.call('PTTL', trash)
local counts = {}
redis.call('LTRIM', trash .. ':jobs', #lines, -1)
for _, line in ipairs(lines) do
  local job = parse(line)
  local outcome = restore(job)
  if outcome == 'exists' then redis.call('RPUSH', trash .. ':jobs', line) end
  counts[outcome] = (counts[outcome] or 0) + 1
end
if life > 0 then redis.call('PEXPIRE', trash .. ':jobs', life) end
for outcome, count in pairs(counts) do redis.call('HINCRBY', trash, outcome, count) end
return #lines
