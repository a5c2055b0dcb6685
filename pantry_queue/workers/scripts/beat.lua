-- A worker's heartbeat, and that of its run: rq's BaseWorker.maintain_heartbeats by the server's clock.
--
-- ARGV  3 worker, 4 seconds its hash lives, 5 now as RQ writes it, 6 its state, then while a job runs
--       7 queue, 8 id, 9 execution, 10 seconds until the run counts as abandoned
-- Reply: `unknown`: Redis has forgotten the worker, nothing was written; `lost`: the run is no longer registered; `ok`
local worker, iso = P .. ':worker:' .. ARGV[3], ARGV[5]
if redis.call('HEXISTS', worker, 'birth') == 0 then return 'unknown' end
redis.call('HSET', worker, 'last_heartbeat', iso, 'state', ARGV[6])
redis.call('EXPIRE', worker, ARGV[4])
if not ARGV[7] then return 'ok' end

local queue, id, execution, ttl = ARGV[7], ARGV[8], ARGV[9], tonumber(ARGV[10])
local wip, member = registry_key('wip', queue), id .. ':' .. execution
redis.call('EXPIRE', worker .. ':executions', ttl + 60)
if not ranked(wip, member) then return 'lost' end
local run, runs = P .. ':execution:' .. member, P .. ':executions:' .. id
redis.call('ZADD', wip, now + ttl, member)
redis.call('HSET', run, 'id', execution, 'job_id', id, 'last_heartbeat', exactly, 'worker_name', ARGV[3])
if redis.call('HEXISTS', run, 'created_at') == 0 then redis.call('HSET', run, 'created_at', exactly) end
redis.call('EXPIRE', run, ttl)
redis.call('ZADD', runs, now + ttl + 60, execution)
redis.call('EXPIRE', runs, ttl + 60)
if redis.call('HEXISTS', job_key(id), 'data') == 1 then redis.call('HSET', job_key(id), 'last_heartbeat', iso) end
return 'ok'
