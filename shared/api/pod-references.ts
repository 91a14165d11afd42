import type { Container, Pod, Volume } from './types/core-v1.ts'

/**
 * What a Pod names that only an API server has, as the plural of its kind; undefined when it can do without one. Such a
 * Pod cannot be a static one.
 */
// pkg/api/pod/util.go HasAPIObjectReference
export function apiReference({ spec }: Pod): string | undefined {
  if (spec.serviceAccountName || spec.serviceAccount) return 'serviceaccounts'
  if (secretNames({ spec }).length > 0) return 'secrets'
  if (configMapNames({ spec }).length > 0) return 'configmaps'
  if (spec.resourceClaims?.length) return 'resourceclaims'
  for (const volume of spec.volumes ?? []) {
    const found = ofVolume(volume)
    if (found !== undefined) return found
  }
  return undefined
}

/** The Secrets that a Pod names, in its own namespace. */
// pkg/api/v1/pod/util.go VisitPodSecretNames
export function secretNames({ spec }: Pick<Pod, 'spec'>): string[] {
  return [
    ...(spec.imagePullSecrets ?? []).map(({ name }) => name),
    ...containersOf(spec).flatMap(({ env = [], envFrom = [] }) => [
      ...envFrom.map(({ secretRef }) => secretRef?.name),
      ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
    ]),
    ...(spec.volumes ?? []).flatMap(secretsOf),
  ].filter(isName)
}

/** The ConfigMaps that a Pod names, in its own namespace. */
// pkg/api/v1/pod/util.go VisitPodConfigmapNames
export function configMapNames({ spec }: Pick<Pod, 'spec'>): string[] {
  return [
    ...containersOf(spec).flatMap(({ env = [], envFrom = [] }) => [
      ...envFrom.map(({ configMapRef }) => configMapRef?.name),
      ...env.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
    ]),
    ...(spec.volumes ?? []).flatMap(({ configMap, projected }) => [
      configMap?.name,
      ...(projected?.sources ?? []).map((source) => source.configMap?.name),
    ]),
  ].filter(isName)
}

type Env = Pick<Container, 'env' | 'envFrom'>

const isName = (name: string | undefined): name is string => Boolean(name)

const containersOf = ({ initContainers = [], containers, ephemeralContainers = [] }: Pod['spec']): Env[] => [
  ...initContainers,
  ...containers,
  ...ephemeralContainers,
]

function secretsOf(volume: Volume): (string | undefined)[] {
  const { secret, projected, azureFile, csi } = volume
  const { cephfs, cinder, flexVolume, iscsi, rbd, scaleIO, storageos } = volume
  return [
    secret?.secretName,
    azureFile?.secretName,
    csi?.nodePublishSecretRef?.name,
    ...[cephfs, cinder, flexVolume, iscsi, rbd, scaleIO, storageos].map((source) => source?.secretRef?.name),
    ...(projected?.sources ?? []).map((source) => source.secret?.name),
  ]
}

function ofVolume({ csi, glusterfs, persistentVolumeClaim, ephemeral, projected }: Volume): string | undefined {
  if (csi) return 'csidrivers (via CSI volumes)'
  if (glusterfs) return 'endpoints (via glusterFS volumes)'
  if (persistentVolumeClaim) return 'persistentvolumeclaims'
  if (ephemeral) return 'persistentvolumeclaims (via ephemeral volumes)'
  for (const source of projected?.sources ?? []) {
    if (source.serviceAccountToken) return 'serviceaccounts (via projected volumes)'
    if (source.clusterTrustBundle) return 'clustertrustbundles'
    if (source.podCertificate) return 'podcertificates'
  }
  return undefined
}
