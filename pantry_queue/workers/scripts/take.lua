-- Take the next job: its id moves from its queue to that queue's intermediate list, as RQ's own LMOVE does with one
-- queue, and so it never is nowhere.
--
-- ARGV  3, 4  queue and id of a job that a blocking LMOVE has moved already, or '' twice
--       5...  queues, the first is emptied first
-- Reply: {'none', queue} nothing waits, and this is the first queue that may be waited for ('' none: all are paused);
--        {'suspended'}; {'job', queue, id, hash}, the hash flat; {'odd', queue, id, kind} the job's key is of another kind.
--        A queue whose key is no list is passed over.
local hand_queue, hand = ARGV[3], ARGV[4]
local suspended = redis.call('EXISTS', P .. ':suspended') == 1

-- A pause with an end is taken away by the first worker that finds it over: no console need run.
local function paused(queue)
  if redis.pcall('SISMEMBER', OWN .. ':paused', queue) ~= 1 then return false end
  local till = redis.pcall('ZSCORE', OWN .. ':paused:until', queue)
  if type(till) ~= 'string' or tonumber(till) > exactly then return true end
  redis.call('SREM', OWN .. ':paused', queue)
  redis.call('ZREM', OWN .. ':paused:until', queue)
  return false
end

-- nil when there is no such job any more: it expired or was deleted while its id waited.
local function handed(queue, id)
  local kind = redis.call('TYPE', job_key(id)).ok
  if kind == 'hash' then return {'job', queue, id, redis.call('HGETALL', job_key(id))} end
  if kind ~= 'none' then return {'odd', queue, id, kind} end
  redis.call('LREM', middle_key(queue), -1, id)
  return nil
end

if hand ~= '' then
  if not suspended and not paused(hand_queue) then
    local reply = handed(hand_queue, hand)
    if reply then return reply end
  elseif redis.call('LREM', middle_key(hand_queue), -1, hand) > 0 then
    redis.call('LPUSH', queue_key(hand_queue), hand)
  end
end
if suspended then return {'suspended'} end
local open = ''
for i = 5, #ARGV do
  local queue = ARGV[i]
  if not paused(queue) then
    if open == '' then open = queue end
    -- Ids of jobs that are gone are passed over, so many at most that nobody else waits for it.
    for _ = 1, 200 do
      local id = redis.pcall('LMOVE', queue_key(queue), middle_key(queue), 'LEFT', 'RIGHT')
      if type(id) == 'table' then
        if string.find(id.err, 'WRONGTYPE', 1, true) then break end
        return redis.error_reply(id.err)
      end
      if not id then break end
      local reply = handed(queue, id)
      if reply then return reply end
    end
  end
end
return {'none', open}
