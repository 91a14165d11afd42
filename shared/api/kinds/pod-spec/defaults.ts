import type {
  Container,
  EphemeralContainer,
  Lifecycle,
  LifecycleHandler,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ProbeHandler,
  Volume,
} from '../../types/core-v1.ts'
import { canonicalize } from '../quantities.ts'

type AnyContainer = Container | EphemeralContainer

/** What every Pod spec gets, in Pods and in templates, in place. */
// pkg/apis/core/v1/zz_generated.defaults.go SetObjectDefaults_PodTemplate
export function defaultPodSpec(spec: PodSpec): void {
  spec.dnsPolicy ||= 'ClusterFirst'
  spec.restartPolicy ||= 'Always'
  spec.securityContext ??= {}
  spec.terminationGracePeriodSeconds ??= 30
  spec.schedulerName ||= 'default-scheduler'
  syncServiceAccount(spec)
  canonicalize(spec.overhead)
  canonicalize(spec.resources?.limits)
  canonicalize(spec.resources?.requests)
  if (spec.hostNetwork) {
    for (const container of spec.containers ?? []) defaultHostPorts(container)
    for (const container of spec.initContainers ?? []) defaultHostPorts(container)
  }
  for (const volume of spec.volumes ?? []) defaultVolume(volume)
  for (const container of spec.initContainers ?? []) defaultContainer(container)
  for (const container of spec.containers ?? []) defaultContainer(container)
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container)
}

/** The template of a workload, in place; absent where the object is not valid anyway. */
export function defaultTemplate(template: PodTemplateSpec | undefined): void {
  if (template?.spec) defaultPodSpec(template.spec)
}

/** The deprecated field mirrors the other. */
// pkg/apis/core/v1/conversion.go Convert_v1_PodSpec_To_core_PodSpec
export function syncServiceAccount(spec: PodSpec): void {
  const name = spec.serviceAccountName || spec.serviceAccount
  if (!name) return
  spec.serviceAccountName = name
  spec.serviceAccount = name
}

function defaultHostPorts(container: Container): void {
  for (const port of container.ports ?? []) port.hostPort ||= port.containerPort
}

// pkg/apis/core/v1/defaults.go SetDefaults_Container
function defaultContainer(container: AnyContainer): void {
  container.imagePullPolicy ||= pullPolicy(container.image)
  container.terminationMessagePath ||= '/dev/termination-log'
  container.terminationMessagePolicy ||= 'File'
  container.resources ??= {}
  canonicalize(container.resources.limits)
  canonicalize(container.resources.requests)
  for (const port of container.ports ?? []) port.protocol ||= 'TCP'
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef) valueFrom.fieldRef.apiVersion ||= 'v1'
    if (valueFrom?.fileKeyRef) valueFrom.fileKeyRef.optional ??= false
    if (valueFrom?.resourceFieldRef) valueFrom.resourceFieldRef.divisor ??= '0'
  }
  defaultProbe(container.livenessProbe)
  defaultProbe(container.readinessProbe)
  defaultProbe(container.startupProbe)
  defaultLifecycle(container.lifecycle)
}

/** Always for images tagged latest (or not at all), else IfNotPresent. */
export function pullPolicy(image: string | undefined): string {
  const name = (image ?? '').split('/').at(-1) ?? ''
  if (name.includes('@')) return 'IfNotPresent'
  const tag = name.split(':')[1]
  return tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent'
}

function defaultProbe(probe: Probe | undefined): void {
  if (!probe) return
  probe.timeoutSeconds ||= 1
  probe.periodSeconds ||= 10
  probe.successThreshold ||= 1
  probe.failureThreshold ||= 3
  defaultHandler(probe)
  if (probe.grpc) probe.grpc.service ??= ''
}

function defaultLifecycle(lifecycle: Lifecycle | undefined): void {
  if (lifecycle?.postStart) defaultHandler(lifecycle.postStart)
  if (lifecycle?.preStop) defaultHandler(lifecycle.preStop)
}

// pkg/apis/core/v1/defaults.go SetDefaults_HTTPGetAction
function defaultHandler({ httpGet }: ProbeHandler | LifecycleHandler): void {
  if (!httpGet) return
  httpGet.path ||= '/'
  httpGet.scheme ||= 'HTTP'
}

const defaultMode = 0o644

// pkg/apis/core/v1/defaults.go SetDefaults_Volume and the volume sources
function defaultVolume(volume: Volume): void {
  const { secret, configMap, downwardAPI, projected, hostPath, iscsi, rbd, azureDisk, scaleIO, ephemeral, image } =
    volume
  if (Object.keys(volume).length === 1 && volume.name !== undefined) volume.emptyDir = {}
  if (secret) secret.defaultMode ??= defaultMode
  if (configMap) configMap.defaultMode ??= defaultMode
  if (downwardAPI) {
    downwardAPI.defaultMode ??= defaultMode
    for (const { fieldRef } of downwardAPI.items ?? []) if (fieldRef) fieldRef.apiVersion ||= 'v1'
  }
  if (projected) {
    projected.defaultMode ??= defaultMode
    for (const source of projected.sources ?? []) {
      if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600
      for (const { fieldRef } of source.downwardAPI?.items ?? []) if (fieldRef) fieldRef.apiVersion ||= 'v1'
    }
  }
  if (hostPath) hostPath.type ??= ''
  if (image) image.pullPolicy ||= pullPolicy(image.reference)
  if (ephemeral?.volumeClaimTemplate?.spec) ephemeral.volumeClaimTemplate.spec.volumeMode ??= 'Filesystem'
  if (iscsi) iscsi.iscsiInterface ||= 'default'
  if (rbd) {
    rbd.pool ||= 'rbd'
    rbd.user ||= 'admin'
    rbd.keyring ||= '/etc/ceph/keyring'
  }
  if (azureDisk) {
    azureDisk.cachingMode ??= 'ReadWrite'
    azureDisk.kind ??= 'Shared'
    azureDisk.fsType ??= 'ext4'
    azureDisk.readOnly ??= false
  }
  if (scaleIO) {
    scaleIO.storageMode ||= 'ThinProvisioned'
    scaleIO.fsType ||= 'xfs'
  }
}
