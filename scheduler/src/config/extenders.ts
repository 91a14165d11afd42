import { isExtended } from '@kubets/shared/api/kinds/quantities.ts'
import { FieldPath, invalid, type FieldError } from '@kubets/shared/machinery/fieldpath.ts'
import { isQualifiedName } from '@kubets/shared/machinery/names.ts'
import { parseGoDuration } from '@kubets/shared/machinery/schema/go-values.ts'
import type { PluginArgs } from './args.ts'

/** How an extender is reached, and what it is asked. */
// k8s.io/kube-scheduler/config/v1/types.go Extender
export interface ExtenderConfig {
  readonly urlPrefix: string
  /** Empty: it is not asked that; the same for the verbs below. */
  readonly filterVerb: string
  readonly preemptVerb: string
  readonly prioritizeVerb: string
  readonly bindVerb: string
  /** Of its scores. */
  readonly weight: number
  readonly enableHTTPS: boolean
  readonly tls: ExtenderTls
  readonly timeoutMs: number
  /** It knows the nodes: their names are enough. */
  readonly nodeCacheCapable: boolean
  /** Only Pods that ask for one of these interest it; empty: all. */
  readonly managedResources: readonly ManagedResource[]
  readonly ignorable: boolean
}

export interface ExtenderTls {
  readonly insecure?: boolean
  readonly serverName?: string
  readonly certFile?: string
  readonly keyFile?: string
  readonly caFile?: string
  /** Base64. */
  readonly certData?: string
  readonly keyData?: string
  readonly caData?: string
}

interface ManagedResource {
  readonly name: string
  /** The extender alone looks whether there is enough of it. */
  readonly ignoredByScheduler?: boolean
}

interface Verbs {
  readonly urlPrefix?: string
  readonly filterVerb?: string
  readonly preemptVerb?: string
  readonly prioritizeVerb?: string
  readonly bindVerb?: string
}

export interface GivenExtender extends Verbs {
  readonly weight?: number
  readonly enableHTTPS?: boolean
  readonly tlsConfig?: ExtenderTls
  readonly httpTimeout?: string
  readonly nodeCacheCapable?: boolean
  readonly managedResources?: readonly { readonly name?: string; readonly ignoredByScheduler?: boolean }[]
  readonly ignorable?: boolean
}

// pkg/scheduler/extender.go DefaultExtenderTimeout
const defaultTimeoutMs = 5_000

/** Fills in what is not said; tells what is wrong with what is. Those that can be done without come last. */
// pkg/scheduler/apis/config/validation/validation.go validateExtenders, pkg/scheduler/scheduler.go buildExtenders
export function completeExtenders(given: readonly GivenExtender[], errors: FieldError[]): ExtenderConfig[] {
  const root = new FieldPath('extenders')
  const managed = new Set<string>()
  const extenders = given.map((extender, i) => {
    const config = complete(extender)
    const path = root.index(i)
    if (config.prioritizeVerb !== '' && config.weight <= 0)
      errors.push(invalid(path.child('weight'), config.weight, 'must have a positive weight applied to it'))
    config.managedResources.forEach(({ name }, j) => {
      const at = path.child('managedResources').index(j).child('name')
      checkExtended(name, at, errors)
      if (managed.has(name)) errors.push(invalid(at, name, 'duplicate extender managed resource name'))
      managed.add(name)
    })
    return config
  })
  const binders = extenders.filter(({ bindVerb }) => bindVerb !== '').length
  if (binders > 1) {
    const found = `found ${binders} extenders implementing bind`
    errors.push(invalid(root, found, 'only one extender can implement bind'))
  }
  return [...extenders.filter(({ ignorable }) => !ignorable), ...extenders.filter(({ ignorable }) => ignorable)]
}

/** The arguments of a profile's plugins, whose resources are not counted that an extender counts alone. */
// pkg/scheduler/scheduler.go buildExtenders
export function withoutIgnored(args: PluginArgs, extenders: readonly ExtenderConfig[]): PluginArgs {
  const ignoredResources = extenders.flatMap(({ managedResources }) =>
    managedResources.filter((one) => one.ignoredByScheduler).map(({ name }) => name),
  )
  if (ignoredResources.length === 0) return args
  return { ...args, NodeResourcesFit: { ...args.NodeResourcesFit, ignoredResources } }
}

function complete(given: GivenExtender): ExtenderConfig {
  const { urlPrefix = '', filterVerb = '', preemptVerb = '', prioritizeVerb = '', bindVerb = '' } = given
  return {
    urlPrefix,
    filterVerb,
    preemptVerb,
    prioritizeVerb,
    bindVerb,
    weight: given.weight ?? 0,
    enableHTTPS: given.enableHTTPS ?? false,
    tls: given.tlsConfig ?? {},
    timeoutMs: Number(parseGoDuration(given.httpTimeout ?? '0') / 1_000_000n) || defaultTimeoutMs,
    nodeCacheCapable: given.nodeCacheCapable ?? false,
    managedResources: (given.managedResources ?? []).map(({ name = '', ...more }) => ({ name, ...more })),
    ignorable: given.ignorable ?? false,
  }
}

// pkg/scheduler/apis/config/validation/validation.go validateExtendedResourceName
function checkExtended(name: string, path: FieldPath, errors: FieldError[]): void {
  const texts = isQualifiedName(name)
  for (const text of texts) errors.push(invalid(path, name, text))
  const isValid = isExtended(name) && isQualifiedName(`requests.${name}`).length === 0
  if (texts.length === 0 && !isValid) errors.push(invalid(path, name, 'is an invalid extended resource name'))
}
