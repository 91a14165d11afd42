import { expect, it } from 'vitest'
import type { Pod, PodCondition } from '@kubets/shared/api/types/core-v1.ts'
import { statusOfDisrupted } from './disrupt.ts'

const now = Date.parse('2026-01-01T00:01:00Z')
const because = { reason: 'DeletionByTaintManager', message: 'Taint manager: deleting due to NoExecute taint' }
const earlier = '2026-01-01T00:00:00Z'
const condition = (more: Partial<PodCondition> = {}): PodCondition => ({
  type: 'DisruptionTarget',
  status: 'True',
  lastTransitionTime: earlier,
  ...because,
  ...more,
})
const pod = (...conditions: PodCondition[]): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', generation: 3 },
  spec: { containers: [] },
  status: { phase: 'Running', conditions },
})
const told = (lastTransitionTime: string): object => ({
  type: 'DisruptionTarget',
  status: 'True',
  observedGeneration: 3,
  lastTransitionTime,
  ...because,
})

it.each<[string, Pod, Parameters<typeof statusOfDisrupted>[1], unknown]>([
  ['is told why', pod(), { because, now }, { conditions: [told('2026-01-01T00:01:00Z')] }],
  ['is not told again', pod(condition()), { because, now }, undefined],
  [
    'is told of another reason, since when it was to go',
    pod(condition({ reason: 'PreemptionByScheduler' })),
    { because, now },
    { conditions: [told(earlier)] },
  ],
  [
    'is to go now, though once it was not',
    pod(condition({ status: 'False' })),
    { because, now },
    { conditions: [told('2026-01-01T00:01:00Z')] },
  ],
  ['fails', pod(), { phase: 'Failed', now }, { phase: 'Failed', observedGeneration: 3 }],
  [
    'fails, and is told why',
    pod(),
    { phase: 'Failed', because, now },
    { phase: 'Failed', observedGeneration: 3, conditions: [told('2026-01-01T00:01:00Z')] },
  ],
  [
    'fails, and has been told why',
    pod(condition()),
    { phase: 'Failed', because, now },
    { phase: 'Failed', observedGeneration: 3 },
  ],
  ['has nothing to be told', pod(), { now }, undefined],
])('a Pod that goes %s', (_, of, disruption, want) => expect(statusOfDisrupted(of, disruption)).toEqual(want))
