import {
  duplicate,
  forbidden,
  invalid,
  notFound,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '../../../machinery/fieldpath.ts'
import { isPortName, isPortNumber } from '../../../machinery/names.ts'
import type { Container, ContainerPort, EphemeralContainer, PodSpec, Volume } from '../../types/core-v1.ts'
import { checkLabelName } from '../checks.ts'
import { checkEnv, checkEnvFrom } from './environment.ts'
import { checkHooks } from './handlers.ts'
import { checkDevices, checkMounts } from './mounts.ts'
import { checkResources } from './resources.ts'
import { checkRestartPolicy } from './restart-rules.ts'
import { checkSecurity } from './security.ts'

export const protocols = ['SCTP', 'TCP', 'UDP']

/** What a container's checks need to know of the Pod. */
interface Context {
  spec: PodSpec
  volumes: ReadonlyMap<string, Volume>
  claims: ReadonlySet<string>
}

/** Adds what is wrong with the three lists of containers. */
export function checkAllContainers(
  spec: PodSpec,
  volumes: ReadonlyMap<string, Volume>,
  path: FieldPath,
  errors: FieldError[],
): void {
  const claims = new Set<string>()
  for (const { name } of spec.resourceClaims ?? []) if (name) claims.add(name)
  const context: Context = { spec, volumes, claims }
  checkContainers(context, path.child('containers'), errors)
  checkInitContainers(context, path.child('initContainers'), errors)
  checkEphemeralContainers(context, path.child('ephemeralContainers'), errors)
}

// pkg/apis/core/validation/validation.go validateContainers
function checkContainers(context: Context, path: FieldPath, errors: FieldError[]): void {
  const containers = context.spec.containers ?? []
  if (containers.length === 0) {
    errors.push(required(path))
    return
  }
  const names = new Set<string>()
  for (const [i, container] of containers.entries()) {
    const at = path.index(i)
    checkCommon(container, context, at, errors)
    if (names.has(container.name)) errors.push(duplicate(at.child('name'), container.name))
    names.add(container.name)
    checkHooks(container, context.spec, at, errors)
    checkRestartPolicy(container, at, errors)
  }
  checkHostPorts(containers, path, errors)
}

const hooks = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const

// pkg/apis/core/validation/validation.go validateInitContainers
function checkInitContainers(context: Context, path: FieldPath, errors: FieldError[]): void {
  const names = new Set((context.spec.containers ?? []).map((container) => container.name))
  for (const [i, container] of (context.spec.initContainers ?? []).entries()) {
    const at = path.index(i)
    checkCommon(container, context, at, errors)
    const sidecar = container.restartPolicy === 'Always'
    checkRestartPolicy(container, at, errors)
    if (names.has(container.name)) errors.push(duplicate(at.child('name'), container.name))
    else if (container.name) names.add(container.name)
    checkHostPorts([container], path, errors)
    if (sidecar) checkHooks(container, context.spec, at, errors)
    else {
      for (const hook of hooks)
        if (container[hook])
          errors.push(forbidden(at.child(hook), 'may not be set for init containers without restartPolicy=Always'))
      checkInitResizes(container, at.child('resizePolicy'), errors)
    }
  }
}

function checkInitResizes({ resizePolicy = [] }: Container, path: FieldPath, errors: FieldError[]): void {
  for (const [i, { restartPolicy }] of resizePolicy.entries()) {
    if (restartPolicy !== 'RestartContainer') continue
    const detail = "must not be set to 'RestartContainer' for non-sidecar initContainers"
    errors.push(invalid(path.index(i).child('restartPolicy'), restartPolicy, detail))
  }
}

const notEphemeral = [
  'ports',
  'resources',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
] as const

// pkg/apis/core/validation/validation.go validateEphemeralContainers
function checkEphemeralContainers(context: Context, path: FieldPath, errors: FieldError[]): void {
  const { spec } = context
  const others = new Set([...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name))
  const names = new Set(others)
  const text = 'cannot be set for an Ephemeral Container'
  for (const [i, container] of (spec.ephemeralContainers ?? []).entries()) {
    const at = path.index(i)
    checkCommon(container, context, at, errors)
    checkImageText(container, at, errors)
    if (names.has(container.name)) errors.push(duplicate(at.child('name'), container.name))
    names.add(container.name)
    if (container.targetContainerName && !others.has(container.targetContainerName))
      errors.push(notFound(at.child('targetContainerName'), container.targetContainerName))
    for (const field of notEphemeral) if (isSet(container[field])) errors.push(forbidden(at.child(field), text))
    for (const [j, mount] of (container.volumeMounts ?? []).entries()) {
      const where = at.child('volumeMounts').index(j)
      if (mount.subPath) errors.push(forbidden(where.child('subPath'), text))
      if (mount.subPathExpr) errors.push(forbidden(where.child('subPathExpr'), text))
    }
  }
}

const isSet = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : value !== undefined

/** Pods alone, not templates: an image name without blanks around it. */
export function checkImageText(container: { image?: string }, path: FieldPath, errors: FieldError[]): void {
  const image = container.image ?? ''
  if (image !== image.trim())
    errors.push(invalid(path.child('image'), image, 'must not have leading or trailing whitespace'))
}

const messagePolicies = ['File', 'FallbackToLogsOnError']
const pullPolicies = ['Always', 'IfNotPresent', 'Never']

// pkg/apis/core/validation/validation.go validateContainerCommon
function checkCommon(
  container: Container | EphemeralContainer,
  { spec, volumes, claims }: Context,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (!container.name) errors.push(required(path.child('name')))
  else checkLabelName(container.name, path.child('name'), errors)
  if (!container.image) errors.push(required(path.child('image')))
  checkChoice(container.terminationMessagePolicy, messagePolicies, path.child('terminationMessagePolicy'), errors)
  checkPorts(container.ports ?? [], path.child('ports'), errors)
  checkEnv(container.env ?? [], path.child('env'), errors)
  checkEnvFrom(container.envFrom ?? [], path.child('envFrom'), errors)
  checkMounts(container, volumes, path.child('volumeMounts'), errors)
  checkDevices(container, volumes, path.child('volumeDevices'), errors)
  checkChoice(container.imagePullPolicy, pullPolicies, path.child('imagePullPolicy'), errors)
  checkResources(container.resources, claims, path.child('resources'), errors)
  checkResizePolicies(container, spec, path.child('resizePolicy'), errors)
  checkSecurity(container.securityContext, spec.hostUsers !== false, path.child('securityContext'), errors)
}

/** One of a list, and not left out. */
export function checkChoice(
  value: string | undefined,
  choices: readonly string[],
  path: FieldPath,
  errors: FieldError[],
): void {
  if (!value) errors.push(required(path))
  else if (!choices.includes(value)) errors.push(notSupported(path, value, choices))
}

// pkg/apis/core/validation/validation.go validateContainerPorts
function checkPorts(ports: readonly ContainerPort[], path: FieldPath, errors: FieldError[]): void {
  const names = new Set<string>()
  for (const [i, { name, containerPort, hostPort, protocol }] of ports.entries()) {
    const at = path.index(i)
    if (name) {
      const texts = isPortName(name)
      for (const text of texts) errors.push(invalid(at.child('name'), name, text))
      if (texts.length === 0 && names.has(name)) errors.push(duplicate(at.child('name'), name))
      names.add(name)
    }
    if (!containerPort) errors.push(required(at.child('containerPort')))
    else
      for (const text of isPortNumber(containerPort))
        errors.push(invalid(at.child('containerPort'), containerPort, text))
    if (hostPort) for (const text of isPortNumber(hostPort)) errors.push(invalid(at.child('hostPort'), hostPort, text))
    checkChoice(protocol, protocols, at.child('protocol'), errors)
  }
}

// pkg/apis/core/validation/validation.go AccumulateUniqueHostPorts
function checkHostPorts(containers: readonly Container[], path: FieldPath, errors: FieldError[]): void {
  const taken = new Set<string>()
  for (const [i, container] of containers.entries())
    for (const [j, port] of (container.ports ?? []).entries()) {
      if (!port.hostPort) continue
      const claim = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`
      if (taken.has(claim)) errors.push(duplicate(path.index(i).child('ports').index(j).child('hostPort'), claim))
      taken.add(claim)
    }
}

const resizable = ['cpu', 'memory']
const resizes = ['NotRequired', 'RestartContainer']

// pkg/apis/core/validation/validation.go validateResizePolicy
function checkResizePolicies(
  { resizePolicy = [] }: Container,
  { restartPolicy }: PodSpec,
  path: FieldPath,
  errors: FieldError[],
): void {
  const seen = new Set<string>()
  for (const [i, policy] of resizePolicy.entries()) {
    if (seen.has(policy.resourceName)) errors.push(duplicate(path.index(i), policy.resourceName))
    seen.add(policy.resourceName)
    checkChoice(policy.resourceName, resizable, path, errors)
    checkChoice(policy.restartPolicy, resizes, path, errors)
    if (restartPolicy === 'Never' && policy.restartPolicy !== 'NotRequired') {
      const detail = "must be 'NotRequired' when pod `restartPolicy` is 'Never'"
      errors.push(invalid(path, policy.restartPolicy, detail))
    }
  }
}
