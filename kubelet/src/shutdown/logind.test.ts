import { describe, expect, it } from 'vitest'
import { inhibitDelayIn, shutdownIn } from './logind.ts'

// lines of busctl 252 on a bus with a login manager
const signal = (member: string, payload: string): string =>
  `{"type":"signal","endian":"l","flags":1,"version":1,"cookie":2,"timestamp-realtime":1795731539062702,"sender":":1.6","path":"/org/freedesktop/login1","interface":"org.freedesktop.login1.Manager","member":"${member}","payload":${payload}}`

describe('what busctl says', () => {
  it.each([
    [signal('PrepareForShutdown', '{"type":"b","data":[true]}'), true],
    [signal('PrepareForShutdown', '{"type":"b","data":[false]}'), false],
    [signal('PrepareForShutdown', '{"type":"s","data":["true"]}'), undefined],
    [signal('PrepareForShutdown', '{"type":"","data":[]}'), undefined],
    [signal('PrepareForShutdown', 'null'), undefined],
    [signal('PrepareForSleep', '{"type":"b","data":[true]}'), undefined],
    ['Monitoring bus message stream.', undefined],
    ['{"type":"signal"', undefined],
    ['[]', undefined],
    ['null', undefined],
  ])('tells of a shutdown or not: %s', (line, shutdown) => {
    expect(shutdownIn(line)).toBe(shutdown)
  })

  it('tells how long a lock delays a shutdown', () => {
    expect(inhibitDelayIn('{"type":"t","data":5000000}\n')).toBe(5000)
    for (const odd of ['{"type":"s","data":"5s"}', '{}', '5', 'null']) {
      expect(() => inhibitDelayIn(odd)).toThrow('InhibitDelayMaxUSec from logind is not a uint64 as expected')
    }
  })
})
