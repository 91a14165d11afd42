import { WorkQueue } from '@kubets/shared/client/workqueue.ts'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { healthText } from '@kubets/shared/process/health.ts'
import { expect, it } from 'vitest'
import { ControllerHealth } from './controller-health.ts'

const clock = new FakeClock()
const minute = 60_000

it('names the controller that is dead, and what one is stuck on', async () => {
  const names = ['job-controller', 'deployment-controller']
  const health = new ControllerHealth()
  const text = (): string => healthText('healthz', health.checks(names)).text
  const queue = new WorkQueue({ name: 'jobs', clock })
  health.started('job-controller', [queue])
  health.started('deployment-controller', [])
  queue.add('a/first')
  queue.add('a/second')
  await queue.get()
  await clock.advance(10 * minute)
  await queue.get()
  expect(text()).toBe('[+]job-controller ok\n[+]deployment-controller ok\nhealthz check passed\n')

  await clock.advance(5 * minute)
  const stuck = '[-]job-controller failed: it has been busy with a/first for 900 s\n'
  expect(text()).toBe(`${stuck}[+]deployment-controller ok\nhealthz check failed\n`)
  queue.done('a/first')
  expect(text()).toContain('[+]job-controller ok')

  health.ended('deployment-controller')
  expect(text()).toContain('[-]deployment-controller failed: it has ended')
  health.clear()
  expect(text()).toBe('[+]job-controller ok\n[+]deployment-controller ok\nhealthz check passed\n')
})
