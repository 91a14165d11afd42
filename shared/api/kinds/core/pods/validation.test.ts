import { describe, expect, it } from 'vitest'
import { createProblems, statusProblems, stored, updateProblems } from '../../test-cases.ts'
import { pod as kind } from './kind.ts'

type Fields = Record<string, unknown>

const c = (more: Fields = {}): Fields => ({ name: 'c', image: 'i', ...more })
const draft = (spec: Fields, annotations?: Record<string, string>) => ({
  spec: { containers: [c()], ...spec },
  ...(annotations && { metadata: { annotations } }),
})
const ofContainer = (more: Fields, spec: Fields = {}): Fields => ({ containers: [c(more)], ...spec })

describe('a new Pod', () => {
  const windows = { os: { name: 'windows' } }
  const noWindows = 'cannot be set for a windows pod'
  const others: [string, Fields, string[]][] = [
    ['a search with underscores', { dnsConfig: { searches: ['_tcp.example.com.', '.'] } }, []],
    [
      'addresses',
      { hostAliases: [{ ip: '::ffff:10.0.0.1' }, { ip: 'fe80::1%eth0' }, { ip: '010.0.0.1' }] },
      [
        'spec.hostAliases[0].ip: Invalid value: "::ffff:10.0.0.1": must not be an IPv4-mapped IPv6 address',
        'spec.hostAliases[1].ip: Invalid value: "fe80::1%eth0": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        'spec.hostAliases[2].ip: Invalid value: "010.0.0.1": must not have leading 0s',
      ],
    ],
    [
      'claims of devices',
      {
        resourceClaims: [{ name: 'a' }, { name: 'b', resourceClaimName: 'x', resourceClaimTemplateName: 'y' }],
        containers: [c({ resources: { claims: [{ name: 'a' }, { name: 'b', request: 'r' }, { name: 'b' }] } })],
      },
      [
        'spec.resourceClaims[0]: Invalid value: {"name":"a"}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
        'spec.resourceClaims[1]: Invalid value: {"name":"b","resourceClaimName":"x","resourceClaimTemplateName":"y"}: at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified',
        'spec.containers[0].resources.claims[2]: Duplicate value: "b"',
      ],
    ],
    [
      'a variable of nothing, and of a file elsewhere',
      ofContainer(
        {
          env: [
            { name: 'A', valueFrom: {} },
            { name: 'B', valueFrom: { fileKeyRef: { volumeName: 'v', path: '../p', key: 'k' } } },
          ],
        },
        { volumes: [{ name: 'v', emptyDir: {} }] },
      ),
      [
        'spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
        `spec.containers[0].env[1].valueFrom.fileKeyRef.path: Invalid value: "../p": must not contain '..'`,
      ],
    ],
    [
      'two kinds of volume, and words of others',
      {
        volumes: [
          { name: 'a', emptyDir: {}, downwardAPI: {}, cephfs: { monitors: ['m'] } },
          { name: 'b', projected: { sources: [{ clusterTrustBundle: { name: 'a.example:b:C', path: 'p' } }] } },
          {
            name: 'c',
            projected: {
              sources: [
                {
                  podCertificate: {
                    signerName: 'kubernetes.io/x',
                    keyType: 'DSA',
                    maxExpirationSeconds: 86401,
                    keyPath: 'k',
                  },
                },
              ],
            },
          },
        ],
      },
      [
        'spec.volumes[0].cephFS: Forbidden: may not specify more than 1 volume type',
        'spec.volumes[0].downwarAPI: Forbidden: may not specify more than 1 volume type',
        `spec.volumes[1].projected.sources[0].clusterTrustBundle.name: Invalid value: "a.example:b:C": not a valid clustertrustbundlename: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
        'spec.volumes[2].projected.sources[0].podCertificate.keyType: Unsupported value: "DSA": supported values: "RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"',
        'spec.volumes[2].projected.sources[0].podCertificate.maxExpirationSeconds: Invalid value: 86401: if provided, maxExpirationSeconds must be <= 86400',
      ],
    ],
    [
      'a toleration that compares',
      { tolerations: [{ key: 'a', operator: 'Gt', value: '1' }] },
      ['spec.tolerations[0].operator: Unsupported value: "Gt": supported values: "Equal", "Exists", "Lt", "Gt"'],
    ],
  ]
  const exitCodes = { operator: 'In', values: [1] }
  const table: [string, Fields, string[]][] = [
    ['SELinux, recursively', { securityContext: { seLinuxChangePolicy: 'Recursive' } }, []],
    [
      'SELinux by mounting',
      { securityContext: { seLinuxChangePolicy: 'MountOption' } },
      ['spec.securityContext.seLinuxChangePolicy: Unsupported value: "MountOption": supported values: "Recursive"'],
    ],
    ['a Windows user', { securityContext: { windowsOptions: { runAsUserName: 'corp.example\\joe' } } }, []],
    [
      'an empty Windows user',
      ofContainer({ securityContext: { windowsOptions: { runAsUserName: '', gmsaCredentialSpec: '' } } }),
      [
        'spec.containers[0].securityContext.windowsOptions.gmsaCredentialSpec: Invalid value: "": gmsaCredentialSpec cannot be an empty string',
        'spec.containers[0].securityContext.windowsOptions.runAsUserName: Invalid value: "": runAsUserName cannot be an empty string',
      ],
    ],
    [
      'a Windows user of a domain that cannot be',
      { securityContext: { windowsOptions: { runAsUserName: 'a*b\\j?e' } } },
      [
        `spec.securityContext.windowsOptions.runAsUserName: Invalid value: "a*b\\\\j?e": runAsUserName's Domain doesn't match the NetBios nor the DNS format`,
        `spec.securityContext.windowsOptions.runAsUserName: Invalid value: "a*b\\\\j?e": runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`,
      ],
    ],
    ['no system', { os: { name: '' } }, ['spec.os.name: Required value']],
    [
      'another system',
      { os: { name: 'plan9' } },
      ['spec.os: Unsupported value: "plan9": supported values: "linux", "windows"'],
    ],
    [
      'Windows on Linux',
      { os: { name: 'linux' }, securityContext: { windowsOptions: { runAsUserName: 'a' } } },
      ['spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod'],
    ],
    [
      'Linux on Windows',
      {
        ...windows,
        hostPID: true,
        shareProcessNamespace: false,
        securityContext: { runAsUser: 1 },
        containers: [c({ securityContext: { privileged: false, runAsNonRoot: true } })],
      },
      [
        `spec.hostPID: Forbidden: ${noWindows}`,
        `spec.securityContext.runAsUser: Forbidden: ${noWindows}`,
        `spec.shareProcessNamespace: Forbidden: ${noWindows}`,
        `spec.containers[0].securityContext.privileged: Forbidden: ${noWindows}`,
      ],
    ],
    [
      'some processes of the host',
      { containers: [c({ securityContext: { windowsOptions: { hostProcess: true } } }), c({ name: 'd' })] },
      [
        'spec: Invalid value: "": If pod contains any hostProcess containers then all containers must be HostProcess containers',
        'spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers',
      ],
    ],
    [
      'restart rules',
      ofContainer({ restartPolicy: 'Never', restartPolicyRules: [{ action: 'Restart', exitCodes }] }),
      [],
    ],
    [
      'restart rules without a policy',
      ofContainer({ restartPolicyRules: [{ action: 'Stop' }, { action: 'Restart', exitCodes: { operator: 'Is' } }] }),
      [
        'spec.containers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used',
        'spec.containers[0].restartPolicyRules[0].action: Unsupported value: "Stop": supported values: "Restart", "RestartAllContainers"',
        'spec.containers[0].restartPolicyRules[0].exitCodes: Required value: must be specified',
        'spec.containers[0].restartPolicyRules[1].exitCodes.operator: Unsupported value: "Is": supported values: "In", "NotIn"',
      ],
    ],
    [
      'too many restart rules',
      ofContainer({ restartPolicy: 'Never', restartPolicyRules: Array(21).fill({ action: 'Restart', exitCodes }) }),
      ['spec.containers[0].restartPolicyRules: Too many: 21: must have at most 20 items'],
    ],
    ['a stop signal', ofContainer({ lifecycle: { stopSignal: 'SIGRTMIN+15' } }, { os: { name: 'linux' } }), []],
    [
      'a stop signal of no system',
      ofContainer({ lifecycle: { stopSignal: 'SIGTERM' } }),
      ['spec.containers[0].lifecycle.stopSignal: Forbidden: may not be set for containers with empty `spec.os.name`'],
    ],
    [
      'a stop signal that Windows does not have',
      ofContainer({ lifecycle: { stopSignal: 'SIGUSR1' } }, windows),
      ['spec.containers[0].lifecycle.stopSignal: Unsupported value: "SIGUSR1": supported values: "SIGKILL", "SIGTERM"'],
    ],
    [
      'a resize that restarts what runs once',
      {
        initContainers: [c({ name: 'i', resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] })],
      },
      [
        `spec.initContainers[0].resizePolicy[0].restartPolicy: Invalid value: "RestartContainer": must not be set to 'RestartContainer' for non-sidecar initContainers`,
      ],
    ],
    ['another hostname', { hostnameOverride: 'a.b' }, []],
    [
      'another hostname, on the host',
      { hostnameOverride: 'a', hostNetwork: true, setHostnameAsFQDN: true },
      [
        'spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true',
        'spec.hostnameOverride: Forbidden: may not be specified when hostNetwork is true',
      ],
    ],
    [
      'another hostname, too long',
      { hostnameOverride: 'a'.repeat(65) },
      ['spec.hostnameOverride: Too long: may not be more than 64 bytes'],
    ],
    [
      'user namespaces with devices',
      { hostUsers: false, hostPID: true },
      ['spec.HostPID: Forbidden: when `hostUsers` is false'],
    ],
    [
      'resources of the whole',
      {
        resources: { requests: { cpu: '1', storage: '1' }, limits: { cpu: '1' } },
        containers: [c({ resources: { requests: { cpu: '2' }, limits: { cpu: '3' } } })],
      },
      [
        'spec.resources.requests[storage]: Unsupported value: "storage": supported values: "cpu", "hugepages-", "memory"',
        'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2',
        'spec.resources.containers[0][cpu].limits: Invalid value: "3": must be less than or equal to pod limits of 1',
      ],
    ],
    [
      'resources of the whole, on Windows',
      { ...windows, resources: { requests: { cpu: '1' } } },
      ['spec.resources: Forbidden: may not be set for a windows pod'],
    ],
    [
      'variables of a file in no such volume',
      ofContainer({ env: [{ name: 'A', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'p', key: 'k' } } }] }),
      ['spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName: Not found: "v"'],
    ],
    [
      'a toleration with too much',
      { tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] },
      [`spec.tolerations[0].operator: Invalid value: "b": value must be empty when \`operator\` is 'Exists'`],
    ],
  ]
  it.each([...table, ...others])('%s', (_, spec, want) => {
    expect(createProblems(kind, draft(spec))).toEqual(want)
  })

  const seccomp = 'seccomp.security.alpha.kubernetes.io/pod'
  const annotated: [string, Fields, Record<string, string>, string[]][] = [
    [
      'a profile that is none',
      {},
      { [seccomp]: 'mine' },
      [`metadata.annotations.${seccomp}: Invalid value: "mine": must be a valid seccomp profile`],
    ],
    [
      'the same twice',
      { securityContext: { seccompProfile: { type: 'Unconfined' } } },
      { [seccomp]: 'unconfined' },
      [],
    ],
    [
      'two profiles',
      { securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: 'b' } } },
      { [seccomp]: 'localhost/a' },
      [
        'spec.securityContext.seccompProfile.localhostProfile: Forbidden: seccomp profile in annotation and field must match',
      ],
    ],
    [
      'two types of profile',
      ofContainer({ securityContext: { appArmorProfile: { type: 'Unconfined' } } }),
      { 'container.apparmor.security.beta.kubernetes.io/c': 'runtime/default' },
      [
        'spec.containers[0].securityContext.appArmorProfile.type: Forbidden: apparmor type in annotation and field must match',
      ],
    ],
  ]
  it.each(annotated)('%s', (_, spec, annotations, want) => {
    expect(createProblems(kind, draft(spec, annotations))).toEqual(want)
  })
})

describe('keys of labels', () => {
  const selector = (more: Fields = {}): Fields => ({ labelSelector: { matchLabels: { app: 'a' }, ...more } })
  const affinity = (term: Fields): Fields => ({
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'k', ...term }] },
  })
  const spread = (term: Fields): Fields[] => [
    { maxSkew: 1, topologyKey: 'k', whenUnsatisfiable: 'DoNotSchedule', ...term },
  ]
  const keys = { matchLabelKeys: ['hash', 'none'] }
  const labels = { app: 'a', hash: 'h', other: 'o' }

  it('narrow the selectors of a new Pod to its own values', () => {
    const made = () => ({
      ...draft({
        affinity: affinity({ ...selector(), ...keys, mismatchLabelKeys: ['other'] }),
        topologySpreadConstraints: spread({ ...selector(), ...keys }),
      }),
      metadata: { labels },
    })
    const own = { key: 'hash', operator: 'In', values: ['h'] }
    expect(stored(kind, made())).toMatchObject({
      spec: {
        affinity: affinity({
          ...selector({ matchExpressions: [own, { key: 'other', operator: 'NotIn', values: ['o'] }] }),
          ...keys,
        }),
        topologySpreadConstraints: spread({ ...selector({ matchExpressions: [own] }), ...keys }),
      },
    })
    expect(createProblems(kind, made())).toEqual([])
  })

  it('are not those that the selector names', () => {
    const term = { ...selector({ matchLabels: { hash: 'x' } }), ...keys, mismatchLabelKeys: ['none'] }
    const spec = { affinity: affinity(term), topologySpreadConstraints: spread({ matchLabelKeys: ['a'] }) }
    const at = 'spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]'
    expect(createProblems(kind, { ...draft(spec), metadata: { labels } })).toEqual([
      `${at}[0]: Invalid value: "hash": exists in both matchLabelKeys and labelSelector`,
      `${at}.matchLabelKeys[1]: Invalid value: "none": exists in both matchLabelKeys and mismatchLabelKeys`,
      'spec.topologySpreadConstraints[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set',
    ])
  })
})

describe('a Pod that waits at a gate', () => {
  const expression = (key: string): Fields => ({ key, operator: 'Exists' })
  const required = (...terms: Fields[]): Fields => ({
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
  })
  const gated = {
    schedulingGates: [{ name: 'a.b/c' }],
    nodeSelector: { a: '1' },
    affinity: required({ matchExpressions: [expression('x')] }),
  }
  const at = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms'
  const table: [string, Fields, (string | RegExp)[]][] = [
    ['wants one more thing', { affinity: required({ matchExpressions: [expression('x'), expression('y')] }) }, []],
    ['passes', { schedulingGates: undefined }, []],
    [
      'wants less',
      { affinity: required({ matchExpressions: [expression('y')] }) },
      [/nodeSelectorTerms\[0\]: Invalid value: .*: only additions are allowed \(no mutations or deletions\)$/],
    ],
    [
      'wants something else besides',
      { affinity: required({ matchExpressions: [expression('x')] }, { matchExpressions: [expression('y')] }) },
      [
        new RegExp(
          `^${at}: Invalid value: .*: no additions/deletions to non-empty NodeSelectorTerms list are allowed$`,
        ),
      ],
    ],
    [
      'wants another node',
      { nodeSelector: { a: '2' } },
      [
        'spec.nodeSelector: Invalid value: {"a":"2"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
      ],
    ],
    [
      'gets another gate',
      { schedulingGates: [{ name: 'a.b/c' }, { name: 'd' }] },
      ["spec.schedulingGates[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'd'"],
    ],
  ]
  it.each(table)('%s', (_, change, want) => {
    const problems = updateProblems(kind, draft(gated), (pod) => Object.assign(pod['spec'] as Fields, change))
    expect(problems).toEqual(
      want.map((one) => (typeof one === 'string' ? one : (expect.stringMatching(one) as string))),
    )
  })
})

describe('the status of a Pod', () => {
  const ended = (exitCode: number) => ({ containerStatuses: [status({ state: { terminated: { exitCode } } })] })
  const running = { containerStatuses: [status({ state: { running: {} } })] }
  function status(more: Fields): Fields {
    return { name: 'c', image: 'i', imageID: '', ready: false, restartCount: 0, ...more }
  }
  const rules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }]
  const never = { restartPolicy: 'Never' }
  const back = 'status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state'
  const table: [string, Fields, Fields, Fields, string[]][] = [
    ['starts again, always', {}, ended(0), running, []],
    ['starts again, never', never, ended(1), running, [back]],
    [
      'starts again by its rule',
      { ...never, containers: [c({ ...never, restartPolicyRules: rules })] },
      ended(42),
      running,
      [],
    ],
    [
      'starts again beside its rule',
      { ...never, containers: [c({ ...never, restartPolicyRules: rules })] },
      ended(1),
      running,
      [back],
    ],
    [
      'is promised a node it is already on',
      { nodeName: 'n' },
      {},
      { nominatedNodeName: 'm' },
      ['status.nominatedNodeName: Forbidden: may not be set on pods that are already bound to a node'],
    ],
    [
      'saw what cannot be',
      {},
      {},
      { observedGeneration: -1 },
      ['status.observedGeneration: Invalid value: -1: must be a non-negative integer'],
    ],
    [
      'has a health of nothing it asked for',
      {},
      {},
      {
        containerStatuses: [
          status({
            state: { running: {} },
            allocatedResourcesStatus: [{ name: 'a.b/gpu', resources: [{ resourceID: 'x', health: 'Fine' }] }],
          }),
        ],
      },
      [
        `status.containerStatuses[0].allocatedResourcesStatus[0].name: Invalid value: "a.b/gpu": must match one of the container's resource requests`,
        'status.containerStatuses[0].allocatedResourcesStatus[0].resources[0].health: Unsupported value: "Fine": supported values: "Healthy", "Unhealthy", "Unknown"',
      ],
    ],
  ]
  it.each(table)('%s', (_, spec, before, now, want) => {
    expect(statusProblems(kind, draft(spec), now, before)).toEqual(want)
  })
})
