-- Set a job aside that cannot be read, out of the place it was found in.
--
-- ARGV  3 place: intermediate, scheduled or wip; 4 queue; 5 member of that place; 6 id; 7 JSON that says why;
--       8... who acts, for the audit
-- Reply: 1, or 0 when it was not there any more
local place, queue, member, id = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local removed
if place == 'intermediate' then
  removed = redis.call('LREM', middle_key(queue), 1, member)
else
  removed = redis.call('ZREM', registry_key(place, queue), member)
end
if removed == 0 then return 0 end
quarantine(id, ARGV[7])
local said = {}
for i = 8, #ARGV do said[#said + 1] = ARGV[i] end
audit(said)
return 1
