import { describe, expect, it } from 'vitest'
import { controllers } from './controllers.ts'
import { selectControllers } from './selection.ts'

const here = ['job-controller', 'cronjob-controller', 'token-cleaner-controller']
const [job, cronJob] = here

describe('selectControllers', () => {
  it.each<[string[], (string | undefined)[]]>([
    [['*'], [job, cronJob]],
    [['*', 'token-cleaner-controller'], here],
    [['*', 'tokencleaner'], here],
    [['*', '-job-controller'], [cronJob]],
    [['*', '-job'], [cronJob]],
    [['job-controller'], [job]],
    [['-job-controller'], []],
    [['-job', 'job-controller'], []],
    [
      ['job', '-job-controller', '*'],
      [job, cronJob],
    ],
    [
      ['*', '-selinux-warning-controller', '-resource-claim-controller'],
      [job, cronJob],
    ],
    [[], []],
  ])('%j', (selection, names) => expect([...selectControllers(selection, here)]).toEqual(names))

  it.each([
    [['ultramarine'], '"ultramarine" is not in the list of known controllers'],
    [['*', '-__proto__'], '"__proto__" is not in the list of known controllers'],
    [['*', 'service-lb-controller'], '--controllers: service-lb-controller is not supported'],
    [['*', 'selinux-warning'], '--controllers: selinux-warning-controller is not supported'],
  ])('%j is refused', (selection, message) => expect(() => selectControllers(selection, here)).toThrow(message))

  it('knows every controller that is here', () => {
    const names = controllers.map(({ name }) => name)
    expect([...selectControllers(names, names)]).toEqual(names)
  })
})
