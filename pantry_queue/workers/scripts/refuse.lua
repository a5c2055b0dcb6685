-- Fail a job that was taken and may not run here; its worker counts it among the failed, as any that ends so.
--
-- ARGV  3 queue, 4 id, 5 the result's exc_string, 6 now as RQ writes it, 7 the worker's name
-- Reply: 1, or 0 when it is no longer ours
local queue, id = ARGV[3], ARGV[4]
if redis.call('LREM', middle_key(queue), 1, id) == 0 then return 0 end
if redis.call('HEXISTS', job_key(id), 'data') == 0 then return 0 end
fail(id, queue, ARGV[5], ARGV[6])
redis.call('HINCRBY', P .. ':worker:' .. ARGV[7], 'failed_job_count', 1)
return 1
