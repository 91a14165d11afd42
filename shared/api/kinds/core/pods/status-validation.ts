import {
  duplicate,
  FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
  type FieldError,
} from '../../../../machinery/fieldpath.ts'
import { isDNS1123Subdomain, isQualifiedName } from '../../../../machinery/names.ts'
import { containerShouldRestart } from '../../../pod.ts'
import type { Container, ContainerStatus, Pod } from '../../../types/core-v1.ts'
import { checkIP, ipFamily } from '../../addresses.ts'
import { checkText } from '../../checks.ts'
import { checkID } from '../../pod-spec/security.ts'
import { checkAnnotationsKept } from './annotations.ts'

const known = new Set(['PodScheduled', 'Ready', 'Initialized'])

// pkg/apis/core/validation/validation.go ValidatePodStatusUpdate
export function validateStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = []
  checkAnnotationsKept(pod, old, errors)
  const path = new FieldPath('status')
  const { status = {} } = pod
  // upstream looks for conditions in metadata, and writes Type
  const conditions = new FieldPath('metadata', 'conditions')
  for (const [i, { type }] of (status.conditions ?? []).entries())
    if (!known.has(type)) checkText(type, isQualifiedName, conditions.index(i).child('Type'), errors)
  const nominated = status.nominatedNodeName
  if (nominated && nominated !== old.status?.nominatedNodeName) {
    checkText(nominated, isDNS1123Subdomain, path.child('nominatedNodeName'), errors)
    if (old.spec.nodeName) {
      const detail = 'may not be set on pods that are already bound to a node'
      errors.push(forbidden(path.child('nominatedNodeName'), detail))
    }
  }
  if ((status.observedGeneration ?? 0) < 0) {
    const detail = 'must be a non-negative integer'
    errors.push(invalid(path.child('observedGeneration'), status.observedGeneration, detail))
  }
  checkContainerStatuses(pod, old, path, errors)
  checkClaimStatuses(pod, path.child('resourceClaimStatuses'), errors)
  for (const list of ['podIPs', 'hostIPs'] as const) checkIPs(status[list] ?? [], path.child(list), errors)
  const host = status.hostIPs?.[0]?.ip
  if (host !== undefined && host !== status.hostIP)
    errors.push(invalid(path.child('hostIPs').index(0).child('ip'), host, 'must be equal to `hostIP`'))
  return errors
}

const ofWhich = { containerStatuses: 'containers', initContainerStatuses: 'initContainers' } as const
const statusLists = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const

function checkContainerStatuses(pod: Pod, old: Pod, path: FieldPath, errors: FieldError[]): void {
  const { status = {} } = pod
  const { containers = [], initContainers = [] } = old.spec
  const restartAll = [...containers, ...initContainers].some(restartsAll)
  for (const list of ['containerStatuses', 'initContainerStatuses'] as const) {
    const mayRestart = (name: string, exitCode: number): boolean => {
      const container = (old.spec[ofWhich[list]] ?? []).find((one) => one.name === name)
      return restartAll || (container !== undefined && containerShouldRestart(container, old.spec, exitCode))
    }
    checkStates(status[list] ?? [], old.status?.[list] ?? [], mayRestart, path.child(list), errors)
  }
  const ephemeral = 'ephemeralContainerStatuses'
  checkStates(status[ephemeral] ?? [], old.status?.[ephemeral] ?? [], () => false, path.child(ephemeral), errors)
  for (const list of statusLists) checkUsers(pod, status[list] ?? [], path.child(list), errors)
  for (const list of ['containerStatuses', 'initContainerStatuses'] as const)
    checkHealth(status[list] ?? [], pod.spec[ofWhich[list]] ?? [], path.child(list), errors)
  for (const [i, { allocatedResourcesStatus = [] }] of (status[ephemeral] ?? []).entries())
    if (allocatedResourcesStatus.length > 0) {
      const at = path.child(ephemeral).index(i).child('allocatedResourcesStatus')
      errors.push(forbidden(at, 'must not be specified in container status'))
    }
}

// pkg/apis/core/validation/validation.go validatePodIPs, validateHostIPs: one of each family
function checkIPs(list: readonly { ip?: string }[], at: FieldPath, errors: FieldError[]): void {
  const before = errors.length
  for (const [i, { ip = '' }] of list.entries()) checkIP(ip, at.index(i), errors)
  if (errors.length > before || list.length < 2) return
  const addresses = list.map(({ ip = '' }) => ip)
  const families = new Set(addresses.map(ipFamily))
  if (list.length > 2 || families.size < 2)
    errors.push(invalid(at, list, 'may specify no more than one IP for each IP family'))
  const seen = new Set<string>()
  for (const [i, ip] of addresses.entries()) {
    if (seen.has(ip)) errors.push(duplicate(at.index(i), list[i]))
    seen.add(ip)
  }
}

// pkg/apis/core/validation/validation.go validatePodResourceClaimStatuses
function checkClaimStatuses({ spec, status }: Pod, at: FieldPath, errors: FieldError[]): void {
  const seen = new Set<string>()
  for (const [i, { name, resourceClaimName }] of (status?.resourceClaimStatuses ?? []).entries()) {
    const where = at.index(i).child('name')
    if (!(spec.resourceClaims ?? []).some((claim) => claim.name === name))
      errors.push(invalid(where, name, 'must match the name of an entry in `spec.resourceClaims`'))
    if (seen.has(name)) errors.push(duplicate(where, name))
    seen.add(name)
    if (resourceClaimName !== undefined) checkText(resourceClaimName, isDNS1123Subdomain, where, errors)
  }
}

// pkg/apis/core/validation/validation.go ValidateContainerStateTransition, ValidateInitContainerStateTransition
function checkStates(
  now: readonly ContainerStatus[],
  before: readonly ContainerStatus[],
  mayRestart: (name: string, exitCode: number) => boolean,
  path: FieldPath,
  errors: FieldError[],
): void {
  for (const [i, { name, state }] of before.entries()) {
    if (!state?.terminated || mayRestart(name, state.terminated.exitCode)) continue
    const status = now.find((one) => one.name === name)
    if (status && !status.state?.terminated)
      errors.push(forbidden(path.index(i).child('state'), 'may not be transitioned to non-terminated state'))
  }
}

const restartsAll = ({ restartPolicyRules = [] }: Container): boolean =>
  restartPolicyRules.some(({ action }) => action === 'RestartAllContainers')

// pkg/apis/core/validation/validation.go validateContainerStatusUsers
function checkUsers({ spec }: Pod, statuses: readonly ContainerStatus[], path: FieldPath, errors: FieldError[]): void {
  for (const [i, { user }] of statuses.entries()) {
    if (!user?.linux) continue
    const at = path.index(i).child('user', 'linux')
    if (spec.os?.name === 'windows') {
      errors.push(forbidden(at, 'cannot be set for a windows pod'))
      continue
    }
    checkID(user.linux.uid, at.child('uid'), errors)
    checkID(user.linux.gid, at.child('gid'), errors)
    for (const [j, group] of (user.linux.supplementalGroups ?? []).entries())
      checkID(group, at.child('supplementalGroups').index(j), errors)
  }
}

const healths = ['Healthy', 'Unhealthy', 'Unknown']
const maxHealthMessage = 1024

// pkg/apis/core/validation/validation.go validateContainerStatusAllocatedResourcesStatus
function checkHealth(
  statuses: readonly ContainerStatus[],
  containers: readonly Container[],
  path: FieldPath,
  errors: FieldError[],
): void {
  for (const [i, status] of statuses.entries())
    for (const [j, { name, resources = [] }] of (status.allocatedResourcesStatus ?? []).entries()) {
      const at = path.index(i).child('allocatedResourcesStatus').index(j)
      const container = containers.find((one) => one.name === status.name)
      const wrong = container && notAskedFor(container, name)
      if (wrong) errors.push(invalid(at.child('name'), name, wrong))
      const seen = new Set<string>()
      for (const [k, { resourceID, health = '', message }] of resources.entries()) {
        const where = at.child('resources').index(k)
        if (!healths.includes(health)) errors.push(notSupported(where.child('health'), health, healths))
        if (message === '') errors.push(required(where.child('message'), 'must be non-empty if specified'))
        else if (message !== undefined && Buffer.byteLength(message) > maxHealthMessage)
          errors.push(tooLong(where.child('message'), message, maxHealthMessage))
        if (seen.has(resourceID)) errors.push(duplicate(where.child('resourceID'), resourceID))
        seen.add(resourceID)
      }
    }
}

function notAskedFor({ resources = {} }: Container, name: string): string | undefined {
  if (!name.startsWith('claim:'))
    return Object.hasOwn(resources.requests ?? {}, name)
      ? undefined
      : "must match one of the container's resource requests"
  const claims = (resources.claims ?? []).map(
    (claim) => `claim:${claim.name}${claim.request ? `/${claim.request}` : ''}`,
  )
  return claims.includes(name)
    ? undefined
    : "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty"
}
