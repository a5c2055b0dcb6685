-- The breaker of the OCR agent: one atomic step on its hash, by the server's clock. May be sent again.
--
-- KEYS[1]  the hash: while closed `fault:<run>` (time of a fault), `away_since` and `away` (since when and how often it was
--          not even reached); once open `until` (when its rest ends), `opened` (when it first opened), `rests` (how often in
--          a row), `why`, `kind`, `func`; `probe` and `probe_until`, whose run asks now.
-- ARGV     step, run, faults that open it, seconds they count, seconds it rests; then by step:
--            ask       seconds a probe may take
--            fault     why, kind, func, 1 when it was not reached
--            refused   why, kind, func: opens it at once
--            answered
--            leave     the run asked nothing after all
-- Returns  what the run may do (`go`, `probe`, `rest`), and for how many seconds it should keep off, in ms.
local key, step, run = KEYS[1], ARGV[1], ARGV[2]
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local most, within, rest = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
-- What nobody asks for any more is forgotten.
local forgotten = 10 * rest

local function ms(seconds) return math.ceil(seconds * 1000) end
local function text(time) return string.format('%.3f', time) end

local known = redis.call('HMGET', key, 'until', 'probe', 'probe_until')
local open_until, probe, probe_until = tonumber(known[1]), known[2], tonumber(known[3])

if step == 'answered' then
  redis.call('DEL', key)
  return { 'go', 0 }
end

if step == 'leave' then
  if probe == run then redis.call('HDEL', key, 'probe', 'probe_until') end
  return { 'go', 0 }
end

if step == 'ask' then
  if not open_until then return { 'go', 0 } end
  if now < open_until then return { 'rest', ms(open_until - now) } end
  if probe and probe ~= run and probe_until and now < probe_until then return { 'rest', ms(probe_until - now) } end
  local takes = tonumber(ARGV[6])
  redis.call('HSET', key, 'probe', run, 'probe_until', text(now + takes))
  redis.call('EXPIRE', key, math.ceil(takes + forgotten))
  return { 'probe', 0 }
end

-- A fault, of whatever kind.
if open_until and now < open_until then return { 'rest', ms(open_until - now) } end
if not open_until and step == 'fault' then
  redis.call('HSET', key, 'fault:' .. run, text(now))
  local all, count = redis.call('HGETALL', key), 0
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 6) == 'fault:' then
      if now - tonumber(all[i + 1]) > within then redis.call('HDEL', key, all[i]) else count = count + 1 end
    end
  end
  -- Few jobs make few faults: the tries of a single one span more than that time, and are four.
  if ARGV[9] == '1' then
    redis.call('HSETNX', key, 'away_since', text(now))
    redis.call('HINCRBY', key, 'away', 1)
  else
    redis.call('HDEL', key, 'away_since', 'away')
  end
  local away = redis.call('HMGET', key, 'away_since', 'away')
  local long = away[1] and now - tonumber(away[1]) > within and tonumber(away[2]) >= most - 1
  redis.call('EXPIRE', key, forgotten)
  if count < most and not long then return { 'go', 0 } end
end
local opened = redis.call('HGET', key, 'opened') or text(now)
local rests = tonumber(redis.call('HGET', key, 'rests') or 0) + 1
redis.call('DEL', key)
redis.call('HSET', key, 'until', text(now + rest), 'opened', opened, 'rests', rests,
  'why', ARGV[6], 'kind', ARGV[7], 'func', ARGV[8])
redis.call('EXPIRE', key, rest + forgotten)
return { 'rest', ms(rest) }
