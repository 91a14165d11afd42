import {
  duplicate,
  forbidden,
  invalid,
  notFound,
  required,
  tooLong,
  type FieldError,
  type FieldPath,
} from '../../../machinery/fieldpath.ts'
import {
  isDNS1123Label,
  isDNS1123Subdomain,
  isDNS1123SubdomainWithUnderscore,
  isInRange,
  isQualifiedName,
} from '../../../machinery/names.ts'
import type { PodSpec, PodTemplateSpec } from '../../types/core-v1.ts'
import { checkIP } from '../addresses.ts'
import { checkText } from '../checks.ts'
import { checkAnnotations, checkLabels } from '../meta.ts'
import { checkAffinity } from './affinity.ts'
import { checkAllContainers, checkChoice } from './containers.ts'
import { everyContainer } from './every-container.ts'
import { checkHostProcess, checkOS } from './os.ts'
import { checkPodResources } from './pod-resources.ts'
import { checkResources } from './resources.ts'
import { checkGates, checkSpread, checkTolerations } from './scheduling.ts'
import { checkPodSecurity } from './security.ts'
import { checkVolumes } from './volumes.ts'

const restartPolicies = ['Always', 'OnFailure', 'Never']
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
const preemption = ['PreemptLowerPriority', 'Never']
const maxInt32 = 2 ** 31 - 1
const maxHostname = 64

/** Adds what is wrong with a Pod's spec. `podName` is given for Pods and left out for templates. */
// pkg/apis/core/validation/validation.go ValidatePodSpec
export function checkPodSpec(
  spec: PodSpec,
  podName: string | undefined,
  isPod: boolean,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (spec.terminationGracePeriodSeconds === undefined)
    errors.push(required(path.child('terminationGracePeriodSeconds')))
  const volumes = checkVolumes(spec.volumes ?? [], podName, path.child('volumes'), errors)
  checkResourceClaims(spec, path.child('resourceClaims'), errors)
  checkAllContainers(spec, volumes, path, errors)
  checkPodResources(spec, path, errors)
  if (spec.hostNetwork) checkHostNetwork(spec, isPod, path.child('containers'), errors)
  checkChoice(spec.restartPolicy, restartPolicies, path.child('restartPolicy'), errors)
  checkChoice(spec.dnsPolicy, dnsPolicies, path.child('dnsPolicy'), errors)
  checkLabels(spec.nodeSelector, path.child('nodeSelector'), errors)
  checkPodSecurity(spec, path.child('securityContext'), errors)
  checkAffinity(spec.affinity, path.child('affinity'), errors)
  checkDNS(spec, path.child('dnsConfig'), errors)
  for (const [i, gate] of (spec.readinessGates ?? []).entries())
    checkText(gate.conditionType, isQualifiedName, path.child('readinessGates').index(i).child('conditionType'), errors)
  checkGates(spec.schedulingGates ?? [], path.child('schedulingGates'), errors)
  checkSpread(spec.topologySpreadConstraints ?? [], path.child('topologySpreadConstraints'), errors)
  checkHostProcess(spec, path, errors)
  if (spec.hostUsers === false) checkHostUsers(spec, path, errors)
  checkHostnameOverride(spec, path, errors)
  checkNames(spec, path, errors)
  const deadline = spec.activeDeadlineSeconds
  if (deadline !== undefined)
    for (const text of isInRange(deadline, 1, maxInt32))
      errors.push(invalid(path.child('activeDeadlineSeconds'), deadline, text))
  checkTolerations(spec.tolerations ?? [], path.child('tolerations'), errors)
  checkHostAliases(spec, path.child('hostAliases'), errors)
  if (spec.preemptionPolicy !== undefined)
    checkChoice(spec.preemptionPolicy, preemption, path.child('preemptionPolicy'), errors)
  if (spec.overhead) checkResources({ limits: spec.overhead }, new Set(), path.child('overhead'), errors)
  checkOS(spec, path, errors)
  checkFileKeyVolumes(spec, path, errors)
}

// fields that are names of other things
function checkNames(spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  for (const field of ['serviceAccountName', 'nodeName', 'priorityClassName', 'runtimeClassName'] as const)
    if (spec[field] || (field === 'runtimeClassName' && spec[field] !== undefined))
      checkText(spec[field] ?? '', isDNS1123Subdomain, path.child(field), errors)
  for (const field of ['hostname', 'subdomain'] as const)
    if (spec[field]) checkText(spec[field], isDNS1123Label, path.child(field), errors)
}

function checkHostNetwork(spec: PodSpec, isPod: boolean, path: FieldPath, errors: FieldError[]): void {
  for (const [i, container] of (spec.containers ?? []).entries())
    for (const [j, port] of (container.ports ?? []).entries()) {
      const hostPort = port.hostPort ?? 0
      if ((!isPod && hostPort === 0) || hostPort === port.containerPort) continue
      const at = path.index(i).child('ports').index(j).child('hostPort')
      errors.push(invalid(at, hostPort, 'must match `containerPort` when `hostNetwork` is true'))
    }
}

function checkHostUsers(spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  const text = 'when `hostUsers` is false'
  if (spec.hostNetwork) errors.push(forbidden(path.child('hostNetwork'), text))
  if (spec.hostPID) errors.push(forbidden(path.child('HostPID'), text))
  if (spec.hostIPC) errors.push(forbidden(path.child('HostIPC'), text))
  for (const [container, at] of everyContainer(spec, path))
    if ((container.volumeDevices ?? []).length > 0) errors.push(forbidden(at.child('volumeDevices'), text))
}

// pkg/apis/core/validation/validation.go validatePodHostName
function checkHostnameOverride(spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  const name = spec.hostnameOverride
  if (name === undefined) return
  const at = path.child('hostnameOverride')
  if (spec.setHostnameAsFQDN) errors.push(forbidden(at, 'may not be specified when setHostnameAsFQDN is true'))
  if (spec.hostNetwork) errors.push(forbidden(at, 'may not be specified when hostNetwork is true'))
  if (name.length > maxHostname) errors.push(tooLong(at, name, maxHostname))
  checkText(name, isDNS1123Subdomain, at, errors)
}

// pkg/apis/core/validation/validation.go validateFileKeyRefVolumes
function checkFileKeyVolumes(spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  const volumes = new Map((spec.volumes ?? []).map((volume) => [volume.name, volume]))
  for (const [container, owner] of everyContainer(spec, path))
    for (const [i, { valueFrom }] of (container.env ?? []).entries()) {
      if (!valueFrom?.fileKeyRef) continue
      const name = valueFrom.fileKeyRef.volumeName ?? ''
      const at = owner.child('env').index(i).child('valueFrom', 'fileKeyRef', 'volumeName')
      const volume = volumes.get(name)
      if (!volume) errors.push(notFound(at, name))
      else if (!volume.emptyDir) errors.push(invalid(at, name, 'referenced volume must be of type emptyDir'))
    }
}

// pkg/apis/core/validation/validation.go validatePodDNSConfig
function checkDNS({ dnsPolicy, dnsConfig }: PodSpec, path: FieldPath, errors: FieldError[]): void {
  if (dnsPolicy === 'None') {
    if (!dnsConfig) {
      errors.push(required(path, 'must provide `dnsConfig` when `dnsPolicy` is None'))
      return
    }
    if ((dnsConfig.nameservers ?? []).length === 0) {
      const detail = 'must provide at least one DNS nameserver when `dnsPolicy` is None'
      errors.push(required(path.child('nameservers'), detail))
      return
    }
  }
  if (!dnsConfig) return
  const { nameservers = [], searches = [], options = [] } = dnsConfig
  if (nameservers.length > 3)
    errors.push(invalid(path.child('nameservers'), nameservers, 'must not have more than 3 nameservers'))
  for (const [i, address] of nameservers.entries()) checkIP(address, path.child('nameservers').index(i), errors)
  if (searches.length > 32)
    errors.push(invalid(path.child('searches'), searches, 'must not have more than 32 search paths'))
  if (searches.join(' ').length > 2048) {
    const detail = 'must not have more than 2048 characters (including spaces) in the search list'
    errors.push(invalid(path.child('searches'), searches, detail))
  }
  for (const [i, search] of searches.entries())
    if (search !== '.')
      checkText(search.replace(/\.$/, ''), isDNS1123SubdomainWithUnderscore, path.child('searches').index(i), errors)
  for (const [i, option] of options.entries())
    if (!option.name) errors.push(required(path.child('options').index(i), 'must not be empty'))
}

function checkHostAliases({ hostAliases = [] }: PodSpec, path: FieldPath, errors: FieldError[]): void {
  for (const [i, alias] of hostAliases.entries()) {
    checkIP(alias.ip, path.index(i).child('ip'), errors)
    for (const [j, name] of (alias.hostnames ?? []).entries())
      checkText(name, isDNS1123Subdomain, path.index(i).child('hostnames').index(j), errors)
  }
}

// pkg/apis/core/validation/validation.go validatePodResourceClaim
function checkResourceClaims({ resourceClaims = [] }: PodSpec, path: FieldPath, errors: FieldError[]): void {
  const seen = new Set<string>()
  for (const [i, claim] of resourceClaims.entries()) {
    const at = path.index(i)
    if (!claim.name) errors.push(required(at.child('name')))
    else if (seen.has(claim.name)) errors.push(duplicate(at.child('name'), claim.name))
    else checkText(claim.name, isDNS1123Label, at.child('name'), errors)
    seen.add(claim.name)
    const { resourceClaimName, resourceClaimTemplateName } = claim
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
      const detail = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'
      errors.push(invalid(at, claim, detail))
    }
    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined)
      errors.push(invalid(at, claim, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'))
    for (const field of ['resourceClaimName', 'resourceClaimTemplateName'] as const) {
      const name = claim[field]
      if (name !== undefined) checkText(name, isDNS1123Subdomain, at.child(field), errors)
    }
  }
}

/** Adds what is wrong with the template of a workload. */
// pkg/apis/core/validation/validation.go ValidatePodTemplateSpec
export function checkTemplate(template: PodTemplateSpec, path: FieldPath, errors: FieldError[]): void {
  const { metadata, spec } = template
  checkLabels(metadata?.labels, path.child('labels'), errors)
  checkAnnotations(metadata?.annotations, path.child('annotations'), errors)
  checkPodSpec(spec ?? { containers: [] }, undefined, false, path.child('spec'), errors)
  if ((spec?.ephemeralContainers ?? []).length > 0)
    errors.push(
      forbidden(path.child('spec', 'ephemeralContainers'), 'ephemeral containers not allowed in pod template'),
    )
}
