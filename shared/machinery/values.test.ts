import { describe, expect, it } from 'vitest'
import { clone, deepEqual, deepFreeze } from './deep.ts'
import { FakeClock } from './fake-clock.ts'
import { scaledValue } from './intstr.ts'
import { apiVersionOf, controllerOf, newControllerRef, objectKey, resourcePath, splitKey } from './object.ts'
import { tolerates, untoleratedTaint } from './taints.ts'
import { formatMicroTime, formatTime, humanDuration, parseTime } from './time.ts'

const pods = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true }
const deployments = { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true }

describe('objects', () => {
  it('have keys', () => {
    expect(objectKey({ metadata: { name: 'a', namespace: 'n' } })).toBe('n/a')
    expect(objectKey({ metadata: { name: 'a' } })).toBe('a')
    expect(splitKey('n/a')).toEqual({ namespace: 'n', name: 'a' })
    expect(splitKey('a')).toEqual({ name: 'a' })
    expect(() => splitKey('a/b/c')).toThrow('unexpected key format: "a/b/c"')
  })

  it('have paths', () => {
    expect(apiVersionOf(pods)).toBe('v1')
    expect(resourcePath(pods)).toBe('/api/v1/pods')
    expect(resourcePath(deployments, 'n', 'a', 'scale')).toBe('/apis/apps/v1/namespaces/n/deployments/a/scale')
    expect(resourcePath({ ...pods, plural: 'nodes', namespaced: false }, 'n', '../x')).toBe('/api/v1/nodes/..%2Fx')
  })

  it('have controllers', () => {
    const owner = { metadata: { name: 'web', uid: 'u' } }
    const ref = newControllerRef(owner, deployments)
    expect(ref).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: 'web',
      uid: 'u',
      controller: true,
      blockOwnerDeletion: true,
    })
    const other = { ...ref, controller: false }
    expect(controllerOf({ metadata: { ownerReferences: [other, ref] } })).toBe(ref)
    expect(controllerOf({ metadata: { ownerReferences: [other] } })).toBeUndefined()
  })
})

describe('time', () => {
  it('is written and read as RFC 3339', () => {
    const ms = Date.UTC(2026, 10, 20, 1, 2, 3, 456)
    expect(formatTime(ms)).toBe('2026-11-20T01:02:03Z')
    expect(formatMicroTime(ms)).toBe('2026-11-20T01:02:03.456000Z')
    expect(parseTime('2026-11-20T01:02:03.456789Z')).toBe(ms)
    expect(parseTime('2026-11-20T02:02:03.456+01:00')).toBe(ms)
    for (const bad of ['', 'now', '2026-11-20', '2026-11-20T01:02:03', '2026-13-20T01:02:03Z']) {
      expect(() => parseTime(bad)).toThrow('as an RFC 3339 time')
    }
  })

  const s = 1000
  const m = 60 * s
  const h = 60 * m
  const d = 24 * h
  it.each([
    [-2 * s, '<invalid>'],
    [-s, '0s'],
    [0, '0s'],
    [119 * s, '119s'],
    [120 * s, '2m'],
    [200 * s, '3m20s'],
    [10 * m, '10m'],
    [179 * m, '179m'],
    [3 * h, '3h'],
    [4 * h + 5 * m, '4h5m'],
    [8 * h, '8h'],
    [47 * h, '47h'],
    [48 * h, '2d'],
    [2 * d + 4 * h, '2d4h'],
    [8 * d, '8d'],
    [729 * d, '729d'],
    [730 * d, '2y'],
    [800 * d, '2y70d'],
    [3000 * d, '8y'],
  ])('%i ms is %s old', (ms, text) => {
    expect(humanDuration(ms)).toBe(text)
  })
})

describe('deep values', () => {
  it.each<[unknown, unknown, boolean]>([
    [{ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 }, true],
    [{ a: undefined }, {}, true],
    [{}, { a: undefined }, true],
    [{ a: undefined, b: 1 }, { c: 1 }, false],
    [{ a: null }, {}, false],
    [[1, 2], [2, 1], false],
    [[1], { 0: 1 }, false],
    [{ toString: 1 }, {}, false],
    ['1', 1, false],
    [null, {}, false],
  ])('%j equals %j: %s', (a, b, equal) => {
    expect(deepEqual(a, b)).toBe(equal)
    expect(deepEqual(b, a)).toBe(equal)
  })

  it('are cloned and frozen all the way down', () => {
    const value = { a: [{ b: 1 }], c: undefined }
    const copy = clone(value)
    expect(copy).toEqual({ a: [{ b: 1 }] })
    expect('c' in copy).toBe(false)
    expect(copy.a[0]).not.toBe(value.a[0])
    deepFreeze(copy)
    expect(() => copy.a.push({ b: 2 })).toThrow()
    const hostile = JSON.parse('{"__proto__":{"x":1}}') as object
    expect(Object.getPrototypeOf(clone(hostile))).toBe(Object.prototype)
    expect(Object.keys(clone(hostile))).toEqual(['__proto__'])
  })
})

describe('scaledValue', () => {
  it.each<[number | string, number, boolean, number]>([
    [3, 10, true, 3],
    ['25%', 10, true, 3],
    ['25%', 10, false, 2],
    ['0%', 10, true, 0],
    ['100%', 7, false, 7],
    ['29%', 100, true, 29],
  ])('%s of %i, up: %s', (value, total, up, expected) => {
    expect(scaledValue(value, total, up)).toBe(expected)
  })

  it.each(['5', '%', 'a%', '1.5%'])('refuses %s', (value) => {
    expect(() => scaledValue(value, 1, true)).toThrow('invalid value for IntOrString: invalid ')
  })
})

describe('tolerations', () => {
  const taint = { key: 'k', value: 'v', effect: 'NoSchedule' }
  it.each([
    [{ key: 'k', operator: 'Equal', value: 'v', effect: 'NoSchedule' }, true],
    [{ key: 'k', value: 'v' }, true],
    [{ key: 'k', operator: 'Exists' }, true],
    [{ operator: 'Exists' }, true],
    [{ operator: 'Exists', effect: 'NoExecute' }, false],
    [{ key: 'k', value: 'w' }, false],
    [{ key: 'other', operator: 'Exists' }, false],
    [{ key: 'k', operator: 'Is', value: 'v' }, false],
  ])('%j: %s', (toleration, expected) => {
    expect(tolerates(toleration, taint)).toBe(expected)
  })

  it('compares numbers', () => {
    const five = { key: 'k', value: '5', effect: 'NoSchedule' }
    expect(tolerates({ key: 'k', operator: 'Gt', value: '4' }, five)).toBe(true)
    expect(tolerates({ key: 'k', operator: 'Lt', value: '4' }, five)).toBe(false)
    expect(tolerates({ key: 'k', operator: 'Gt', value: '04' }, five)).toBe(false)
  })

  it('finds the first taint that counts and is not tolerated', () => {
    const soft = { key: 's', effect: 'PreferNoSchedule' }
    const hard = { key: 'h', effect: 'NoExecute' }
    const effects = ['NoSchedule', 'NoExecute']
    expect(untoleratedTaint([soft, taint, hard], [{ key: 'k', operator: 'Exists' }], effects)).toBe(hard)
    expect(untoleratedTaint([soft], undefined, effects)).toBeUndefined()
    expect(untoleratedTaint(undefined, [], effects)).toBeUndefined()
  })
})

describe('FakeClock', () => {
  it('fires timers in order, lets code arm new ones on the way, and cancels', async () => {
    const clock = new FakeClock(0)
    const log: string[] = []
    clock.timer(20, () => log.push(`b ${clock.now()}`))
    clock.timer(10, () => {
      log.push(`a ${clock.now()}`)
      clock.timer(5, () => log.push(`c ${clock.now()}`))
    })
    clock.timer(1, () => log.push('never'))()
    const stop = new AbortController()
    const slept = clock.sleep(12).then(() => log.push(`slept ${clock.now()}`))
    const aborted = clock.sleep(100, stop.signal)
    stop.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    await clock.advance(30)
    await slept
    expect(log).toEqual(['a 10', 'slept 12', 'c 15', 'b 20'])
    expect([clock.now(), clock.pending]).toEqual([30, 0])
  })
})
