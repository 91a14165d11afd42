import { describe, expect, it } from 'vitest'
import type { Event } from '../api/types/core-v1.ts'
import { EventCorrelator } from './event-correlator.ts'

let names = 0
const event = (message: string, object = 'web', more: Partial<Event> = {}): Event => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: `e${names++}`, namespace: 'default' },
  involvedObject: { kind: 'Pod', namespace: 'default', name: object },
  reason: 'BackOff',
  message,
  source: { component: 'kubelet' },
  firstTimestamp: 'first',
  lastTimestamp: 'last',
  count: 1,
  type: 'Warning',
  reportingComponent: 'kubelet',
  reportingInstance: '',
  ...more,
})

/** Correlates and, as the recorder does, remembers what was sent. */
function record(correlator: EventCorrelator, e: Event, now = 0) {
  const verdict = correlator.correlate(e, now)
  if (verdict.action !== 'drop') {
    const stored = verdict.action === 'create' ? verdict.event : { ...verdict.event, metadata: { name: verdict.name } }
    correlator.remember(verdict.key, stored)
  }
  return verdict
}

describe('EventCorrelator', () => {
  it('counts repeats', () => {
    const correlator = new EventCorrelator()
    const first = event('a')
    expect(record(correlator, first)).toMatchObject({ action: 'create', event: first })
    const repeat = record(correlator, event('a', 'web', { lastTimestamp: 'later', firstTimestamp: 'later' }))
    expect(repeat).toMatchObject({
      action: 'bump',
      name: first.metadata.name,
      namespace: 'default',
      patch: { count: 2, message: 'a', lastTimestamp: 'later' },
      event: { firstTimestamp: 'first' },
    })
    expect(record(correlator, event('a'))).toMatchObject({ patch: { count: 3 } })
  })

  it.each<[string, Event]>([
    ['message', event('b')],
    ['object', event('a', 'other')],
    [
      'part',
      event('a', 'web', { involvedObject: { kind: 'Pod', namespace: 'default', name: 'web', fieldPath: 'spec' } }),
    ],
    ['reason', event('a', 'web', { reason: 'Killing' })],
    ['type', event('a', 'web', { type: 'Normal' })],
    ['source', event('a', 'web', { source: { component: 'scheduler' } })],
  ])('tells events of another %s apart', (_, other) => {
    const correlator = new EventCorrelator()
    record(correlator, event('a'))
    expect(record(correlator, other).action).toBe('create')
  })

  it('combines many different messages of one reason', () => {
    const correlator = new EventCorrelator()
    const verdicts = Array.from({ length: 12 }, (_, i) => record(correlator, event(`m${i}`)))
    expect(verdicts.map((v) => v.action)).toEqual([...Array<string>(10).fill('create'), 'bump', 'bump'])
    expect(verdicts[9]).toMatchObject({ event: { message: '(combined from similar events): m9' } })
    expect(verdicts[11]).toMatchObject({ patch: { message: '(combined from similar events): m11', count: 3 } })
    expect(record(correlator, event('m0'), 700_000).action).toBe('bump')
    expect(record(correlator, event('new'), 700_000).action).toBe('create')
  })

  it('lets an object send 25 events, then one in five minutes', () => {
    const correlator = new EventCorrelator()
    const actions = Array.from({ length: 30 }, () => record(correlator, event('a')).action)
    expect(actions.filter((a) => a !== 'drop')).toHaveLength(25)
    expect(record(correlator, event('a'), 299_000).action).toBe('drop')
    expect(record(correlator, event('a'), 301_000).action).toBe('bump')
    expect(record(correlator, event('a'), 302_000).action).toBe('drop')
    expect(record(correlator, event('a', 'other'), 302_000).action).toBe('create')
  })
})
