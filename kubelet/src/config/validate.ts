// What is wrong with a KubeletConfiguration, in upstream's words; and what this kubelet cannot do.
// pkg/kubelet/apis/config/validation/validation.go ValidateKubeletConfiguration
import type { Taint } from '@kubets/shared/api/types/core-v1.ts'
import { isLabelValue, isQualifiedName } from '@kubets/shared/machinery/names.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import { parseGoDuration } from '@kubets/shared/machinery/schema/go-values.ts'
import { parseCpuSet } from '../cpus/cpuset.ts'
import { allowlistProblem, policyProblem } from '../images/verification.ts'
import { gateRefusals, unswitchable } from './feature-gates.ts'
import { leaves } from './fields.ts'
import { isDefault, valueAt, type Configuration } from './values.ts'

const invalid = (problem: string): string => `invalid configuration: ${problem}`
const second = 1_000_000_000n

/** What upstream refuses, in upstream's order. Takes a configuration with its defaults. */
function refusals(config: Configuration): string[] {
  const problems: string[] = []
  const refuse = (wrong: boolean, problem: string): void => void (wrong && problems.push(invalid(problem)))
  const number = (name: string): number => Number(config[name] ?? 0)
  const text = (name: string): string => String(config[name] ?? '')
  const list = (name: string): string[] => (config[name] as string[] | undefined) ?? []
  const time = (name: string): bigint => parseGoDuration(text(name) || '0s')
  const named = (name: string, flag: string): string => `${name} (--${flag}) ${text(name) || '0'}`
  const negative = (name: string, flag: string): void =>
    refuse(number(name) < 0, `${named(name, flag)} must not be a negative number`)
  const within = (name: string, flag: string, min: number, max: number): void => {
    const value = number(name)
    refuse(value < min || value > max, `${named(name, flag)} must be between ${min} and ${max}, inclusive`)
  }
  const oneOf = (name: string, flag: string, values: readonly string[], last: string): void => {
    const known = values.map(quote)
    const listed = last === 'list' ? `[${known.join(' ')}]` : known.join(', or ')
    refuse(!values.includes(text(name)), `${name} (--${flag}) ${quote(text(name))} must be one of: ${listed}`)
  }

  refuse(number('nodeLeaseDurationSeconds') <= 0, 'nodeLeaseDurationSeconds must be greater than 0')
  const enforced = list('enforceNodeAllocatable')
  const byQos = config['cgroupsPerQOS'] === true
  const enforce = 'enforceNodeAllocatable (--enforce-node-allocatable)'
  const perQos = 'cgroupsPerQOS (--cgroups-per-qos)'
  refuse(!byQos && enforced.length > 0, `${enforce} is not supported unless ${perQos} is set to true`)
  const noRoot = text('systemCgroups') !== '' && text('cgroupRoot') === ''
  refuse(noRoot, 'systemCgroups (--system-cgroups) was specified and cgroupRoot (--cgroup-root) was not specified')
  negative('eventBurst', 'event-burst')
  negative('eventRecordQPS', 'event-qps')
  if (number('healthzPort') !== 0) within('healthzPort', 'healthz-port', 1, 65_535)
  const period = time('cpuCFSQuotaPeriod')
  const quota = `cpuCFSQuotaPeriod (--cpu-cfs-quota-period) ${text('cpuCFSQuotaPeriod')}`
  refuse(period < 1_000_000n || period > second, `${quota} must be between 1ms and 1sec, inclusive`)
  within('imageGCHighThresholdPercent', 'image-gc-high-threshold', 0, 100)
  within('imageGCLowThresholdPercent', 'image-gc-low-threshold', 0, 100)
  const [low, high] = [number('imageGCLowThresholdPercent'), number('imageGCHighThresholdPercent')]
  const lowName = named('imageGCLowThresholdPercent', 'image-gc-low-threshold')
  const highName = named('imageGCHighThresholdPercent', 'image-gc-high-threshold')
  refuse(low >= high, `${lowName} must be less than ${highName}`)
  const [oldest, youngest] = [time('imageMaximumGCAge'), time('imageMinimumGCAge')]
  refuse(oldest < 0n, `imageMaximumGCAge ${text('imageMaximumGCAge')} must not be negative`)
  const tooYoung = `must be greater than imageMinimumGCAge ${text('imageMinimumGCAge')}`
  refuse(oldest > 0n && oldest <= youngest, `imageMaximumGCAge ${text('imageMaximumGCAge')} ${tooYoung}`)
  within('iptablesDropBit', 'iptables-drop-bit', 0, 31)
  within('iptablesMasqueradeBit', 'iptables-masquerade-bit', 0, 31)
  negative('kubeAPIBurst', 'kube-api-burst')
  negative('kubeAPIQPS', 'kube-api-qps')
  const images = named('nodeStatusMaxImages', 'node-status-max-images')
  refuse(number('nodeStatusMaxImages') < -1, `${images} must be -1 or greater`)
  negative('maxOpenFiles', 'max-open-files')
  negative('maxPods', 'max-pods')
  within('oomScoreAdj', 'oom-score-adj', -1000, 1000)
  negative('podsPerCore', 'pods-per-core')
  within('port', 'port', 1, 65_535)
  const readOnly = number('readOnlyPort')
  const readOnlyName = named('readOnlyPort', 'read-only-port')
  refuse(readOnly < 0 || readOnly > 65_535, `${readOnlyName} must be between 0 and 65535, inclusive`)
  negative('registryBurst', 'registry-burst')
  negative('registryPullQPS', 'registry-qps')
  const pulls = config['maxParallelImagePulls'] as number | undefined
  refuse(pulls !== undefined && pulls < 1, `maxParallelImagePulls ${pulls} must be a positive number`)
  const serial = config['serializeImagePulls'] === true && pulls !== undefined && pulls > 1
  const unless = 'unless SerializeImagePulls (--serialize-image-pulls) is set to false'
  refuse(serial, `maxParallelImagePulls cannot be larger than 1 ${unless}`)
  taints(config, refuse, problems)
  const policies = ['none', 'best-effort', 'restricted', 'single-numa-node']
  oneOf('topologyManagerPolicy', 'topology-manager-policy', policies, 'list')
  oneOf('topologyManagerScope', 'topology-manager-scope', ['container', 'pod'], 'or')
  shutdown(config, refuse, time)
  const swap = String(valueAt(config, ['memorySwap', 'swapBehavior']) ?? '')
  const behaviours = `must be one of: "", "LimitedSwap" or "NoSwap"`
  refuse(!['', 'LimitedSwap', 'NoSwap'].includes(swap), `memorySwap.swapBehavior ${quote(swap)} ${behaviours}`)
  const restarts = parseGoDuration(String(valueAt(config, ['crashLoopBackOff', 'maxContainerRestartPeriod'])))
  refuse(
    restarts < second || restarts / 1_000_000n > 300_000n,
    `CrashLoopBackOff.MaxContainerRestartPeriod (got: ${Number(restarts) / 1e9} seconds) must be set between 1s and 300s`,
  )
  enforcement(config, enforced, byQos, refuse)
  const hairpin = text('hairpinMode')
  const modes = 'Valid options are "none", "hairpin-veth" or "promiscuous-bridge"'
  refuse(
    !['none', 'hairpin-veth', 'promiscuous-bridge'].includes(hairpin),
    `option ${quote(hairpin)} specified for hairpinMode (--hairpin-mode). ${modes}`,
  )
  const verification = text('imagePullCredentialsVerificationPolicy')
  const noPolicy = policyProblem(verification)
  if (noPolicy !== undefined) refuse(true, noPolicy)
  const allowlist = list('preloadedImagesVerificationAllowlist')
  const needless = allowlist.length > 0 && verification !== 'NeverVerifyAllowlistedImages'
  // upstream's spelling
  const only = 'if `imagePullCredentialsVertificationPolicy` is not "NeverVerifyAllowlistedImages"'
  refuse(needless, `can't set \`preloadedImagesVerificationAllowlist\` ${only}`)
  const odd = needless ? undefined : allowlistProblem(allowlist)
  refuse(odd !== undefined, `invalid image pattern in \`preloadedImagesVerificationAllowlist\`: ${odd ?? ''}`)
  reservedCpus(text, refuse)
  const factor = number('memoryThrottlingFactor')
  const range = 'must be greater than 0 and less than or equal to 1.0'
  refuse(factor <= 0 || factor > 1, `memoryThrottlingFactor ${factor} ${range}`)
  const logQuery = config['enableSystemLogQuery'] === true && config['enableSystemLogHandler'] !== true
  refuse(logQuery, 'enableSystemLogHandler is required for enableSystemLogQuery')
  const workers = number('containerLogMaxWorkers')
  refuse(workers < 1, 'containerLogMaxWorkers must be greater than or equal to 1')
  const interval = 'containerLogMonitorInterval must be a positive time duration greater than or equal to 3s'
  refuse(time('containerLogMonitorInterval') < 3n * second, interval)
  refuse(!text('podLogsDir').startsWith('/'), `pod logs path ${quote(text('podLogsDir'))} must be absolute path`)
  return problems
}

// pkg/util/taints/taints.go CheckTaintValidation
function taints(config: Configuration, refuse: Refuse, problems: string[]): void {
  for (const taint of (config['registerWithTaints'] as Taint[] | undefined) ?? []) {
    const { key, value = '', effect, timeAdded } = taint
    const effects = ['', 'NoSchedule', 'PreferNoSchedule', 'NoExecute']
    const wrong = [...isQualifiedName(key), ...isLabelValue(value)].length > 0 || !effects.includes(effect)
    if (wrong) problems.push(`invalid taint: {${key} ${value} ${effect} ${timeAdded ?? '<nil>'}}`)
    refuse(timeAdded !== undefined, 'taint.TimeAdded is not nil')
  }
}

function reservedCpus(text: (name: string) => string, refuse: Refuse): void {
  const cpus = text('reservedSystemCPUs')
  if (cpus === '') return
  const field = 'reservedSystemCPUs (--reserved-cpus)'
  const others = 'systemReservedCgroup (--system-reserved-cgroup) or kubeReservedCgroup (--kube-reserved-cgroup)'
  const both = text('systemReservedCgroup') !== '' || text('kubeReservedCgroup') !== ''
  refuse(both, `can't use ${field} with ${others}`)
  try {
    parseCpuSet(cpus)
  } catch (error) {
    refuse(true, `unable to parse ${field} ${cpus}, error: ${(error as Error).message}`)
  }
}

type Refuse = (wrong: boolean, problem: string) => void

function shutdown(config: Configuration, refuse: Refuse, time: (name: string) => bigint): void {
  const [whole, critical] = ['shutdownGracePeriod', 'shutdownGracePeriodCriticalPods'] as const
  const both = `${critical} ${String(config[critical])} must be <= ${whole} ${String(config[whole])}`
  refuse(time(critical) > time(whole), both)
  for (const name of [whole, critical]) {
    const value = time(name)
    const wrong = value < 0n || (value > 0n && value < second)
    refuse(wrong, `${name} ${String(config[name])} must be either zero or otherwise >= 1 sec`)
  }
  const byPriority = ((config['shutdownGracePeriodByPodPriority'] as unknown[] | undefined) ?? []).length > 0
  const together = 'Cannot specify both shutdownGracePeriodByPodPriority and shutdownGracePeriod at the same time'
  refuse(byPriority && (time(whole) > 0n || time(critical) > 0n), together)
}

const enforcements = [
  'pods',
  'system-reserved',
  'system-reserved-compressible',
  'kube-reserved',
  'kube-reserved-compressible',
  'none',
]

function enforcement(config: Configuration, enforced: readonly string[], byQos: boolean, refuse: Refuse): void {
  const field = 'enforceNodeAllocatable (--enforce-node-allocatable)'
  const pairs = enforcements.filter((one) => one.endsWith('reserved'))
  for (const one of pairs) {
    const both = enforced.includes(one) && enforced.includes(`${one}-compressible`)
    refuse(both, `both ${quote(one)} and ${quote(`${one}-compressible`)} cannot be specified together in ${field}`)
  }
  for (const one of enforced) {
    if (!enforcements.includes(one)) {
      const known = enforcements.map(quote)
      const options = `${known.slice(0, -1).join(', ')} or ${known.at(-1) ?? ''}`
      refuse(true, `option ${quote(one)} specified for ${field}. Valid options are ${options}`)
      continue
    }
    const alone = `${field} may not contain additional enforcements when "none" is specified`
    refuse(one === 'none' && enforced.length > 1, alone)
    const who = pairs.find((pair) => one.startsWith(pair))
    if (who) {
      const [cgroup, flag] =
        who === 'kube-reserved'
          ? ['kubeReservedCgroup', 'kube-reserved-cgroup']
          : ['systemReservedCgroup', 'system-reserved-cgroup']
      const when = `when ${quote(who)} or ${quote(`${who}-compressible`)} contained in ${field}`
      refuse(!config[cgroup], `${cgroup} (--${flag}) must be specified ${when}`)
    }
    refuse(!byQos, `cgroupsPerQOS (--cgroups-per-qos) must be set to true when ${quote(one)} contained in ${field}`)
  }
}

/** What is set to something that this kubelet cannot do: a field without a flag has its default, or is refused. */
function unsupported(config: Configuration): string[] {
  return [...leaves()].flatMap(([path, leaf]) => {
    const value = valueAt(config, path)
    if (leaf.flag !== undefined || leaf.configOnly || value === undefined || isDefault(leaf, value)) return []
    const only = leaf.fallback === undefined ? 'it must not be set' : `only ${JSON.stringify(leaf.fallback)} is`
    return [invalid(`${path.join('.')} ${JSON.stringify(value)} is not supported by this kubelet, ${only}`)]
  })
}

/** All that is wrong with a configuration, which has its defaults; empty when nothing is. */
export function problemsOf(config: Configuration): string[] {
  const gates = (config['featureGates'] ?? {}) as Readonly<Record<string, boolean>>
  const refused = gateRefusals(gates)
  if (refused.length > 0) return refused
  const problems = refusals(config)
  return problems.length > 0 ? problems : [...unswitchable(gates).map(invalid), ...unsupported(config)]
}
