import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { mountToken } from './service-account.ts'

const path = '/var/run/secrets/kubernetes.io/serviceaccount'
const pod = (spec: Partial<Pod['spec']>): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a' },
  spec: { containers: [{ name: 'c' }], ...spec },
})

describe('mountToken', () => {
  it('adds one volume and mounts it everywhere', () => {
    const p = pod({ initContainers: [{ name: 'i' }] })
    mountToken(p, () => 'kube-api-access-abcde')
    expect(p.spec.volumes?.map(({ name }) => name)).toEqual(['kube-api-access-abcde'])
    const mount = { name: 'kube-api-access-abcde', readOnly: true, mountPath: path }
    expect(p.spec.initContainers?.[0]?.volumeMounts).toEqual([mount])
    expect(p.spec.containers[0]?.volumeMounts).toEqual([mount])
  })

  it('leaves a container that mounts something there', () => {
    const p = pod({ containers: [{ name: 'c', volumeMounts: [{ name: 'own', mountPath: path }] }] })
    mountToken(p, () => 'x')
    expect(p.spec.volumes).toBeUndefined()
    expect(p.spec.containers[0]?.volumeMounts).toHaveLength(1)
  })

  it('uses a volume that is there already', () => {
    const p = pod({ volumes: [{ name: 'kube-api-access-zzzzz' }] })
    mountToken(p, () => 'x')
    expect(p.spec.volumes).toHaveLength(1)
    expect(p.spec.containers[0]?.volumeMounts?.[0]?.name).toBe('kube-api-access-zzzzz')
  })
})
