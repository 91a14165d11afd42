import type { Container, Pod, Volume } from './types/core-v1.ts'

/**
 * What a Pod names that only an API server has, as the plural of its kind; undefined when it can do without one. Such a
 * Pod cannot be a static one.
 */
// pkg/api/pod/util.go HasAPIObjectReference
export function apiReference({ spec }: Pod): string | undefined {
  if (spec.serviceAccountName || spec.serviceAccount) return 'serviceaccounts'
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])] as const
  const volumes = spec.volumes ?? []
  const pull = spec.imagePullSecrets?.some(({ name }) => Boolean(name))
  if (pull || containers.some(fromSecret) || volumes.some(ofSecret)) return 'secrets'
  if (containers.some(fromConfigMap) || volumes.some(ofConfigMap)) return 'configmaps'
  if (spec.resourceClaims?.length) return 'resourceclaims'
  for (const volume of volumes) {
    const found = ofVolume(volume)
    if (found !== undefined) return found
  }
  return undefined
}

type Env = Pick<Container, 'env' | 'envFrom'>

// VisitPodSecretNames
const fromSecret = ({ env = [], envFrom = [] }: Env): boolean =>
  env.some((one) => one.valueFrom?.secretKeyRef) || envFrom.some((one) => one.secretRef)

function ofSecret(volume: Volume): boolean {
  const { secret, projected, azureFile, csi } = volume
  const drivers = [volume.cephfs, volume.cinder, volume.flexVolume, volume.iscsi, volume.rbd, volume.scaleIO]
  return (
    secret !== undefined ||
    Boolean(azureFile?.secretName) ||
    Boolean(csi?.nodePublishSecretRef) ||
    [...drivers, volume.storageos].some((one) => one?.secretRef !== undefined) ||
    Boolean(projected?.sources?.some((one) => one.secret))
  )
}

// VisitPodConfigmapNames
const fromConfigMap = ({ env = [], envFrom = [] }: Env): boolean =>
  env.some((one) => one.valueFrom?.configMapKeyRef) || envFrom.some((one) => one.configMapRef)

const ofConfigMap = ({ configMap, projected }: Volume): boolean =>
  configMap !== undefined || Boolean(projected?.sources?.some((one) => one.configMap))

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
