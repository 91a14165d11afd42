import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { realClock as clock } from '@kubets/shared/testing/real-clock.ts'
import { pod } from '../pods/fixtures.ts'
import { makeImage, removeImage, sandboxOf } from '../runtime/docker/image.testing.ts'
import { testRuntime } from '../runtime/docker/runtime.testing.ts'
import { StatsCollector } from './collector.ts'
import { SizeTracker } from './sizes.ts'

const nodeName = `kubets-test-stats-${process.pid}`
const image = `kubets-test/${nodeName}:1`
const signal = new AbortController().signal
const runtime = testRuntime(nodeName, { infraImage: image, networkName: 'bridge' })

describe('StatsCollector', () => {
  beforeAll(async () => {
    await makeImage(image)
    await runtime.runPodSandbox(sandboxOf({ name: 'web', namespace: 'default', uid: 'u1' }), signal)
  })
  afterAll(async () => {
    for (const one of await runtime.listPodSandbox({}, signal)) await runtime.removePodSandbox(one.id, signal)
    await removeImage(image)
  })

  it('measures the machine and what runs on it', async () => {
    const sizes = new SizeTracker({
      runtime,
      clock,
      log,
      volumePeriodMs: 0,
      pods: () => [],
      volumesOf: () => [],
      hostsFile: () => '',
    })
    const memory = { memoryBytes: 1 << 30, memoryForPodsBytes: 1 << 30 }
    const options = { nodeName, rootDir: '/', ...memory, cpus: 2, runtime, clock, sizes }
    const collector = new StatsCollector({ ...options, pods: () => [pod({ containers: [] })] })
    const first = await collector.collect(signal)
    expect(first.node.cpuNanoCores).toBeUndefined()
    const usage = await collector.collect(signal)
    expect(usage.node.cpuNanoCores).toBeGreaterThanOrEqual(0)
    expect(usage.node.memoryWorkingSetBytes).toBeGreaterThan(0)
    expect(usage.imageFs.capacityBytes).toBeGreaterThan(0)
    const sandbox = usage.pods[0]?.sandbox
    expect(sandbox).toMatchObject({ name: 'POD', image, isSandbox: true })
    expect(sandbox?.memoryUsageBytes).toBeGreaterThan(0)
    expect(sandbox?.cpuNanoCores).toBeGreaterThanOrEqual(0)
    expect(sandbox?.network.map(({ name }) => name)).toEqual(['eth0'])
  })
})
