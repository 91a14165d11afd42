import { describe, expect, it } from 'vitest'
import type { PodStatus } from '@kubets/shared/api/types/core-v1.ts'
import { statusPatch } from './status-writer.ts'

const condition = (texts: { reason?: string; message?: string }): PodStatus => ({
  conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: '2026-01-01T00:00:00Z', ...texts }],
})

describe('the patch between two statuses', () => {
  it.each<[string, PodStatus, PodStatus, object | undefined]>([
    ['nothing differs', { phase: 'Running' }, { phase: 'Running' }, undefined],
    ['a phase', { phase: 'Pending' }, { phase: 'Running' }, { phase: 'Running' }],
    ['an address that is gone', { podIP: '10.0.0.1' }, {}, { podIP: null }],
    [
      // a Pod whose containers had failed was patched for ever: the merge kept the message it should have lost
      'a condition that loses its texts',
      condition({ reason: 'ContainersNotReady', message: 'containers with unready status: [web]' }),
      condition({ reason: 'PodFailed' }),
      { conditions: [expect.objectContaining({ reason: 'PodFailed', message: null })] },
    ],
    [
      'a condition seen in a newer generation',
      { conditions: [{ type: 'Ready', status: 'True', observedGeneration: 1 }] },
      { conditions: [{ type: 'Ready', status: 'True', observedGeneration: 2 }] },
      { conditions: [{ type: 'Ready', status: 'True', observedGeneration: 2 }] },
    ],
    [
      'a resize that is over, beside a condition of others',
      {
        conditions: [
          { type: 'PodResizeInProgress', status: 'True' },
          { type: 'Gate', status: 'True' },
        ],
      },
      { conditions: [] },
      { conditions: [{ type: 'PodResizeInProgress', $patch: 'delete' }] },
    ],
    [
      'new addresses replace the old',
      { podIPs: [{ ip: '10.0.0.1' }] },
      { podIPs: [{ ip: '10.0.0.2' }] },
      { podIPs: [{ $patch: 'replace' }, { ip: '10.0.0.2' }] },
    ],
  ])('%s', (_name, known, wanted, patch) => {
    expect(statusPatch(known, wanted)).toEqual(patch)
  })
})
