import { expect, it } from 'vitest'
import { backOffEvents } from './back-off-events.ts'
import { container, pod } from './fixtures.ts'

const one = pod({ initContainers: [container('i')], containers: [container('a')] })
const crash = { reason: 'CrashLoopBackOff', message: 'back-off 10s restarting failed container=i pod=web_default(u1)' }
const pull = {
  reason: 'ImagePullBackOff',
  message: 'Back-off pulling image "r:5000/x:1": ErrImagePull: Error response from daemon: manifest unknown',
}

it('tells which container waits for its next start', () => {
  expect(backOffEvents(one, new Map(), new Map([['i', crash]]))).toEqual([
    {
      about: expect.objectContaining({ name: 'web', fieldPath: 'spec.initContainers{i}' }) as object,
      type: 'Warning',
      reason: 'BackOff',
      message: 'Back-off restarting failed container i in pod web_default(u1)',
    },
  ])
})

it('tells which image is not there, and not again why', () => {
  const about = expect.objectContaining({ fieldPath: 'spec.containers{a}' }) as object
  expect(backOffEvents(one, new Map(), new Map([['a', pull]]))).toEqual([
    { about, type: 'Normal', reason: 'BackOff', message: 'Back-off pulling image "r:5000/x:1"' },
    { about, type: 'Warning', reason: 'Failed', message: 'Error: ImagePullBackOff' },
  ])
})

it('says each once, and nothing of what waits for something else', () => {
  const other = { reason: 'CreateContainerConfigError', message: 'no' }
  const waiting = new Map([
    ['i', crash],
    ['a', other],
  ])
  expect(backOffEvents(one, waiting, waiting)).toEqual([])
  expect(backOffEvents(one, new Map(), new Map([['a', other]]))).toEqual([])
  const longer = { ...crash, message: 'back-off 20s' }
  expect(backOffEvents(one, waiting, new Map([['i', longer]]))).toHaveLength(1)
})
