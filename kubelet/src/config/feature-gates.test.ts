import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { featureGates, gateMetrics, gateRefusals, gateWarnings, unswitchable } from './feature-gates.ts'

// k8s.io/component-base/featuregate/feature_gate_test.go TestFeatureGateFlag
describe('Feature gates', () => {
  it.each<[string, boolean, { refused?: string; unsupported?: string; warning?: string }]>([
    ['GracefulNodeShutdown', true, {}],
    ['EventedPLEG', false, {}],
    ['NoSuchThing', true, { refused: 'unrecognized feature gate: NoSuchThing' }],
    ['toString', true, { refused: 'unrecognized feature gate: toString' }],
    ['__proto__', true, { refused: 'unrecognized feature gate: __proto__' }],
    ['NodeSwap', true, { warning: 'Setting GA feature gate NodeSwap=true. It will be removed in a future release.' }],
    ['NodeSwap', false, { refused: 'cannot set feature gate NodeSwap to false, feature is locked to true' }],
    [
      'GitRepoVolumeDriver',
      true,
      { refused: 'cannot set feature gate GitRepoVolumeDriver to true, feature is locked to false' },
    ],
    [
      'KMSv1',
      false,
      { warning: 'Setting deprecated feature gate KMSv1=false. It will be removed in a future release.' },
    ],
    ['MemoryQoS', true, { unsupported: 'featureGates.MemoryQoS true is not supported by this kubelet, only false is' }],
    ['AllAlpha', true, { unsupported: 'featureGates.AllAlpha true is not supported by this kubelet, only false is' }],
    ['EnvFiles', false, { unsupported: 'featureGates.EnvFiles false is not supported by this kubelet, only true is' }],
  ])('%s may be %s: %j', (name, on, { refused, unsupported, warning }) => {
    const given = Object.fromEntries([[name, on]])
    expect(gateRefusals(given)).toEqual(refused === undefined ? [] : [refused])
    if (refused !== undefined) return
    expect(unswitchable(given)).toEqual(unsupported === undefined ? [] : [unsupported])
    if (unsupported === undefined) expect(gateWarnings(given)).toEqual(warning === undefined ? [] : [warning])
  })

  it('are all told of, each once', async () => {
    const registry = new Registry()
    gateMetrics(registry)
    const text = await registry.metrics()
    const lines = text.split('\n').filter((line) => line.startsWith('kubernetes_feature_enabled{'))
    expect(lines).toHaveLength(featureGates.size)
    for (const line of [
      'kubernetes_feature_enabled{name="MemoryQoS",stage="ALPHA"} 0',
      'kubernetes_feature_enabled{name="GracefulNodeShutdown",stage="BETA"} 1',
      'kubernetes_feature_enabled{name="NodeSwap",stage=""} 1',
      'kubernetes_feature_enabled{name="KMSv1",stage="DEPRECATED"} 0',
    ]) {
      expect(lines).toContain(line)
    }
    expect(text).toContain('# TYPE kubernetes_feature_enabled gauge')
  })
})
