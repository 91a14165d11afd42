import { describe, expect, it } from 'vitest'
import { NoPodError, staticPod, staticPods } from './manifest.ts'

const origin = { kind: 'file', place: '/etc/kubernetes/manifests/web.yaml', nodeName: 'node-1' } as const
const url = { ...origin, kind: 'http', place: 'http://127.0.0.1/pods' } as const
const manifest = (spec: object, metadata: object = { name: 'web' }): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec })
const containers = [{ name: 'main', image: 'busybox' }]
const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
const plain = manifest({ containers })

function problem(text: string): string {
  try {
    staticPod(text, origin)
    return ''
  } catch (error) {
    if (error instanceof NoPodError) return `no Pod: ${error.message}`
    return (error as Error).message
  }
}

describe('a static Pod', () => {
  it('has a name, a uid and defaults of its own on each node', () => {
    const pod = staticPod(
      'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: a, image: b}]}',
      origin,
    )
    const { uid = '' } = pod.metadata
    expect(uid).toMatch(/^[0-9a-f]{32}$/)
    expect(pod.metadata).toEqual({
      name: 'web-node-1',
      namespace: 'default',
      uid,
      annotations: { 'kubernetes.io/config.hash': uid, 'kubernetes.io/config.source': 'file' },
    })
    expect(pod.spec).toMatchObject({
      nodeName: 'node-1',
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      tolerations: [{ operator: 'Exists', effect: 'NoExecute' }],
      containers: [{ terminationMessagePath: '/dev/termination-log' }],
    })
    expect(pod.status).toEqual({ phase: 'Pending' })
  })

  it('is the same as long as its manifest says the same at the same place', () => {
    const uid = (text: string, from: Parameters<typeof staticPod>[1] = origin) => staticPod(text, from).metadata.uid
    const turned = JSON.stringify(
      Object.fromEntries(Object.entries(JSON.parse(plain) as Record<string, unknown>).reverse()),
    )
    expect(uid(turned)).toBe(uid(plain))
    expect(uid(manifest({ containers, restartPolicy: 'Always' }))).toBe(uid(plain))
    expect(uid(manifest({ containers, restartPolicy: 'Never' }))).not.toBe(uid(plain))
    expect(uid(plain, { ...origin, place: '/other.yaml' })).not.toBe(uid(plain))
    expect(uid(plain, { ...origin, nodeName: 'node-2' })).not.toBe(uid(plain))
    expect(uid(manifest({ containers }, { name: 'web', uid: 'mine' }))).toBe('mine')
  })

  it('comes from a URL alone or with others, and tolerates no more than it says', () => {
    const [one, other, ...rest] = staticPods(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'PodList',
        items: [JSON.parse(plain), { metadata: { name: 'b', namespace: 'x' }, spec: { containers } }],
      }),
      url,
    )
    expect(rest).toEqual([])
    expect(one?.spec.tolerations).toBeUndefined()
    expect(one?.metadata.annotations).toMatchObject({ 'kubernetes.io/config.source': 'http' })
    expect(other?.metadata).toMatchObject({ name: 'b-node-1', namespace: 'x' })
    expect(() => staticPods(plain, url)).toThrow(NoPodError)
  })

  it.each([
    ['', 'no Pod: json: cannot unmarshal'],
    ['kind: [', 'no Pod: yaml: line'],
    ['{}', "no Pod: Object 'Kind' is missing in '{}'"],
    ['kind: Pod', "no Pod: Object 'apiVersion' is missing"],
    ['{apiVersion: v1, kind: Secret}', 'no Pod: "Secret" in version "v1" is no v1 Pod'],
    ['{apiVersion: v1, kind: Pod, metadata: {name: 3}}', 'no Pod: Pod in version "v1" cannot be handled as a Pod: '],
    [manifest({ containers }, {}), 'invalid pod: name is needed for the pod'],
    [manifest({ containers: [] }), 'invalid pod: [spec.containers: Required value]'],
    [manifest({ containers }, { name: 'A B' }), 'invalid pod: [metadata.name: Invalid value: "A B-node-1": '],
    [manifest({ containers, serviceAccountName: 'x' }), 'static pods may not reference serviceaccounts'],
    [manifest({ containers, imagePullSecrets: [{ name: 'x' }] }), 'static pods may not reference secrets'],
    ...(
      [
        [{ secret: { secretName: 'x' } }, 'secrets'],
        [{ configMap: { name: 'x' } }, 'configmaps'],
        [{ projected: { sources: [{ configMap: { name: 'x' } }] } }, 'configmaps'],
        [{ ephemeral: { volumeClaimTemplate: { spec: claim } } }, 'persistentvolumeclaims (via ephemeral volumes)'],
        [{ persistentVolumeClaim: { claimName: 'x' } }, 'persistentvolumeclaims'],
        [{ csi: { driver: 'a.example.com' } }, 'csidrivers (via CSI volumes)'],
      ] as const
    ).map(([volume, what]) => [
      manifest({ containers, volumes: [{ name: 'v', ...volume }] }),
      `static pods may not reference ${what}`,
    ]),
    ...(['configMapRef', 'secretRef'] as const).map((ref) => [
      manifest({ containers: [{ ...containers[0], envFrom: [{ [ref]: { name: 'x' } }] }] }),
      `static pods may not reference ${ref === 'secretRef' ? 'secrets' : 'configmaps'}`,
    ]),
  ] as [string, string][])('is not made of %j', (text, message) => {
    expect(problem(text)).toContain(message)
  })

  it('may look at itself and at the host', () => {
    const volumes = [
      { name: 'a', hostPath: { path: '/etc' } },
      { name: 'b', emptyDir: {} },
      { name: 'c', projected: { sources: [{ downwardAPI: { items: [] } }] } },
    ]
    expect(problem(manifest({ containers, volumes }))).toBe('')
  })
})
