-- Register the start of a job that was taken, in one step: what rq.executions.prepare_execution and
-- BaseWorker.prepare_job_execution write in two. Who finds the id gone from the intermediate list was too slow: another
-- worker has put it back, and it is that run which counts. May be sent again after a lost reply.
--
-- ARGV  3 queue, 4 id, 5 execution, 6 worker, 7 seconds until the run counts as abandoned, 8 now as RQ writes it,
--       9 seconds the worker's hash lives, 10 the queue the job says it is of, in whose registries it is kept,
--       11 the function it calls, cut
-- Reply: the server's time when the run is ours, or {reason}: `gone` or `canceled`
local queue, id, execution, worker, ttl, iso = ARGV[3], ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7]), ARGV[8]
local wip, member = registry_key('wip', ARGV[10]), id .. ':' .. execution
local mine = ranked(wip, member)
if redis.call('LREM', middle_key(queue), 1, id) == 0 and not mine then return {'gone'} end
local job = read(id, 'status')
if not job or redis.call('HEXISTS', job_key(id), 'data') == 0 then return {'gone'} end
if job[1] == 'canceled' then return {'canceled'} end

local run, runs = P .. ':execution:' .. member, P .. ':executions:' .. id
redis.call('HSET', run, 'id', execution, 'job_id', id, 'created_at', exactly, 'last_heartbeat', exactly,
  'worker_name', worker)
redis.call('EXPIRE', run, ttl)
redis.call('ZADD', runs, now + ttl + 60, execution)
redis.call('EXPIRE', runs, ttl + 60)
redis.call('ZADD', wip, now + ttl, member)
redis.call('SADD', P .. ':worker:' .. worker .. ':executions', member)
redis.call('EXPIRE', P .. ':worker:' .. worker .. ':executions', ttl + 60)
redis.call('HSET', job_key(id), 'last_heartbeat', iso, 'status', 'started', 'started_at', iso, 'worker_name', worker)
redis.call('PERSIST', job_key(id))
redis.call('HSET', P .. ':worker:' .. worker, 'last_heartbeat', iso, 'state', 'busy')
redis.call('EXPIRE', P .. ':worker:' .. worker, ARGV[9])
-- What its worker was told before this was meant for an earlier job. A user who may not publish goes without.
redis.pcall('PUBLISH', P .. ':pubsub:' .. worker, cjson.encode({command = 'started', execution_id = execution}))
if not mine then event('started', {'id', id, 'queue', ARGV[10], 'func', ARGV[11], 'worker', worker}) end
return tostring(exactly)
