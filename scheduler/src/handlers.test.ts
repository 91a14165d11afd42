import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { pod } from './cases.ts'
import { mattersToOthers } from './handlers.ts'

const running = (change: Partial<Pod['metadata']> = {}, status: Pod['status'] = {}): Pod => {
  const made = pod('p', { on: 'a', labels: { app: 'web' } })
  return { ...made, metadata: { ...made.metadata, generation: 1, ...change }, status }
}

const resized = {
  name: 'c',
  ready: true,
  restartCount: 0,
  image: 'i',
  imageID: 'i',
  resources: { requests: { cpu: '9' } },
}

describe('a change of a running Pod', () => {
  it.each([
    ['status', running({}, { phase: 'Running' }), false],
    ['being resized', running({}, { containerStatuses: [resized] }), true],
    ['annotations', running({ annotations: { a: 'b' } }), false],
    ['spec', running({ generation: 2 }), true],
    ['labels', running({ labels: { app: 'db' } }), true],
    ['on its way out', running({ deletionTimestamp: '2026-01-01T00:00:00Z' }), true],
    ['no generations', running({ generation: undefined }), true],
  ])('matters to waiting Pods: %s', (_name, changed, want) => {
    expect(mattersToOthers(running(), changed)).toBe(want)
  })
})
