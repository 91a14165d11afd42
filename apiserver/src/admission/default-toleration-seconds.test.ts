import { describe, expect, it } from 'vitest'
import { withDefaults } from './default-toleration-seconds.ts'

const keys = (tolerations: Parameters<typeof withDefaults>[0]) => withDefaults(tolerations).map(({ key }) => key)
const notReady = 'node.kubernetes.io/not-ready'
const unreachable = 'node.kubernetes.io/unreachable'

describe('withDefaults', () => {
  it('adds both', () => {
    expect(withDefaults(undefined)).toEqual([
      { key: notReady, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
      { key: unreachable, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
    ])
  })
  it('keeps what the Pod says', () => {
    expect(keys([{ key: notReady, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }])).toEqual([
      notReady,
      unreachable,
    ])
    expect(keys([{ operator: 'Exists' }])).toEqual([undefined])
    expect(keys([{ key: notReady, operator: 'Exists', effect: 'NoSchedule' }])).toEqual([
      notReady,
      notReady,
      unreachable,
    ])
  })
})
