import { describe, expect, it } from 'vitest'
import type { Container, Pod, ResourceRequirements } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import { container, pod } from '../pods/fixtures.ts'
import { podFolder, podSettings, qosSettings, settingsOf } from './pod-settings.ts'

const both = (cpu: string, memory: string): ResourceRequirements => ({
  requests: { cpu, memory },
  limits: { cpu, memory },
})
const of = (resources: ResourceRequirements, name = 'a'): Container => container(name, { resources })
const guaranteed = pod({ containers: [of(both('500m', '64Mi')), of(both('1', '64Mi'), 'b')] })
const burstable = pod({ containers: [of({ requests: { cpu: '100m' } })] })
const bestEffort = pod({ containers: [container('a')] })
const Mi = 1024 * 1024

describe('podFolder', () => {
  it.each([
    [guaranteed, 'podu1'],
    [burstable, 'burstable/podu1'],
    [bestEffort, 'besteffort/podu1'],
  ])('%#', (one, folder) => expect(podFolder(one)).toBe(folder))
})

describe('podSettings', () => {
  const init = container('i', { resources: both('2', '256Mi') })
  it.each<[string, Pod, ReturnType<typeof podSettings>]>([
    ['the sum', guaranteed, { cpuShares: 1536, cpuQuota: 150_000, cpuPeriod: 100_000, memoryLimit: 128 * Mi }],
    ['requests alone', burstable, { cpuShares: 102 }],
    ['nothing', bestEffort, { cpuShares: 2 }],
    [
      'limits of all',
      pod({ containers: [of({ limits: { memory: '64Mi' } }), of({ limits: { memory: '1Mi', cpu: '5m' } }, 'b')] }),
      { cpuShares: 2, memoryLimit: 65 * Mi },
    ],
    ['limits of some', pod({ containers: [of({ limits: { memory: '64Mi' } }), container('b')] }), { cpuShares: 2 }],
    [
      'a greater beginning',
      pod({ initContainers: [init], containers: [of(both('1', '64Mi'))] }),
      { cpuShares: 2048, cpuQuota: 200_000, cpuPeriod: 100_000, memoryLimit: 256 * Mi },
    ],
    [
      'a beginning without limits',
      pod({ initContainers: [container('i')], containers: [of(both('1', '64Mi'))] }),
      { cpuShares: 1024 },
    ],
    [
      'limits of the Pod',
      pod({
        resources: { limits: { cpu: '1', memory: '32Mi' }, requests: { cpu: '250m' } },
        containers: [container('a')],
      }),
      { cpuShares: 256, cpuQuota: 100_000, cpuPeriod: 100_000, memoryLimit: 32 * Mi },
    ],
    [
      'with what it costs itself',
      pod({ overhead: { cpu: '500m', memory: '1Mi' }, containers: [of(both('500m', '64Mi'))] }),
      { cpuShares: 1024, cpuQuota: 100_000, cpuPeriod: 100_000, memoryLimit: 65 * Mi },
    ],
  ])('%s', (_, one, settings) => {
    expect(podSettings(one, 0)).toEqual(settings)
    expect(podSettings(one, 50)).toEqual({ ...settings, pidsLimit: 50 })
  })
})

describe('huge pages of a Pod', () => {
  it('are what it asks for', () => {
    const asking = pod({ containers: [of({ requests: { cpu: '1', 'hugepages-2Mi': '4Mi' } })] })
    const settings = { cpuShares: 1024, hugePages: { '2Mi': 4 * Mi, '1Gi': 0 } }
    expect(podSettings(asking, 0, ['2Mi', '1Gi'])).toEqual(settings)
    const all = new Map([['hugepages-2Mi', parseQuantity('8Mi')]])
    expect(settingsOf(all)).toEqual({ hugePages: { '2Mi': 8 * Mi } })
  })
})

describe('qosSettings', () => {
  it('weighs what burstable Pods ask for together', () => {
    const more = pod({ containers: [of({ requests: { cpu: '900m' } })] })
    const settings = qosSettings([guaranteed, burstable, more, bestEffort])
    expect(settings).toEqual({ Burstable: { cpuShares: 1024 }, BestEffort: { cpuShares: 2 } })
    expect(qosSettings([]).Burstable).toEqual({ cpuShares: 2 })
  })
})

describe('settingsOf', () => {
  const amounts = new Map(
    Object.entries({ cpu: '2', memory: '1Mi', pid: '100' }).map(([k, v]) => [k, parseQuantity(v)]),
  )
  it('weighs CPU and limits the rest', () => {
    expect(settingsOf(amounts)).toEqual({ cpuShares: 2048, memoryLimit: Mi, pidsLimit: 100 })
    expect(settingsOf(amounts, true)).toEqual({ cpuShares: 2048 })
    expect(settingsOf(new Map())).toEqual({})
  })
})
