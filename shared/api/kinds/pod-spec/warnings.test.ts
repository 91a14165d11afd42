import { describe, expect, it } from 'vitest'
import { deployment } from '../apps/deployments/kind.ts'
import { pod } from '../core/pods/kind.ts'
import { createWarnings } from '../test-cases.ts'

const container = { name: 'c', image: 'b' }
const of = (spec: object, metadata: object = {}) =>
  createWarnings(pod, { metadata: { ...metadata }, spec: { containers: [container], ...spec } })

// pkg/api/pod/warnings_test.go
const table: [string, object, string[]][] = [
  ['nothing', {}, []],
  [
    'node labels',
    { nodeSelector: { 'beta.kubernetes.io/arch': 'amd64' } },
    ['spec.nodeSelector[beta.kubernetes.io/arch]: deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ],
  [
    'spread over nothing',
    {
      topologySpreadConstraints: [
        { topologyKey: 'failure-domain.beta.kubernetes.io/zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' },
      ],
    },
    [
      'spec.topologySpreadConstraints[0].topologyKey: failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
      'spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod',
    ],
  ],
  [
    'old volumes',
    { volumes: [{ name: 'v', gitRepo: { repository: 'r' } }] },
    ['spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+'],
  ],
  [
    'the same twice',
    { hostAliases: [{ ip: '1.1.1.1' }, { ip: '1.1.1.1' }], imagePullSecrets: [{ name: 'a' }, { name: 'a' }, {}] },
    [
      'spec.hostAliases[1].ip: duplicate ip "1.1.1.1"',
      'spec.imagePullSecrets[1].name: duplicate name "a"',
      'spec.imagePullSecrets[2].name: invalid empty name ""',
    ],
  ],
  [
    'variables',
    {
      containers: [
        {
          ...container,
          env: [
            { name: 'A', value: '1' },
            { name: 'A', value: '$(A)2' },
            { name: 'A', value: '3' },
          ],
        },
      ],
    },
    ['spec.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply'],
  ],
  [
    'ports',
    {
      containers: [
        {
          ...container,
          ports: [
            { containerPort: 80 },
            { containerPort: 80 },
            { containerPort: 80, hostPort: 8080 },
            { containerPort: 90, hostPort: 90, hostIP: '1.1.1.1' },
            { containerPort: 90, hostPort: 90 },
          ],
        },
      ],
    },
    [
      'spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]',
      'spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[0]',
      'spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[1]',
      'spec.containers[0].ports[4]: dangerously ambiguous port definition with spec.containers[0].ports[3]',
    ],
  ],
  [
    'fractions of bytes',
    { containers: [{ ...container, resources: { limits: { memory: '1500m' }, requests: { memory: '1' } } }] },
    ['spec.containers[0].resources.limits[memory]: fractional byte value "1500m" is invalid, must be an integer'],
  ],
  [
    'files in one place',
    {
      volumes: [
        {
          name: 'v',
          configMap: {
            name: 'm',
            items: [
              { key: 'a', path: 'p' },
              { key: 'b', path: 'p/q' },
            ],
          },
        },
      ],
    },
    ['volume "v" (ConfigMap "m"): overlapping paths: "p/q" with "p"'],
  ],
  [
    'affinity to nothing',
    { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'a' }] } } },
    [
      'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: a null labelSelector results in matching no pod',
    ],
  ],
  [
    'negative grace',
    { terminationGracePeriodSeconds: -1 },
    ['spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1'],
  ],
]
it.each(table)('%s', (_, spec, want) => {
  expect(of(spec)).toEqual(want)
})

it('tells of a name that is no hostname', () => {
  expect(of({}, { name: 'a.b' })).toEqual([
    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
  ])
})

describe('templates', () => {
  it('have their own paths', () => {
    const metadata = {
      labels: { a: 'b' },
      annotations: { 'container.apparmor.security.beta.kubernetes.io/c': 'runtime/default' },
    }
    const template = { metadata, spec: { containers: [container] } }
    expect(createWarnings(deployment, { spec: { selector: { matchLabels: { a: 'b' } }, template } })).toEqual([
      'spec.template.metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]: deprecated since v1.30; use the "appArmorProfile" field instead',
    ])
  })
})

it('is not slowed down by many equal ports', () => {
  const ports = Array.from({ length: 20_000 }, () => ({ containerPort: 80 }))
  expect(of({ containers: [{ ...container, ports }] })).toHaveLength(1000)
})
