import { describe, expect, it } from 'vitest'
import { createProblems, type Draft } from '../../test-cases.ts'
import { cronJob as kind } from './kind.ts'
import { scheduleProblem } from './schedule.ts'

const jobTemplate = {
  spec: { template: { spec: { containers: [{ name: 'c', image: 'b' }], restartPolicy: 'Never' } } },
}
const make = (spec: object): Draft => ({ spec: { schedule: '* * * * ?', jobTemplate, ...spec } })

describe('validation', () => {
  const table: [string, object, string[]][] = [
    ['fine', {}, []],
    ['time zone', { timeZone: 'Europe/Berlin' }, []],
    ['no schedule', { schedule: '' }, ['spec.schedule: Required value']],
    [
      'zone in the schedule',
      { schedule: 'TZ=UTC 0 * * * *' },
      [
        'spec.schedule: Invalid value: "TZ=UTC 0 * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
      ],
    ],
    [
      'no such zone',
      { timeZone: 'Europe/Nowhere' },
      ['spec.timeZone: Invalid value: "Europe/Nowhere": unknown time zone Europe/Nowhere'],
    ],
    ['empty zone', { timeZone: '' }, ['spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string']],
    [
      'local',
      { timeZone: 'Local' },
      [
        'spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
      ],
    ],
    [
      'policy',
      { concurrencyPolicy: 'Other' },
      ['spec.concurrencyPolicy: Unsupported value: "Other": supported values: "Allow", "Forbid", "Replace"'],
    ],
    [
      'selector of the Job',
      { jobTemplate: { spec: { ...jobTemplate.spec, selector: { matchLabels: { a: 'b' } } } } },
      ['spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated'],
    ],
  ]
  it.each(table)('%s', (_, spec, want) => {
    expect(createProblems(kind, make(spec))).toEqual(want)
  })

  it('leaves room for the time in the name', () => {
    const name = 'a'.repeat(53)
    expect(createProblems(kind, { ...make({}), metadata: { name } })).toEqual([
      `metadata.name: Invalid value: "${name}": must be no more than 52 characters`,
    ])
  })
})

// github.com/robfig/cron/v3 parser_test.go
describe('schedules', () => {
  it.each([
    '* * * * *',
    '*/15 0,12 1-15 JAN-jun mon',
    '0 0 * * 0-6',
    '5/20 * ? * ?',
    '@hourly',
    '@every 1h30m',
    'TZ=UTC @daily',
  ])('takes %s', (schedule) => {
    expect(scheduleProblem(schedule)).toBeUndefined()
  })
  it.each([
    ['', 'empty spec string'],
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['5-3 * * * *', 'beginning of range (5) beyond end of range (3): 5-3'],
    ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
    ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
    ['@never', 'unrecognized descriptor: @never'],
    ['@every x', 'failed to parse duration @every x: time: invalid duration "x"'],
  ])('refuses %j', (schedule, want) => {
    expect(scheduleProblem(schedule)).toBe(want)
  })
})
