import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { flags } from '../options.ts'
import { configured } from './configured.ts'
import { leaves } from './fields.ts'
import { decodeConfig } from './read.ts'
import { problemsOf } from './validate.ts'
import { fromText, toText, withDefaults } from './values.ts'

const head = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n'
const problemsIn = (text: string): string[] => problemsOf(withDefaults(decodeConfig(head + text)))

describe('a KubeletConfiguration', () => {
  it.each([
    ['{}', "failed to decode: Object 'Kind' is missing in '{}'"],
    [
      'kind: KubeletConfiguration\napiVersion: v1',
      'failed to decode: no kind "KubeletConfiguration" is registered for version "v1" in scheme "pkg/runtime/scheme.go:110"',
    ],
    [`${head}maxPodz: 3`, 'failed to decode: strict decoding error: unknown field "maxPodz"'],
    [
      `${head}authentication:\n  x509:\n    file: a`,
      'failed to decode: strict decoding error: unknown field "authentication.x509.file"',
    ],
    [
      `${head}maxPods: 3\nmaxPods: 4`,
      'failed to decode: strict decoding error: yaml: unmarshal errors:\n  line 4: key "maxPods" already set in map',
    ],
    [
      `${head}maxPods: "3"`,
      'failed to decode: json: cannot unmarshal string into Go struct field KubeletConfiguration.maxPods of type int32',
    ],
    [`${head}syncFrequency: 5`, expect.stringContaining('cannot unmarshal number')],
    [`${head}port: [`, expect.stringContaining('yaml: line')],
  ])('is refused when nobody understands it: %j', (text, message: unknown) => {
    let said = ''
    try {
      decodeConfig(text)
    } catch (error) {
      said = (error as Error).message
    }
    expect(said).toEqual(message)
  })

  it('has upstream defaults, also where a file as kubeadm writes it says zero', () => {
    const written = `authentication: {anonymous: {enabled: false}, webhook: {cacheTTL: 0s, enabled: true}}
authorization: {mode: Webhook, webhook: {cacheAuthorizedTTL: 0s, cacheUnauthorizedTTL: 0s}}
cpuManagerReconcilePeriod: 0s
crashLoopBackOff: {}
evictionPressureTransitionPeriod: 0s
fileCheckFrequency: 0s
imageMaximumGCAge: 0s
logging: {flushFrequency: 0, options: {json: {infoBufferSize: "0"}, text: {infoBufferSize: "0"}}, verbosity: 0}
memorySwap: {}
nodeStatusReportFrequency: 0s
shutdownGracePeriod: 0s
maxPods: 0
`
    expect(problemsIn(written)).toEqual([])
    const config = withDefaults(decodeConfig(head + written))
    const defaults = withDefaults({})
    expect({ ...config, memorySwap: undefined }).toEqual({ ...defaults, memorySwap: undefined })
    expect(defaults).toMatchObject({
      fileCheckFrequency: '20s',
      maxPods: 110,
      authentication: { webhook: { cacheTTL: '2m0s', enabled: true }, anonymous: { enabled: false } },
      enforceNodeAllocatable: ['pods'],
      crashLoopBackOff: { maxContainerRestartPeriod: '5m0s' },
      logging: { format: 'text', flushFrequency: 5_000_000_000 },
    })
    expect(withDefaults({ nodeStatusUpdateFrequency: '20s' })).toMatchObject({ nodeStatusReportFrequency: '20s' })
    expect(withDefaults({ maxParallelImagePulls: 4 })).toMatchObject({ serializeImagePulls: false })
  })

  it.each([
    ['port: 70000', 'port (--port) 70000 must be between 1 and 65535, inclusive'],
    ['healthzPort: -1', 'healthzPort (--healthz-port) -1 must be between 1 and 65535, inclusive'],
    [
      'crashLoopBackOff: {maxContainerRestartPeriod: 500ms}',
      'CrashLoopBackOff.MaxContainerRestartPeriod (got: 0.5 seconds) must be set between 1s and 300s',
    ],
    [
      'crashLoopBackOff: {maxContainerRestartPeriod: 5m1s}',
      'CrashLoopBackOff.MaxContainerRestartPeriod (got: 301 seconds) must be set between 1s and 300s',
    ],
    ['maxPods: -1', 'maxPods (--max-pods) -1 must not be a negative number'],
    [
      'imageGCLowThresholdPercent: 90',
      'imageGCLowThresholdPercent (--image-gc-low-threshold) 90 must be less than imageGCHighThresholdPercent (--image-gc-high-threshold) 85',
    ],
    [
      'enforceNodeAllocatable: [pods, kube-reserved]',
      'kubeReservedCgroup (--kube-reserved-cgroup) must be specified when "kube-reserved" or "kube-reserved-compressible" contained in enforceNodeAllocatable (--enforce-node-allocatable)',
    ],
    [
      'enforceNodeAllocatable: [some]',
      'option "some" specified for enforceNodeAllocatable (--enforce-node-allocatable). Valid options are "pods", "system-reserved", "system-reserved-compressible", "kube-reserved", "kube-reserved-compressible" or "none"',
    ],
    [
      'topologyManagerPolicy: best',
      'topologyManagerPolicy (--topology-manager-policy) "best" must be one of: ["none" "best-effort" "restricted" "single-numa-node"]',
    ],
    [
      'reservedSystemCPUs: 3-1',
      'unable to parse reservedSystemCPUs (--reserved-cpus) 3-1, error: invalid range "3-1" (3 > 1)',
    ],
    [
      'reservedSystemCPUs: "1"\nkubeReservedCgroup: /a',
      "can't use reservedSystemCPUs (--reserved-cpus) with systemReservedCgroup (--system-reserved-cgroup) or kubeReservedCgroup (--kube-reserved-cgroup)",
    ],
    ['shutdownGracePeriod: 10ms', 'shutdownGracePeriod 10ms must be either zero or otherwise >= 1 sec'],
    ['shutdownGracePeriodCriticalPods: 1s', 'shutdownGracePeriodCriticalPods 1s must be <= shutdownGracePeriod 0s'],
    [
      'containerLogMonitorInterval: 2s',
      'containerLogMonitorInterval must be a positive time duration greater than or equal to 3s',
    ],
    [
      'hairpinMode: all',
      'option "all" specified for hairpinMode (--hairpin-mode). Valid options are "none", "hairpin-veth" or "promiscuous-bridge"',
    ],
    [
      'imagePullCredentialsVerificationPolicy: Sometimes',
      'option "Sometimes" specified for imagePullCredentialsVerificationPolicy. Valid options are "NeverVerify", "NeverVerifyPreloadedImages", "NeverVerifyAllowlistedImages" or "AlwaysVerify"',
    ],
    [
      'preloadedImagesVerificationAllowlist: [a.io/b]',
      'can\'t set `preloadedImagesVerificationAllowlist` if `imagePullCredentialsVertificationPolicy` is not "NeverVerifyAllowlistedImages"',
    ],
    [
      'imagePullCredentialsVerificationPolicy: NeverVerifyAllowlistedImages\npreloadedImagesVerificationAllowlist: [a.io/b:1]',
      'invalid image pattern in `preloadedImagesVerificationAllowlist`: neither tag nor digest is accepted in an image reference: a.io/b:1',
    ],
    ['protectKernelDefaults: true', 'protectKernelDefaults true is not supported by this kubelet, it must not be set'],
    [
      'contentType: application/json',
      'contentType "application/json" is not supported by this kubelet, only "application/vnd.kubernetes.protobuf" is',
    ],
    [
      'authentication: {anonymous: {enabled: true}}',
      'authentication.anonymous.enabled true is not supported by this kubelet, only false is',
    ],
    [
      'featureGates: {EventedPLEG: true}',
      'featureGates.EventedPLEG true is not supported by this kubelet, only false is',
    ],
  ])('is refused with %s', (text, problem) => {
    expect(problemsIn(text)).toEqual([`invalid configuration: ${problem}`])
  })

  it('has feature gates that this version knows, with values that they may have', () => {
    const gates = '{NoSuchThing: true, NodeSwap: false, SidecarContainers: true, GracefulNodeShutdown: true}'
    expect(problemsIn(`featureGates: ${gates}\nport: -1`)).toEqual([
      'unrecognized feature gate: NoSuchThing',
      'cannot set feature gate NodeSwap to false, feature is locked to true',
      'unrecognized feature gate: SidecarContainers',
    ])
    expect(problemsIn('featureGates: {NodeSwap: true, GracefulNodeShutdown: true, MemoryQoS: false}')).toEqual([])
  })

  it('has taints as a Node may have them', () => {
    const taints = '[{key: a b, effect: NoSchedule}, {key: c, effect: Never}, {key: d, value: e, effect: NoExecute}]'
    expect(problemsIn(`registerWithTaints: ${taints}`)).toEqual([
      'invalid taint: {a b  NoSchedule <nil>}',
      'invalid taint: {c  Never <nil>}',
    ])
  })

  it('says for each of its flags what the flag says by itself', () => {
    for (const [where, leaf] of leaves()) {
      if (leaf.flag === undefined) continue
      const flag = flags[leaf.flag]
      const told = leaf.fallback === undefined ? undefined : flag.parse(toText(leaf, leaf.fallback))
      const own = 'default' in flag ? flag.default : undefined
      expect([where, told ?? own]).toEqual([where, own])
      if (leaf.fallback !== undefined) expect(fromText(leaf, toText(leaf, leaf.fallback))).toEqual(leaf.fallback)
    }
  })
})

describe('the kubelet is configured', () => {
  let dir: string
  const file = (name: string, text: string): Promise<void> => writeFile(path.join(dir, name), text)
  const at = (name: string): string => path.join(dir, name)
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'kubets-config-'))
    await mkdir(at('drop/more'), { recursive: true })
    await mkdir(at('odd'))
    await file(
      'base.yaml',
      `${head}maxPods: 30\nport: 1250\nfeatureGates: {EnvFiles: true, MemoryQoS: false}\nclusterDNS: [10.0.0.9, 10.0.0.10]\ntlsCertFile: own.crt\nauthentication: {x509: {clientCAFile: ../ca.crt}}\n`,
    )
    await file('drop/20-second.conf', `${head}maxPods: 50\n`)
    await file('drop/10-first.conf', `${head}maxPods: 40\nclusterDomain: example.test\n`)
    await file('drop/more/05-deep.conf', `${head}port: 1251\n`)
    await file('drop/none.yaml', 'what: is this')
    await file('bad.yaml', `${head}runOnce: true\n`)
    await file(
      'odd.yaml',
      `${head}maxPodz: 3\nimageMaximumGCAge: 1h\nregisterWithTaints: [{key: a, effect: NoSchedule}]\ncrashLoopBackOff: {maxContainerRestartPeriod: 90s}\n`,
    )
    await file('odd/1.conf', `${head}maxPodz: 3\n`)
    await file('empty.yaml', '')
  })
  afterAll(() => rm(dir, { recursive: true }))

  it('by a file, whose neighbours it may name', async () => {
    const { options, configuration } = await configured([`--config=${at('base.yaml')}`])
    expect(options).toMatchObject({ maxPods: 30, port: 1250, clusterDns: ['10.0.0.9', '10.0.0.10'] })
    expect(options).toMatchObject({ certFile: at('own.crt'), clientCaFile: path.join(dir, '..', 'ca.crt') })
    expect(configuration).toMatchObject({ maxPods: 30, clusterDomain: 'cluster.local', healthzPort: 10248 })
  })

  it('by a file with fields that nobody knows, which it is told of', async () => {
    const { options, warnings } = await configured([`--config=${at('odd.yaml')}`])
    expect(warnings).toEqual(['strict decoding error: unknown field "maxPodz"'])
    expect(options).toMatchObject({
      imageGc: { maxAgeMs: 3_600_000 },
      registerWithTaints: [{ key: 'a', effect: 'NoSchedule' }],
      maxContainerRestartMs: 90_000,
    })
  })

  it('by drop-ins over the file, in the order of their names, and by flags over all', async () => {
    const files = [`--config=${at('base.yaml')}`, `--config-dir=${at('drop')}`]
    const { options, configuration } = await configured(files)
    expect(options).toMatchObject({ maxPods: 50, port: 1251, clusterDomain: 'example.test' })
    const flagged = await configured([...files, '--max-pods=7', '--cluster-dns=10.0.0.1', '--healthz_port', '0'])
    expect(flagged.options).toMatchObject({ maxPods: 7, clusterDns: ['10.0.0.1'], healthzPort: 0 })
    expect(flagged.configuration).toEqual({ ...configuration, maxPods: 7, clusterDNS: ['10.0.0.1'], healthzPort: 0 })
    const gated = await configured([...files, '--feature-gates=WatchList=1,KMSv1=false'])
    const featureGates = { EnvFiles: true, MemoryQoS: false, WatchList: true, KMSv1: false }
    expect([gated.configuration['featureGates'], gated.options.featureGates]).toEqual([featureGates, featureGates])
  })

  it.each([
    ['base', ['--max-pods=0'], 'invalid argument "0" for --max-pods'],
    ['base', ['--feature-gates=MemoryQoS'], 'malformed pair, expect string=bool'],
    ['base', ['--feature-gates=MemoryQoS=yes'], 'invalid value of MemoryQoS: yes'],
    [
      'base',
      ['--feature-gates=NodeSwap=false'],
      'failed to validate kubelet configuration, error: cannot set feature gate NodeSwap to false, feature is locked to true, path: ',
    ],
    ['bad', [], 'failed to validate kubelet configuration, error: invalid configuration: runOnce true is not'],
    ['none', [], 'failed to load kubelet config file, path: '],
    ['base', ['--config-dir=odd'], 'failed to decode: strict decoding error: unknown field "maxPodz"'],
    ['empty', [], 'was empty'],
    [
      'base',
      ['--config-dir=/no/such/folder'],
      'failed to merge kubelet configs: failed to walk through kubelet dropin',
    ],
  ])('not by %s.yaml with %j', async (name, more, message) => {
    const args = more.map((one) => one.replace('=odd', `=${at('odd')}`))
    await expect(configured([`--config=${at(name)}.yaml`, ...args])).rejects.toThrow(message)
  })
})
