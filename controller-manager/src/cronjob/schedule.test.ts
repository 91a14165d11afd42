import { describe, expect, it } from 'vitest'
import { parseSchedule } from './schedule.ts'

const next = (schedule: string, after: string, zone = 'UTC'): string | undefined => {
  const time = parseSchedule(schedule, zone).next(Date.parse(after))
  return time === undefined ? undefined : new Date(time).toISOString().replace('.000', '')
}

describe('a schedule', () => {
  const cases: [schedule: string, after: string, want: string | undefined, zone?: string][] = [
    ['* * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z'],
    ['* * * * *', '2026-01-01T00:00:30Z', '2026-01-01T00:01:00Z'],
    ['*/15 * * * *', '2026-01-01T00:15:00Z', '2026-01-01T00:30:00Z'],
    ['5/20 3 * * *', '2026-01-01T03:30:00Z', '2026-01-01T03:45:00Z'],
    ['0 0 1,15 * *', '2026-01-02T00:00:00Z', '2026-01-15T00:00:00Z'],
    ['30 6 * * mon-fri', '2026-01-02T07:00:00Z', '2026-01-05T06:30:00Z'],
    ['0 0 13 * 5', '2026-01-03T00:00:00Z', '2026-01-09T00:00:00Z'],
    ['0 0 */2 * 5', '2026-01-03T00:00:00Z', '2026-01-05T00:00:00Z'],
    ['0 12 29 feb *', '2026-01-01T00:00:00Z', '2028-02-29T12:00:00Z'],
    ['0 0 30 2 *', '2026-01-01T00:00:00Z', undefined],
    ['@hourly', '2026-01-01T00:59:59Z', '2026-01-01T01:00:00Z'],
    ['@weekly', '2026-01-01T00:00:00Z', '2026-01-04T00:00:00Z'],
    ['@every 1h30m', '2026-01-01T00:00:00Z', '2026-01-01T01:30:00Z'],
    ['@every 1ms', '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'],
    ['0 9 * * *', '2026-07-01T00:00:00Z', '2026-07-01T07:00:00Z', 'Europe/Berlin'],
    ['0 9 * * *', '2026-01-01T00:00:00Z', '2026-01-01T08:00:00Z', 'Europe/Berlin'],
    // the clocks go from two to three: that hour is not there
    ['30 2 * * *', '2026-03-28T12:00:00Z', '2026-03-30T00:30:00Z', 'Europe/Berlin'],
    ['0 3 * * *', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00Z', 'Europe/Berlin'],
  ]
  for (const [schedule, after, want, zone] of cases)
    it(`${schedule} after ${after}${zone ? ` in ${zone}` : ''}`, () => expect(next(schedule, after, zone)).toBe(want))

  it('is refused with what is wrong', () => {
    expect(() => parseSchedule('* * *', undefined)).toThrow('expected exactly 5 fields, found 3')
    expect(() => parseSchedule('* * * * *', 'Middle/Earth')).toThrow('Middle/Earth')
  })

  it('shows times as its clocks do', () => {
    const time = Date.parse('2026-07-01T07:00:00Z')
    expect(parseSchedule('@daily', 'Europe/Berlin').zone.format(time)).toBe('2026-07-01T09:00:00+02:00')
    expect(parseSchedule('@daily', 'America/St_Johns').zone.format(time)).toBe('2026-07-01T04:30:00-02:30')
    expect(parseSchedule('@daily', 'UTC').zone.format(time)).toBe('2026-07-01T07:00:00Z')
  })
})
