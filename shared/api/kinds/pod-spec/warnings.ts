import type { FieldPath } from '../../../machinery/fieldpath.ts'
import type { ObjectMeta } from '../../../machinery/meta-v1.gen.ts'
import { isDNS1123Label } from '../../../machinery/names.ts'
import { quote } from '../../../machinery/quote.ts'
import type {
  Container,
  ContainerPort,
  EphemeralContainer,
  NodeSelectorTerm,
  PodAffinity,
  PodSpec,
  PodTemplateSpec,
} from '../../types/core-v1.ts'
import { fractionWarnings } from '../quantities.ts'
import { deprecatedLabel } from './deprecated-labels.ts'
import { overlapWarnings } from './overlaps.ts'

type Meta = Pick<ObjectMeta, 'annotations'>
type AnyContainer = Container | EphemeralContainer

const deprecatedAnnotations: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
}

const deprecatedVolumes = {
  photonPersistentDisk: ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  gitRepo: ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  scaleIO: ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  flocker: ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  storageos: ['storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  quobyte: ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  glusterfs: ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  cephfs: ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  rbd: ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
} as const

const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod'
const seccompContainer = 'container.seccomp.security.alpha.kubernetes.io/'
const appArmor = 'container.apparmor.security.beta.kubernetes.io/'

/** What to say about the template of a workload; `at` is where the template is. */
// pkg/api/pod/warnings.go GetWarningsForPodTemplate
export function templateWarnings(template: PodTemplateSpec | undefined, at: FieldPath): string[] {
  return template?.spec ? podWarnings(template.spec, template.metadata ?? {}, at, true) : []
}

/** What to say about a name that becomes part of hostnames. */
// pkg/registry/apps/deployment/strategy.go WarningsOnCreate
export function nameWarnings(name: string | undefined, use: string): string[] {
  const texts = isDNS1123Label(name ?? '')
  if (texts.length === 0) return []
  const advice = 'which can result in surprising behavior; a DNS label is recommended'
  return [`metadata.name: this is used in ${use}, ${advice}: [${texts.join(' ')}]`]
}

/** What to say about a Pod's spec: fields that do nothing any more, and fields that hide each other. */
// pkg/api/pod/warnings.go warningsForPodSpecAndMeta
export function podWarnings(spec: PodSpec, { annotations = {} }: Meta, at: FieldPath, isTemplate: boolean): string[] {
  const warnings: string[] = []
  const path = at.child('spec')
  const annotated = at.child('metadata', 'annotations')
  checkPlaces(spec, path, warnings)
  for (const [key, text] of Object.entries(deprecatedAnnotations))
    if (annotations[key] !== undefined) warnings.push(`${annotated.key(key)}: ${text}`)
  for (const [i, volume] of (spec.volumes ?? []).entries())
    for (const [source, [field, text]] of Object.entries(deprecatedVolumes))
      if (volume[source as keyof typeof deprecatedVolumes])
        warnings.push(`${path.child('volumes').index(i).child(field)}: ${text}`)
  warnings.push(...overlapWarnings(spec.volumes ?? []))
  checkRepeated(spec.hostAliases ?? [], 'ip', path.child('hostAliases'), warnings)
  checkRepeated(spec.imagePullSecrets ?? [], 'name', path.child('imagePullSecrets'), warnings)
  for (const [i, { name = '' }] of (spec.imagePullSecrets ?? []).entries())
    if (name === '') warnings.push(`${path.child('imagePullSecrets').index(i).child('name')}: invalid empty name ""`)
  warnings.push(...fractionWarnings(spec.overhead, ['memory', 'ephemeral-storage'], path.child('overhead')))
  const seccomp = 'non-functional in v1.27+; use the "seccompProfile" field instead'
  if (!spec.securityContext?.seccompProfile && annotations[seccompPod] !== undefined)
    warnings.push(`${annotated.key(seccompPod)}: ${seccomp}`)
  for (const [container, where] of containersOf(spec, path)) {
    const security = container.securityContext
    const key = seccompContainer + container.name
    if (!security?.seccompProfile && annotations[key] !== undefined) warnings.push(`${annotated.key(key)}: ${seccomp}`)
    const armored = spec.securityContext?.appArmorProfile ?? security?.appArmorProfile
    if (isTemplate && !armored && annotations[appArmor + container.name] !== undefined) {
      const text = 'deprecated since v1.30; use the "appArmorProfile" field instead'
      warnings.push(`${annotated.key(appArmor + container.name)}: ${text}`)
    }
    for (const list of ['limits', 'requests'] as const)
      warnings.push(
        ...fractionWarnings(container.resources?.[list], ['memory'], where.child('resources', list)),
        ...fractionWarnings(container.resources?.[list], ['ephemeral-storage'], where.child('resources', list)),
      )
    checkEnv(container, where.child('env'), warnings)
  }
  checkPorts(spec, path, warnings)
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    const text = 'must be >= 0; negative values are invalid and will be treated as 1'
    warnings.push(`${path.child('terminationGracePeriodSeconds')}: ${text}`)
  }
  for (const field of ['podAffinity', 'podAntiAffinity'] as const)
    checkPodAffinity(spec.affinity?.[field], path.child('affinity', field), warnings)
  return warnings
}

// pkg/api/pod/util.go VisitContainersWithPath
function* containersOf(spec: PodSpec, path: FieldPath): Generator<[AnyContainer, FieldPath]> {
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const)
    for (const [i, container] of (spec[list] ?? []).entries()) yield [container, path.child(list).index(i)]
}

// labels of nodes that have newer names
function checkPlaces(spec: PodSpec, path: FieldPath, warnings: string[]): void {
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const text = deprecatedLabel(key)
    if (text) warnings.push(`${path.child('nodeSelector').key(key)}: ${text}`)
  }
  const affinity = spec.affinity?.nodeAffinity
  const at = path.child('affinity', 'nodeAffinity')
  const required = at.child('requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms')
  const terms = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  for (const [i, term] of terms.entries()) checkTerm(term, required.index(i), warnings)
  const preferred = at.child('preferredDuringSchedulingIgnoredDuringExecution')
  for (const [i, { preference }] of (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries())
    checkTerm(preference ?? {}, preferred.index(i).child('preference'), warnings)
  for (const [i, { topologyKey, labelSelector }] of (spec.topologySpreadConstraints ?? []).entries()) {
    const where = path.child('topologySpreadConstraints').index(i)
    const text = deprecatedLabel(topologyKey)
    if (text) warnings.push(`${where.child('topologyKey')}: ${topologyKey} is ${text}`)
    if (!labelSelector) warnings.push(`${where.child('labelSelector')}: ${matchesNothing}`)
  }
}

const matchesNothing = 'a null labelSelector results in matching no pod'

function checkTerm({ matchExpressions = [] }: NodeSelectorTerm, path: FieldPath, warnings: string[]): void {
  for (const [i, { key }] of matchExpressions.entries()) {
    const text = deprecatedLabel(key)
    if (text) warnings.push(`${path.child('matchExpressions').index(i).child('key')}: ${key} is ${text}`)
  }
}

function checkRepeated<K extends string>(
  items: readonly Partial<Record<K, string>>[],
  field: K,
  path: FieldPath,
  warnings: string[],
): void {
  const seen = new Set<string>()
  for (const [i, item] of items.entries()) {
    const value: string = item[field] ?? ''
    if (seen.has(value)) warnings.push(`${path.index(i).child(field)}: duplicate ${field} ${quote(value)}`)
    seen.add(value)
  }
}

// a second value that builds on the first is meant
function checkEnv({ env = [] }: AnyContainer, path: FieldPath, warnings: string[]): void {
  const seen = new Set<string>()
  for (const [i, { name, value = '', valueFrom }] of env.entries()) {
    const reference = `$(${name})`
    if (seen.has(name) && (valueFrom || value === reference || !value.includes(reference)))
      warnings.push(
        `${path.index(i)}: hides previous definition of ${quote(name)}, which may be dropped when using apply`,
      )
    seen.add(name)
  }
}

/** Clients are shown a few kilobytes of warnings; ports are compared each with each. */
const maxWarnings = 1000

interface SeenPort {
  path: FieldPath
  port: ContainerPort
}

function checkPorts(spec: PodSpec, path: FieldPath, warnings: string[]): void {
  const seen = new Map<string, SeenPort[]>()
  for (const [container, where] of containersOf(spec, path))
    for (const [i, port] of (container.ports ?? []).entries()) {
      const at = where.child('ports').index(i)
      if (port.hostIP && !port.hostPort) warnings.push(`${at}: hostIP set without hostPort: ${goPort(port)}`)
      const key = `${port.containerPort}/${port.protocol}`
      const others = seen.get(key) ?? []
      for (const other of others) {
        if (warnings.length >= maxWarnings) return
        const how = collision(port, other.port)
        if (how) warnings.push(`${at}: ${how} port definition with ${other.path}`)
      }
      seen.set(key, [...others, { path: at, port }])
    }
}

// Go's %+v of the structure
const goPort = ({ name = '', hostPort = 0, containerPort, protocol = '', hostIP = '' }: ContainerPort): string =>
  `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`

function collision(a: ContainerPort, b: ContainerPort): string | undefined {
  const [aIP, bIP] = [a.hostIP ?? '', b.hostIP ?? '']
  const [aPort, bPort] = [a.hostPort ?? 0, b.hostPort ?? 0]
  if (aIP === bIP && aPort === bPort) return 'duplicate'
  if (aPort === 0 || bPort === 0) return 'overlapping'
  return aPort === bPort && (aIP === '') !== (bIP === '') ? 'dangerously ambiguous' : undefined
}

function checkPodAffinity(affinity: PodAffinity | undefined, path: FieldPath, warnings: string[]): void {
  const required = path.child('requiredDuringSchedulingIgnoredDuringExecution')
  for (const [i, { labelSelector }] of (affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries())
    if (!labelSelector) warnings.push(`${required.index(i).child('labelSelector')}: ${matchesNothing}`)
  const preferred = path.child('preferredDuringSchedulingIgnoredDuringExecution')
  for (const [i, { podAffinityTerm }] of (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries())
    if (!podAffinityTerm?.labelSelector)
      warnings.push(`${preferred.index(i).child('podAffinityTerm', 'labelSelector')}: ${matchesNothing}`)
}
