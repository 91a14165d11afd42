import {
  duplicate,
  errorText,
  invalid,
  required,
  FieldPath,
  type FieldError,
} from '@kubets/shared/machinery/fieldpath.ts'
import { decodeValue } from '@kubets/shared/machinery/schema/decode.ts'
import type { ObjectNode } from '@kubets/shared/machinery/schema/node.ts'
import { parseYaml } from '@kubets/shared/machinery/schema/yaml.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { argChecks, argDefaults, defaultArgs, type ConfigurablePlugin, type PluginArgs } from './args.ts'
import { completeExtenders, withoutIgnored, type GivenExtender } from './extenders.ts'
import { pluginSets } from './plugin-sets.ts'
import { argsSchemas, configuration } from './schema.ts'
import type { PluginSet, ProfileConfig, SchedulerConfig } from './types.ts'

const group = 'kubescheduler.config.k8s.io'
const version = `${group}/v1`
const scheme = '"pkg/scheduler/apis/config/scheme/scheme.go:30"'

interface GivenProfile {
  readonly schedulerName?: string
  readonly percentageOfNodesToScore?: number
  readonly plugins?: { readonly [point: string]: Partial<PluginSet> }
  readonly pluginConfig?: readonly { readonly name?: string; readonly args?: Record<string, unknown> }[]
}
interface Given {
  readonly parallelism?: number
  readonly leaderElection?: { readonly leaderElect?: boolean; readonly resourceLock?: string }
  readonly clientConnection?: { readonly kubeconfig?: string }
  readonly percentageOfNodesToScore?: number
  readonly podInitialBackoffSeconds?: number
  readonly podMaxBackoffSeconds?: number
  readonly profiles?: readonly GivenProfile[]
  readonly extenders?: readonly GivenExtender[]
}

/** The configuration where there is no file. */
export const defaultConfig = (): SchedulerConfig => complete({}, [])

/**
 * Reads a KubeSchedulerConfiguration.
 * @throws Error that names everything that is wrong with it, in upstream's words
 */
// cmd/kube-scheduler/app/options/configfile.go loadConfig, pkg/scheduler/apis/config/validation ValidateKubeSchedulerConfiguration
export function readConfig(text: string): SchedulerConfig {
  const parsed = parseYaml(text, true)
  const document = (parsed.value ?? {}) as Record<string, unknown>
  const [apiVersion = '', kind = ''] = [document['apiVersion'], document['kind']].map(
    (one) => one as string | undefined,
  )
  if (kind === '') throw new Error(`Object 'Kind' is missing in '${text.trim()}'`)
  if (apiVersion !== version || kind !== 'KubeSchedulerConfiguration') {
    const where = `${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme ${scheme}`
    throw new Error(`no kind ${where}`)
  }
  const given = strict(configuration, document, parsed.problems) as Given
  const errors: FieldError[] = []
  const config = complete(given, errors)
  const problems = errors.map(errorText)
  if (problems.length > 0) throw new Error(problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`)
  return config
}

function strict(node: ObjectNode, value: unknown, found: readonly string[] = []): Record<string, unknown> {
  const { object, problems } = decodeValue(node, value, 'Strict', found)
  if (problems.length > 0) throw new Error(`strict decoding error: ${problems.join(', ')}`)
  return object
}

/** Fills in what is not said; tells what is wrong with what is. */
// pkg/scheduler/apis/config/v1/defaults.go SetDefaults_KubeSchedulerConfiguration
function complete(given: Given, errors: FieldError[]): SchedulerConfig {
  const { parallelism = 16, percentageOfNodesToScore = 0, leaderElection = {}, clientConnection = {} } = given
  const { podInitialBackoffSeconds: initial = 1, podMaxBackoffSeconds: most = 10 } = given
  const { leaderElect = true, resourceLock = 'leases' } = leaderElection
  const root = new FieldPath()
  if (leaderElect && resourceLock !== 'leases') {
    const detail = 'resourceLock value must be "leases"'
    errors.push(invalid(new FieldPath('leaderElection', 'resourceLock'), resourceLock, detail))
  }
  if (parallelism <= 0) {
    errors.push(invalid(root.child('parallelism'), parallelism, 'should be an integer value greater than zero'))
  }
  const path = root.child('profiles')
  const list = given.profiles?.length ? given.profiles : [{}]
  const profiles = list.map((profile, i) => profileOf(profile, path.index(i), i, list.length, errors))
  profiles.forEach(({ schedulerName }, i) => {
    const first = profiles.findIndex((other) => other.schedulerName === schedulerName)
    const of = (index: number): FieldPath => path.index(index).child('schedulerName')
    if (first < i) errors.push(duplicate(of(i), String(of(first))))
  })
  checkQueueSort(profiles, path, errors)
  checkPercentage(percentageOfNodesToScore, root, errors)
  if (initial <= 0) errors.push(invalid(root.child('podInitialBackoffSeconds'), initial, 'must be greater than 0'))
  if (most < initial) {
    const detail = 'must be greater than or equal to PodInitialBackoffSeconds'
    errors.push(invalid(root.child('podMaxBackoffSeconds'), most, detail))
  }
  const extenders = completeExtenders(given.extenders ?? [], errors)
  return {
    kubeconfig: clientConnection.kubeconfig,
    leaderElect,
    percentageOfNodesToScore,
    podInitialBackoffSeconds: initial,
    podMaxBackoffSeconds: most,
    profiles: profiles.map((profile) => ({ ...profile, args: withoutIgnored(profile.args, extenders) })),
    extenders,
  }
}

function profileOf(
  given: GivenProfile,
  path: FieldPath,
  i: number,
  count: number,
  errors: FieldError[],
): ProfileConfig {
  const { percentageOfNodesToScore, plugins, pluginConfig = [] } = given
  // one profile alone needs no name
  const schedulerName = given.schedulerName ?? (count === 1 ? 'default-scheduler' : '')
  if (schedulerName === '') errors.push(required(path.child('schedulerName')))
  checkPercentage(percentageOfNodesToScore, path, errors)
  const args: Record<string, unknown> = { ...defaultArgs }
  const seen = new Set<string>()
  pluginConfig.forEach(({ name = '', args: raw = {} }, j) => {
    const at = path.child('pluginConfig').index(j)
    if (seen.has(name)) errors.push(duplicate(at, name))
    seen.add(name)
    if (!Object.hasOwn(argDefaults, name)) return
    args[name] = argsOf(name as ConfigurablePlugin, raw, `.profiles[${i}].pluginConfig[${j}]`)
    checkArgs(name as ConfigurablePlugin, args as unknown as PluginArgs, at.child('args'), errors)
  })
  return {
    schedulerName,
    ...(percentageOfNodesToScore === undefined ? {} : { percentageOfNodesToScore }),
    plugins: pluginSets(plugins),
    args: args as unknown as PluginArgs,
  }
}

// k8s.io/kube-scheduler/config/v1/types.go PluginConfig.decodeNestedObjects
function argsOf(name: ConfigurablePlugin, raw: Record<string, unknown>, where: string): unknown {
  const node = argsSchemas[name]
  const wanted = `${name}Args`
  const kind = raw['kind'] ?? wanted
  const fail = (message: string): Error => new Error(`decoding ${where}: ${message}`)
  if (kind !== wanted)
    throw fail(`args for plugin ${name} were not of type ${wanted}.${group}, got ${String(kind)}.${group}`)
  if (!node) return raw
  try {
    const { apiVersion: _, kind: __, ...given } = strict(node, structuredClone(raw))
    return (argDefaults[name] as (given: object) => unknown)(given)
  } catch (error) {
    throw fail(`decoding args for plugin ${name}: ${(error as Error).message}`)
  }
}

function checkArgs<K extends ConfigurablePlugin>(
  name: K,
  args: PluginArgs,
  path: FieldPath,
  errors: FieldError[],
): void {
  errors.push(...argChecks[name](args[name], path))
}

function checkPercentage(percentage: number | undefined, path: FieldPath, errors: FieldError[]): void {
  if (percentage === undefined || (percentage >= 0 && percentage <= 100)) return
  errors.push(invalid(path.child('percentageOfNodesToScore'), percentage, 'not in valid range [0-100]'))
}

/** All profiles take their Pods from one queue. */
// pkg/scheduler/apis/config/validation/validation.go validateCommonQueueSort
function checkQueueSort(profiles: readonly ProfileConfig[], path: FieldPath, errors: FieldError[]): void {
  const [first, ...others] = profiles.map(({ plugins }) => plugins.queueSort)
  const many = first?.enabled.length ?? 0
  if (many > 1) {
    const at = path.index(0).child('plugins', 'queueSort', 'Enabled')
    errors.push(invalid(at, many, 'only one queue sort plugin can be enabled'))
  }
  others.forEach((set, i) => {
    if (deepEqual(set, first)) return
    errors.push(invalid(path.index(i + 1).child('plugins', 'queueSort'), set, 'must be the same for all profiles'))
  })
}
